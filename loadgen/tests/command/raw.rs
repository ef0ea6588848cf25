//! `--raw`: every event of a run as a row, and nothing that a spreadsheet would obey.

use crate::schema::valid;
use crate::scripted::{Answer, Scripted};
use flate2::read::GzDecoder;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Output};
use target_server::{Config, Server};

fn loadgen(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args(words)
        .output()
        .unwrap()
}

fn unpacked(path: &Path) -> String {
    let mut text = String::new();
    let mut packed = GzDecoder::new(std::fs::File::open(path).unwrap());
    packed.read_to_string(&mut text).unwrap();
    text
}

const RUN: [&str; 3] = ["--for", "1200ms", "--no-progress"];

#[test]
fn each_event_is_a_row_with_its_times() {
    let server = Server::start(Config::default()).unwrap();
    let url = format!(
        "http://{}/prices?interval=10ms",
        server.local_addr().unwrap()
    );
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("raw.csv.gz");
    let file = path.to_str().unwrap();
    let words = ["run", &url, "-c", "3", "--json", "--raw", file];
    let output = loadgen(&[&words[..], &RUN].concat());
    let record = valid("record", &output.stdout);
    let received = record["measured"]["groups"]["all"]["counters"]["events"]["received"]
        .as_u64()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains(&format!("({received} events)")), "{told}");

    let text = unpacked(&path);
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    assert_eq!(names[0], "subscriber");
    let mut last = [None; 3];
    let mut rows = 0;
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |name: &str| -> u64 {
            let at = names.iter().position(|known| *known == name).unwrap();
            cells[at]
                .parse()
                .unwrap_or_else(|_| panic!("{name}: {line}"))
        };
        let subscriber = number("subscriber") as usize;
        let event = Some(number("event"));
        assert!(last[subscriber] < event, "{line}");
        last[subscriber] = event;
        // The ids of target-server are its numbers, one after the other.
        assert!(number("id_bytes") > 0 && number("id") > 0, "{line}");
        let times = ["due_ns", "sent_ns", "arrival_latest_ns", "read_ns"].map(number);
        assert!(times.is_sorted(), "{line}");
        assert!(number("arrival_earliest_ns") <= number("arrival_latest_ns"));
        rows += 1;
    }
    assert_eq!(rows, received);
    assert!(rows > 100, "{rows}");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn an_id_of_a_server_is_no_formula_and_stays_in_its_cell() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n\
        id: =HYPERLINK(1)\ndata: a\n\nid: a,\"b\"\ndata: b\n\nid: \u{1b}[2J\ndata: c\n\n";
    let server = Scripted::start(vec![Answer::close(answer)]);
    let url = format!("http://{}/", server.address());
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("raw.csv.gz");
    let words = ["run", &url, "-c", "1", "--no-reconnect", "--raw"];
    loadgen(&[&words[..], &[path.to_str().unwrap()], &RUN].concat());
    let text = unpacked(&path);
    for cell in [",\"'=HYPERLINK(1)\",", ",\"a,\"\"b\"\"\",", ",\\x1b[2J,"] {
        assert!(text.contains(cell), "{cell}: {text}");
    }
}

#[test]
fn what_cannot_be_written_is_refused_before_anything_is_sent() {
    let url = "http://127.0.0.1:1/";
    let raw = ["run", url, "-c", "4", "--raw"];
    for (words, told) in [
        (
            &["/proc/none/raw.gz"][..],
            "--raw /proc/none/raw.gz: cannot write",
        ),
        (&["raw.gz", "--processes", "2"], "--processes 1"),
        (&["raw.gz", "--repeat", "2"], "--raw is the file of one run"),
    ] {
        let output = loadgen(&[&raw[..], words].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{words:?}: {said}");
        assert!(said.contains(told), "{words:?}: {said}");
    }
}
