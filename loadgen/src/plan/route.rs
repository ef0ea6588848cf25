//! Where connections are to go before any name is looked up.
//! It must not look one up itself; `preflight` does.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;
use url::Url;

use super::Endpoint;

/// The way to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// These endpoints; nothing needs to be looked up.
    Known(Vec<Endpoint>),
    /// Every address of a name.
    Name {
        /// The name as the resolver takes it.
        host: String,
        /// The port at each address.
        port: u16,
    },
}

/// `--resolve HOST:PORT:ADDR[,ADDR]`: the addresses of a name at a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolve {
    /// `None` for any host (`*`).
    host: Option<String>,
    port: u16,
    addresses: Vec<IpAddr>,
}

/// `--connect-to HOST1:PORT1:HOST2:PORT2`: another host and port in place of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectTo {
    /// `None` stands for whatever it is.
    from: (Option<String>, Option<u16>),
    /// `None` keeps what it was.
    to: (Option<String>, Option<u16>),
}

/// Why the text of `--resolve` or `--connect-to` is not one.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RouteError {
    /// Not the right number of colons.
    #[error("expected {0}, an IPv6 address in brackets")]
    Shape(&'static str),
    /// A port that is none.
    #[error("`{0}` is no port; expected a number from 1 to 65535")]
    Port(String),
    /// An address that is none.
    #[error("`{0}` is no IP address")]
    Address(String),
}

impl Route {
    /// The way to the server of `url`, an `http` or `https` address; the first rule that fits is the one that
    /// counts, and names are looked for among `resolve` after `connect_to` has changed them, as curl does it.
    pub fn new(url: &Url, connect_to: &[ConnectTo], resolve: &[Resolve]) -> Self {
        let mut host = url.host_str().unwrap_or_default().to_owned();
        let mut port = url.port_or_known_default().unwrap_or_default();
        if let Some(rule) = connect_to.iter().find(|rule| rule.fits(&host, port)) {
            host = rule.to.0.clone().unwrap_or(host);
            port = rule.to.1.unwrap_or(port);
        }
        let at = |address: IpAddr| Endpoint::Tcp(SocketAddr::new(address, port));
        if let Some(pin) = resolve.iter().find(|pin| pin.fits(&host, port)) {
            return Self::Known(pin.addresses.iter().copied().map(at).collect());
        }
        match unbracketed(&host).parse() {
            Ok(address) => Self::Known(vec![at(address)]),
            Err(_) => Self::Name { host, port },
        }
    }

    /// The way over a Unix socket, whatever the URL's host is.
    pub fn unix(path: PathBuf) -> Self {
        Self::Known(vec![Endpoint::Unix(path)])
    }
}

impl Resolve {
    fn fits(&self, host: &str, port: u16) -> bool {
        self.port == port
            && self
                .host
                .as_ref()
                .is_none_or(|own| own.eq_ignore_ascii_case(host))
    }
}

impl ConnectTo {
    fn fits(&self, host: &str, port: u16) -> bool {
        self.from
            .0
            .as_ref()
            .is_none_or(|own| own.eq_ignore_ascii_case(host))
            && self.from.1.is_none_or(|own| own == port)
    }
}

impl FromStr for Resolve {
    type Err = RouteError;

    fn from_str(text: &str) -> Result<Self, RouteError> {
        let shape = RouteError::Shape("HOST:PORT:ADDRESS[,ADDRESS]");
        // curl's plus sign lets an entry of its cache time out; there is no cache here.
        let fields = split_fields(text.strip_prefix('+').unwrap_or(text), 3);
        let [host, port, addresses] = fields[..] else {
            return Err(shape);
        };
        if host.is_empty() || port.is_empty() || addresses.is_empty() {
            return Err(shape);
        }
        Ok(Self {
            host: (host != "*").then(|| host.to_owned()),
            port: parse_port(port)?,
            addresses: addresses
                .split(',')
                .map(parse_address)
                .collect::<Result<_, _>>()?,
        })
    }
}

impl FromStr for ConnectTo {
    type Err = RouteError;

    fn from_str(text: &str) -> Result<Self, RouteError> {
        let shape = RouteError::Shape("HOST1:PORT1:HOST2:PORT2 (each may be left empty)");
        let [from_host, from_port, to_host, to_port] = split_fields(text, 4)[..] else {
            return Err(shape);
        };
        let host = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let port = |text: &str| (!text.is_empty()).then(|| parse_port(text)).transpose();
        Ok(Self {
            from: (host(from_host), port(from_port)?),
            to: (host(to_host), port(to_port)?),
        })
    }
}

