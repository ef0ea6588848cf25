//! Source ports: a connection needs a (source address, source port) of its own at each server address.
//! It must not open the connections; it decides which addresses they start from.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

use thiserror::Error;

use super::Note;
use crate::plan::{Endpoint, Load};

/// Why connections cannot start from where they should.
#[derive(Debug, Error)]
pub enum PortsError {
    /// More connections than ports.
    #[error(
        "-c {connections} needs more source ports than the {available} there are: use -c {available} or less, \
         or give {} source addresses with --source-ip",
        .sources
    )]
    TooFew {
        /// What was asked for.
        connections: u64,
        /// Ports over all pairs of a source and a server address.
        available: u64,
        /// Source addresses that would be enough.
        sources: u64,
    },
    /// Not an address of this machine.
    #[error("--source-ip {address} cannot be used: {source}; name an address of this machine")]
    Source {
        /// The address.
        address: IpAddr,
        /// What the system says.
        source: io::Error,
    },
    /// IPv4 and IPv6 mixed.
    #[error(
        "--source-ip: all addresses must be IPv4, or all IPv6; they are used in turn for every server address"
    )]
    Families,
    /// No server address of the family of the sources.
    #[error("--source-ip {0} cannot reach any address of the server; name one of the other family")]
    NoEndpoint(IpAddr),
}

/// Where connections go and start from.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) endpoints: Vec<Endpoint>,
    pub(super) sources: Vec<IpAddr>,
    pub(super) notes: Vec<Note>,
}

/// Ports that the kernel hands out by itself; Linux's own default, where the machine's cannot be read.
const DEFAULT_RANGE: u64 = 28_232;

/// Loopback addresses used at most: 127.0.0.1 to 127.0.0.254.
const LOOPBACK_SOURCES: u64 = 254;

/// How many ports the kernel hands out for one source address and one server address.
pub(super) fn local_range() -> u64 {
    let read = |name: &str| fs::read_to_string(format!("/proc/sys/net/ipv4/{name}"));
    let range = read("ip_local_port_range").ok();
    let reserved = read("ip_local_reserved_ports").unwrap_or_default();
    range
        .and_then(|range| count_ports(&range, &reserved))
        .unwrap_or(DEFAULT_RANGE)
}

/// Chooses source addresses so that `load` finds ports; `range` is how many there are for each pair of addresses.
pub(super) fn choose(
    load: &Load,
    endpoints: Vec<Endpoint>,
    range: u64,
) -> Result<Chosen, PortsError> {
    if !endpoints
        .iter()
        .all(|endpoint| matches!(endpoint, Endpoint::Tcp(_)))
    {
        return Ok(Chosen {
            endpoints,
            sources: Vec::new(),
            notes: Vec::new(),
        });
    }
    let chosen = match &load.sources[..] {
        [] => by_ourselves(load, endpoints, range),
        [first, ..] => as_given(*first, load, endpoints)?,
    };
    let connections = u64::from(load.own());
    let servers = chosen.endpoints.len() as u64;
    let available = range * pairs(servers, (chosen.sources.len() as u64).max(1));
    if connections > available {
        return Err(PortsError::TooFew {
            connections,
            available,
            sources: connections.div_ceil(range.max(1)),
        });
    }
    Ok(chosen)
}

/// Several loopback addresses where one has too few ports; else the kernel's choice.
fn by_ourselves(load: &Load, endpoints: Vec<Endpoint>, range: u64) -> Chosen {
    // connect() tries every second port first, and goes through all of them at each call once those are taken: 0.6 ms a
    // connection (measured, 20,000 from each of five addresses). And ports rest for a minute after their connection was
    // closed.
    let comfortable = (range * 2 / 5).max(1);
    let needed = u64::from(load.own()).div_ceil(comfortable);
    let (loopback, others): (Vec<_>, Vec<_>) =
        endpoints.iter().cloned().partition(is_ipv4_loopback);
    let enough = needed <= endpoints.len() as u64;
    if enough || loopback.is_empty() {
        return Chosen {
            endpoints,
            sources: Vec::new(),
            notes: Vec::new(),
        };
    }
    let needed = needed.min(LOOPBACK_SOURCES);
    let sources = (1..=needed)
        .map(|last| IpAddr::from(Ipv4Addr::new(127, 0, 0, last as u8)))
        .collect();
    let mut notes = vec![Note::Sources(needed as usize)];
    if !others.is_empty() {
        notes.push(Note::OtherFamily(others));
    }
    Chosen {
        endpoints: loopback,
        sources,
        notes,
    }
}

/// The addresses of `--source-ip`, and the endpoints that they can reach.
fn as_given(first: IpAddr, load: &Load, endpoints: Vec<Endpoint>) -> Result<Chosen, PortsError> {
    if load
        .sources
        .iter()
        .any(|source| source.is_ipv4() != first.is_ipv4())
    {
        return Err(PortsError::Families);
    }
    for &address in &load.sources {
        UdpSocket::bind(SocketAddr::new(address, 0))
            .map_err(|source| PortsError::Source { address, source })?;
    }
    let reachable = |endpoint: &Endpoint| match endpoint {
        Endpoint::Tcp(address) => address.is_ipv4() == first.is_ipv4(),
        Endpoint::Unix(_) => false,
    };
    let (endpoints, others): (Vec<_>, Vec<_>) = endpoints.into_iter().partition(reachable);
    if endpoints.is_empty() {
        return Err(PortsError::NoEndpoint(first));
    }
    let notes = if others.is_empty() {
        Vec::new()
    } else {
        vec![Note::OtherFamily(others)]
    };
    Ok(Chosen {
        endpoints,
        sources: load.sources.clone(),
        notes,
    })
}

