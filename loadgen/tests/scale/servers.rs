//! Which of several servers the results are of, against the truth log of each.

use crate::load::Load;
use crate::scripted::{Answer, STREAM, Scripted};
use crate::support::truth;
use run_record::breakdown::{Breakdown, Portion};
use run_record::metric::Metric;
use std::net::{SocketAddr, TcpListener};
use target_server::{Config, Listen, Server};

const EVENTS: u64 = 40;
const CONNECTIONS: u32 = 30;

/// Two servers at one port of two addresses.
fn two_servers() -> [Server; 2] {
    let port = {
        let first = TcpListener::bind("127.0.0.2:0").unwrap();
        first.local_addr().unwrap().port()
    };
    [[127, 0, 0, 2], [127, 0, 0, 3]].map(|address| {
        Server::start(Config {
            listen: vec![Listen::Tcp(SocketAddr::from((address, port)))],
            control: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
            ..Config::default()
        })
        .unwrap()
    })
}

fn portion<'a>(breakdown: &'a Breakdown, name: &str) -> &'a Portion {
    let mut portions = breakdown.iter();
    portions.find(|(known, _)| *known == name).unwrap().1
}

#[test]
fn each_address_has_what_its_server_wrote_in_whichever_process() {
    let servers = two_servers();
    let port = servers[0].local_addr().unwrap().port();
    let resolve = format!("stream.test:{port}:127.0.0.2,127.0.0.3");
    let url = format!("http://stream.test:{port}/prices?interval=50ms&count={EVENTS}");
    let options = ["--resolve", &resolve, "--processes", "2", "--ramp", "300ms"];
    let ended = Load::with(&url, CONNECTIONS, &options).ended();
    let remotes = &ended.record.measured.remotes;
    let mut sum = Portion::default();
    for server in &servers {
        let address = server.local_addr().unwrap().to_string();
        let portion = portion(remotes, &address);
        let truth = truth(server, "t1");
        let written: u64 = truth.subscribers.iter().map(|each| each.events).sum();
        assert_eq!(portion.connections, truth.subscribers.len() as u64);
        assert_eq!((portion.connections, portion.events), (15, written));
        assert_eq!((portion.lost, portion.failed, portion.ended), (0, 0, 15));
        assert!(
            ended.page.contains(&format!("\n  {address} ")),
            "{}",
            ended.page
        );
        sum.merge(portion);
    }
    assert_eq!(remotes.iter().count(), 2);
    let total = ended.record.total();
    for metric in [Metric::FirstEvent, Metric::Delivery, Metric::Transit] {
        assert_eq!(
            sum.histograms.count(metric),
            total.histograms.count(metric),
            "{metric:?}"
        );
        let [fine, coarse] = [&total.histograms, &sum.histograms]
            .map(|each| each.get(metric).unwrap().value_at_quantile(0.9) as f64);
        assert!(
            (coarse / fine - 1.0).abs() < 0.02,
            "{metric:?}: {coarse} is not {fine}"
        );
    }
}

#[test]
fn a_header_tells_servers_apart_and_cannot_write_on_the_terminal() {
    let answer = |header: &str| {
        let head = STREAM.trim_end();
        Answer::close(format!("{head}\r\n{header}\r\ndata: x\n\n"))
    };
    let server = Scripted::start([
        answer("X-Served-By: red\r\n"),
        answer("x-served-by:  blue\u{9b}31m\r\n"),
        answer(""),
        Answer::close("HTTP/1.1 404 Not Found\r\nX-Served-By: red\r\nContent-Length: 0\r\n\r\n"),
        answer("X-Served-By: red\r\n"),
    ]);
    let url = format!("http://{}/", server.address());
    let ended = Load::with(&url, 5, &["--by", "X-Served-By", "--ramp", "0s"]).ended();
    let values = &ended.record.measured.by_header["x-served-by"];
    let found: Vec<_> = values
        .iter()
        .map(|(name, portion)| (name, portion.connections, portion.failed, portion.events))
        .collect();
    assert_eq!(
        found,
        [("", 1, 0, 1), ("blue\u{9b}31m", 1, 0, 1), ("red", 2, 1, 2)]
    );
    assert!(ended.page.contains("by x-served-by"), "{}", ended.page);
    assert!(ended.page.contains("without it") && !ended.page.contains('\u{9b}'));
}

#[test]
fn a_header_that_may_hold_secrets_is_refused() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args(["run", "http://127.0.0.1:1/", "-c1", "--by", "Set-Cookie"])
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr.contains("its values may be secrets"), "{stderr}");
}
