//! The words of a report, each in one sentence: the same on the page and in `loadgen explain`.

/// Each word with what it means, in the order in which a reader meets them.
pub const TERMS: [(&str, &str); 12] = [
    (
        "event",
        "one complete message of the stream, ended by a blank line",
    ),
    (
        "due, sent, arrival",
        "when an event should have been written, was written, and reached this machine",
    ),
    (
        "delivery",
        "arrival minus due: what a subscriber experiences",
    ),
    ("transit", "arrival minus sent: what the path added"),
    (
        "gap",
        "time between two successive events on one connection",
    ),
    ("stall", "a silence longer than 3 times the usual gap"),
    (
        "batch",
        "events that arrived together although they were written apart",
    ),
    ("backlog", "events sent but not yet arrived"),
    (
        "lost, duplicated, reach",
        "ids never seen, ids seen twice, received / expected",
    ),
    (
        "percentile",
        "p99: 99 of 100 values are at most this; a dash stands where there are too few values to say it",
    ),
    (
        "generator lag",
        "how late this tool itself was; above its limit the run is INVALID",
    ),
    (
        "hop",
        "one machine or process on the way: origin, proxy, CDN",
    ),
];

/// The whole line of a term that `word` names: `lost`, `generator-lag`.
pub fn term(word: &str) -> Option<(&'static str, &'static str)> {
    let word = word.replace(['-', '_'], " ");
    TERMS
        .into_iter()
        .find(|(terms, _)| terms.split(", ").any(|term| term == word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_a_term_finds_it() {
        assert_eq!(term("lost"), Some(TERMS[8]));
        assert_eq!(term("generator-lag"), term("generator_lag"));
        assert_eq!(term("latency"), None);
    }
}
