//! A strict reader of OpenMetrics texts, for tests.
//!
//! Source: OpenMetrics 1.0, section 4.1 (ABNF) and 5 (what each type may have).

use std::collections::{BTreeMap, BTreeSet};

/// One family: its type, and its samples by name and labels.
#[derive(Debug, Default)]
pub(crate) struct Family {
    pub(crate) kind: String,
    pub(crate) samples: BTreeMap<(String, Labels), f64>,
}

pub(crate) type Labels = Vec<(String, String)>;

/// The families by name, or what is wrong.
pub(crate) fn read(text: &str) -> Result<BTreeMap<String, Family>, String> {
    let body = text
        .strip_suffix("# EOF\n")
        .ok_or("it does not end in # EOF")?;
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let mut current = String::new();
    for line in body.split_terminator('\n') {
        let wrong = |what: &str| format!("{what}: {line:?}");
        if let Some(rest) = line.strip_prefix("# ") {
            let mut words = rest.splitn(3, ' ');
            let (Some(word), Some(name), Some(value)) = (words.next(), words.next(), words.next())
            else {
                return Err(wrong("a comment that is none of the format"));
            };
            if !is_name(name) {
                return Err(wrong("no name of a family"));
            }
            match word {
                "TYPE" => {
                    if families.contains_key(name) {
                        return Err(wrong("a family for the second time"));
                    }
                    name.clone_into(&mut current);
                    families.entry(current.clone()).or_default().kind = value.to_owned();
                }
                _ if name != current => return Err(wrong("of another family")),
                "UNIT" if name.ends_with(&format!("_{value}")) => {}
                "HELP" if unescaped(value).is_some() => {}
                _ => return Err(wrong("neither TYPE, UNIT nor HELP")),
            }
            continue;
        }
        let (name, labels, value) = sample(line).ok_or_else(|| wrong("no sample"))?;
        let Some(family) = families.get_mut(&current) else {
            return Err(wrong("a sample without a family"));
        };
        let suffix = name.strip_prefix(current.as_str());
        let allowed: &[&str] = match family.kind.as_str() {
            "counter" => &["_total"],
            "gauge" => &[""],
            "info" => &["_info"],
            "histogram" => &["_bucket", "_count", "_sum"],
            _ => return Err(wrong("an unknown type")),
        };
        if !suffix.is_some_and(|suffix| allowed.contains(&suffix)) {
            return Err(wrong("a name that its type does not have"));
        }
        if !seen.insert((name.clone(), labels.clone())) {
            return Err(wrong("a sample for the second time"));
        }
        family.samples.insert((name, labels), value);
    }
    for (name, family) in &families {
        if family.kind == "histogram" {
            check_histogram(name, family)?;
        }
    }
    Ok(families)
}

/// Buckets grow with their bounds, and the last one has all.
fn check_histogram(name: &str, family: &Family) -> Result<(), String> {
    let mut buckets = Vec::new();
    for ((sample, labels), value) in &family.samples {
        if sample.ends_with("_bucket") {
            let [(label, bound)] = &labels[..] else {
                return Err(format!("{name}: a bucket without a bound"));
            };
            let bound: f64 = bound.parse().map_err(|_| format!("{name}: {bound}"))?;
            if label != "le" {
                return Err(format!("{name}: {label} is no bound"));
            }
            buckets.push((bound, *value));
        }
    }
    buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
    let is_cumulative = buckets.is_sorted_by(|one, next| one.1 <= next.1);
    let count = family.samples.get(&(format!("{name}_count"), Vec::new()));
    let last = buckets.last().map(|(bound, count)| (*bound, *count));
    let is_whole = last == count.map(|count| (f64::INFINITY, *count));
    let has_sum = family
        .samples
        .contains_key(&(format!("{name}_sum"), Vec::new()));
    if is_cumulative && is_whole && has_sum {
        Ok(())
    } else {
        Err(format!("{name} is no whole histogram: {buckets:?}"))
    }
}

fn sample(line: &str) -> Option<(String, Labels, f64)> {
    let end = line.find(['{', ' '])?;
    let (name, mut rest) = line.split_at(end);
    let mut labels = Labels::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        loop {
            let (label, behind) = rest.split_once("=\"")?;
            let close = closing_quote(behind)?;
            let value = unescaped(&behind[..close])?;
            if !is_name(label) || labels.iter().any(|(known, _)| known == label) {
                return None;
            }
            labels.push((label.to_owned(), value));
            rest = &behind[close + 1..];
            if let Some(next) = rest.strip_prefix(',') {
                rest = next;
            } else {
                rest = rest.strip_prefix('}')?;
                break;
            }
        }
    }
    let value = rest.strip_prefix(' ')?;
    let is_number = value
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let value = is_number.then(|| value.parse().ok()).flatten()?;
    is_name(name).then(|| (name.to_owned(), labels, value))
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

/// Only three characters can stand behind a backslash.
fn unescaped(text: &str) -> Option<String> {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        plain.push(match character {
            '\\' => match characters.next()? {
                'n' => '\n',
                own @ ('\\' | '"') => own,
                _ => return None,
            },
            '\n' | '"' => return None,
            other => other,
        });
    }
    Some(plain)
}

fn is_name(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.bytes().all(is_word)
        && text
            .bytes()
            .next()
            .is_some_and(|byte| !byte.is_ascii_digit())
}

#[test]
fn the_reader_refuses_what_is_not_of_the_format() {
    let whole = "# TYPE a counter\n# HELP a x.\na_total{u=\"q\\\\\\\"\"} 1\n# EOF\n";
    assert!(read(whole).is_ok());
    for (part, other) in [
        ("# EOF\n", ""),
        ("a_total", "a"),
        ("counter", "count"),
        ("\\\\\\\"", "\\x"),
        ("} 1\n", "} 1\n\n"),
        ("} 1\n", "} one\n"),
        ("} 1\n", "} 1\na_total{u=\"q\\\\\\\"\"} 1\n"),
        ("# TYPE a counter\n", ""),
    ] {
        let broken = whole.replacen(part, other, 1);
        assert!(read(&broken).is_err(), "{broken}");
    }
}
