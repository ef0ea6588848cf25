//! JSON Pointer against serde_json's own, and times against their digits.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn path(text: &str) -> JsonPath {
    JsonPath::parse(text).unwrap()
}

fn number(pointer: &str, data: &str) -> Option<u64> {
    path(pointer).extract_number(data.as_bytes())
}

fn time(data: &str, unit: TimeUnit) -> Option<u64> {
    path("/t").extract_time(format!("{{\"t\":{data}}}").as_bytes(), unit)
}

#[test]
fn pointers_are_those_of_rfc_6901() {
    // The examples of section 5.
    let data =
        json!({"foo": [0, 1], "": 2, "a/b": 3, "c%d": 4, " ": 5, "m~n": 6, "~1": 7}).to_string();
    for (pointer, value) in [
        ("/foo/0", 0),
        ("/foo/1", 1),
        ("/", 2),
        ("/a~1b", 3),
        ("/c%d", 4),
        ("/ ", 5),
        ("/m~0n", 6),
        ("/~01", 7),
    ] {
        assert_eq!(number(pointer, &data), Some(value), "{pointer}");
    }
    for pointer in [
        "/foo", "/foo/2", "/foo/01", "/foo/-", "/foo/+1", "/none", "/foo/0/0",
    ] {
        assert_eq!(number(pointer, &data), None, "{pointer}");
    }
    assert_eq!(number("", " 42 "), Some(42));
}

#[test]
fn what_is_no_pointer_is_refused() {
    assert_eq!(JsonPath::parse("seq"), Err(JsonPathError::NoLeadingSlash));
    for text in ["/a~", "/a~2", "/~/a"] {
        assert_eq!(
            JsonPath::parse(text),
            Err(JsonPathError::BadEscape),
            "{text}"
        );
    }
}

#[test]
fn whole_numbers_are_exact_to_the_last_digit() {
    let in_json = |text: &str| number("/n", &format!("{{\"n\":{text}}}"));
    assert_eq!(in_json("18446744073709551615"), Some(u64::MAX));
    assert_eq!(in_json("\"18446744073709551615\""), Some(u64::MAX));
    assert_eq!(in_json("9007199254740993"), Some(9_007_199_254_740_993));
    assert_eq!(in_json("42.0"), Some(42));
    assert_eq!(in_json("4.2e1"), Some(42));
    assert_eq!(in_json("0"), Some(0));
    for none in [
        "18446744073709551616",
        "-1",
        "1.5",
        "1e-1",
        "true",
        "null",
        "\"\"",
        "\"7a\"",
        "[7]",
        "\" 7\"",
        "1e999",
    ] {
        assert_eq!(in_json(none), None, "{none}");
    }
}

