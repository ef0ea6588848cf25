//! What to run next.

use run_record::record::{Kind, RunRecord};
use run_record::self_check::CheckStatus;
use run_record::verdict::Word;

use super::outcome;
use crate::command;

/// The finding that says what to run next.
const NEXT: &str = "run.next";

/// One step: why, and the command.
pub(super) struct Step {
    /// May be foreign.
    pub(super) why: String,
    /// May be foreign.
    pub(super) command: Option<String>,
}

pub(super) fn step(record: &RunRecord) -> Step {
    let again = command::again(&record.plan);
    let url = command::quoted(&record.plan.url);
    let step = |why: &str, command: String| Step {
        why: why.to_owned(),
        command: Some(command),
    };
    if record.self_check.status() == CheckStatus::Invalid {
        return step(
            "see what this machine can hold",
            "loadgen selftest".to_owned(),
        );
    }
    let Some(verdict) = &record.verdict else {
        return if record.kind == Kind::Run && outcome::missed(record).is_some() {
            step(
                "ten seconds tell whether the stream is held back, and by what",
                again,
            )
        } else {
            step("judge one stream closely", again)
        };
    };
    if let Some(finding) = verdict.findings.iter().find(|it| it.code == NEXT) {
        let remedy = finding.remedy.as_ref();
        return Step {
            why: remedy.map_or(&finding.text, |remedy| &remedy.text).clone(),
            command: remedy
                .and_then(|remedy| remedy.config.clone())
                .or((verdict.word == Word::Invalid).then_some(again)),
        };
    }
    let is_cured = outcome::known_cause(record).is_some_and(|cause| cause.remedy.is_some());
    match verdict.word {
        Word::Live => step(
            "hold many at once",
            format!("loadgen run {url} -c 100 --for 30s"),
        ),
        Word::Inconclusive => step("watch longer", format!("{again} --for 60s")),
        Word::NoStream => step("put it right, then ask again", again),
        Word::Invalid => step("run it again on a machine with time to spare", again),
        _ if is_cured => step("apply the cure, then prove it", again),
        _ => step(
            "compare with the server behind the proxies, its own address in the place of ORIGIN",
            format!("loadgen check --hop origin=ORIGIN --hop edge={url}"),
        ),
    }
}
