//! A run beside an earlier one: what every page says of the difference.

#[expect(dead_code, reason = "the other tests use the rest of it")]
mod sample;

use reports::baseline::changes;
use reports::style::Style;
use reports::{annotations, demands, html, markdown, terminal};
use run_record::limits::Limit;
use run_record::record::RunRecord;

fn beside(mut record: RunRecord, earlier: &RunRecord) -> RunRecord {
    record.baseline = Some(Box::new(earlier.as_baseline("base.json".to_owned())));
    record
}

fn page(record: &RunRecord) -> String {
    terminal::end_table(record, &[], &Style::default())
}

#[test]
fn what_has_changed_is_told_and_what_has_not_makes_no_file() {
    let same = beside(sample::bad_run(), &sample::bad_run());
    assert_eq!(changes(&same), Vec::<String>::new());
    assert_eq!(markdown::on_change(&same), None);
    assert!(page(&same).contains("verdict and limits as before"));

    let worse = beside(sample::bad_run(), &sample::good_run());
    let told = [
        "verdict: LIVE, was none",
        "max first_event.p99=50ms: missed, was not asked for",
        "max lost=0: missed, was not asked for",
        "min connections=5000: missed, was not asked for",
    ];
    for told in told {
        assert!(
            changes(&worse).iter().any(|it| it == told),
            "{:?}",
            changes(&worse)
        );
    }
    let summary = markdown::on_change(&worse).expect("something has changed");
    assert!(
        summary.starts_with("### streamgauge: changed since"),
        "{summary}"
    );
    // What is met now and was not asked for before is no change.
    assert!(!changes(&worse).iter().any(|it| it.contains("delivery")));

    let mut earlier = sample::bad_run();
    let mut limits = earlier.limits.iter_mut();
    let lost = limits.find(|limit| limit.expression == "lost=0");
    lost.expect("it is missed").status = run_record::limits::LimitStatus::Met;
    let changed = changes(&beside(sample::bad_run(), &earlier));
    assert_eq!(changed.len(), 1, "{changed:?}");
    assert!(changed[0].ends_with(": missed, was met"), "{changed:?}");
}

#[test]
fn times_stand_beside_those_of_before() {
    let mut earlier = sample::good_run();
    earlier.measured.groups.clear();
    let group = earlier.measured.group_mut("all");
    for _ in 0..1_000 {
        let time = run_record::time::Nanos::from_millis(50);
        group
            .histograms
            .record(run_record::metric::Metric::Delivery, time);
    }
    let record = beside(sample::bad_run(), &earlier);
    let text = page(&record);
    // The median was 50 ms and is 100 ms; the largest is 400 ms.
    let row = text
        .lines()
        .find(|line| line.contains("delivery.p50"))
        .expect("a row");
    assert!(
        row.contains("50 ms") && row.contains("100 ms") && row.contains("2 times"),
        "{row}"
    );
    assert!(
        text.contains("delivery.max") && text.contains("8 times"),
        "{text}"
    );
    assert!(
        text.contains("events missing") && text.contains("+100"),
        "{text}"
    );
    let html = html::page(&record);
    assert!(
        html.contains("baseline: p50 50 ms (2 times)"),
        "no tile has it"
    );
    assert!(html.contains("class=\"a before\""), "no curve has it");
    assert!(html.contains("Compared with "), "no sentence has it");
}

#[test]
fn a_page_without_a_baseline_speaks_of_none() {
    let record = sample::bad_run();
    assert!(!page(&record).contains("compared with"));
    let html = html::page(&record);
    assert!(!html.contains("before\"") && !html.contains("baseline"));
}

#[test]
fn a_relative_limit_is_shown_with_the_value_that_it_came_to() {
    let limit = Limit::parse_max("delivery.p99=baseline-50%").expect("a limit as documented");
    let total = sample::good_run().total();
    let mut record = beside(sample::bad_run(), &sample::good_run());
    record.evaluate(&[limit.against(&total).expect("it was measured there")]);
    for text in [page(&record), html::page(&record)] {
        assert!(
            text.contains("196 ms") && text.contains("baseline-50%"),
            "{text}"
        );
    }
    let suites = [demands::of_record(&record)];
    let annotations = annotations::annotations(&suites).join("\n");
    assert!(
        annotations.contains("limit max 196 ms (baseline-50%25)"),
        "{annotations}"
    );
}
