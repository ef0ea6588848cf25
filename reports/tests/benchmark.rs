//! The list for github-action-benchmark: names that stay, values that are those of the record.

#[expect(dead_code, reason = "the other tests use the rest of it")]
mod sample;

use reports::benchmark::benchmark;

#[test]
fn times_and_losses_are_listed_by_names_that_stay() {
    let entries = benchmark(&sample::bad_run());
    let of = |name: &str| entries.iter().find(|entry| entry.name == name);
    let delivery = of("delivery.p99").expect("it is listed");
    // Step squared in ns, steps 1 to 20,000: 0.99 of them at most 392.04 ms.
    assert!(
        (delivery.value / 392.04 - 1.0).abs() < 0.002,
        "{delivery:?}"
    );
    assert_eq!(delivery.unit, "ms");
    assert_eq!(of("lost").expect("it is listed").value, 88.0);
    assert!(of("gap.p99").is_none(), "delivery is there");
    assert!(
        of("first_event.p99.9").is_none(),
        "5,000 samples carry none"
    );
    let extra = delivery.extra.as_deref().expect("it is listed");
    assert_eq!(
        extra,
        "LIVE, 5,000 connections, 60 s, http://127.0.0.1:8080/prices"
    );
}

#[test]
fn what_was_not_looked_for_is_absent() {
    let names: Vec<_> = benchmark(&sample::empty_run())
        .into_iter()
        .map(|entry| entry.name)
        .collect();
    assert_eq!(names, ["failed"]);
}
