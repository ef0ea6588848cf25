//! `loadgen capacity` finds what a server carries, and says who did not allow more: scripted servers whose limit is known.

use run_record::capacity::{Capacity, LimitedBy};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

/// What a server does with a subscriber that it has no place for.
#[derive(Clone, Copy)]
enum Full {
    /// It takes the connection and answers when somebody has left.
    Queues,
    Answers503,
    Closes,
}

/// A server with places for so many subscribers at once, each of which gets an event every 50 ms.
fn server(places: u32, full: Full) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let taken = Arc::new(AtomicU32::new(0));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let taken = taken.clone();
            thread::spawn(move || serve(stream, &taken, places, full));
        }
    });
    address
}

fn take(taken: &AtomicU32, places: u32) -> bool {
    let one_more = |now| (now < places).then_some(now + 1);
    taken
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_more)
        .is_ok()
}

/// The subscriber has left if anything is wrong with its connection.
fn serve(mut stream: TcpStream, taken: &AtomicU32, places: u32, full: Full) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
    while !lines.next()?.ok()?.is_empty() {}
    while !take(taken, places) {
        match full {
            Full::Queues => thread::sleep(Duration::from_millis(10)),
            Full::Closes => return None,
            Full::Answers503 => {
                let answer = b"HTTP/1.1 503 Full\r\nContent-Length: 0\r\n\r\n";
                return stream.write_all(answer).ok();
            }
        }
    }
    let mut went = stream.write_all(HEAD.as_bytes());
    while went.is_ok() {
        thread::sleep(Duration::from_millis(50));
        went = stream.write_all(b"data: 1\n\n");
    }
    taken.fetch_sub(1, Ordering::SeqCst);
    None
}

fn capacity(address: SocketAddr, options: &[&str]) -> (Option<i32>, Capacity) {
    capacity_of(
        Command::new(env!("CARGO_BIN_EXE_loadgen")),
        address,
        options,
    )
}

fn capacity_of(
    mut loadgen: Command,
    address: SocketAddr,
    options: &[&str],
) -> (Option<i32>, Capacity) {
    let output = loadgen
        .args(["capacity", &format!("http://{address}/"), "--json"])
        .args(["--step", "500ms", "--first-event", "1s"])
        .args(options)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let document = serde_json::from_slice(&output.stdout);
    let document = document
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code(), document)
}

#[test]
fn a_server_that_queues_carries_whom_it_answers() {
    let (code, found) = capacity(server(5, Full::Queues), &["--up-to", "50"]);
    assert_eq!((code, found.carried, found.broke_at), (Some(0), 5, Some(6)));
    assert_eq!(found.limited_by, LimitedBy::Server);
    assert!(
        found.reason.contains("1 queued without a response head"),
        "{}",
        found.reason
    );
}

#[test]
fn a_server_that_refuses_carries_whom_it_lets_in() {
    for (full, why) in [
        (Full::Answers503, "503"),
        (Full::Closes, "before a response head"),
    ] {
        let (code, found) = capacity(server(3, full), &["--up-to", "50"]);
        assert_eq!((code, found.carried, found.broke_at), (Some(0), 3, Some(4)));
        assert_eq!(found.limited_by, LimitedBy::Server);
        assert!(found.reason.contains(why), "{}", found.reason);
    }
}

#[test]
fn more_than_one_process_may_have_descriptors_for_are_held_by_several() {
    let mut limited = Command::new("sh");
    limited
        .args(["-c", r#"ulimit -n 90; exec "$0" "$@""#])
        .arg(env!("CARGO_BIN_EXE_loadgen"));
    // Ten each, beside what a process needs for itself.
    let places = server(15, Full::Closes);
    let options = ["--up-to", "24", "--workers", "2"];
    let (code, found) = capacity_of(limited, places, &options);
    assert_eq!(
        (code, found.carried, found.broke_at),
        (Some(0), 15, Some(16)),
        "{found:?}"
    );
    assert_eq!(found.limited_by, LimitedBy::Server);
    assert!(found.reason.contains("before a response head"), "{found:?}");
}

#[test]
fn all_that_were_to_be_tried_are_no_end() {
    let pid = std::process::id().to_string();
    let options = ["--up-to", "4", "--watch-pid", &pid];
    let (code, found) = capacity(server(50, Full::Closes), &options);
    assert_eq!((code, found.carried, found.broke_at), (Some(0), 4, None));
    assert_eq!(found.limited_by, LimitedBy::Nothing);
    let servers: Vec<_> = found
        .steps
        .iter()
        .map(|step| step.server.unwrap())
        .collect();
    assert!(
        servers
            .iter()
            .all(|server| server.memory_bytes > 0 && server.descriptors > 0)
    );
}

#[test]
fn a_limit_that_nothing_is_measured_for_is_no_answer() {
    let options = ["--up-to", "4", "--max", "delivery.p99=1s"];
    let (code, found) = capacity(server(50, Full::Closes), &options);
    assert_eq!((code, found.carried), (Some(4), 0));
    assert_eq!(found.limited_by, LimitedBy::Unknown);
    assert!(
        found.reason.contains("delivery.p99=1s was not measured"),
        "{}",
        found.reason
    );
}

#[test]
fn its_report_is_a_page_with_the_curve() {
    let address = server(3, Full::Answers503);
    let directory = tempfile::tempdir().unwrap();
    let page = directory.path().join("capacity.html");
    capacity(
        address,
        &["--up-to", "8", "--report", page.to_str().unwrap()],
    );
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("3 subscribers carried") && page.contains("capacity-curve"));
}
