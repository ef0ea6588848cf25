//! What one worker measures apart for each of some servers: one portion for each name, few of them kept.
//!
//! A stream knows the number of its portion, so that an event costs an index and no search. It must not know whether a name
//! is an address or the value of a header.

use run_record::breakdown::{Breakdown, MOST_NAMES, Portion};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The number of a portion within one worker.
pub(crate) type PortionId = u16;

/// All that are not kept apart.
const REST: PortionId = PortionId::MAX;

/// The portions of one worker.
#[derive(Debug, Default)]
pub(super) struct Portions {
    names: Names,
    /// By number; those of which something was measured.
    kept: Vec<Option<Box<Kept>>>,
    rest: Portion,
}

#[derive(Debug)]
struct Kept {
    name: Arc<str>,
    portion: Portion,
}

/// Numbers of names: the first [`MOST_NAMES`] by their text have one, as in the record, so that what a worker keeps
/// apart does not depend on what it met first.
#[derive(Debug, Default)]
struct Names {
    /// By number. A name that is no longer among the first has lost it for good.
    all: Vec<Option<Arc<str>>>,
    first: BTreeMap<Arc<str>, PortionId>,
}

impl Portions {
    /// With these names, in the order of their numbers.
    pub(super) fn of(names: &[String]) -> Portions {
        let mut portions = Portions::default();
        for (number, name) in names.iter().take(usize::from(REST)).enumerate() {
            let name: Arc<str> = name.as_str().into();
            portions.names.all.push(Some(name.clone()));
            portions.names.first.insert(name, number as PortionId);
        }
        portions
    }

    /// The number of a name.
    pub(super) fn id_of(&mut self, name: &str) -> PortionId {
        let (id, gone) = self.names.id_of(name);
        if let Some(kept) = gone.and_then(|gone| self.kept.get_mut(usize::from(gone))?.take()) {
            self.rest.merge(&kept.portion);
        }
        id
    }

    /// What was measured of one of them.
    #[inline]
    pub(super) fn get(&mut self, id: PortionId) -> &mut Portion {
        let at = usize::from(id);
        if !matches!(self.kept.get(at), Some(Some(_))) {
            self.begin(at);
        }
        match self.kept.get_mut(at) {
            Some(Some(kept)) => &mut kept.portion,
            _ => &mut self.rest,
        }
    }

    #[cold]
    fn begin(&mut self, at: usize) {
        let Some(Some(name)) = self.names.all.get(at) else {
            return;
        };
        if self.kept.len() <= at {
            self.kept.resize_with(at + 1, || None);
        }
        self.kept[at] = Some(Box::new(Kept {
            name: name.clone(),
            portion: Portion::default(),
        }));
    }

    /// Hands what was measured to `into` and forgets it, keeping the memory.
    pub(super) fn drain_into(&mut self, into: &mut Breakdown) {
        for kept in self.kept.iter_mut().flatten() {
            if !kept.portion.is_empty() {
                into.observe(&kept.name, &kept.portion);
                kept.portion.clear();
            }
        }
        if !self.rest.is_empty() {
            into.observe_rest(&self.rest);
            self.rest.clear();
        }
    }

    /// The streams of a worker keep their numbers when it changes its recorder for this empty one.
    pub(super) fn swap_names(&mut self, other: &mut Portions) {
        std::mem::swap(&mut self.names, &mut other.names);
        for (kept, name) in self.kept.iter_mut().zip(&self.names.all) {
            kept.take_if(|_| name.is_none());
        }
    }
}

impl Names {
    /// The number of a name, and that of the one which has lost its own to it.
    fn id_of(&mut self, name: &str) -> (PortionId, Option<PortionId>) {
        if let Some(id) = self.first.get(name) {
            return (*id, None);
        }
        // A server that names each response anew cannot make this grow without end.
        if self.all.len() >= usize::from(REST) {
            return (REST, None);
        }
        let mut gone = None;
        if self.first.len() >= MOST_NAMES {
            let last = self.first.last_entry();
            let Some(last) = last.filter(|last| name < &**last.key()) else {
                return (REST, None);
            };
            let id = last.remove();
            self.all[usize::from(id)] = None;
            gone = Some(id);
        }
        let id = self.all.len() as PortionId;
        let name: Arc<str> = name.into();
        self.all.push(Some(name.clone()));
        self.first.insert(name, id);
        (id, gone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// One event for each name, in a worker that changes its recorder every so many.
    fn measured(names: &[u8], every: usize) -> Breakdown {
        let mut into = Breakdown::default();
        let (mut one, mut other) = (Portions::default(), Portions::default());
        let mut streams = Vec::new();
        for (index, name) in names.iter().enumerate() {
            streams.push(one.id_of(&name.to_string()));
            // Every stream that was ever opened has an event.
            streams.iter().for_each(|id| one.get(*id).events += 1);
            if index % every == 0 {
                other.swap_names(&mut one);
                std::mem::swap(&mut one, &mut other);
                other.drain_into(&mut into);
            }
        }
        one.drain_into(&mut into);
        into
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_worker_measures_what_one_without_bound_would(names in prop::collection::vec(any::<u8>(), 0..200), every in 1_usize..20) {
            let mut whole = Breakdown::default();
            for (index, name) in names.iter().enumerate() {
                let events = (names.len() - index) as u64;
                whole.observe(&name.to_string(), &Portion { events, ..Portion::default() });
            }
            prop_assert_eq!(measured(&names, every), whole);
        }
    }

    #[test]
    fn a_server_that_names_each_response_anew_is_bounded() {
        let mut portions = Portions::default();
        for number in (0..200_000).rev() {
            let id = portions.id_of(&format!("{number:06}"));
            portions.get(id).connections += 1;
        }
        assert!(portions.names.first.len() <= MOST_NAMES);
        assert!(portions.kept.iter().flatten().count() <= MOST_NAMES);
        assert!(portions.names.all.len() <= usize::from(REST));
    }
}
