//! Streams that hold all workers.

use super::clues::Clues;
use super::{ByDefault, Case, Cure, Entry, Sure, advice, cure};
use crate::text::plural;
use crate::vocabulary::Sign;

const PUMA: Cure = cure(
    "raise the number of threads above the number of streams",
    "threads 64, 64",
    "config/puma.rb",
);
const UNICORN: Cure = cure(
    "raise the number of workers above the number of streams",
    "worker_processes N",
    "the configuration of Unicorn",
);
const PASSENGER: Cure = cure(
    "do not count requests against processes",
    "passenger_force_max_concurrent_requests_per_process 0;",
    "nginx location block",
);
const GUNICORN: Cure = cure(
    "serve streams from threads, more than there are streams",
    "gunicorn --worker-class gthread --threads 100",
    "start command",
);

pub(super) const ENTRIES: &[Entry] = &[Entry {
    code: "workers.exhausted",
    component: "a server with a worker per stream",
    versions: "Puma, Unicorn, Passenger, gunicorn, Thin and others",
    by_default: ByDefault::Yes,
    shows: &[Sign::Queue],
    what: "each stream holds a thread or a process: the next one waits until one ends",
    betrays: "a part of the streams asked for at once ran: 5 on Puma's defaults, the number of processes on Unicorn",
    cures: &[
        advice("raise the number of workers or threads above the number of streams"),
        PUMA,
        UNICORN,
        PASSENGER,
        GUNICORN,
    ],
    sure: Sure::Measured,
    source: "Puma, Unicorn, Passenger, Thin, gunicorn, measured with 1, 10 and 50 streams",
    test: exhausted,
}];

fn exhausted(clues: &Clues) -> Option<Case> {
    let queue = clues.queue?;
    let ran = plural(queue.served as u64, "stream");
    let case = Case::strong(format!("{ran} ran, {} waited", queue.waited));
    let is_chunked = clues.is_chunked();
    Some(if clues.is_signed_by("gunicorn") {
        case.and_weak("Server: gunicorn").cured_by(&GUNICORN)
    } else if clues.mentions("x-powered-by", "phusion") {
        case.and_weak("signed by Passenger").cured_by(&PASSENGER)
    } else if clues.has_ruby_marks() && clues.header("server").is_none() && is_chunked {
        case.and_weak("marks of a Rack stack, chunked: Puma")
            .cured_by(&PUMA)
    } else if clues.has_ruby_marks() && clues.header("server").is_none() {
        case.and_weak("marks of a Rack stack, no chunks: Unicorn")
            .cured_by(&UNICORN)
    } else {
        case
    })
}
