//! Whose matter it is: the server's, the user's, this machine's, nobody's.

use maud::{Markup, html};
use run_record::record::RunRecord;
use run_record::self_check::CheckStatus;
use run_record::verdict::Word;

use super::outcome;
use crate::html::parts::text;

/// Causes that name no component.
const UNKNOWN: &str = "unknown.";

pub(super) fn owner(record: &RunRecord) -> Markup {
    let own = record.self_check.status();
    let verdict = record.verdict.as_ref();
    let cause = verdict.and_then(|verdict| verdict.causes.first());
    let cause = cause.filter(|cause| !cause.code.starts_with(UNKNOWN));
    let word = verdict.map(|verdict| verdict.word);
    html! {
        @match word {
            _ if own == CheckStatus::Invalid => "This machine's: it was too slow to measure, so nobody else can be blamed.",
            Some(Word::Invalid) => "This machine's: it was too slow to measure, so nobody else can be blamed.",
            Some(Word::NoStream) => "The target's: its address, its status or its content type is not that of a stream.",
            Some(Word::Inconclusive) => "Nobody's yet: too little was seen.",
            Some(_) if let Some(cause) = cause && outcome::is_held(record) => {
                (text(&cause.component)) ", as the server or on the way from it. " (machine(own))
            },
            Some(Word::Batched | Word::Buffered | Word::Cut) => {
                "The server's, or that of a proxy before it: which of them is not known. " (machine(own))
            },
            _ if outcome::missed(record).is_some() => { "The server's, or that of its network: a limit was missed. " (machine(own)) },
            _ => { "Nobody's: nothing was missed. " (machine(own)) },
        }
    }
}

fn machine(own: CheckStatus) -> &'static str {
    match own {
        CheckStatus::Ok => "This machine kept up.",
        CheckStatus::Warn => "This machine was late at times, which is not charged to the server.",
        CheckStatus::Invalid => "",
    }
}