/// Cuts at colons outside of brackets, into at most `count` fields; the last one takes what is left.
fn split_fields(text: &str, count: usize) -> Vec<&str> {
    let mut bracketed = false;
    text.splitn(count, |c| {
        bracketed = match c {
            '[' => true,
            ']' => false,
            _ => bracketed,
        };
        c == ':' && !bracketed
    })
    .collect()
}

fn parse_port(text: &str) -> Result<u16, RouteError> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().ok().filter(|port| digits && *port != 0);
    port.ok_or_else(|| RouteError::Port(text.to_owned()))
}

fn parse_address(text: &str) -> Result<IpAddr, RouteError> {
    unbracketed(text)
        .parse()
        .map_err(|_| RouteError::Address(text.to_owned()))
}

fn unbracketed(host: &str) -> &str {
    host.strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(url: &str, connect_to: &[&str], resolve: &[&str]) -> Route {
        let connect_to: Vec<ConnectTo> = connect_to
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
        let resolve: Vec<Resolve> = resolve.iter().map(|text| text.parse().unwrap()).collect();
        Route::new(&Url::parse(url).unwrap(), &connect_to, &resolve)
    }

    fn known(addresses: &[&str]) -> Route {
        Route::Known(
            addresses
                .iter()
                .map(|address| Endpoint::Tcp(address.parse().unwrap()))
                .collect(),
        )
    }

    fn name(host: &str, port: u16) -> Route {
        Route::Name {
            host: host.to_owned(),
            port,
        }
    }

    #[test]
    fn a_name_is_looked_up_and_an_address_is_not() {
        assert_eq!(
            route("https://Example.com/", &[], &[]),
            name("example.com", 443)
        );
        assert_eq!(
            route("http://127.0.0.1/", &[], &[]),
            known(&["127.0.0.1:80"])
        );
        assert_eq!(
            route("http://[::1]:9000/", &[], &[]),
            known(&["[::1]:9000"])
        );
    }

    #[test]
    fn resolve_fits_host_and_port() {
        let pins = [
            "example.com:443:10.0.0.1",
            "Example.com:80:10.0.0.2,[fd00::1],fd00::2",
        ];
        assert_eq!(
            route("http://example.com/", &[], &pins),
            known(&["10.0.0.2:80", "[fd00::1]:80", "[fd00::2]:80"])
        );
        assert_eq!(
            route("http://other.example/", &[], &pins),
            name("other.example", 80)
        );
        assert_eq!(
            route("http://example.com:81/", &[], &pins),
            name("example.com", 81)
        );
        assert_eq!(
            route("http://any.example/", &[], &["+*:80:fd00::1"]),
            known(&["[fd00::1]:80"])
        );
        assert_eq!(
            route("http://[::1]/", &[], &["[::1]:80:10.0.0.9"]),
            known(&["10.0.0.9:80"])
        );
    }

    #[test]
    fn connect_to_changes_the_name_before_it_is_resolved() {
        let rules = ["other:80:x:1", "example.com:80:backend:", "::[::1]:8080"];
        assert_eq!(
            route("http://example.com/", &rules, &[]),
            name("backend", 80)
        );
        assert_eq!(
            route("http://example.com/", &rules, &["backend:80:10.1.1.1"]),
            known(&["10.1.1.1:80"])
        );
        assert_eq!(
            route("http://else.example/", &rules, &[]),
            known(&["[::1]:8080"])
        );
    }

    #[test]
    fn what_is_neither_says_what_is_expected() {
        let resolve = |text: &str| text.parse::<Resolve>().unwrap_err();
        assert!(matches!(resolve("example.com:80"), RouteError::Shape(_)));
        assert!(matches!(resolve("example.com:80:"), RouteError::Shape(_)));
        assert_eq!(resolve("a:http:10.0.0.1"), RouteError::Port("http".into()));
        assert_eq!(resolve("a:+80:10.0.0.1"), RouteError::Port("+80".into()));
        assert_eq!(resolve("a:0:10.0.0.1"), RouteError::Port("0".into()));
        assert_eq!(
            resolve("a:80:localhost"),
            RouteError::Address("localhost".into())
        );
        assert_eq!(
            resolve("a:80:10.0.0.1,"),
            RouteError::Address(String::new())
        );
        let connect_to = |text: &str| text.parse::<ConnectTo>().unwrap_err();
        assert!(matches!(connect_to("a:80:b"), RouteError::Shape(_)));
        assert_eq!(connect_to("a:80:b:80:c"), RouteError::Port("80:c".into()));
    }
}
