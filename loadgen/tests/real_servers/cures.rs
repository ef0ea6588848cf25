//! The cures that `check` prints, proven: each is put where it says it belongs, by a machine, and the setup becomes LIVE.
//!
//! A configuration marks its places by comments; `scripts/setups/README.md` says how. Only the file that a setup's `[cure]` names
//! is touched, and only at a mark with the remedy's own `where`.

use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use loadgen::setups::{Setup, names};
use serde_json::Value;

use crate::setup;

/// A second fault may stand behind the first one: PHP's own buffer behind that of nginx.
const ROUNDS: usize = 4;

/// Setups at once. A busy machine changes no verdict to LIVE, and what it spoils is looked at again.
const JOBS: usize = 2;

/// Those of `scripts/test`: each layer that can hold a stream back. `STREAMGAUGE_SETUPS=all` proves
/// the cures of all that can run here, names with spaces between them those of some.
const QUICK: [&str; 8] = [
    "apache-fcgi",
    "express-compression",
    "haproxy-default",
    "lighttpd-0",
    "nginx-default",
    "puma",
    "rack-deflater-nosync",
    "varnish-nostream",
];

/// The remedy of `puma.cork` names a socket that everyone has elsewhere; ours is here, and then it is asked.
const PLACEHOLDER: &str = "\"unix:///PATH/puma.sock\"";
const OUR_SOCKET: &str = "\"unix://#{ENV['SETUP_RUN']}/http.sock\"";

