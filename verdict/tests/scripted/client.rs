//! The path and the client: latency, reads that coalesce, kernel stamps, a
//! process that does not always run. Makes the observations that the engine
//! would have made.

use run_record::time::{Interval, Nanos, Wall};
use verdict::observations::{
    Chunk, Comment, End, EndKind, Event, Head, Probe, Read, Request, ServerClock,
};

use crate::chance::Chance;
use crate::server::{ChunkedBy, Response};

/// How the bytes travel, and how the client runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Path {
    /// Times in which the client does not run: (begin, duration) in milliseconds.
    pub absences: Vec<(f64, f64)>,
    /// Whether the client knows of them.
    pub knows_absences: bool,
    /// Whether reads have kernel stamps: not so on a Unix socket.
    pub is_unix: bool,
    /// One write in so many is lost and sent again 205 ms later; 0 for none.
    pub loses_one_in: f64,
    /// How much more often than usual the machine is late; 0 means as usual.
    pub busy: f64,
    /// One-way latency in milliseconds, above that of loopback.
    pub latency: f64,
}

/// What the client of one response saw until `until`.
pub(crate) fn observe(
    request: Request,
    response: &Response,
    path: &Path,
    stamps: bool,
    until: f64,
    chance: &mut Chance,
) -> Probe {
    let mut probe = Probe {
        request: Request {
            sent: Some(wall(0.0)),
            scheduled: wall(0.0),
            ..request
        },
        round_trip: (!path.is_unix)
            .then(|| Nanos::from_micros(40 + (path.latency * 2_000.0) as u64)),
        server_clock: ServerClock::Within(Nanos::ZERO),
        ..Probe::default()
    };
    let arrivals = arrivals(response, path, chance);
    let mut reader = Reader {
        path,
        last_read: 0.0,
    };
    let head_at = response.head_at.filter(|at| *at <= until);
    probe.head = head_at.map(|at| head(response, at + latency(path, chance)));
    let mut seen = 0;
    let (mut frame, mut offset) = (0, 0);
    while seen < arrivals.len() {
        let read = reader.read(arrivals[seen].at, chance);
        let through = seen
            + arrivals[seen..]
                .iter()
                .take_while(|a| a.at <= read.woken)
                .count();
        let latest = arrivals[through - 1].at;
        if read.woken > until {
            break;
        }
        let upto = arrivals[through - 1].upto;
        let index = probe.reads.len();
        let stamp = if path.is_unix { read.woken } else { latest };
        probe.reads.push(Read {
            arrival: Interval::new(wall(read.empty), wall(stamp)),
            stamped: !path.is_unix,
            read: wall(read.woken),
            body_bytes: arrivals[seen..through]
                .iter()
                .map(|arrival| arrival.wire)
                .sum(),
        });
        while let Some(made) = response
            .frames
            .get(frame)
            .filter(|made| offset + made.bytes <= upto)
        {
            offset += made.bytes;
            frame += 1;
            let emitted = stamps.then(|| wall(made.emitted));
            if made.is_comment {
                probe.comments.push(Comment {
                    read: index,
                    bytes: made.bytes,
                });
            } else {
                let (due, seq) = (stamps.then(|| wall(made.due)), stamps.then_some(made.seq));
                probe.events.push(Event {
                    read: index,
                    bytes: made.bytes,
                    end_offset: offset,
                    seq,
                    due,
                    emitted,
                    named: true,
                    digest: Some(made.seq),
                });
            }
        }
        seen = through;
    }
    if response.length.is_none() {
        probe.chunks = chunks(response, &arrivals, until);
    }
    probe.end = end(
        response,
        arrivals.last().map_or(0.0, |a| a.at),
        until,
        chance,
    );
    if path.knows_absences {
        let known = path.absences.iter().filter(|(begin, _)| *begin < until);
        probe.stalls = known
            .map(|(begin, lasts)| Interval::new(wall(*begin), wall(begin + lasts)))
            .collect();
    }
    probe
}

/// The chunks that are complete, as the server cut them.
fn chunks(response: &Response, arrivals: &[Arrival], until: f64) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let (mut frame, mut offset) = (0, 0);
    for arrival in arrivals.iter().filter(|arrival| arrival.at <= until) {
        let mut complete = |bytes| {
            chunks.push(Chunk {
                bytes,
                arrival: Interval::exact(wall(arrival.at)),
            });
        };
        match response.chunks {
            _ if response.coded => complete(arrival.wire),
            ChunkedBy::Release => complete(arrival.wire),
            ChunkedBy::Block { bytes } => {
                (0..arrival.wire / bytes).for_each(|_| complete(bytes));
                complete_rest(arrival.wire % bytes, &mut complete);
            }
            ChunkedBy::Event => {
                while let Some(made) = response
                    .frames
                    .get(frame)
                    .filter(|made| offset + made.bytes <= arrival.upto)
                {
                    offset += made.bytes;
                    frame += 1;
                    complete(made.bytes);
                }
            }
        }
    }
    chunks
}

