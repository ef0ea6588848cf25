//! Whether the server's clock is this machine's, and whom to ask if it is not.
//! It must not ask; `offset` does.

use std::net::IpAddr;

use nix::ifaddrs::getifaddrs;
use run_record::redact;

use super::Note;
use super::reach::{ReachError, look_up};
use crate::plan::{ClockAsked, ClockServer, ClockSource, Endpoint, Plan, StampSource};

/// Where target-server tells its clock.
const PATH: &str = "/clock";

/// How the times that the server tells are to be put on this machine's clock.
///
/// Errors: the server named by `--clock` cannot be looked up.
pub(super) fn source(asked: &ClockAsked, plan: &Plan) -> Result<ClockSource, ReachError> {
    Ok(match asked {
        ClockAsked::Synced(bound) => ClockSource::Synced(*bound),
        ClockAsked::Server(server, route) => {
            let mut server = server.clone();
            server.target.endpoints = look_up(route)?;
            ClockSource::Server {
                server,
                required: true,
            }
        }
        ClockAsked::Auto if plan.stamps == StampSource::None => ClockSource::Unneeded,
        ClockAsked::Auto if plan.target.endpoints.iter().all(is_here) => ClockSource::Same,
        // Only the payload of target-server is recognised, so it is its clock that is needed. Whether the server is one
        // shows with its first event, too late for the times of that: it is tried, and a note says so.
        ClockAsked::Auto if plan.stamps == StampSource::Auto => ClockSource::Server {
            server: Box::new(own(plan)),
            required: false,
        },
        ClockAsked::Auto => ClockSource::Unknown,
    })
}

/// What is to be said before a server is asked by somebody who was not told to.
pub(super) fn note(source: &ClockSource) -> Option<Note> {
    match source {
        ClockSource::Server {
            server,
            required: false,
        } => Some(Note::AsksClock {
            url: server.url.clone(),
        }),
        _ => None,
    }
}

fn own(plan: &Plan) -> ClockServer {
    let mut url = plan.url.clone();
    url.set_path(PATH);
    url.set_query(None);
    ClockServer {
        url: redact::url(url.as_str()),
        target: plan.target.clone(),
        path: PATH.to_owned(),
    }
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
    use crate::plan::{JsonPath, Route, TimeUnit};
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
    fn elsewhere_the_server_is_asked_only_where_its_clock_can_matter() {
        let asked = ClockAsked::Auto;
        let of = |plan: &Plan| source(&asked, plan).unwrap();
        let mixed = plan_for(&["127.0.0.1:80", ELSEWHERE], StampSource::Auto);
        let ClockSource::Server { server, required } = of(&mixed) else {
            panic!("not asked");
        };
        assert_eq!((server.path.as_str(), required), ("/clock", false));
        assert!(server.url.ends_with("/clock"), "{}", server.url);
        let said = note(&of(&mixed)).unwrap().to_string();
        assert!(
            said.starts_with(&format!("GET {} is tried", server.url)),
            "{said}"
        );
        let none = plan_for(&[ELSEWHERE], StampSource::None);
        assert!(matches!(of(&none), ClockSource::Unneeded));
        let foreign = StampSource::Json {
            pointer: JsonPath::parse("/sent").unwrap(),
            unit: TimeUnit::Millis,
        };
        let foreign = plan_for(&[ELSEWHERE], foreign);
        assert!(matches!(of(&foreign), ClockSource::Unknown));
    }

    #[test]
    fn what_the_user_says_counts_on_this_machine_too() {
        let plan = plan_for(&["127.0.0.1:80"], StampSource::Auto);
        let synced = source(&ClockAsked::Synced(Nanos(7)), &plan).unwrap();
        assert!(matches!(synced, ClockSource::Synced(Nanos(7))));
        let named = ClockAsked::Server(Box::new(own(&plan)), Route::Known(vec![tcp(ELSEWHERE)]));
        let named = source(&named, &plan).unwrap();
        assert_eq!(note(&named), None, "the user has said it");
        let ClockSource::Server { server, required } = named else {
            panic!("not asked");
        };
        assert!(required);
        assert_eq!(server.target.endpoints, [tcp(ELSEWHERE)]);
    }
}
