//! What the codes of findings mean, whatever the stream: one sentence each, and what to do.
//!
//! A finding's own text carries the figures of one stream; this is for those who look a code up.

/// A code of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// As it stands beside a verdict; never renamed or reused.
    pub code: &'static str,
    /// What was seen.
    pub what: &'static str,
    /// What it means for those who read the stream, and what to do about it.
    pub so: &'static str,
}

/// Every code, sorted.
pub const FINDINGS: &[Meaning] = &[
    Meaning {
        code: "backlog.on-connect",
        what: "Several events came at once at the beginning, made before the request or of unknown age.",
        so: "A source that replays its latest events does that on purpose; without send times it cannot be told from a hold (--sent-at names them).",
    },
    Meaning {
        code: "cache.replay",
        what: "All events were older than the request and came at once, or a cache said that it answered.",
        so: "A cache played a recording. Send Cache-Control: no-store, and exempt the stream from the cache.",
    },
    Meaning {
        code: "cut.early",
        what: "The response ended before its time, and one response does not tell by which limit.",
        so: "Run it again: the same age means a limit of the whole response, the same silence a limit of silence.",
    },
    Meaning {
        code: "cut.first-byte",
        what: "The answer was an error page of a proxy, or nothing, after a wait: a limit until the first byte.",
        so: "Write a comment line at once, before the first event.",
    },
    Meaning {
        code: "cut.idle",
        what: "Responses ended after equally long silences, whatever their age.",
        so: "Send a comment line more often than that, or raise the limit of silence.",
    },
    Meaning {
        code: "cut.reset",
        what: "The connection was reset.",
        so: "The server or a hop gave it up: look into the log of the one that closed it.",
    },
    Meaning {
        code: "cut.total",
        what: "Responses ended at the same age, with events flowing.",
        so: "A limit of the whole response. Raise it, or let clients reconnect with Last-Event-ID.",
    },
    Meaning {
        code: "cut.truncated",
        what: "The body ended without its last chunk, or before its Content-Length.",
        so: "What was on its way is lost. Compare with the limits of the server and of each hop.",
    },
    Meaning {
        code: "decode.late",
        what: "Bytes of a compressed response came on time and could be decoded only with later ones.",
        so: "The compressor keeps the end of each event: flush it after each event, or keep it off the stream.",
    },
    Meaning {
        code: "end.clean",
        what: "The response ended as HTTP wants it.",
        so: "A browser reconnects after its delay (3 s, or the stream's retry). If the stream has no end of its own, look for a limit.",
    },
    Meaning {
        code: "event.named",
        what: "Events carry an event: field.",
        so: "In a browser they reach addEventListener(TYPE, ...), and never onmessage.",
    },
    Meaning {
        code: "first.late",
        what: "The first events were held and came together; later ones were on time.",
        so: "A threshold that opens once: a first block, content sniffing, or a cold start.",
    },
    Meaning {
        code: "framing.bad",
        what: "The response has neither a length nor chunks nor a close, or they contradict each other.",
        so: "Its end cannot be seen, and hops may refuse it. Send Transfer-Encoding: chunked, or Connection: close.",
    },
    Meaning {
        code: "gzip.members",
        what: "The body is several members of gzip in a row, as of middleware that compresses each piece by itself.",
        so: "Browsers read them all; libraries that stop after the first see one event. Keep the compressor off the stream.",
    },
    Meaning {
        code: "head.late",
        what: "The head came only with the first event.",
        so: "EventSource's onopen is as late. Flush the head, or write a comment line first.",
    },
    Meaning {
        code: "hold.segment",
        what: "What a timer holds on loopback is let go sooner where segments are as small as on a network: each full one at once.",
        so: "The socket is corked: over a network fast streams come by segments of 1,448 bytes, and slow ones by the timer.",
    },
    Meaning {
        code: "hold.size-unknown",
        what: "The whole stream came at its end, and was too short to say how much is held.",
        so: "Run it with larger events or for longer.",
    },
    Meaning {
        code: "hops.holds-back",
        what: "Of the hops that were compared, this is the first whose verdict is worse than that of the hop before it.",
        so: "Change what stands between these two. A hop behind it is not judged until it is cured.",
    },
    Meaning {
        code: "hops.undecided",
        what: "A hop without a verdict of its own stands before the one that is held back, or is itself the question.",
        so: "Check that hop by itself, for longer or with more bytes, and compare again.",
    },
    Meaning {
        code: "http10.differs",
        what: "The same request over HTTP/1.0 is answered in another way than over HTTP/1.1.",
        so: "A proxy that asks its upstream over HTTP/1.0, as nginx before 1.29.7 does, gets the other answer: proxy_http_version 1.1.",
    },
    Meaning {
        code: "http2.differs",
        what: "The same request is delivered in another way over HTTP/2 than over HTTP/1.1.",
        so: "Browsers take HTTP/2 where TLS offers it, most programs HTTP/1.1: a verdict is for one of the two.",
    },
    Meaning {
        code: "loss.silent",
        what: "Numbers are missing although the response ended well.",
        so: "Events were lost on the way, or the source skips numbers on purpose.",
    },
    Meaning {
        code: "order.duplicate",
        what: "A number came twice.",
        so: "The stream repeats events; a client must drop what it has seen.",
    },
    Meaning {
        code: "order.reordered",
        what: "A number came after a higher one.",
        so: "Several writers share the stream without an order; a client must sort or drop.",
    },
    Meaning {
        code: "own.stall",
        what: "loadgen itself did not run for a while.",
        so: "What came meanwhile is judged by the stamps of the kernel or not at all. Use a machine with more room if it is often.",
    },
    Meaning {
        code: "probe.refused",
        what: "A later request was refused although the first one met a stream.",
        so: "A limit of requests or of connections, perhaps; it says nothing about the stream.",
    },
    Meaning {
        code: "run.next",
        what: "More can be known, by the command that is named.",
        so: "Run it.",
    },
    Meaning {
        code: "stall.once",
        what: "Once there was a pause, after which what was due came together.",
        so: "Once is no rule: the source, the server or a hop paused. Run it for longer (--for 60s).",
    },
    Meaning {
        code: "streams.limit",
        what: "Of several streams asked for at once some were not served until others ended.",
        so: "Each stream holds a worker. Raise workers or threads above the number of streams, or use a server that does not need one for each.",
    },
    Meaning {
        code: "type.wrong",
        what: "The body is server-sent events, and the content type says something else.",
        so: "A browser's EventSource refuses it, and compressors and proxies that leave event streams alone do not know it as one. Send Content-Type: text/event-stream.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_and_stand_once() {
        assert!(FINDINGS.is_sorted_by(|one, two| one.code < two.code));
    }
}