fn complete_rest(bytes: u64, complete: &mut impl FnMut(u64)) {
    if bytes > 0 {
        complete(bytes);
    }
}

struct Arrival {
    at: f64,
    upto: u64,
    wire: u64,
}

/// Each write arrives, in order; what is lost holds up all that follows.
fn arrivals(response: &Response, path: &Path, chance: &mut Chance) -> Vec<Arrival> {
    let mut last: f64 = 0.0;
    let sent = |write: &crate::server::Write, chance: &mut Chance| {
        let lost = path.loses_one_in > 0.0 && chance.once_in(path.loses_one_in);
        write.at + latency(path, chance) + if lost { 205.0 } else { 0.0 }
    };
    response
        .writes
        .iter()
        .map(|write| {
            last = last.max(sent(write, chance));
            Arrival {
                at: last,
                upto: write.upto,
                wire: write.wire,
            }
        })
        .collect()
}

/// Loopback: p50 7 us, p99 40 us, seldom milliseconds, very seldom the time slice
/// of another process. Source: measuring 2.4.
fn latency(path: &Path, chance: &mut Chance) -> f64 {
    let usual = 0.005 + chance.exponential(0.006) + path.latency;
    if chance.late_once_in(5_000.0) {
        usual + chance.between(10.0, 60.0)
    } else if chance.late_once_in(300.0) {
        usual + chance.exponential(3.0)
    } else {
        usual
    }
}

/// A client that polls its sockets every millisecond and wakes on data.
struct Reader<'p> {
    path: &'p Path,
    last_read: f64,
}

struct Wake {
    /// The last clock reading before the call that found the socket empty.
    empty: f64,
    /// When the data was read.
    woken: f64,
}

impl Reader<'_> {
    /// The read that finds what arrived first at `first`.
    fn read(&mut self, first: f64, chance: &mut Chance) -> Wake {
        let mut woken = (first + wake_lateness(chance)).max(self.last_read);
        // Passes are a millisecond apart, now and then late themselves.
        let mut empty = first - chance.between(0.02, 1.1) - wake_lateness(chance);
        for (begin, lasts) in &self.path.absences {
            if woken >= *begin && first < begin + lasts {
                empty = empty.min(begin - chance.unit());
                woken = woken.max(begin + lasts + wake_lateness(chance));
            }
        }
        empty = empty.max(self.last_read - 0.01).min(first);
        self.last_read = woken + 0.01;
        Wake { empty, woken }
    }
}

/// From data in the socket to the read: p50 21 us, p99 69 us idle, milliseconds
/// on a busy machine. Source: measuring 2.4.
fn wake_lateness(chance: &mut Chance) -> f64 {
    let usual = 0.01 + chance.exponential(0.02);
    if chance.late_once_in(500.0) {
        usual + chance.exponential(6.0)
    } else {
        usual
    }
}

fn head(response: &Response, at: f64) -> Head {
    let mut headers = vec![("Content-Type".to_owned(), response.content_type.to_owned())];
    match response.length {
        Some(length) => headers.push(("Content-Length".to_owned(), length.to_string())),
        None => headers.push(("Transfer-Encoding".to_owned(), "chunked".to_owned())),
    }
    if response.coded {
        headers.push(("Content-Encoding".to_owned(), "gzip".to_owned()));
    }
    Head {
        status: response.status,
        headers,
        arrival: Interval::exact(wall(at)),
        ..Head::default()
    }
}

fn end(response: &Response, last_arrival: f64, until: f64, chance: &mut Chance) -> End {
    match response.end {
        Some((at, kind)) if at <= until => End {
            kind,
            at: wall(at.max(last_arrival) + chance.between(0.01, 0.3)),
        },
        _ => End {
            kind: EndKind::StillOpen,
            at: wall(until),
        },
    }
}

/// The epoch of all scripts: some day in 2026.
const EPOCH: u64 = 1_790_000_000_000_000_000;

pub(crate) fn wall(ms: f64) -> Wall {
    Wall(EPOCH.saturating_add_signed((ms * 1e6) as i64))
}
