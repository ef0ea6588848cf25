//! The check over real sockets: target-server's modes, and what it must not do.
#![cfg(test)]

mod support;

use support::{check, foreign, plan};
use target_server::{Config, Server};

#[test]
#[ignore = "exploration"]
fn explore() {
    let server = Server::start(Config::default()).unwrap();
    let address = server.local_addr().unwrap();
    let only = std::env::var("ONLY").unwrap_or_default();
    for path in [
        "/prices?interval=100ms",
        "/prices?interval=20ms",
        "/prices?interval=50ms&count=40&mode=hold-all",
        "/prices?interval=50ms&count=40&mode=content-length",
        "/prices?interval=50ms&mode=hold-all",
        "/prices?interval=20ms&size=200&mode=hold-size:4096",
        "/prices?interval=100ms&size=200&mode=hold-size:4096",
        "/prices?interval=50ms&mode=hold-time:200ms",
        "/prices?interval=100ms&mode=lag-one",
        "/prices?interval=100ms&mode=late-head",
        "/prices?interval=50ms&mode=late-first:500ms",
        "/prices?interval=50ms&mode=cork",
        "/prices?interval=50ms&mode=gzip",
        "/prices?interval=50ms&mode=gzip-unflushed",
        "/prices?interval=50ms&mode=stall:1s@10",
        "/prices?interval=50ms&mode=cut-after:1s",
        "/prices?interval=50ms&mode=truncate:3000",
        "/prices?mode=wrong-type",
        "/prices?mode=status:503",
        "/prices?mode=empty",
        "/prices?interval=100ms&mode=comments-only",
        "/prices?interval=50ms&mode=lose:5",
        "/prices?interval=50ms&mode=duplicate:5",
        "/prices?interval=50ms&mode=reorder:5",
        "/prices?interval=200ms&count=5",
        "/prices?interval=500ms",
        "/prices?interval=20ms&jitter=exp",
        "/prices?interval=300ms&burst=5",
    ] {
        if !path.contains(&only) {
            continue;
        }
        for is_foreign in [false, true] {
            let plan = plan(address, path);
            let plan = if is_foreign { foreign(plan) } else { plan };
            let outcome = check(&plan);
            let verdict = &outcome.verdict;
            println!(
                "{path} {} -> {} | {} | {:?} {:?} | {:.2} s, {} requests {:?} | {:?} | not tested {}",
                if is_foreign { "foreign" } else { "coop" },
                verdict.word.label(),
                verdict.gloss,
                verdict.confidence,
                verdict.reason,
                (outcome.ended - outcome.started).as_secs_f64(),
                outcome.observations.probes.len(),
                outcome.purposes,
                verdict.findings.iter().map(|f| &f.code).collect::<Vec<_>>(),
                verdict.not_tested.len(),
            );
            if std::env::var("MORE").is_ok() {
                println!("{verdict:#?}\n{:?}", outcome.observations.own);
            }
        }
    }
}
