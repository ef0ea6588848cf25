//! The server: what a mode writes, and when. Every mode is a few lines that do
//! what the mode says; none knows how it will be found out.

use verdict::observations::EndKind;

use crate::chance::Chance;
use crate::source::{Made, timer_lateness};

/// What the server does to the stream; times in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mode {
    Live,
    HoldAll,
    ContentLength,
    /// Released in whole events once so many bytes have gathered, as PHP does.
    Rounded {
        bytes: u64,
    },
    /// Released in blocks of exactly so many bytes, which cut events, as nginx does.
    HoldSize {
        bytes: u64,
    },
    /// The same, and the first block holds the head of the upstream response too.
    Proxied {
        bytes: u64,
    },
    /// Released so long after the first held byte.
    HoldTime {
        ms: f64,
    },
    /// Released by a timer that runs by itself.
    Ticker {
        ms: f64,
    },
    /// What is made during one tick is released at the end of the next one.
    NextTick {
        ms: f64,
    },
    LagOne,
    LateFirst {
        ms: f64,
    },
    /// Nothing until so many bytes have gathered, then each event as it is written.
    FirstBytes {
        bytes: u64,
    },
    /// So many events in one write, with the last of them.
    Merge {
        events: usize,
    },
    LateHead,
    /// Each event in so many writes, one directly after the other.
    Pieces {
        writes: u64,
    },
    /// TCP_CORK: 200 ms in steps of the kernel's clock, or a full segment.
    Cork {
        segment: u64,
    },
    Gzip,
    /// A compressor that gives its output when so many plain bytes have gathered.
    GzipUnflushed {
        plain: u64,
    },
    /// The same, and the preamble of gzip goes out with the first event, as Node.js does.
    GzipAfterPreamble {
        plain: u64,
    },
    /// The same; what is not compressed is held in blocks, as nginx does for an HTTP/1.0 upstream.
    GzipOverBlocks {
        plain: u64,
        bytes: u64,
    },
    /// The same, of events of 512 bytes and more only, as Caddy 2.6 does.
    GzipLargeEvents {
        plain: u64,
    },
    /// Each compressed event is completed by the next one.
    GzipLag,
    /// Held to the end behind a head that was sent at once.
    EarlyHead,
    /// Full buffers of 4,096 bytes of FastCGI records: one record per event, or one for each 4,096 bytes that PHP
    /// gathered.
    FastCgi {
        per_event: bool,
    },
    Stall {
        ms: f64,
        at: u64,
    },
    CutAfter {
        ms: f64,
        clean: bool,
    },
    CutIdle {
        ms: f64,
        clean: bool,
    },
    Truncate {
        bytes: u64,
    },
    WrongType,
    Status {
        code: u16,
    },
    Empty,
    CommentsOnly,
    Lose {
        nth: u64,
    },
    Duplicate {
        nth: u64,
    },
    Reorder {
        nth: u64,
    },
}

/// Measured with nginx 1.22.1: the first chunk of 4,096 was 4,012 bytes long.
const UPSTREAM_HEAD: u64 = 84;

/// One write to the socket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Write {
    pub at: f64,
    /// How far the plain body is complete with it.
    pub upto: u64,
    /// Bytes of body it puts on the wire.
    pub wire: u64,
}

/// What makes one chunk of the transfer coding.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ChunkedBy {
    /// Each event, however it is released.
    Event,
    /// All that is released at once.
    Release,
    /// So many bytes.
    Block { bytes: u64 },
}

/// All that the server does with one response.
#[derive(Debug)]
pub(crate) struct Response {
    pub status: u16,
    pub content_type: &'static str,
    pub coded: bool,
    pub length: Option<u64>,
    pub head_at: Option<f64>,
    pub chunks: ChunkedBy,
    /// In the order of the body.
    pub frames: Vec<Made>,
    pub writes: Vec<Write>,
    pub end: Option<(f64, EndKind)>,
}

