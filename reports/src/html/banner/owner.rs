//! Whose fault it is: the server's, the user's, this machine's, nobody's yet.

use maud::{Markup, html};
use run_record::measured::Group;
use run_record::record::RunRecord;
use run_record::self_check::CheckStatus;
use run_record::verdict::Word;

use super::outcome;
use crate::html::parts::text;

/// Nothing where nothing is wrong.
pub(super) fn owner(record: &RunRecord, total: &Group) -> Option<Markup> {
    let own = record.self_check.status();
    let word = record.verdict.as_ref().map(|verdict| verdict.word);
    if own == CheckStatus::Invalid || word == Some(Word::Invalid) {
        return Some(
            html! { "This machine's: it was too slow to measure, so nobody else can be blamed." },
        );
    }
    let machine = machine(own);
    match word {
        Some(Word::NoStream) => Some(html! {
            "The target's: its address, its status or its content type is not that of a stream."
        }),
        Some(Word::Inconclusive) => Some(html! { "Nobody's yet: too little was seen. " (machine) }),
        Some(_) if outcome::is_held(record) => Some(held_by(record, machine)),
        None if total.counters.events.received == 0 => Some(html! {
            "Nobody's yet: a source can be silent, or something holds it back. " (machine)
        }),
        _ if outcome::missed(record).is_some() => Some(html! {
            "The server's, or that of the network to it: a limit was missed. " (machine)
        }),
        _ => None,
    }
}

fn held_by(record: &RunRecord, machine: &'static str) -> Markup {
    match outcome::known_cause(record) {
        Some(cause) => {
            html! { (text(&cause.component)) ", as the server or on the way from it. " (machine) }
        }
        None => {
            html! { "The server's, or that of a proxy before it: which of them is not known. " (machine) }
        }
    }
}

fn machine(own: CheckStatus) -> &'static str {
    match own {
        CheckStatus::Ok => "Not this machine's: it kept up.",
        CheckStatus::Warn => "This machine was late at times, which is not charged to the server.",
        CheckStatus::Invalid => "",
    }
}
