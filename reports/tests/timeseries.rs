//! The rows of a run: those of its timeline, with empty cells where nothing was measured.

#[expect(dead_code, reason = "the other tests use the rest of it")]
mod sample;

use reports::timeseries::timeseries;

/// The rows, each a list of cells under their names.
fn rows(text: &str) -> (Vec<&str>, Vec<Vec<&str>>) {
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let names = lines.next().expect("a line of names");
    (names, lines.collect())
}

#[test]
fn a_row_is_a_second_of_the_run() {
    let mut record = sample::good_run();
    record.measured.timeline = sample::timeline();
    let text = timeseries(&record);
    let (names, rows) = rows(&text);
    let at = |row: usize, name: &str| {
        let column = names.iter().position(|known| *known == name).expect(name);
        rows[row][column]
    };
    assert_eq!(rows.len(), 40);
    assert!(rows.iter().all(|row| row.len() == names.len()), "{text}");
    assert_eq!((at(0, "second"), at(39, "second")), ("0", "39"));
    assert_eq!((at(0, "epoch_s"), at(0, "width_s")), ("1700000000", "1"));
    assert_eq!(at(20, "events"), "100");
    // 100 to 1,288 ms in second 20, else 2 ms and a little.
    let max: f64 = at(20, "delivery_max_us").parse().expect("a number");
    assert!((1_288_000.0..1_288_000.0 * 1.125).contains(&max), "{max}");
    assert_eq!(at(20, "delivery_p99_us"), "", "100 samples have no p99");
    assert_ne!(at(20, "delivery_p50_us"), "");
    assert_eq!(at(20, "gap_max_us"), "");
}

#[test]
fn a_run_without_a_timeline_has_names_alone() {
    assert_eq!(timeseries(&sample::empty_run()).lines().count(), 1);
}
