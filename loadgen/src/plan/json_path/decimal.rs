//! A decimal number taken digit by digit, so that no time is rounded through a floating-point number.

/// A number from zero upwards, `digits` times ten to the power of `exponent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    digits: u128,
    exponent: i32,
}

/// Beyond this many significant digits a fraction is cut off; a `u64` has 20.
const KEPT_DIGITS: u32 = 30;

impl Decimal {
    /// Reads what JSON calls a number, with leading zeros allowed (a string may have them).
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], parse_exponent(&text[at + 1..])?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
        if whole.is_empty() || fraction.is_empty() {
            return None;
        }
        let mut number = Self {
            digits: 0,
            exponent,
        };
        for byte in whole.bytes() {
            number.digits = number.digits.checked_mul(10)?.checked_add(digit(byte)?)?;
        }
        for byte in fraction.bytes() {
            let digit = digit(byte)?;
            if number.digits < 10u128.pow(KEPT_DIGITS) {
                number.digits = number.digits * 10 + digit;
                number.exponent = number.exponent.checked_sub(1)?;
            }
        }
        Some(number)
    }

    /// The value, if it is a whole number that fits.
    pub(super) fn exactly(self) -> Option<u64> {
        let scaled = self.scaled(0)?;
        let back = Self {
            digits: scaled.into(),
            exponent: 0,
        };
        (back.normal() == self.normal()).then_some(scaled)
    }

    /// The value times ten to the power of `places`, cut off to a whole number, if that fits.
    pub(super) fn scaled(self, places: i32) -> Option<u64> {
        let power = self.exponent.checked_add(places)?;
        let factor = 10u128.checked_pow(power.unsigned_abs());
        let value = match (power, factor) {
            _ if self.digits == 0 => 0,
            (0.., factor) => self.digits.checked_mul(factor?)?,
            (_, Some(divisor)) => self.digits / divisor,
            (_, None) => 0,
        };
        u64::try_from(value).ok()
    }

    /// Without trailing zeros, so that equal values compare equal.
    fn normal(mut self) -> Self {
        while self.digits != 0 && self.digits.is_multiple_of(10) {
            self.digits /= 10;
            self.exponent += 1;
        }
        if self.digits == 0 {
            Self {
                digits: 0,
                exponent: 0,
            }
        } else {
            self
        }
    }
}

fn digit(byte: u8) -> Option<u128> {
    byte.is_ascii_digit().then(|| u128::from(byte - b'0'))
}

fn parse_exponent(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}
