//! A probe in a process of its own beside the load: its streams are none of the load's, and both say the same of the server.

use crate::gate::{Found, alone, hold};
use crate::load::Load;
use crate::support::target;

const CONNECTIONS: u32 = 50;
const EVENTS: u32 = 60;
/// Beyond it the run would warn.
const APART_US: u64 = 1_000;

#[test]
fn a_probe_beside_the_load_agrees_with_it_and_is_not_counted() {
    let _alone = alone();
    hold("self-check", || {
        let server = target();
        let address = server.local_addr().expect("it listens");
        let url = format!("http://{address}/prices?interval=100ms&count={EVENTS}");
        let ended = Load::with(&url, CONNECTIONS, &["--unloaded-probe"]).ended();

        let total = ended.record.total();
        assert_eq!(total.counters.connections.opened, u64::from(CONNECTIONS));
        assert_eq!(
            total.counters.events.received,
            u64::from(CONNECTIONS * EVENTS)
        );
        let check = ended.record.self_check.get("later_than_probe");
        let later = check.expect("the probe saw sixty events").value;
        assert!(ended.page.contains("later_than_probe"), "{}", ended.page);
        let what = "later than a probe in a process of its own";
        let found = Found::at_most(what, (later * 1e3) as u64, APART_US * 1_000);
        (ended.was_quiet(), vec![found])
    });
}
