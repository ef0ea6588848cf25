//! What else was seen, beside the word: one file per kind of finding.
//!
//! A finding never changes the word. Codes are stable; `remedy` says what to
//! change or what to run next.

mod beginning;
mod coding;
mod ending;
mod framing;
mod hold;
mod next;
mod numbering;
mod own;
mod pauses;
mod streams;
mod ways;

use run_record::verdict::{Finding, Remedy, Severity};

use crate::conclusion::Conclusion;

/// All findings, sorted by code, each once.
pub(crate) fn find(conclusion: &Conclusion) -> Vec<Finding> {
    let families: [fn(&Conclusion, &mut Vec<Finding>); 11] = [
        beginning::find,
        coding::find,
        ending::find,
        framing::find,
        hold::find,
        next::find,
        numbering::find,
        own::find,
        pauses::find,
        streams::find,
        ways::find,
    ];
    let mut findings = Vec::new();
    for family in families {
        family(conclusion, &mut findings);
    }
    findings.sort();
    findings.dedup();
    findings
}

fn info(code: &str, text: String) -> Finding {
    Finding {
        code: code.into(),
        severity: Severity::Info,
        text,
        remedy: None,
    }
}

fn warn(code: &str, text: String) -> Finding {
    Finding {
        severity: Severity::Warn,
        ..info(code, text)
    }
}

fn with_remedy(finding: Finding, text: &str) -> Finding {
    Finding {
        remedy: Some(Remedy {
            text: text.into(),
            config: None,
            place: None,
        }),
        ..finding
    }
}

fn with_config(finding: Finding, text: &str, config: &str, place: &str) -> Finding {
    let remedy = Remedy {
        text: text.into(),
        config: Some(config.into()),
        place: Some(place.into()),
    };
    Finding {
        remedy: Some(remedy),
        ..finding
    }
}
