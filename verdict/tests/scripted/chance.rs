//! Chance with a seed: the same seed gives the same script on every machine.

/// SplitMix64 (Steele, Lea, Flood 2014): small, and good enough for scripts.
pub(crate) struct Chance {
    state: u64,
    /// How much more often the machine is late than a usual one.
    busy: f64,
}

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        let state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x1234_5678_9ABC_DEF0;
        Self { state, busy: 1.0 }
    }

    /// The same on a machine that is late so many times as often.
    pub(crate) fn on_busy_machine(self, busy: f64) -> Self {
        Self { busy, ..self }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 (inclusive) to 1 (exclusive).
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Evenly between two values.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Exponential with this mean.
    pub(crate) fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    /// True once in so many times.
    pub(crate) fn once_in(&mut self, times: f64) -> bool {
        self.unit() * times < 1.0
    }

    /// True once in so many times on a usual machine: something ran late.
    pub(crate) fn late_once_in(&mut self, times: f64) -> bool {
        self.once_in(times / self.busy)
    }
}