#[test]
#[ignore = "needs the servers of scripts/setups: ./scripts/test installs them"]
fn every_cure_that_is_printed_for_a_setup_makes_it_live() {
    let all = setup::directory();
    let is_curable = |name: &String| {
        let setup = Setup::read(&all, name).unwrap_or_else(|error| panic!("{error}"));
        let cure = setup.description.cure.as_ref();
        cure.is_some_and(|cure| cure.file.is_some()) && setup.missing().is_none()
    };
    let wanted = env::var("STREAMGAUGE_SETUPS").ok();
    let is_wanted = |name: &String| match wanted.as_deref() {
        None => QUICK.contains(&name.as_str()),
        Some("all") => true,
        Some(names) => names.split_whitespace().any(|wanted| wanted == name),
    };
    let curable: Vec<String> = names(&all)
        .unwrap_or_else(|error| panic!("{error}"))
        .into_iter()
        .filter(is_wanted)
        .filter(is_curable)
        .collect();
    assert!(
        wanted.is_some() || curable.len() == QUICK.len(),
        "only {curable:?} can run here"
    );
    let queue = Mutex::new(curable.iter());
    let failures = Mutex::new(Vec::new());
    let proven = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..JOBS {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().expect("nobody panics with it").next();
                    let Some(name) = next else { return };
                    match cure(name) {
                        Ok(steps) if steps.is_empty() => println!("{name}: no line is printed"),
                        Ok(steps) => {
                            println!("{name}: {}", steps.join(", then "));
                            proven.fetch_add(1, Ordering::Relaxed);
                        }
                        Err(why) => failures.lock().expect("nobody panics with it").push(why),
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("nobody panics with it");
    assert!(
        failures.is_empty(),
        "{} of {}:\n{}",
        failures.len(),
        curable.len(),
        failures.join("\n")
    );
    let proven = proven.into_inner();
    let all = curable.len();
    // Of all some have a cause that nobody can name from outside, and then no line.
    let least = if wanted.is_some() { all / 2 } else { all };
    assert!(proven >= least, "only {proven} of {all} are proven");
}

#[test]
fn a_cure_takes_the_place_of_its_mark_and_of_no_other() {
    let text =
        "a {\n  # cure: here\n  // cure: there\n}\nline\n# cure of the line above: its end\n";
    assert_eq!(
        cured(text, "here", "off;"),
        Some(text.replace("  # cure: here", "  off;\n  # cure: here"))
    );
    assert_eq!(
        cured(text, "its end", "on"),
        Some(text.replace("line\n# cure of the line above: its end", "line on"))
    );
    assert_eq!(cured(text, "her", "off;"), None);
    let text = "old\n# cure instead of the line above: here\nexec rackup -q\n# cure instead of run in the line below: there\nrun x\n";
    assert_eq!(
        cured(text, "here", "new"),
        Some(text.replace("old\n# cure instead of the line above: here", "new"))
    );
    assert_eq!(
        cured(text, "there", "run fast"),
        Some(text.replace(
            "# cure instead of run in the line below: there\nrun x",
            "run fast x"
        ))
    );
}

/// Checks, applies what is printed, and checks again, until nothing is left to cure. Returns the lines that it took.
fn cure(name: &str) -> Result<Vec<String>, String> {
    let scratch = tempfile::tempdir().expect("a directory for temporary files");
    let all = scratch.path().join("setups");
    copy(&setup::directory(), &all);
    let setup = Setup::read(&all, name).expect("it was read before");
    let expected = setup.description.expect.findings;
    let cure = setup.description.cure.expect("only those are asked");
    let files: Vec<PathBuf> = [cure.file, cure.then]
        .into_iter()
        .flatten()
        .map(|file| all.join(name).join(file))
        .collect();

    let mut steps: Vec<String> = Vec::new();
    for _ in 0..ROUNDS {
        let found = check(&all, name)?;
        // A cache is no hold: what has to go is what was found beside LIVE.
        let is_left = |code: &String| has_finding(&found, code);
        if found["verdict"] == "live" && !expected.iter().any(is_left) {
            let nothing = || format!("{name} has nothing to cure: {found:#}");
            return if steps.is_empty() {
                Err(nothing())
            } else {
                Ok(steps)
            };
        }
        // Where no line is printed there is none to prove: a cause that is not named is told by the matrix.
        if steps.is_empty() && !has_line(&found) {
            return Ok(steps);
        }
        let step = files
            .iter()
            .find_map(|file| apply(&all.join(name), file, &found, &steps));
        steps.push(step.ok_or_else(|| {
            format!("{name}: after {steps:?} no remedy has a marked place: {found:#}")
        })?);
    }
    Err(format!("{name} is still held back after {steps:?}"))
}

/// All but what npm, pip and debootstrap brought, which is large and is not changed: links lead to that.
fn copy(from: &Path, to: &Path) {
    const BROUGHT: [&str; 3] = ["node_modules", "venv", "debian"];
    fs::create_dir(to).expect("the directory is ours");
    for entry in fs::read_dir(from).expect("the setups can be read") {
        let (name, path) = entry
            .map(|entry| (entry.file_name(), entry.path()))
            .expect("the setups can be read");
        let copied = to.join(&name);
        if BROUGHT.iter().any(|brought| name == *brought) {
            let path = path.canonicalize().expect("it is there");
            symlink(path, copied).expect("the directory is ours");
        } else if path.is_dir() {
            copy(&path, &copied);
        } else {
            fs::copy(&path, copied).expect("the directory is ours");
        }
    }
}

/// What `matrix --json` has of one setup: the document of `check --json`.
fn check(all: &Path, name: &str) -> Result<Value, String> {
    let output = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args([
            "matrix",
            "--json",
            "--only-verdict",
            "--jobs",
            "2",
            "--setups",
        ])
        .args([all.as_os_str(), name.as_ref()])
        .output()
        .expect("loadgen was built for this test");
    let json: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let row = &json["setups"][0];
    if row["check"].is_object() {
        Ok(row["check"].clone())
    } else {
        Err(format!("{name} did not run: {row:#}"))
    }
}

/// Puts the first remedy that has a marked place there, causes and their remedies in the order in which they are printed.
/// What was put in before is not put in again: of two causes that look the same the second one is left.
fn apply(setup: &Path, file: &Path, found: &Value, steps: &[String]) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let causes = found["causes"].as_array()?;
    for remedy in causes.iter().map(|cause| &cause["remedy"]) {
        let (Some(config), Some(place)) = (remedy["config"].as_str(), remedy["where"].as_str())
        else {
            continue;
        };
        if steps.iter().any(|step| step == config) {
            continue;
        }
        let placed = config.replace(PLACEHOLDER, OUR_SOCKET);
        if let Some(cured) = cured(&text, place, &placed) {
            fs::write(file, cured).expect("the copy is ours");
            if placed != config {
                listen_on_socket(&setup.join("setup.toml"));
            }
            return Some(config.to_owned());
        }
    }
    None
}

fn has_finding(found: &Value, code: &str) -> bool {
    let mut findings = found["findings"].as_array().into_iter().flatten();
    findings.any(|finding| finding["code"] == code)
}

fn has_line(found: &Value) -> bool {
    let causes = found["causes"].as_array().into_iter().flatten();
    let mut remedies = causes.map(|cause| &cause["remedy"]);
    remedies.any(|remedy| remedy["config"].is_string())
}

fn listen_on_socket(description: &Path) {
    let text = fs::read_to_string(description).expect("the copy is ours");
    fs::write(description, format!("listen = \"unix\"\n{text}")).expect("the copy is ours");
}

/// The text with the cure at its mark, or nothing if there is no such mark.
fn cured(text: &str, place: &str, config: &str) -> Option<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut is_marked = false;
    // The word of the next line that the cure replaces.
    let mut word: Option<&str> = None;
    for line in text.lines() {
        let comment = line.trim_start().trim_start_matches(['#', '/']).trim();
        let mark = comment
            .strip_suffix(place)
            .and_then(|mark| mark.strip_suffix(": "));
        if let Some(word) = word.take() {
            lines.push(line.replacen(word, config, 1));
        } else if mark == Some("cure") {
            // The mark stays, for the cure of a second fault. Python reads indentation.
            let indent = &line[..line.len() - line.trim_start().len()];
            lines.extend([format!("{indent}{config}"), line.to_owned()]);
            is_marked = true;
        } else if mark == Some("cure of the line above") {
            let above = lines.last_mut()?;
            *above = format!("{above} {config}");
            is_marked = true;
        } else if mark == Some("cure instead of the line above") {
            config.clone_into(lines.last_mut()?);
            is_marked = true;
        } else if let Some(old) = mark.and_then(|mark| mark.strip_prefix("cure instead of ")) {
            word = old.strip_suffix(" in the line below");
            is_marked |= word.is_some();
        } else {
            lines.push(line.to_owned());
        }
    }
    is_marked.then(|| lines.join("\n") + "\n")
}