/// What the server does with what the source made. `finished` says that the
/// source has come to the end of its count. `coded` that the client takes gzip.
pub(crate) fn respond(
    mode: Mode,
    made: Vec<Made>,
    finished: bool,
    coded: bool,
    chance: &mut Chance,
) -> Response {
    let (mode, coded, preamble) = resolve(mode, &made, coded);
    let frames = reframe(mode, made);
    let last = frames.last().map_or(1.0, |frame| frame.emitted);
    let end = finished.then_some((last + 0.2, EndKind::LastChunk));
    let mut response = Response {
        status: 200,
        content_type: "text/event-stream",
        coded,
        length: None,
        chunks: match mode {
            Mode::HoldSize { bytes } | Mode::Proxied { bytes } => ChunkedBy::Block { bytes },
            Mode::HoldTime { .. }
            | Mode::Rounded { .. }
            | Mode::GzipUnflushed { .. }
            | Mode::FastCgi { .. } => ChunkedBy::Release,
            _ => ChunkedBy::Event,
        },
        head_at: Some(chance.between(0.2, 1.5)),
        frames,
        writes: Vec::new(),
        end,
    };
    response.writes = writes(mode, &response, chance);
    if preamble {
        begin_with_preamble(&mut response);
    }
    finish(mode, &mut response);
    response
}

/// What a mode amounts to for this client: how it is held, whether it is compressed, whether a preamble goes ahead.
fn resolve(mode: Mode, made: &[Made], takes_gzip: bool) -> (Mode, bool, bool) {
    let is_large = made.first().is_some_and(|made| made.bytes >= 512);
    match mode {
        Mode::Gzip | Mode::GzipUnflushed { .. } => (mode, takes_gzip, false),
        Mode::GzipAfterPreamble { plain } if takes_gzip => {
            (Mode::GzipUnflushed { plain }, true, true)
        }
        Mode::GzipOverBlocks { plain, .. } if takes_gzip => {
            (Mode::GzipUnflushed { plain }, true, false)
        }
        Mode::GzipOverBlocks { bytes, .. } => (Mode::Proxied { bytes }, false, false),
        Mode::GzipLargeEvents { plain } if takes_gzip && is_large => {
            (Mode::GzipUnflushed { plain }, true, false)
        }
        Mode::GzipLag if takes_gzip => (Mode::LagOne, true, false),
        Mode::GzipAfterPreamble { .. } | Mode::GzipLargeEvents { .. } | Mode::GzipLag => {
            (Mode::Live, false, false)
        }
        _ => (mode, false, false),
    }
}

/// The ten bytes that gzip begins with, as soon as there is anything to write.
fn begin_with_preamble(response: &mut Response) {
    const PREAMBLE: u64 = 10;
    let Some(first) = response.frames.first().map(|frame| frame.emitted) else {
        return;
    };
    response.head_at = Some(first);
    let preamble = Write {
        at: first,
        upto: 0,
        wire: PREAMBLE,
    };
    response.writes.insert(0, preamble);
}

/// Numbers and order as the modes bend them.
fn reframe(mode: Mode, mut made: Vec<Made>) -> Vec<Made> {
    match mode {
        Mode::Lose { nth } => made.retain(|frame| frame.seq % nth != nth - 1),
        Mode::Duplicate { nth } => {
            let twice = |frame: Made| vec![frame; if frame.seq % nth == nth - 1 { 2 } else { 1 }];
            made = made.into_iter().flat_map(twice).collect();
        }
        Mode::Reorder { nth } => {
            for at in (nth as usize..made.len()).step_by(nth as usize) {
                made.swap(at - 1, at);
                // An event that waits for its successor is written with it.
                let later = made[at - 1].emitted;
                made[at].emitted = made[at].emitted.max(later);
            }
        }
        Mode::CommentsOnly => made.iter_mut().for_each(|frame| frame.is_comment = true),
        Mode::Empty | Mode::WrongType | Mode::Status { .. } => made.clear(),
        _ => {}
    }
    made
}

