//! Criterion 2: every event that was sent is received, or explicitly lost, or was on its way when the stream was closed.

use crate::gate::{alone, is_full, tell};
use crate::support::{plan, run_with, target, total};
use loadgen::engine::{Instrument, Outcome};
use loadgen::plan::{Load, Plan};
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;
use target_server::{Server, StreamTruth};

const CONNECTIONS: u32 = 20;

/// Modes that send events, and whether they break the stream off: then the end of what was written may not arrive.
const MODES: [(&str, bool); 18] = [
    ("hold-all", false),
    ("content-length", false),
    ("hold-size:1000", false),
    ("hold-size:4096", false),
    ("hold-time:50ms", false),
    ("lag-one", false),
    ("late-first:100ms", false),
    ("late-head", false),
    ("cork", false),
    ("gzip", false),
    ("gzip-unflushed", false),
    ("stall:100ms@10", false),
    ("delay:5ms,30ms", false),
    ("lose:7", false),
    ("duplicate:5", false),
    ("reorder:10", false),
    ("cut-after:200ms", true),
    ("truncate:2000", true),
];

/// What a sequence of numbers says, counted the slow and obvious way.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sequence {
    lost: u64,
    duplicated: u64,
    reordered: u64,
}

impl Sequence {
    fn of(seqs: &[u64]) -> Sequence {
        let mut seen = BTreeSet::new();
        let (mut duplicated, mut reordered) = (0, 0);
        for seq in seqs {
            let late = seen.last().is_some_and(|highest| seq < highest);
            if seen.insert(*seq) {
                reordered += u64::from(late);
            } else {
                duplicated += 1;
            }
        }
        let span = match (seen.first(), seen.last()) {
            (Some(first), Some(last)) => last - first + 1,
            _ => 0,
        };
        Sequence {
            lost: span - seen.len() as u64,
            duplicated,
            reordered,
        }
    }

    fn add(&mut self, other: &Sequence) {
        self.lost += other.lost;
        self.duplicated += other.duplicated;
        self.reordered += other.reordered;
    }
}

/// What one run sent and received.
#[derive(Debug, Default)]
struct Account {
    sent: u64,
    received: u64,
    in_flight: u64,
    sequence: Sequence,
}

fn truths(server: &Server) -> Vec<StreamTruth> {
    let control = server.control_addr().expect("it has a control address");
    let get = |number: u32| {
        let url = format!("http://{control}/truth/t{number}");
        let response = reqwest::blocking::get(url).expect("the control address answers");
        let found = response.status().is_success();
        let bytes = response.bytes().expect("the answer is whole");
        found.then(|| serde_json::from_slice(&bytes).expect("it is a truth log"))
    };
    (1..=CONNECTIONS).map_while(get).collect()
}

/// Joins received and written numbers stream by stream.
fn account(name: &str, outcome: &Outcome, server: &Server, may_break: bool) -> Account {
    let mut received: HashMap<(u32, u32), Vec<u64>> = HashMap::new();
    for event in &outcome.tapped.events {
        let seq = event.seq.expect("each event has a number");
        received
            .entry((event.subscriber, event.stream))
            .or_default()
            .push(seq);
    }
    let written: HashMap<u64, Vec<u64>> = truths(server)
        .iter()
        .flat_map(|truth| &truth.subscribers)
        .map(|subscriber| {
            let writes = subscriber.writes.as_ref().expect("no write is forgotten");
            (subscriber.id, writes.iter().map(|write| write.0).collect())
        })
        .collect();
    assert_eq!(
        outcome.tapped.streams.len(),
        written.len(),
        "{name}: streams"
    );
    let mut account = Account::default();
    for (subscriber, stream, id) in &outcome.tapped.streams {
        let number: u64 = id
            .rsplit('-')
            .next()
            .and_then(|id| id.parse().ok())
            .expect("a number");
        let sent = &written[&number];
        let got = received.remove(&(*subscriber, *stream)).unwrap_or_default();
        if may_break {
            assert!(
                sent.starts_with(&got),
                "{name}: {got:?} is no beginning of {sent:?}"
            );
        } else {
            assert_eq!(&got, sent, "{name}: received, sent");
        }
        account.sent += sent.len() as u64;
        account.received += got.len() as u64;
        account.in_flight += (sent.len() - got.len()) as u64;
        account.sequence.add(&Sequence::of(&got));
    }
    assert!(received.is_empty(), "{name}: events of no known stream");
    account
}

fn run(path: &str, hold: Duration, server: &Server) -> Outcome {
    let plan = plan(server.local_addr().expect("it listens"), path, CONNECTIONS);
    let mut request = plan.request.clone();
    request
        .headers
        .push(("Accept-Encoding".to_owned(), "gzip".to_owned()));
    let plan = Plan {
        load: Load {
            hold,
            ..plan.load.clone()
        },
        request,
        ..plan
    };
    let tapped = Instrument {
        tap: true,
        ..Instrument::default()
    };
    run_with(plan, tapped)
}

/// The counters of loadgen say what the join of both sides says.
fn assert_counted(name: &str, outcome: &Outcome, account: &Account) {
    let events = total(outcome).counters.events;
    let counted = Sequence {
        lost: events.lost,
        duplicated: events.duplicated,
        reordered: events.reordered,
    };
    assert_eq!(
        counted, account.sequence,
        "{name}: lost, duplicated, reordered"
    );
    assert_eq!(events.received, account.received, "{name}: received");
    assert_eq!(events.before_sent, 0, "{name}: arrived before it was sent");
    assert_eq!(account.sent, account.received + account.in_flight, "{name}");
    assert!(account.received > 0, "{name}: nothing was received");
}

#[test]
fn criterion_2_events_are_conserved_in_all_modes() {
    let _alone = alone();
    let seeds = if is_full() { 10 } else { 1 };
    let mut all = Account::default();
    for (mode, may_break) in MODES {
        for seed in 1..=seeds {
            let name = format!("{mode}, seed {seed}");
            let server = target();
            let path = format!("/prices?interval=10ms&count=40&private=1&seed={seed}&mode={mode}");
            let outcome = run(&path, Duration::from_secs(20), &server);
            let account = account(&name, &outcome, &server, may_break);
            assert_counted(&name, &outcome, &account);
            all.sent += account.sent;
            all.received += account.received;
            all.in_flight += account.in_flight;
            all.sequence.add(&account.sequence);
        }
    }
    // The modes that lose, repeat and swap events did so.
    let Sequence {
        lost,
        duplicated,
        reordered,
    } = all.sequence;
    assert!(lost > 0 && duplicated > 0 && reordered > 0, "{all:?}");
    tell(
        "2",
        &format!(
            "{} modes x {seeds} seeds: sent, received, on their way at a break",
            MODES.len()
        ),
        format!("{} = {} + {}", all.sent, all.received, all.in_flight),
        "equal, stream by stream; lost, repeated and swapped as the log says",
    );
}

#[test]
fn criterion_2_what_is_cut_off_by_the_client_is_the_end_of_what_was_sent() {
    let _alone = alone();
    let server = target();
    let path = "/prices?interval=2ms&private=1";
    let outcome = run(path, Duration::from_secs(1), &server);
    let account = account("closed by loadgen", &outcome, &server, true);
    assert_counted("closed by loadgen", &outcome, &account);
    tell(
        "2",
        "closed by loadgen: sent, received, on their way",
        format!(
            "{} = {} + {}",
            account.sent, account.received, account.in_flight
        ),
        "equal; what is missing is the end of what was sent",
    );
}
