//! How sure a word is.
//!
//! High: send times known or the response itself is proof, and the rivals are
//! excluded. Without send times, arrivals alone are medium at most, unless a
//! control differs. Source: DESIGN section 4, causes 5.6.

use run_record::verdict::{Confidence, Word};

use crate::conclusion::Conclusion;
use crate::signature::{Live, Rule, Signature, Whole};
use crate::timeline::Role;

pub(crate) fn of(conclusion: &Conclusion) -> Confidence {
    // Broken framing, a limit seen twice, a server that had more: each is proof.
    if conclusion.word == Word::Cut {
        return Confidence::High;
    }
    let timeline = &conclusion.shown().timeline;
    let is_stamped = timeline.role.has_stamps();
    match &conclusion.delivery.signature {
        Signature::NoStream(_) => Confidence::High,
        Signature::Whole(_) | Signature::Grouped(_) | Signature::Behind(_)
            if conclusion.delivery.is_compressor =>
        {
            Confidence::High
        }
        Signature::Whole(whole) => of_whole(whole, is_stamped),
        Signature::Grouped(grouped) => match grouped.rule {
            Rule::Irregular => Confidence::Medium.min(by_stamps(is_stamped)),
            // The word is certain as soon as events that were sent apart came together.
            _ => by_stamps(is_stamped),
        },
        // One behind or a timer: either way each event certainly waited.
        Signature::Behind(_) => Confidence::High,
        Signature::FirstLate(_) => Confidence::High,
        Signature::Live(live) => {
            let beside = conclusion.live_beside().map(|live| live.good).sum();
            of_live(live, beside, timeline.role)
        }
        // The server's own log, or a control that is live: nothing was to be silent about.
        Signature::Silence(_) if conclusion.word == Word::Buffered => Confidence::High,
        Signature::Silence(_) | Signature::Undecided(_) => Confidence::Low,
    }
}

fn by_stamps(is_stamped: bool) -> Confidence {
    if is_stamped {
        Confidence::High
    } else {
        Confidence::Medium
    }
}

fn of_whole(whole: &Whole, is_stamped: bool) -> Confidence {
    // The word claims what was seen: nothing before the end. That a block larger
    // than the response would look the same is a finding, not a doubt in the word.
    let proven = whole.has_length || whole.first_wait.is_some() || !whole.head_was_early();
    if proven {
        Confidence::High
    } else {
        by_stamps(is_stamped).min(Confidence::Medium)
    }
}

/// `beside`: events that were good on other streams at the same time.
fn of_live(live: &Live, beside: usize, role: Role) -> Confidence {
    let many = live.good + beside >= 30 || (live.good >= 10 && live.watched >= 5_000.0);
    match role {
        Role::Cooperating if many && !live.is_rough => Confidence::High,
        _ if many || role == Role::Cooperating => Confidence::Medium,
        _ => Confidence::Low,
    }
}
