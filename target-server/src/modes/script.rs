//! Plays a mode on scripted time and writes down what it does, for the tests of all modes.

use std::time::Duration;

use sse_wire::Frame as Block;

use super::action::{Action, Actions, Piece};
use super::{CATALOGUE, Mode, ModeSpec};
use crate::clock::Nanos;
use crate::connection::Client;
use crate::frame::{Frame, Stamp};

/// When the request was read.
const START: Nanos = Nanos(1_000_000_000_000);

/// What happens to a mode, at milliseconds after the request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// The source sends the event of this number.
    Event(u64, u64),
    /// The source sends a comment.
    Comment(u64),
    /// No frame will follow.
    End(u64),
    /// Nothing happens; timers may fire until then.
    Silence(u64),
}

/// Events 1, 2, 3, ... at a regular gap, the first after one gap.
pub(crate) fn events(count: u64, gap_ms: u64) -> Vec<Step> {
    (1..=count)
        .map(|seq| Step::Event(seq * gap_ms, seq))
        .collect()
}

/// The mode of a text as in a query, for a client that takes everything.
pub(crate) fn mode(text: &str) -> Box<dyn Mode> {
    let client = Client {
        gzip: true,
        ..Client::default()
    };
    text.parse::<ModeSpec>().unwrap().build(&client).unwrap()
}

/// Plays the steps and gives one line per action: its time, its kind, the events that it completes.
///
/// Every event is 32 bytes.
pub(crate) fn play(text: &str, steps: &[Step]) -> Vec<String> {
    assert!(
        CATALOGUE.iter().any(|entry| text.starts_with(entry.name)),
        "{text} is no mode"
    );
    let mut mode = mode(text);
    let mut lines = Vec::new();
    perform(&mut lines, START, |actions| mode.open(START, actions));
    for step in steps {
        let (Step::Event(at, _) | Step::Comment(at) | Step::End(at) | Step::Silence(at)) = *step;
        let at = START + Duration::from_millis(at);
        while let Some(wake) = mode.wake_at().filter(|wake| *wake <= at) {
            if has_ended(&lines) {
                return lines;
            }
            perform(&mut lines, wake, |actions| mode.wake(wake, actions));
        }
        if has_ended(&lines) {
            return lines;
        }
        perform(&mut lines, at, |actions| match *step {
            Step::Event(_, seq) => mode.frame(at, event(seq, at), actions),
            Step::Comment(_) => mode.frame(at, Frame::comment("sixteen bytes"), actions),
            Step::End(_) => mode.end(at, actions),
            Step::Silence(_) => {}
        });
    }
    lines
}

/// An event of 32 bytes.
pub(crate) fn event(seq: u64, at: Nanos) -> Frame {
    let (id, data) = (format!("{seq:06}"), "x".repeat(13));
    let block = Block {
        id: Some(&id),
        data: Some(&data),
        ..Block::default()
    };
    let frame = Frame::event(
        Stamp {
            seq,
            due: at,
            emitted: at,
        },
        &block,
    )
    .unwrap();
    assert_eq!(frame.plain().len(), 32);
    frame
}

fn has_ended(lines: &[String]) -> bool {
    lines
        .last()
        .is_some_and(|line| line.ends_with(" end") || line.ends_with(" cut"))
}

fn perform(lines: &mut Vec<String>, at: Nanos, ask: impl FnOnce(&mut Actions)) {
    let mut actions = Actions::default();
    ask(&mut actions);
    let ms = at.since(START).as_millis();
    lines.extend(
        actions
            .drain()
            .map(|action| format!("{ms} {}", describe(&action, at))),
    );
}

fn describe(action: &Action, now: Nanos) -> String {
    match action {
        Action::Head { length: None } => "head".to_owned(),
        Action::Head {
            length: Some(length),
        } => format!("head length {length}"),
        Action::Frame { frame, released } => {
            assert_eq!(*released, now, "what is let go now is released now");
            match frame.stamp() {
                Some(stamp) => format!("event {}", stamp.seq),
                None => format!("comment {}", String::from_utf8_lossy(&frame.plain()).trim()),
            }
        }
        Action::Chunk(pieces) => format!(
            "chunk of {} with {:?}",
            length(pieces),
            completed(pieces, now)
        ),
        Action::Torn { pieces, promised } => format!("torn {} of {promised}", length(pieces)),
        Action::End => "end".to_owned(),
        Action::Cut => "cut".to_owned(),
    }
}

fn length(pieces: &[Piece]) -> usize {
    pieces.iter().map(|piece| piece.bytes.len()).sum()
}

fn completed(pieces: &[Piece], now: Nanos) -> Vec<u64> {
    let marks = pieces.iter().filter_map(|piece| piece.mark);
    marks
        .map(|mark| {
            assert_eq!(mark.released, now, "what is let go now is released now");
            mark.seq
        })
        .collect()
}
