//! Each subscriber sends what his row says, whichever process has him and however often he comes back, and none of it is told.

use crate::load::Load;
use crate::scripted::{Answer, Scripted};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::Command;
use tempfile::NamedTempFile;

const USERS: u32 = 3;
const CONNECTIONS: u32 = 8;
/// Ends at once, and is asked for again.
const SHORT: &str = "retry: 20\nid: 1\ndata: x\n\n";

fn table() -> NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
    writeln!(file, "name,note,token").unwrap();
    for user in 0..USERS {
        writeln!(file, "user {user},unused,s3cret-{user}").unwrap();
    }
    file
}

/// How often each user was asked for, by what the URL and the header said.
fn users(server: &Scripted) -> BTreeMap<(String, String), u32> {
    let mut users = BTreeMap::new();
    for request in server.requests() {
        let path = request.split(' ').nth(1).unwrap().to_owned();
        let token = request
            .lines()
            .find_map(|line| line.strip_prefix("Authorization: Bearer "));
        *users.entry((path, token.unwrap().to_owned())).or_default() += 1;
    }
    users
}

#[test]
fn each_subscriber_keeps_his_row_and_nobody_is_told_of_it() {
    let server = Scripted::start([Answer::stream(SHORT)]);
    let table = table();
    let options = [
        "--data",
        table.path().to_str().unwrap(),
        "-H",
        "Authorization: Bearer {token}",
        "--processes",
        "2",
        "--ramp",
        "0s",
    ];
    let url = format!("http://{}/of/{{name}}", server.address());
    // The first attempts and the second ones: then the rest of the run is of no use.
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("run.json");
    let output = command
        .args(["run", &url, "-c", &CONNECTIONS.to_string(), "--for", "2s"])
        .args(options)
        .arg("--out")
        .arg(&out)
        .output()
        .unwrap();
    let users = users(&server);
    let expected = (0..USERS).map(|user| (format!("/of/user%20{user}"), format!("s3cret-{user}")));
    assert!(users.keys().cloned().eq(expected), "{users:?}");
    // Subscribers 0, 3 and 6 are the first user, 2 and 5 the last one; all of them came back.
    assert!(users.values().all(|times| *times > 4), "{users:?}");
    let (stdout, stderr) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    let record = std::fs::read_to_string(out).unwrap();
    for text in [&stdout, &stderr, &record] {
        assert!(
            !text.contains("s3cret") && !text.contains("user%20"),
            "{text}"
        );
    }
    assert!(stderr.contains("3 users for 8 connections"), "{stderr}");
    assert!(record.contains("\"users\": 3"));
}

#[test]
fn a_shard_deals_rows_as_the_whole_run_does() {
    let server = Scripted::start([Answer::stream(SHORT)]);
    let table = table();
    let options = [
        "--users",
        table.path().to_str().unwrap(),
        "-H",
        "Authorization: Bearer {token}",
        "--ramp",
        "0s",
        "--shard",
        "2/4",
    ];
    let url = format!("http://{}/of/{{name}}", server.address());
    Load::with(&url, CONNECTIONS, &options).ended();
    // Subscribers 1 and 5.
    let asked: Vec<u32> = users(&server).into_values().collect();
    let names: Vec<String> = users(&server).into_keys().map(|(path, _)| path).collect();
    assert_eq!(
        (names, asked),
        (
            vec!["/of/user%201".into(), "/of/user%202".into()],
            vec![1, 1]
        )
    );
}

#[test]
fn a_table_that_cannot_be_meant_is_refused_before_anything_is_sent() {
    let server = Scripted::start([Answer::stream(SHORT)]);
    let url = format!("http://{}/of/{{nme}}", server.address());
    let table = table();
    for (file, said) in [
        (
            table.path().to_str().unwrap(),
            "has no column `nme`; it has name, note, token; write {{nme}} for the text {nme}",
        ),
        (
            "no/such.csv",
            "error: no/such.csv: No such file or directory",
        ),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_loadgen"))
            .args(["run", &url, "-c", "2", "--data", file])
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(
            stderr.contains(said) && !stderr.contains("s3cret"),
            "{stderr}"
        );
    }
    assert_eq!(server.requests().len(), 0);
}
