//! Which number of subscribers is tried next: twice as many until it is too many, then between the two.
//!
//! Pure. It must not know what it means to be carried.

/// The search is over when what was carried and what was not lie this close together, in percent of what was carried.
const PRECISION: u32 = 2;

/// How far the search has come.
#[derive(Clone, Debug)]
pub(super) struct Search {
    most: u32,
    carried: u32,
    too_many: Option<u32>,
    /// The number that was not carried the first time it was tried.
    in_doubt: Option<u32>,
}

impl Search {
    /// Nothing is known yet; more than `most` is never tried.
    pub(super) fn up_to(most: u32) -> Search {
        Search {
            most,
            carried: 0,
            too_many: None,
            in_doubt: None,
        }
    }

    /// The next number to try; nothing when the search is over.
    pub(super) fn next(&self) -> Option<u32> {
        if self.in_doubt.is_some() {
            return self.in_doubt;
        }
        let carried = self.carried;
        match self.too_many {
            None if carried == self.most => None,
            None => Some(carried.saturating_mul(2).clamp(1, self.most)),
            Some(too_many) => {
                let close = (u64::from(carried) * u64::from(PRECISION) / 100).max(1);
                let apart = too_many - carried;
                (u64::from(apart) > close).then_some(carried + apart / 2)
            }
        }
    }

    /// Takes in whether a number was carried. One that was not is tried once more: a machine that was busy for a moment is
    /// no limit of a server.
    pub(super) fn observe(&mut self, subscribers: u32, carried: bool) {
        if carried {
            self.carried = self.carried.max(subscribers);
            self.in_doubt = None;
        } else if self.in_doubt == Some(subscribers) {
            self.too_many = Some(subscribers);
            self.in_doubt = None;
        } else {
            self.in_doubt = Some(subscribers);
        }
    }

    /// The most that were carried.
    pub(super) fn carried(&self) -> u32 {
        self.carried
    }

    /// The fewest that were not, twice.
    pub(super) fn too_many(&self) -> Option<u32> {
        self.too_many
    }

    /// Whether the number that comes next is one that was not carried before.
    pub(super) fn repeats(&self) -> bool {
        self.in_doubt.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a server that carries `knee` is found to carry, and how many steps that takes.
    fn found(knee: u32, most: u32) -> (u32, Option<u32>, u32) {
        let mut search = Search::up_to(most);
        let mut steps = 0;
        while let Some(next) = search.next() {
            search.observe(next, next <= knee);
            steps += 1;
        }
        (search.carried(), search.too_many(), steps)
    }

    proptest! {
        #[test]
        fn the_knee_is_found_within_two_percent(knee in 0_u32..100_000, most in 1_u32..1_000_000) {
            let (carried, too_many, steps) = found(knee, most);
            prop_assert!(carried <= knee && carried <= most);
            match too_many {
                None => prop_assert_eq!(carried, most),
                Some(too_many) => {
                    prop_assert!(too_many > knee && too_many <= most);
                    prop_assert!(too_many - carried <= (carried / 50).max(1));
                }
            }
            prop_assert!(steps <= 40);
        }
    }

    #[test]
    fn small_knees_are_found_exactly() {
        assert_eq!(found(0, 10), (0, Some(1), 2));
        assert_eq!(found(5, 1_000).0, 5);
        assert_eq!(found(5, 5), (5, None, 4));
    }

    #[test]
    fn what_failed_by_chance_is_tried_again() {
        let mut search = Search::up_to(4);
        search.observe(1, true);
        search.observe(2, false);
        assert_eq!((search.next(), search.repeats()), (Some(2), true));
        search.observe(2, true);
        assert_eq!((search.next(), search.too_many()), (Some(4), None));
    }
}