fn writes(mode: Mode, response: &Response, chance: &mut Chance) -> Vec<Write> {
    let offsets = offsets(&response.frames);
    let flush_at = response.end.map(|(at, _)| at);
    let mut out = Script {
        writes: Vec::new(),
        released: 0,
        last_at: 0.0,
        ratio: if response.coded { 0.4 } else { 1.0 },
    };
    let frames = || response.frames.iter().zip(&offsets);
    match mode {
        Mode::HoldAll | Mode::ContentLength | Mode::EarlyHead => {}
        Mode::FastCgi { per_event } => fastcgi(&mut out, response, &offsets, chance, per_event),
        Mode::Rounded { bytes } => {
            for (frame, end) in frames().filter(|(_, end)| **end > 0) {
                if *end - out.released >= bytes {
                    out.release(frame.emitted + lateness(chance), *end);
                }
            }
        }
        Mode::HoldSize { bytes } | Mode::Proxied { bytes } => {
            let head = if matches!(mode, Mode::Proxied { .. }) {
                UPSTREAM_HEAD
            } else {
                0
            };
            for (frame, end) in frames() {
                let full = ((*end + head) / bytes * bytes).saturating_sub(head);
                if full > out.released {
                    out.release(frame.emitted + lateness(chance), full);
                }
            }
        }
        Mode::HoldTime { ms } => {
            hold_time(&mut out, response, &offsets, chance, |first, chance| {
                first + ms + timer_lateness(chance)
            })
        }
        Mode::Ticker { ms } => {
            let phase = chance.unit() * ms;
            hold_time(&mut out, response, &offsets, chance, |first, chance| {
                phase + ((first - phase) / ms).ceil() * ms + timer_lateness(chance)
            });
        }
        Mode::NextTick { ms } => {
            let phase = chance.unit() * ms;
            for (frame, end) in frames() {
                let tick = ((frame.emitted - phase) / ms).ceil() + 1.0;
                out.release(phase + tick * ms, *end);
            }
        }
        Mode::LateFirst { ms } => {
            let opens = frames().next().map_or(0.0, |(frame, _)| frame.emitted + ms);
            for (frame, end) in frames() {
                out.release((frame.emitted + lateness(chance)).max(opens), *end);
            }
        }
        Mode::FirstBytes { bytes } => {
            for (frame, end) in frames().filter(|(_, end)| **end >= bytes) {
                out.release(frame.emitted + lateness(chance), *end);
            }
        }
        Mode::Merge { events } => {
            for (frame, end) in frames().skip(events - 1).step_by(events) {
                out.release(frame.emitted + lateness(chance), *end);
            }
        }
        Mode::LagOne => {
            for pair in response
                .frames
                .iter()
                .zip(&offsets)
                .collect::<Vec<_>>()
                .windows(2)
            {
                out.release(pair[1].0.emitted + lateness(chance), *pair[0].1);
            }
        }
        Mode::Pieces { writes } => {
            for (frame, end) in frames() {
                let at = frame.emitted + lateness(chance);
                for piece in (0..writes).rev() {
                    out.release(
                        at + 0.02 * (writes - piece) as f64,
                        *end - piece * frame.bytes / writes,
                    );
                }
            }
        }
        Mode::Cork { segment } => cork(&mut out, response, &offsets, chance, segment),
        Mode::GzipUnflushed { plain } if response.coded => {
            for (frame, end) in frames() {
                if *end - out.released >= plain {
                    out.release(frame.emitted + lateness(chance), *end);
                }
            }
        }
        Mode::Stall { ms, at } => {
            let begins = response
                .frames
                .get(at as usize)
                .map_or(f64::MAX, |frame| frame.emitted);
            for (frame, end) in frames() {
                let stalled = frame.emitted >= begins && frame.emitted < begins + ms;
                let written = frame.emitted + lateness(chance);
                out.release(
                    if stalled {
                        written.max(begins + ms)
                    } else {
                        written
                    },
                    *end,
                );
            }
        }
        _ => {
            for (frame, end) in frames() {
                out.release(frame.emitted + lateness(chance), *end);
            }
        }
    }
    if let (Some(at), Some(end)) = (flush_at, offsets.last()) {
        out.release(at, *end);
    }
    out.writes
}

/// A record has a head of 8 bytes and content padded to a multiple of 8; nginx hands on every 4,096 bytes of that.
fn fastcgi(
    out: &mut Script,
    response: &Response,
    offsets: &[u64],
    chance: &mut Chance,
    per_event: bool,
) {
    const HEAD: u64 = 8;
    const BUFFER: u64 = 4096;
    let gathered = if per_event { 1 } else { BUFFER };
    // How far the records go: in the body, in the stream that carries them, and in full buffers of that.
    let (mut body, mut raw, mut opened) = (0, UPSTREAM_HEAD + HEAD, 0);
    for (frame, end) in response.frames.iter().zip(offsets) {
        let record = *end - body;
        if record < gathered {
            continue;
        }
        let content_at = raw + HEAD;
        raw = content_at + record.next_multiple_of(8);
        let full = raw / BUFFER * BUFFER;
        if full > opened {
            opened = full;
            let upto = body + full.saturating_sub(content_at).min(record);
            out.release(frame.emitted + lateness(chance), upto);
        }
        body = *end;
    }
}

