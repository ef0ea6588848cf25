//! Against `eventsource-stream` 0.2.3, over streams where it follows the rules.
//!
//! Left out, because it does not: a BOM at the start of the stream (it panics), invalid
//! UTF-8 (it holds everything back until the end), "+5" as a retry (it is accepted), a CR
//! before the end of the input (it waits for one more byte; each stream here goes on with a
//! comment), and the last event ID of a block without data (it reports that of the last
//! event; not compared).

use eventsource_stream::Eventsource as _;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use proptest::prelude::*;
use sse_wire::Limits;

use crate::observed::{cut, observe};
use crate::streams::{textual, with_cuts};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_peer_sees_the_same_events((text, cuts) in with_cuts(textual())) {
        let text = text.trim_start_matches('\u{FEFF}').to_owned() + ":\n";
        let cuts: Vec<usize> = cuts.into_iter().map(|at| at.min(text.len())).collect();
        let chunks = cut(text.as_bytes(), &cuts);
        let theirs: Vec<_> = stream::iter(chunks.iter().map(Ok::<_, std::io::Error>))
            .eventsource()
            .map(|event| event.map(|event| (event.event, event.data, event.id)))
            .collect()
            .now_or_never()
            .expect("a stream over memory never waits");
        let theirs: Vec<_> = theirs.into_iter().collect::<Result<_, _>>().unwrap();
        let ours = observe(Limits::default(), "", chunks).meaning().events;
        prop_assert_eq!(ours, theirs);
    }
}
