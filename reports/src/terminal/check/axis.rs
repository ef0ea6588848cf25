//! The times below the picture.

use run_record::text::with_separators;
use run_record::time::Nanos;
use unicode_width::UnicodeWidthStr;

use super::scale::Scale;

/// The least columns from one label to the next.
const APART: u128 = 12;

/// Labels at round times, each beginning on its column; none ends beyond so many columns.
pub(super) fn labels(scale: &Scale, columns: usize) -> String {
    let step = round_step(u128::from(scale.span.0) * APART / scale.columns as u128);
    let from = u128::from(scale.from.0);
    let end = from + u128::from(scale.span.0);
    let unit = Unit::of(end, step);
    let mut row = String::new();
    let mut tick = from.div_ceil(step) * step;
    while tick <= end {
        let label = unit.label(tick);
        let column = u64::try_from(tick)
            .ok()
            .and_then(|time| scale.column(Nanos(time)));
        let Some(column) = column else { break };
        let is_free = row.is_empty() || row.width() + 2 <= column;
        if is_free && column + label.width() <= columns {
            row += &" ".repeat(column - row.width());
            row += &label;
        }
        tick += step;
    }
    row
}

/// The least 1, 2 or 5 times a power of ten that is not below.
fn round_step(least: u128) -> u128 {
    let mut power = 1;
    loop {
        let step = [1, 2, 5]
            .into_iter()
            .map(|digit| digit * power)
            .find(|&step| step >= least);
        if let Some(step) = step {
            return step;
        }
        power *= 10;
    }
}

/// What all labels of an axis are written in.
struct Unit {
    name: &'static str,
    nanos: u128,
    decimals: usize,
}

impl Unit {
    /// Milliseconds below one second, else seconds, with the decimals that a step needs.
    fn of(end: u128, step: u128) -> Self {
        let (name, nanos) = if end < 1_000_000_000 {
            ("ms", 1_000_000)
        } else {
            ("s", 1_000_000_000)
        };
        let mut decimals = 0;
        let mut rest = step % nanos;
        while rest > 0 {
            rest = rest * 10 % nanos;
            decimals += 1;
        }
        Self {
            name,
            nanos,
            decimals,
        }
    }

    fn label(&self, tick: u128) -> String {
        let whole = u64::try_from(tick / self.nanos).unwrap_or(u64::MAX);
        let whole = with_separators(whole);
        if self.decimals == 0 {
            return format!("{whole} {}", self.name);
        }
        // The step has no more decimals than these, so no tick has.
        let digits = format!("{:0width$}", tick % self.nanos, width = self.digits());
        format!("{whole}.{} {}", &digits[..self.decimals], self.name)
    }

    /// How many decimals the smallest time of this unit has.
    fn digits(&self) -> usize {
        self.nanos.ilog10() as usize
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scale(from: u64, span: u64) -> Scale {
        Scale::new(Nanos(from), Nanos(span), 60)
    }

    #[test]
    fn labels_are_round_and_stand_on_their_column() {
        let row = labels(&scale(0, 15_000_000_000), 70);
        let places = ["0 s", "5 s", "10 s", "15 s"].map(|label| row.find(label));
        assert_eq!(places, [Some(0), Some(19), Some(39), Some(59)]);
        let row = labels(&scale(14_900_000_000, 100_000_000), 70);
        let words: Vec<_> = row.split(" s").map(str::trim).collect();
        assert_eq!(
            words,
            ["14.90", "14.92", "14.94", "14.96", "14.98", "15.00", ""]
        );
        assert_eq!(labels(&scale(0, 1_000), 20), "0.0000 ms  0.0002 ms");
    }

    proptest! {
        #[test]
        fn no_window_breaks_it(from: u64, span in 1_u64.., columns in 0_usize..90) {
            prop_assert!(labels(&scale(from, span), columns).width() <= columns);
        }
    }
}
