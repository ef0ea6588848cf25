//! Whether the server's clock is this machine's, and whom to ask if it is not.
//! It must not ask; `offset` does.

use std::net::IpAddr;

use nix::ifaddrs::getifaddrs;

use super::reach::{ReachError, look_up};
use crate::plan::{ClockAsked, ClockSource, Endpoint, Plan, StampSource};

/// How the times that the server tells are to be put on this machine's clock.
///
/// Errors: the server named by `--clock` cannot be looked up.
pub(super) fn source(asked: &ClockAsked, plan: &Plan) -> Result<ClockSource, ReachError> {
    Ok(match asked {
        ClockAsked::Synced(bound) => ClockSource::Synced(*bound),
        ClockAsked::Server(server, route) => {
            let mut server = server.clone();
            server.target.endpoints = look_up(route)?;
            ClockSource::Server(server)
        }
        ClockAsked::Auto if plan.stamps == StampSource::None => ClockSource::Unneeded,
        ClockAsked::Auto if plan.target.endpoints.iter().all(is_here) => ClockSource::Same,
        // Nothing is sent that was not asked for (DESIGN 6): the user names whom to ask.
        ClockAsked::Auto => ClockSource::Unknown,
    })
}

/// Whether it is an address of this machine.
fn is_here(endpoint: &Endpoint) -> bool {
    let Endpoint::Tcp(address) = endpoint else {
        return true;
    };
    let there = address.ip().to_canonical();
    endpoint.is_loopback() || own_addresses().contains(&there)
}

/// The addresses of the network interfaces; none if the system does not tell them.
fn own_addresses() -> Vec<IpAddr> {
    let Ok(interfaces) = getifaddrs() else {
        return Vec::new();
    };
    interfaces
        .filter_map(|interface| {
            let address = interface.address?;
            let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
            let v6 = address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip()));
            v4.or(v6)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{plan, tcp};
    use super::*;
    use crate::plan::{ClockServer, JsonPath, Route, TimeUnit};
    use run_record::time::Nanos;

    /// Addresses for documentation (RFC 5737): nobody has them.
    const ELSEWHERE: &str = "192.0.2.1:80";

    fn plan_for(endpoints: &[&str], stamps: StampSource) -> Plan {
        let mut plan = plan(1);
        plan.target.endpoints = endpoints.iter().map(|address| tcp(address)).collect();
        plan.stamps = stamps;
        plan
    }

    #[test]
    fn on_one_machine_it_is_one_clock() {
        let here = own_addresses();
        assert!(here.iter().any(IpAddr::is_loopback), "{here:?}");
        for address in here {
            let at = format!("{}", std::net::SocketAddr::new(address, 80));
            let plan = plan_for(&[&at], StampSource::Auto);
            let source = source(&ClockAsked::Auto, &plan).unwrap();
            assert!(matches!(source, ClockSource::Same), "{at}: {source:?}");
        }
    }

    #[test]
    fn elsewhere_nobody_is_asked_who_was_not_named() {
        let of = |plan: &Plan| source(&ClockAsked::Auto, plan).unwrap();
        let mixed = plan_for(&["127.0.0.1:80", ELSEWHERE], StampSource::Auto);
        assert!(matches!(of(&mixed), ClockSource::Unknown));
        let none = plan_for(&[ELSEWHERE], StampSource::None);
        assert!(matches!(of(&none), ClockSource::Unneeded));
        let foreign = StampSource::Json {
            pointer: JsonPath::parse("/sent").unwrap(),
            unit: TimeUnit::Millis,
            boot: None,
        };
        assert!(matches!(
            of(&plan_for(&[ELSEWHERE], foreign)),
            ClockSource::Unknown
        ));
    }

    #[test]
    fn what_the_user_says_counts_on_this_machine_too() {
        let plan = plan_for(&["127.0.0.1:80"], StampSource::Auto);
        let synced = source(&ClockAsked::Synced(Nanos(7)), &plan).unwrap();
        assert!(matches!(synced, ClockSource::Synced(Nanos(7))));
        let server = ClockServer {
            url: plan.url.to_string(),
            target: plan.target.clone(),
            path: "/clock".to_owned(),
        };
        let named = ClockAsked::Server(Box::new(server), Route::Known(vec![tcp(ELSEWHERE)]));
        let ClockSource::Server(server) = source(&named, &plan).unwrap() else {
            panic!("not asked");
        };
        assert_eq!(server.target.endpoints, [tcp(ELSEWHERE)]);
    }
}