/// Events gather until `opens(first held)`.
fn hold_time(
    out: &mut Script,
    response: &Response,
    offsets: &[u64],
    chance: &mut Chance,
    opens: impl Fn(f64, &mut Chance) -> f64,
) {
    let mut due: Option<(f64, u64)> = None;
    for (frame, end) in response.frames.iter().zip(offsets) {
        if let Some((at, upto)) = due.filter(|(at, _)| *at <= frame.emitted) {
            out.release(at, upto);
            due = None;
        }
        let at = due.map_or_else(|| opens(frame.emitted, chance), |(at, _)| at);
        due = Some((at, *end));
    }
    if let Some((at, upto)) = due {
        out.release(at, upto);
    }
}

/// The kernel's timer ticks in steps of 4 ms; a full segment goes at once.
fn cork(out: &mut Script, response: &Response, offsets: &[u64], chance: &mut Chance, segment: u64) {
    let mut due: Option<(f64, u64)> = None;
    for (frame, end) in response.frames.iter().zip(offsets) {
        let written = frame.emitted + lateness(chance);
        if let Some((at, upto)) = due.filter(|(at, _)| *at <= written) {
            out.release(at, upto);
            due = None;
        }
        let full = (*end - out.released) / segment * segment;
        if full > 0 {
            out.release(written, out.released + full);
            due = None;
        }
        if *end > out.released {
            let at = due.map_or_else(|| written + chance.between(200.0, 208.0), |(at, _)| at);
            due = Some((at, *end));
        }
    }
    if let Some((at, upto)) = due {
        out.release(at, upto);
    }
}

/// Heads and ends as the modes bend them.
fn finish(mode: Mode, response: &mut Response) {
    let first_write = response.writes.first().map(|write| write.at);
    match mode {
        Mode::HoldAll => response.head_at = first_write,
        Mode::ContentLength => {
            response.head_at = first_write;
            response.length = response.writes.last().map(|write| write.upto);
            response.end = response.end.map(|(at, _)| (at, EndKind::Length));
        }
        Mode::LateHead => response.head_at = first_write,
        Mode::CutAfter { ms, clean } => cut(response, ms, clean),
        Mode::CutIdle { ms, clean } => {
            let mut before = response.head_at.unwrap_or_default();
            let ends = response
                .writes
                .iter()
                .map(|write| write.at)
                .chain([f64::INFINITY])
                .find_map(|at| {
                    let idle = (at - before > ms).then_some(before + ms);
                    before = at;
                    idle
                });
            cut(response, ends.unwrap_or(f64::INFINITY), clean);
        }
        Mode::Truncate { bytes } => {
            let ends = response
                .writes
                .iter()
                .find(|write| write.upto >= bytes)
                .map(|write| write.at);
            if let Some(at) = ends {
                response.writes.retain(|write| write.at <= at);
                if let Some(last) = response.writes.last_mut() {
                    last.wire = last.wire.saturating_sub(last.upto - bytes).max(1);
                    last.upto = bytes;
                }
                response.end = Some((at + 0.1, EndKind::Truncated));
            }
        }
        Mode::WrongType => response.content_type = "text/html",
        Mode::Status { code } => response.status = code,
        Mode::Empty => response.end = Some((2.0, EndKind::LastChunk)),
        _ => {}
    }
}

fn cut(response: &mut Response, at: f64, clean: bool) {
    if response.end.is_none_or(|(end, _)| end > at) && at.is_finite() {
        response.writes.retain(|write| write.at < at);
        response.end = Some((
            at,
            if clean {
                EndKind::LastChunk
            } else {
                EndKind::Truncated
            },
        ));
    }
}

fn offsets(frames: &[Made]) -> Vec<u64> {
    let mut end = 0;
    frames
        .iter()
        .map(|frame| {
            end += frame.bytes;
            end
        })
        .collect()
}

/// From the stamp to the write: microseconds, and now and then the time slice of another process.
fn lateness(chance: &mut Chance) -> f64 {
    let usual = 0.02 + chance.exponential(0.08);
    if chance.late_once_in(400.0) {
        usual + chance.exponential(10.0)
    } else {
        usual
    }
}

struct Script {
    writes: Vec<Write>,
    released: u64,
    last_at: f64,
    ratio: f64,
}

impl Script {
    /// Writes the body up to an offset, never before an earlier write.
    fn release(&mut self, at: f64, upto: u64) {
        if upto <= self.released {
            return;
        }
        let at = at.max(self.last_at);
        let wire = (((upto - self.released) as f64 * self.ratio) as u64).max(1);
        self.writes.push(Write { at, upto, wire });
        self.released = upto;
        self.last_at = at;
    }
}