#[test]
fn the_last_of_two_members_counts_as_in_other_readers() {
    assert_eq!(number("/a", r#"{"a":1,"b":{"a":3},"a":2}"#), Some(2));
    assert_eq!(number("/a/b", r#"{"a":{"b":1},"a":2}"#), None);
}

#[test]
fn escaped_keys_and_values_are_read() {
    assert_eq!(number("/größe", r#"{"gr\u00f6\u00dfe":"\u0037"}"#), Some(7));
}

/// What reading a number, a time in seconds and an ISO time allocates.
fn allocations(data: &str) -> u64 {
    let (n, t, at) = (path("/n"), path("/t"), path("/at"));
    let measured = allocation_counter::measure(|| {
        assert_eq!(n.extract_number(data.as_bytes()), Some(7));
        assert_eq!(
            t.extract_time(data.as_bytes(), TimeUnit::Seconds),
            Some(1_718_035_200_500_000_000)
        );
        assert_eq!(
            at.extract_time(data.as_bytes(), TimeUnit::Iso),
            Some(1_718_035_200_000_000_000)
        );
    });
    measured.count_total
}

#[test]
fn reading_allocates_nothing() {
    let members = r#""n":7,"t":"1718035200.5","at":"2024-06-10T16:00:00Z""#;
    assert_eq!(
        allocations(&format!(r#"{{"s":"a\"b","list":[1,2.5,null],{members}}}"#)),
        0
    );
    // An object in a list that is passed over takes serde_json a little scratch space, once a walk.
    assert_eq!(
        allocations(&format!(r#"{{"choices":[{{"index":0}}],{members}}}"#)),
        3
    );
}

#[test]
fn what_is_no_document_has_no_value() {
    for data in [
        "",
        "{",
        r#"{"a":1"#,
        r#"{"a":1}x"#,
        "data",
        "\u{feff}{\"a\":1}",
        r#"{"a":1,}"#,
    ] {
        assert_eq!(number("/a", data), None, "{data}");
    }
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(number("/a", &deep), None);
    assert_eq!(
        path(&"/0".repeat(5000)).extract_number(deep.as_bytes()),
        None
    );
}

#[test]
fn times_keep_every_nanosecond() {
    let ns = 1_718_035_200_123_456_789;
    assert_eq!(time("1718035200.123456789", TimeUnit::Seconds), Some(ns));
    assert_eq!(time("1718035200123.456789", TimeUnit::Millis), Some(ns));
    assert_eq!(time("1718035200123456.789", TimeUnit::Micros), Some(ns));
    assert_eq!(time("1718035200123456789", TimeUnit::Nanos), Some(ns));
    assert_eq!(time("\"1718035200123456789\"", TimeUnit::Nanos), Some(ns));
    assert_eq!(time("1.718035200123456789e9", TimeUnit::Seconds), Some(ns));
    assert_eq!(
        time(
            "1718035200.1234567890123456789012345678901",
            TimeUnit::Seconds
        ),
        Some(ns)
    );
    assert_eq!(time("-1", TimeUnit::Seconds), None);
    assert_eq!(time("1718035200123456789", TimeUnit::Seconds), None);
    assert_eq!(time("1e-900", TimeUnit::Nanos), Some(0));
    assert_eq!(time("0e900", TimeUnit::Nanos), Some(0));
    assert_eq!(time("1e2000000000000", TimeUnit::Nanos), None);
    assert_eq!(time("10e2147483647", TimeUnit::Seconds), None);
    assert_eq!(time("0.1e-2147483648", TimeUnit::Nanos), None);
}

#[test]
fn iso_times_are_read_with_and_without_offset() {
    let ns = Some(1_718_035_200_123_456_789);
    for text in [
        "2024-06-10T16:00:00.123456789Z",
        "2024-06-10T18:00:00.123456789+02:00",
        "2024-06-10 16:00:00.123456789+00:00",
        "2024-06-10T16:00:00.123456789",
        "2024-06-10T18:00:00.123456789\\u002b02:00",
    ] {
        assert_eq!(time(&format!("\"{text}\""), TimeUnit::Iso), ns, "{text}");
    }
    for none in [
        "1718035200",
        "\"1718035200\"",
        "\"16:00\"",
        "\"1969-12-31T23:59:59Z\"",
        "\"\"",
    ] {
        assert_eq!(time(none, TimeUnit::Iso), None, "{none}");
    }
    assert_eq!(time("\"2024-06-10T16:00:00Z\"", TimeUnit::Millis), None);
}

fn documents() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z\"\\\\\u{0}-\u{1f}é]{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::hash_map("[ab/~\"\\\\0-2é]{0,2}", inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Every pointer into `value`, as RFC 6901 writes them.
fn pointers(value: &Value, here: &str, all: &mut Vec<String>) {
    all.push(here.to_owned());
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                pointers(item, &format!("{here}/{index}"), all);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                let token = key.replace('~', "~0").replace('/', "~1");
                pointers(member, &format!("{here}/{token}"), all);
            }
        }
        _ => {}
    }
}

proptest! {
    #[test]
    fn finds_what_serde_json_finds(document in documents(), foreign in "(/[ab0-9~]{0,2}){0,3}", pretty: bool) {
        let text = if pretty { format!("{document:#}") } else { document.to_string() };
        let mut all = vec![foreign];
        pointers(&document, "", &mut all);
        for pointer in all {
            let Ok(path) = JsonPath::parse(&pointer) else { continue };
            let found = find(&path.tokens, text.as_bytes());
            let found = found.map(|raw| serde_json::from_str::<Value>(raw.get()).unwrap());
            let theirs: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(found.as_ref(), theirs.pointer(&pointer), "{} in {}", pointer, text);
        }
    }

    #[test]
    fn any_text_is_read_without_a_panic(data: Vec<u8>, text in "[0-9.eE+-]{0,50}") {
        path("/a").extract_number(&data);
        for unit in [TimeUnit::Iso, TimeUnit::Seconds, TimeUnit::Nanos] {
            path("").extract_time(text.as_bytes(), unit);
            path("").extract_time(format!("\"{text}\"").as_bytes(), unit);
        }
    }

    #[test]
    fn seconds_and_nanoseconds_agree(ns in 0..=u64::MAX) {
        let seconds = format!("{}.{:09}", ns / 1_000_000_000, ns % 1_000_000_000);
        prop_assert_eq!(path("").extract_time(seconds.as_bytes(), TimeUnit::Seconds), Some(ns));
    }
}
