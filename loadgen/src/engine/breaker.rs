//! Stops a run that hurts: half of the last attempts were refused, or answered 429 or 503.

/// Attempts of the whole run that are looked at together.
const WINDOW: usize = 1_000;

/// The circuit breaker of one worker, which looks at its share of the attempts.
#[derive(Debug)]
pub(super) struct Breaker {
    window: Vec<bool>,
    next: usize,
    full: bool,
    refusals: usize,
}

impl Breaker {
    /// A breaker for one of `workers` workers, those of other processes included.
    pub(super) fn new(workers: usize) -> Breaker {
        let share = WINDOW.div_ceil(workers.max(1));
        Breaker {
            window: vec![false; share],
            next: 0,
            full: false,
            refusals: 0,
        }
    }

    /// Takes in the end of an attempt.
    pub(super) fn observe(&mut self, refused: bool) {
        let old = std::mem::replace(&mut self.window[self.next], refused);
        self.refusals = self.refusals + usize::from(refused) - usize::from(old);
        self.next = (self.next + 1) % self.window.len();
        self.full |= self.next == 0;
    }

    /// Whether the run must stop.
    pub(super) fn is_open(&self) -> bool {
        self.full && self.refusals * 2 >= self.window.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_when_half_of_a_full_window_was_refused() {
        let mut breaker = Breaker::new(2);
        for attempt in 0..499 {
            breaker.observe(attempt % 2 == 0);
            assert!(!breaker.is_open());
        }
        breaker.observe(false);
        assert!(breaker.is_open());
        for _ in 0..10 {
            breaker.observe(false);
        }
        assert!(!breaker.is_open());
    }
}
