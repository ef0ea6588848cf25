//! The setups of the ground truth that hold streams back, as they were measured: framing, marks, delays, and the
//! cause that is known because the setup was made so.

mod applications;
mod others;
mod proxies;
mod ruby;

use run_record::verdict::{HoldBy, Word};
use verdict::observations::{Chunk, EndKind, Event, Probe};

pub(crate) use applications::APPLICATIONS;
pub(crate) use others::OTHERS;
pub(crate) use proxies::PROXIES;
pub(crate) use ruby::RUBY;

use crate::check::Scene;
use crate::server::Mode;

/// One setup: what it does, the marks it leaves, and what is true of it.
pub(crate) struct Setup {
    pub name: &'static str,
    pub mode: Mode,
    pub dress: fn(&mut Probe),
    pub word: Word,
    pub by: Option<HoldBy>,
    /// The cause that stands first; empty where none may be named.
    pub cause: &'static str,
    /// Other causes that fit as well, or stand behind it.
    pub rivals: &'static [&'static str],
}

impl Setup {
    /// The application of the setups: 200 events of 1 KiB, 20 ms apart.
    pub(crate) fn scene(&self, seed: u64) -> Scene {
        Scene {
            count: Some(200),
            can_vary: false,
            dress: self.dress,
            ..Scene::cooperating(self.mode, 50.0, 1024, seed)
        }
    }

    /// Whether a code is the cause or may stand beside it.
    pub(crate) fn allows(&self, code: &str) -> bool {
        code == self.cause || self.rivals.contains(&code)
    }
}

/// Loopback: no segment of a usual size is ever full.
pub(crate) const CORK: Mode = Mode::Cork { segment: 65_483 };
const NGINX: &[(&str, &str)] = &[("Server", "nginx/1.22.1"), ("Connection", "keep-alive")];
const APACHE: &[(&str, &str)] = &[("Server", "Apache/2.4.71 (Debian)")];
const WEBRICK: (&str, &str) = ("Server", "WEBrick/1.8.1 (Ruby/3.1.2/2022-04-12)");

const fn held(
    name: &'static str,
    mode: Mode,
    dress: fn(&mut Probe),
    (word, by): (Word, Option<HoldBy>),
    cause: &'static str,
    rivals: &'static [&'static str],
) -> Setup {
    Setup {
        name,
        mode,
        dress,
        word,
        by,
        cause,
        rivals,
    }
}

const WHOLE: (Word, Option<HoldBy>) = (Word::Buffered, Some(HoldBy::End));
const TIMED: (Word, Option<HoldBy>) = (Word::Batched, Some(HoldBy::Time));
const SIZED: (Word, Option<HoldBy>) = (Word::Batched, Some(HoldBy::Size));
/// Whether size or time: one rate does not always tell.
const GROUPED: (Word, Option<HoldBy>) = (Word::Batched, None);
const FREE: (Word, Option<HoldBy>) = (Word::Live, None);

/// What is true of all tables.
pub(crate) fn all() -> impl Iterator<Item = &'static Setup> {
    [RUBY, PROXIES, APPLICATIONS, OTHERS].into_iter().flatten()
}

/// Puts header fields behind those that are there.
pub(crate) fn mark(probe: &mut Probe, headers: &[(&str, &str)]) {
    if let Some(head) = &mut probe.head {
        let owned = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        head.headers.extend(owned);
    }
}

/// What Rails says of itself; `X-Runtime` as it is when the stack is done with the first write.
fn rails(probe: &mut Probe, runtime: &str) {
    let request = ("X-Request-Id", "3c17df93-3dbd-40c1-95c5-fdbad8ddd9b4");
    mark(
        probe,
        &[
            ("Cache-Control", "no-cache"),
            request,
            ("X-Runtime", runtime),
        ],
    );
}

/// The code of the tutorials: Rack::ETag holds it, and `X-Runtime` is as long as the stream.
fn blog(probe: &mut Probe) {
    let runtime = format!("{:.6}", seconds(probe));
    mark(probe, &[("ETag", "W/\"8d6a357286b6f1e566ea9dcb6da30327\"")]);
    rails(probe, &runtime);
}

fn seconds(probe: &Probe) -> f64 {
    let start = probe.request.sent.unwrap_or_default();
    (probe.end.at - start).as_secs_f64()
}

/// Neither length nor chunks: the connection closes at the end.
pub(crate) fn unframe(probe: &mut Probe) {
    probe.chunks.clear();
    if let Some(head) = &mut probe.head {
        head.headers.retain(|(name, _)| name != "Transfer-Encoding");
        head.headers.push(("Connection".into(), "close".into()));
    }
    if probe.end.kind == EndKind::LastChunk {
        probe.end.kind = EndKind::Close;
    }
}

/// As PHP and Tomcat write it.
fn charset(probe: &mut Probe) {
    for (name, value) in probe.head.iter_mut().flat_map(|head| &mut head.headers) {
        if name == "Content-Type" {
            value.push_str(";charset=UTF-8");
        }
    }
}

pub(crate) fn lower_case_names(probe: &mut Probe) {
    for (name, _) in probe.head.iter_mut().flat_map(|head| &mut head.headers) {
        name.make_ascii_lowercase();
    }
}

fn one_chunk_per_event(probe: &mut Probe) {
    chunks_of(probe, |event| vec![event.bytes]);
}

/// `retry`, `event`, `id` and `data`, as the SSE helper of Rails writes them.
fn four_chunks_per_event(probe: &mut Probe) {
    chunks_of(probe, |event| {
        vec![11, 14, 6, event.bytes.saturating_sub(31)]
    });
}

fn chunks_of(probe: &mut Probe, sizes: impl Fn(&Event) -> Vec<u64>) {
    let of_event = |event: &Event| {
        let arrival = probe.reads[event.read].arrival;
        sizes(event)
            .into_iter()
            .map(move |bytes| Chunk { bytes, arrival })
            .collect::<Vec<_>>()
    };
    probe.chunks = probe.events.iter().flat_map(of_event).collect();
}
