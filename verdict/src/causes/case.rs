//! What speaks for one entry, and how sure that makes it.
//!
//! Source: causes 2.1 (the strength of facts) and 5.6 (confidence): high takes two independent strong
//! facts and certain times, medium one strong fact, and weak facts alone are low.

use run_record::verdict::{Confidence, Remedy};

use super::{Cure, remedy};

/// The facts that speak for an entry.
#[derive(Clone, Debug)]
pub(super) struct Case {
    /// Each in one line, with figures.
    pub facts: Vec<String>,
    /// Another cure than the entry's first, where the clues choose it.
    pub cure: Option<Remedy>,
    /// Another component than the entry's, where the clues name it.
    pub component: Option<String>,
    strong: usize,
    most: Confidence,
}

impl Case {
    /// A case that rests on a fact which, with the signature, names the cause.
    pub(super) fn strong(fact: impl Into<String>) -> Self {
        Self {
            strong: 1,
            ..Self::weak(fact)
        }
    }

    /// A case whose facts were weighed elsewhere.
    pub(super) fn of(facts: Vec<String>) -> Self {
        Self {
            facts,
            ..Self::weak("")
        }
    }

    /// A case that rests on a hint.
    pub(super) fn weak(fact: impl Into<String>) -> Self {
        Self {
            facts: vec![fact.into()],
            cure: None,
            component: None,
            strong: 0,
            most: Confidence::High,
        }
    }

    /// A strong fact more.
    pub(super) fn and_strong(mut self, fact: impl Into<String>) -> Self {
        self.facts.push(fact.into());
        self.strong += 1;
        self
    }

    /// A hint more: it never makes a case surer.
    pub(super) fn and_weak(mut self, fact: impl Into<String>) -> Self {
        self.facts.push(fact.into());
        self
    }

    /// The same with another cure.
    pub(super) fn cured_by(self, cure: &Cure) -> Self {
        Self {
            cure: Some(remedy(cure)),
            ..self
        }
    }

    /// Never surer than this, because a rival cannot be excluded.
    pub(super) fn at_most(self, most: Confidence) -> Self {
        Self {
            most: self.most.min(most),
            ..self
        }
    }

    /// How sure the facts make it. `is_certain`: send times are known, or the response itself is proof.
    pub(super) fn confidence(&self, is_certain: bool) -> Confidence {
        let by_facts = match self.strong {
            0 => Confidence::Low,
            1 => Confidence::Medium,
            _ if is_certain => Confidence::High,
            _ => Confidence::Medium,
        };
        by_facts.min(self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_facts_never_add_up_and_two_strong_ones_need_certain_times() {
        let weak = Case::weak("a").and_weak("b").and_weak("c");
        assert_eq!(weak.confidence(true), Confidence::Low);
        let one = Case::strong("a").and_weak("b");
        assert_eq!(one.confidence(true), Confidence::Medium);
        let two = Case::strong("a").and_strong("b");
        assert_eq!(two.confidence(true), Confidence::High);
        assert_eq!(two.confidence(false), Confidence::Medium);
        assert_eq!(
            two.at_most(Confidence::Low).confidence(true),
            Confidence::Low
        );
    }
}
