//! What each subscriber and each event costs the server, from the steps in which its process was watched.
//! Pure.

use run_record::capacity::Step;
use run_record::time::Nanos;

/// What is known of it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Costs {
    pub(super) kib_per_subscriber: Option<f64>,
    pub(super) cpu_per_event: Option<Nanos>,
}

/// Memory by the slope over the steps upwards that were carried, because memory that a server has had once it rarely gives
/// back; processor time by the carried step with the most events.
pub(super) fn costs(steps: &[Step]) -> Costs {
    let mut most = 0;
    let mut points = Vec::new();
    for step in steps.iter().filter(|step| step.carried) {
        if let Some(server) = step.server
            && step.subscribers > most
        {
            most = step.subscribers;
            points.push((
                f64::from(step.subscribers),
                server.memory_bytes as f64 / 1024.0,
            ));
        }
    }
    let busiest = steps
        .iter()
        .filter(|step| step.carried && step.events > 0)
        .max_by_key(|step| step.events);
    Costs {
        kib_per_subscriber: slope(&points),
        cpu_per_event: busiest.and_then(|step| Some(Nanos(step.server?.cpu_us.0 / step.events))),
    }
}

/// By least squares; nothing for fewer than three points, which a single page of memory would decide.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    if points.len() < 3 {
        return None;
    }
    let n = points.len() as f64;
    let mean = |part: fn(&(f64, f64)) -> f64| points.iter().map(part).sum::<f64>() / n;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let covariance: f64 = points
        .iter()
        .map(|point| (point.0 - x) * (point.1 - y))
        .sum();
    let variance: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    Some(covariance / variance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_is_that_of_a_line() {
        let points: Vec<_> = [1.0, 2.0, 4.0, 512.0]
            .map(|x| (x, 5_000.0 + 1.5 * x))
            .to_vec();
        assert!((slope(&points).unwrap() - 1.5).abs() < 1e-9);
        assert_eq!(slope(&points[..2]), None);
    }
}