fn is_ipv4_loopback(endpoint: &Endpoint) -> bool {
    matches!(endpoint, Endpoint::Tcp(SocketAddr::V4(address)) if address.ip().is_loopback())
}

/// Connection n goes to endpoint n modulo their number, from source n modulo theirs: so many pairs occur.
fn pairs(servers: u64, sources: u64) -> u64 {
    let (mut a, mut b) = (servers, sources);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    servers / a.max(1) * sources
}

/// `range` as "first last", `reserved` as "8080,9000-9010".
fn count_ports(range: &str, reserved: &str) -> Option<u64> {
    let (first, last) = range.split_once(char::is_whitespace)?;
    let (first, last): (u64, u64) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    let taken: u64 = reserved
        .split(',')
        .filter_map(|part| {
            let (from, to) = part.split_once('-').unwrap_or((part, part));
            let (from, to): (u64, u64) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
            Some((to.min(last) + 1).saturating_sub(from.max(first)))
        })
        .sum();
    Some((last + 1).saturating_sub(first).saturating_sub(taken))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{load, tcp};
    use super::*;

    const RANGE: u64 = 1000;

    fn chosen(
        connections: u32,
        sources: &[&str],
        endpoints: &[&str],
    ) -> Result<Chosen, PortsError> {
        let mut load = load(connections);
        load.sources = sources
            .iter()
            .map(|source| source.parse().unwrap())
            .collect();
        choose(
            &load,
            endpoints.iter().map(|endpoint| tcp(endpoint)).collect(),
            RANGE,
        )
    }

    #[test]
    fn few_connections_are_left_to_the_kernel() {
        for endpoints in [&["127.0.0.1:80"][..], &["[::1]:80"], &["8.8.8.8:80"]] {
            let chosen = chosen(400, &[], endpoints).unwrap();
            assert!(chosen.sources.is_empty() && chosen.notes.is_empty());
        }
        assert!(
            chosen(800, &[], &["127.0.0.1:80", "[::1]:80"])
                .unwrap()
                .sources
                .is_empty()
        );
    }

    #[test]
    fn loopback_gets_as_many_sources_as_it_needs() {
        let many = chosen(1600, &[], &["127.0.0.1:80", "[::1]:80"]).unwrap();
        assert_eq!(
            many.sources,
            ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"]
                .map(|ip| ip.parse::<IpAddr>().unwrap())
        );
        assert_eq!(many.endpoints, [tcp("127.0.0.1:80")]);
        assert_eq!(
            many.notes,
            [Note::Sources(4), Note::OtherFamily(vec![tcp("[::1]:80")])]
        );
        assert_eq!(
            chosen(190_000, &[], &["127.0.0.1:80"])
                .unwrap()
                .sources
                .len(),
            254
        );
    }

    #[test]
    fn elsewhere_the_number_that_would_work_works() {
        for endpoint in ["8.8.8.8:80", "[::1]:80"] {
            let Err(PortsError::TooFew {
                available, sources, ..
            }) = chosen(1001, &[], &[endpoint])
            else {
                panic!("not refused")
            };
            assert_eq!((available, sources), (1000, 2));
            chosen(1000, &[], &[endpoint]).unwrap();
        }
        assert!(matches!(
            chosen(254_001, &[], &["127.0.0.1:80"]),
            Err(PortsError::TooFew { .. })
        ));
    }

    #[test]
    fn sources_given_are_used_with_the_endpoints_they_reach() {
        let given = chosen(
            2000,
            &["127.0.0.1", "127.0.0.2"],
            &["10.0.0.1:80", "[::1]:80"],
        )
        .unwrap();
        assert_eq!(
            (given.endpoints, given.sources.len()),
            (vec![tcp("10.0.0.1:80")], 2)
        );
        assert_eq!(given.notes, [Note::OtherFamily(vec![tcp("[::1]:80")])]);
        let two = ["127.0.0.1", "127.0.0.2"];
        // Turn and turn about, two sources and two servers meet in two pairs only.
        let limit = chosen(2001, &two, &["10.0.0.1:80", "10.0.0.2:80"]);
        assert!(matches!(
            limit,
            Err(PortsError::TooFew {
                available: 2000,
                ..
            })
        ));
        chosen(6000, &two, &["10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"]).unwrap();
    }

    #[test]
    fn sources_that_cannot_work_are_refused() {
        let refused =
            |sources: &[&str], endpoints: &[&str]| chosen(1, sources, endpoints).unwrap_err();
        assert!(matches!(
            refused(&["192.0.2.1"], &["10.0.0.1:80"]),
            PortsError::Source { .. }
        ));
        assert!(matches!(
            refused(&["127.0.0.1", "::1"], &["10.0.0.1:80"]),
            PortsError::Families
        ));
        assert!(matches!(
            refused(&["127.0.0.1"], &["[::1]:80"]),
            PortsError::NoEndpoint(_)
        ));
    }

    #[test]
    fn a_unix_socket_needs_no_ports() {
        let unix = vec![Endpoint::Unix("/run/app".into())];
        let chosen = choose(&load(1_000_000), unix.clone(), RANGE).unwrap();
        assert_eq!((chosen.endpoints, chosen.sources.len()), (unix, 0));
    }

    #[test]
    fn the_kernels_range_is_read_without_what_is_reserved() {
        assert_eq!(count_ports("32768\t60999\n", "\n"), Some(28_232));
        assert_eq!(count_ports("10 19", "8,10-11,15,19-30,40"), Some(6));
        assert_eq!(count_ports("10 19", "1-100"), Some(0));
        assert_eq!(count_ports("19", ""), None);
        assert!(local_range() > 100);
    }
}
