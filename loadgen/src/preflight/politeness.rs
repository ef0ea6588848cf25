//! Whose permission heavy load needs: everyone's who is neither this machine nor its private network.
//! It must not look anything up; it judges the addresses it is given.

use std::net::IpAddr;

use thiserror::Error;

use crate::plan::{Endpoint, Plan};

/// Connections that may be held against anyone's server without naming it twice.
pub(super) const FREE_CONNECTIONS: u32 = 100;

/// Heavy load on someone else's server that nobody has agreed to.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Impolite {
    /// `--allow-host` is missing.
    #[error(
        "{address} is neither this machine nor a private network, and -c {connections} is more than \
         {FREE_CONNECTIONS} connections; if its owner agrees, add --allow-host {host}"
    )]
    NotAllowed {
        /// The endpoint in question.
        address: Endpoint,
        /// What was asked for.
        connections: u32,
        /// The name to spell out.
        host: String,
    },
    /// A check asks more of a stranger's server than it needs.
    #[error(
        "{address} is neither this machine nor a private network, and --streams {streams} is more than \
         {FREE_CONNECTIONS} at once; if its owner agrees, loadgen run --allow-host holds more"
    )]
    Streams {
        /// The endpoint in question.
        address: Endpoint,
        /// What was asked for.
        streams: u16,
    },
    /// `--allow-host` names another host.
    #[error("--allow-host {allowed} is not the host of the URL, which is {host}")]
    OtherHost {
        /// The name given.
        allowed: String,
        /// The name in the URL.
        host: String,
    },
}

pub(super) fn check(
    plan: &Plan,
    endpoints: &[Endpoint],
    allowed: Option<&str>,
) -> Result<(), Impolite> {
    let host = plan.url.host_str().unwrap_or_default();
    if let Some(allowed) = allowed {
        let same = allowed.eq_ignore_ascii_case(host);
        let other = || Impolite::OtherHost {
            allowed: allowed.to_owned(),
            host: host.to_owned(),
        };
        return same.then_some(()).ok_or_else(other);
    }
    let connections = plan.load.connections;
    match foreign(endpoints).filter(|_| connections > FREE_CONNECTIONS) {
        Some(address) => Err(Impolite::NotAllowed {
            address: address.clone(),
            connections,
            host: host.to_owned(),
        }),
        None => Ok(()),
    }
}

/// For a check, `--streams` itself is consent to as many as anyone's server bears.
pub(super) fn check_streams(streams: Option<u16>, endpoints: &[Endpoint]) -> Result<(), Impolite> {
    let many = streams.filter(|streams| u32::from(*streams) > FREE_CONNECTIONS);
    match (many, foreign(endpoints)) {
        (Some(streams), Some(address)) => Err(Impolite::Streams {
            address: address.clone(),
            streams,
        }),
        _ => Ok(()),
    }
}

fn foreign(endpoints: &[Endpoint]) -> Option<&Endpoint> {
    endpoints.iter().find(|endpoint| !is_near(endpoint))
}

/// Source: RFC 1918, RFC 3927, RFC 4193, RFC 4291. The shared space of RFC 6598 belongs to a carrier, not to us.
fn is_near(endpoint: &Endpoint) -> bool {
    let Endpoint::Tcp(address) = endpoint else {
        return true;
    };
    match address.ip().to_canonical() {
        IpAddr::V4(v4) => {
            v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_unspecified()
        }
        IpAddr::V6(v6) => {
            v6.is_loopback()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
                || v6.is_unspecified()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{plan, tcp};
    use super::*;

    fn judge(connections: u32, address: &str, allowed: Option<&str>) -> Result<(), Impolite> {
        check(
            &plan(connections),
            &[tcp("127.0.0.1:80"), tcp(address)],
            allowed,
        )
    }

    #[test]
    fn near_servers_bear_any_load() {
        for near in [
            "127.3.2.1:80",
            "10.9.8.7:80",
            "172.31.0.1:80",
            "192.168.0.1:80",
            "169.254.1.1:80",
            "0.0.0.0:80",
            "[::1]:80",
            "[fd00::1]:80",
            "[fe80::1]:80",
            "[::]:80",
            "[::ffff:10.0.0.1]:80",
        ] {
            assert_eq!(judge(100_000, near, None), Ok(()), "{near}");
        }
        assert_eq!(
            check(&plan(100_000), &[Endpoint::Unix("/run/app".into())], None),
            Ok(())
        );
    }

    #[test]
    fn others_bear_a_hundred_connections_unless_named() {
        for far in [
            "8.8.8.8:80",
            "172.32.0.1:80",
            "100.64.0.1:80",
            "[2001:db8::1]:80",
            "[::ffff:8.8.8.8]:80",
        ] {
            assert_eq!(judge(100, far, None), Ok(()), "{far}");
            assert!(
                matches!(judge(101, far, None), Err(Impolite::NotAllowed { .. })),
                "{far}"
            );
            assert_eq!(judge(101, far, Some("Stream.Example")), Ok(()), "{far}");
        }
        let error = judge(5000, "8.8.8.8:80", None).unwrap_err().to_string();
        assert!(
            error.ends_with("add --allow-host stream.example"),
            "{error}"
        );
    }

    #[test]
    fn a_check_holds_a_hundred_streams_of_a_stranger_at_most() {
        let judge = |streams, address| check_streams(streams, &[tcp("127.0.0.1:80"), tcp(address)]);
        assert_eq!(judge(Some(1000), "10.0.0.1:80"), Ok(()));
        assert_eq!(judge(Some(100), "8.8.8.8:80"), Ok(()));
        assert_eq!(judge(None, "8.8.8.8:80"), Ok(()));
        let (address, streams) = (tcp("8.8.8.8:80"), 101);
        let refusal = Impolite::Streams { address, streams };
        assert_eq!(judge(Some(101), "8.8.8.8:80"), Err(refusal));
    }

    #[test]
    fn the_name_must_be_the_urls() {
        let other = Impolite::OtherHost {
            allowed: "example.com".into(),
            host: "stream.example".into(),
        };
        assert_eq!(
            judge(101, "8.8.8.8:80", Some("example.com")),
            Err(other.clone())
        );
        assert_eq!(judge(1, "127.0.0.1:80", Some("example.com")), Err(other));
    }
}
