//! Several tests at once: the more quantities are looked at, the likelier one of them differs by chance.

/// The p values, in their order, adjusted so that the chance of any false difference among all of them stays what it is
/// for one. Never below the value itself, never above 1.
///
/// Source: Holm, A simple sequentially rejective multiple test procedure, 1979; it needs no independence.
pub(super) fn adjust(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|one, two| values[*one].total_cmp(&values[*two]));
    let mut adjusted = vec![0.0; values.len()];
    let mut least: f64 = 0.0;
    for (smaller, at) in order.into_iter().enumerate() {
        let remaining = (values.len() - smaller) as f64;
        // A value does not pass where a smaller one failed.
        least = least.max(values[at] * remaining).min(1.0);
        adjusted[at] = least;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_of_p_adjust_in_r() {
        assert_eq!(adjust(&[0.01, 0.04, 0.03]), [0.03, 0.06, 0.06]);
        assert_eq!(adjust(&[0.9, 0.8]), [1.0, 1.0]);
        assert_eq!(adjust(&[0.02]), [0.02]);
        assert!(adjust(&[]).is_empty());
    }
}
