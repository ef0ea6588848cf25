//! The result of a comparison as one plain sentence.

use std::fmt;

use super::{Change, Comparison, Outcome, Scale};

impl fmt::Display for Comparison<'_> {
    /// `p99 of delivery is 9.8 % higher (95 % interval 6.1 to 13.0 %); 10 runs a side, p = 0.002`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.quantity.name;
        let change = Words {
            change: self.change,
            write: self.quantity.write,
        };
        match self.outcome {
            Outcome::Different => write!(f, "{name} is {change}"),
            Outcome::NotShown => write!(f, "no difference shown in {name}: {change}"),
            Outcome::BelowFloor => {
                let floor = (self.quantity.write)(self.quantity.floor);
                write!(
                    f,
                    "no difference in {name}: {change}, below the floor of {floor}"
                )
            }
        }?;
        match (self.quantity.base.len(), self.quantity.new.len()) {
            (base, new) if base == new => write!(f, "; {base} runs a side"),
            (base, new) => write!(f, "; {base} and {new} runs"),
        }?;
        match self.p {
            p if p < 0.001 => f.write_str(", p < 0.001"),
            p if p < 0.1 => write!(f, ", p = {p:.3}"),
            p => write!(f, ", p = {p:.2}"),
        }?;
        if self.compared > 1 {
            write!(f, " among {} quantities", self.compared)?;
        }
        Ok(())
    }
}

struct Words {
    change: Change,
    write: fn(f64) -> String,
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Change {
            typical, low, high, ..
        } = self.change;
        write!(f, "{} {} (95 % interval ", self.size(typical), way(typical))?;
        // Both ends on the side of the change need no direction of their own; the one nearer to zero comes first.
        if typical > 0.0 && low >= 0.0 {
            write!(f, "{} to {})", self.bare(low), self.size(high))
        } else if typical < 0.0 && high <= 0.0 {
            write!(f, "{} to {})", self.bare(high), self.size(low))
        } else {
            write!(
                f,
                "{} {} to {} {})",
                self.size(low),
                way(low),
                self.size(high),
                way(high)
            )
        }
    }
}

impl Words {
    fn size(&self, change: f64) -> String {
        match self.change.scale {
            Scale::Percent => format!("{:.1} %", change.abs()),
            Scale::Unit => (self.write)(change.abs()),
        }
    }

    /// Without the percent sign, where one follows; a unit may differ between the ends and stays.
    fn bare(&self, change: f64) -> String {
        match self.change.scale {
            Scale::Percent => format!("{:.1}", change.abs()),
            Scale::Unit => self.size(change),
        }
    }
}

fn way(change: f64) -> &'static str {
    if change < 0.0 { "lower" } else { "higher" }
}

#[cfg(test)]
mod tests {
    use super::super::{Quantity, compare};
    use crate::number;

    fn sentence(base: &[f64], new: &[f64], floor: f64) -> String {
        let quantity = Quantity {
            name: "p99 of delivery",
            write: number::micros,
            base,
            new,
            floor,
        };
        match compare(&[quantity]).pop().unwrap() {
            Ok(comparison) => comparison.to_string(),
            Err(refusal) => refusal.to_string(),
        }
    }

    #[test]
    fn every_outcome_is_one_plain_sentence() {
        let base = [1000.0, 1010.0, 1020.0, 1030.0, 1040.0];
        let higher = base.map(|value| value * 1.1);
        let shuffled = [1001.0, 1025.0, 1009.0, 1041.0, 1028.0, 1015.0];
        assert_eq!(
            sentence(&base, &higher, 0.0),
            "p99 of delivery is 10.0 % higher (95 % interval 6.8 to 13.3 %); 5 runs a side, p = 0.008"
        );
        assert_eq!(
            sentence(&higher, &base, 0.0),
            "p99 of delivery is 9.1 % lower (95 % interval 6.4 to 11.7 %); 5 runs a side, p = 0.008"
        );
        assert_eq!(
            sentence(&base, &shuffled, 0.0),
            "no difference shown in p99 of delivery: 0.0 % lower (95 % interval 2.4 % lower to 2.5 % higher); 5 and 6 runs, p = 1.00"
        );
        assert_eq!(
            sentence(&base, &higher, 200.0),
            "no difference in p99 of delivery: 10.0 % higher (95 % interval 6.8 to 13.3 %), below the floor of 200 us; 5 runs a side, p = 0.008"
        );
        assert_eq!(
            sentence(&[0.0; 10], &base.map(|value| value * 2.0), 0.0),
            "p99 of delivery is 2.04 ms higher (95 % interval 2 ms to 2.08 ms); 10 and 5 runs, p < 0.001"
        );
    }
}
