//! Real setups that hold streams back: with their headers as they are the cause is named; behind a hop that strips
//! every mark nothing wrong is said with high confidence.

use std::fs;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use loadgen::plan::Endpoint;
use loadgen::setups::{Plan, Running, Setup};
use serde_json::Value;
use tempfile::TempDir;

use crate::setup::{directory, start, start_before};

/// One of each family that Debian has.
const HELD: [&str; 10] = [
    "nginx-default",
    "nginx-fastcgi-flush-only",
    "haproxy-default",
    "apache-fcgi",
    "lighttpd-0",
    "varnish-nostream",
    "puma",
    "puma-blog",
    "webrick",
    "thin",
];

/// How often a check that refused to tell is asked again.
const TIMES: usize = 5;

/// More of them would be late by each other.
const AT_ONCE: usize = 2;

#[test]
#[ignore = "needs nginx, HAProxy, Apache, PHP, lighttpd, Varnish and Rails: ./scripts/test installs them"]
fn causes_are_named_and_stripped_of_their_marks_nothing_wrong_is_sure() {
    let mut complaints = Vec::new();
    for names in HELD.chunks(AT_ONCE) {
        let found: Vec<_> = thread::scope(|scope| {
            let running: Vec<_> = names
                .iter()
                .map(|name| scope.spawn(|| judged(name)))
                .collect();
            running
                .into_iter()
                .map(|one| one.join().expect("a setup complains, and does not panic"))
                .collect()
        });
        complaints.extend(found.into_iter().flatten());
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// What is wrong about the causes of one setup, as it is and behind the hop.
fn judged(name: &str) -> Vec<String> {
    let setup = Setup::read(&directory(), name).unwrap_or_else(|error| panic!("{error}"));
    let origin = setup.origin().unwrap_or_else(|error| panic!("{error}"));
    let path = setup
        .path(Plan::Check, origin.as_ref())
        .expect("each has a stream to be checked");
    let cause = setup.description.expect.cause.clone();
    let before = origin.as_ref().map(|origin| start(&origin.name));
    let running = match &before {
        Some(before) => start_before(name, before),
        None => start(name),
    };
    let mut complaints = Vec::new();
    let as_it_is = check(&running.url(&path));
    let named = codes(&as_it_is);
    println!("{name}: {named:?}");
    if let Some(cause) = &cause
        && named.first().map(|(code, _)| code) != Some(cause)
    {
        complaints.push(format!("{name}: {named:?}, not {cause}"));
    }
    let hop = Stripping::before(&running);
    let stripped = check(&format!("http://{}{path}", hop.address));
    let sure: Vec<_> = codes(&stripped);
    println!("{name}, stripped: {} {sure:?}", stripped["verdict"]);
    let is_wrong = |(code, confidence): &&(String, String)| {
        confidence == "high" && Some(code) != cause.as_ref()
    };
    if let Some(wrong) = sure.iter().find(is_wrong) {
        complaints.push(format!("{name}, stripped of its marks: {wrong:?}"));
    }
    if stripped["verdict"] != as_it_is["verdict"] {
        let words = (&as_it_is["verdict"], &stripped["verdict"]);
        complaints.push(format!("{name}: the hop changes the word: {words:?}"));
    }
    complaints
}

/// Codes of causes with their confidence.
fn codes(document: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let causes = document["causes"].as_array();
    causes
        .into_iter()
        .flatten()
        .map(|cause| (text(&cause["code"]), text(&cause["confidence"])))
        .collect()
}

/// A check that says itself that this machine was too busy to tell does not count: it is repeated, and the log says so.
fn check(url: &str) -> Value {
    for _ in 1..TIMES {
        let found = once(url);
        if found["reason"] != "own-machine" {
            return found;
        }
        println!("does not count, once more: {url}: {}", found["exit"]);
    }
    once(url)
}

fn once(url: &str) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args(["check", url, "--json", "--expect", "any"])
        .output()
        .expect("loadgen was built for this test");
    let said = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
}

/// HAProxy that hands on each chunk at once and takes away `Server`, `Via`, `X-` headers and what looks like an ETag.
struct Stripping {
    process: Child,
    address: String,
    _directory: TempDir,
}

impl Stripping {
    fn before(origin: &Running) -> Stripping {
        let Endpoint::Tcp(behind) = origin.endpoint() else {
            panic!("the hop speaks TCP");
        };
        let directory = tempfile::tempdir().expect("a directory for temporary files");
        let port = free_port().expect("loopback has a free port");
        let file = directory.path().join("haproxy.cfg");
        let config = format!(
            "defaults\n mode http\n option http-no-delay\n timeout connect 5s\n timeout client 50s\n timeout server 50s\n\
             frontend f\n bind 127.0.0.1:{port}\n http-response del-header server\n http-response del-header via\n \
             http-response del-header etag\n http-response del-header age\n http-response del-header x- -m beg\n \
             default_backend b\nbackend b\n server s {behind}\n"
        );
        fs::write(&file, config).expect("the directory is ours");
        let process = Command::new("haproxy")
            .env(
                "PATH",
                "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin",
            )
            .args(["-db", "-f"])
            .arg(&file)
            .stdin(Stdio::null())
            .spawn()
            .expect("HAProxy is installed");
        let hop = Stripping {
            process,
            address: format!("127.0.0.1:{port}"),
            _directory: directory,
        };
        hop.wait();
        hop
    }

    /// Until it accepts.
    fn wait(&self) {
        for _ in 0..200 {
            if TcpStream::connect(&self.address).is_ok() {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("HAProxy does not listen at {}", self.address);
    }
}

impl Drop for Stripping {
    fn drop(&mut self) {
        // It may have ended by itself: then there is nothing to stop.
        let _ended = self.process.kill();
        let _status = self.process.wait();
    }
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
