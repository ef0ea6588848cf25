//! Numbers for people, where this crate itself says something.

/// A whole number with commas between its thousands: `1,234,567`.
pub fn with_separators(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_stand_between_thousands() {
        let texts = [0, 999, 1_000, 1_234_567].map(with_separators);
        assert_eq!(texts, ["0", "999", "1,000", "1,234,567"]);
    }
}
