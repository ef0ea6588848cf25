//! The page of a search for how many subscribers a server carries.
//!
//! After a wanted change: `INSTA_UPDATE=always cargo test -p reports`, then read the difference.

use insta::assert_snapshot;
use reports::style::Style;
use reports::terminal::{capacity_line, capacity_page};
use run_record::capacity::{Capacity, LimitedBy, SCHEMA, Step};
use run_record::end::Exit;
use run_record::environment::Environment;
use run_record::limits::Limit;
use run_record::measured::Measured;
use run_record::metric::Metric;
use run_record::plan::PlanRecord;
use run_record::record::{Kind, RunRecord};
use run_record::self_check::CheckStatus;
use run_record::time::Nanos;
use run_record::watched::Watched;
use unicode_width::UnicodeWidthStr;

const LIMIT: &str = "delivery.p99=100ms";

fn step(subscribers: u32, p99_ms: u64, why: Option<&str>) -> Step {
    let mut measured = Measured::default();
    let histograms = &mut measured.group_mut("all").histograms;
    histograms.record(Metric::Delivery, Nanos::from_millis(p99_ms));
    let limit = Limit::parse_max(LIMIT).expect("it is a limit");
    Step {
        subscribers,
        carried: why.is_none(),
        why: why.map(str::to_owned),
        limited_by: why.map(|_| LimitedBy::Server),
        lasted_us: Nanos::from_secs(4),
        streaming: subscribers.into(),
        waiting: 0,
        failed: 0,
        ended: 0,
        events: u64::from(subscribers) * 40,
        delivery_p99_us: None,
        limits: vec![limit.evaluate_plainly(&measured.total(), Nanos::ZERO)],
        self_check: CheckStatus::Ok,
        server: Some(Watched {
            memory_bytes: 9_000_000 + u64::from(subscribers) * 1_500,
            cpu_us: Nanos::from_millis(subscribers.into()),
            descriptors: 17 + u64::from(subscribers),
        }),
    }
}

fn found() -> Capacity {
    let reason = "2,048 subscribers were not carried: delivery.p99=100ms was 204 ms";
    Capacity {
        schema: SCHEMA.to_owned(),
        url: "http://localhost/prices".to_owned(),
        limits: vec![LIMIT.to_owned()],
        first_event_us: Nanos::from_secs(5),
        up_to: 10_000,
        carried: 1_024,
        broke_at: Some(2_048),
        limited_by: LimitedBy::Server,
        reason: reason.to_owned(),
        kib_per_subscriber: Some(1.465),
        cpu_per_event_us: Some(Nanos::from_micros(25)),
        steps: vec![
            step(1, 1, None),
            step(1_024, 99, None),
            step(2_048, 204, Some("delivery.p99=100ms was 204 ms\x1b[2J")),
        ],
        exit: Exit {
            code: 0,
            reason: reason.to_owned(),
        },
    }
}

#[test]
fn the_page_of_its_record_draws_the_curve_and_marks_the_knee() {
    let at = run_record::time::Wall(1_700_000_000_000_000_000);
    let mut record = RunRecord::new(Kind::Run, at, PlanRecord::default(), Environment::default());
    let without = reports::html::page(&record);
    assert!(!without.contains("capacity-curve"));
    let mut capacity = found();
    capacity.steps[0].why = Some("</td><script>x".to_owned());
    record.capacity = Some(capacity);
    let page = reports::html::page(&record);
    assert!(page.contains("1,024 subscribers carried"));
    assert!(page.contains("capacity-curve") && !page.contains("<script>x"));
}

#[test]
fn the_answer_the_curve_and_the_costs() {
    assert_snapshot!(capacity_page(&found(), &Style::default()));
    let ascii = Style {
        ascii: true,
        ..Style::default()
    };
    assert_snapshot!(capacity_page(&found(), &ascii));
}

#[test]
fn a_machine_that_was_the_limit_is_no_answer() {
    let reason = "2,048 subscribers were not carried: this machine was at its end itself (cpu)";
    let found = Capacity {
        limited_by: LimitedBy::Machine,
        reason: reason.to_owned(),
        exit: Exit {
            code: 5,
            reason: format!("INVALID: {reason}"),
        },
        ..found()
    };
    let page = capacity_page(&found, &Style::default());
    assert!(
        page.contains("INVALID: this machine was the limit"),
        "{page}"
    );
}

#[test]
fn no_line_is_wider_than_the_terminal_and_no_text_of_a_server_moves_its_cursor() {
    for width in [40, 80, 120] {
        let style = Style {
            width,
            ..Style::default()
        };
        for line in capacity_page(&found(), &style).lines() {
            assert!(line.width() <= width, "{line}");
        }
    }
    let last = found().steps.pop().unwrap();
    assert!(!capacity_line(&last).contains('\x1b'));
}
