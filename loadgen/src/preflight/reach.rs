//! Which addresses the target has, and which of them answer.
//! It must not send a request: a connection is opened and closed again, and only where that is permitted.

use std::fmt;
use std::io;
use std::net::{TcpStream, ToSocketAddrs as _};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use run_record::time::{Mono, Nanos};
use thiserror::Error;

use super::politeness::Impolite;
use crate::plan::{Endpoint, Route};

/// Who may be connected to at all.
pub(super) type Permit<'a> = dyn Fn(&[Endpoint]) -> Result<(), Impolite> + 'a;

/// The target's addresses, sorted out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reached {
    /// Those that answered, in the resolver's order; at least one.
    pub(super) endpoints: Vec<Endpoint>,
    /// The others.
    pub(super) refused: Vec<Refusal>,
}

/// An address that did not take a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which one.
    pub endpoint: Endpoint,
    /// What the system says.
    pub reason: String,
}

/// Why the target cannot be reached.
#[derive(Debug, Error)]
pub enum ReachError {
    /// The name has no address.
    #[error(
        "cannot look up {host}: {source}; check the name, or give its address with --resolve {host}:{port}:ADDRESS"
    )]
    Lookup {
        /// The name.
        host: String,
        /// The port it was to be used with.
        port: u16,
        /// What the resolver says.
        source: io::Error,
    },
    /// No address took a connection.
    #[error("nothing answers: {}; is the server running? `--wait 60s` tries until it does", list(.0))]
    Refused(Vec<Refusal>),
    /// Nobody has agreed to this load on one of the addresses; nothing was sent to any.
    #[error(transparent)]
    Impolite(#[from] Impolite),
}

/// Longer than a packet lost twice (1 s and 2 s); a server slower than this to accept is not ready for load.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Pause between two attempts while waiting.
const PAUSE: Duration = Duration::from_millis(100);

/// Looks the target up and tries each address once; again until `wait` is over, if none answers.
///
/// `permit` is asked about the addresses before the first packet goes to them, and `give_up` after each attempt
/// that failed: it ends the wait early.
pub(super) fn reach(
    route: &Route,
    permit: &Permit<'_>,
    wait: Duration,
    give_up: &mut dyn FnMut() -> bool,
    now: &mut dyn FnMut() -> Mono,
) -> Result<Reached, ReachError> {
    let deadline = now() + Nanos::from(wait);
    loop {
        match attempt(route, permit) {
            Err(error @ ReachError::Impolite(_)) => return Err(error),
            Err(_) if now() < deadline && !give_up() => thread::sleep(PAUSE),
            outcome => return outcome,
        }
    }
}

/// Looks the target up and tries each address once.
pub(super) fn attempt(route: &Route, permit: &Permit<'_>) -> Result<Reached, ReachError> {
    let candidates = look_up(route)?;
    permit(&candidates)?;
    let outcomes = try_all(&candidates);
    let mut reached = Reached {
        endpoints: Vec::new(),
        refused: Vec::new(),
    };
    for (endpoint, outcome) in candidates.into_iter().zip(outcomes) {
        match outcome {
            Ok(()) => reached.endpoints.push(endpoint),
            Err(error) => reached.refused.push(Refusal {
                endpoint,
                reason: error.to_string(),
            }),
        }
    }
    if reached.endpoints.is_empty() {
        Err(ReachError::Refused(reached.refused))
    } else {
        Ok(reached)
    }
}

/// Every address of the target, in the resolver's order; at least one. Nothing is sent to any.
pub(super) fn look_up(route: &Route) -> Result<Vec<Endpoint>, ReachError> {
    let (host, port) = match route {
        Route::Known(endpoints) => return Ok(endpoints.clone()),
        Route::Name { host, port } => (host, *port),
    };
    let failed = |source| ReachError::Lookup {
        host: host.clone(),
        port,
        source,
    };
    let addresses = (host.as_str(), port).to_socket_addrs().map_err(failed)?;
    let endpoints: Vec<Endpoint> = addresses.map(Endpoint::Tcp).collect();
    if endpoints.is_empty() {
        return Err(failed(io::Error::new(
            io::ErrorKind::NotFound,
            "the name has no address",
        )));
    }
    Ok(endpoints)
}

/// All at once, so that one that swallows packets does not hold up the others.
fn try_all(endpoints: &[Endpoint]) -> Vec<io::Result<()>> {
    thread::scope(|scope| {
        let attempts: Vec<_> = endpoints
            .iter()
            .map(|endpoint| scope.spawn(|| connect(endpoint)))
            .collect();
        attempts
            .into_iter()
            .map(|attempt| {
                attempt
                    .join()
                    .unwrap_or_else(|_| Err(io::Error::other("the attempt failed")))
            })
            .collect()
    })
}

fn connect(endpoint: &Endpoint) -> io::Result<()> {
    match endpoint {
        Endpoint::Tcp(address) => TcpStream::connect_timeout(address, CONNECT_TIMEOUT).map(drop),
        Endpoint::Unix(path) => UnixStream::connect(path).map(drop),
    }
}

fn list(refusals: &[Refusal]) -> String {
    refusals
        .iter()
        .map(Refusal::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.endpoint, self.reason)
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::os::unix::net::UnixListener;

    use super::*;

    /// Reached with everyone's consent.
    fn reach(
        route: &Route,
        wait: Duration,
        now: &mut dyn FnMut() -> Mono,
    ) -> Result<Reached, ReachError> {
        super::reach(route, &|_| Ok(()), wait, &mut || false, now)
    }

    fn listening() -> (TcpListener, Endpoint) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = Endpoint::Tcp(listener.local_addr().unwrap());
        (listener, endpoint)
    }

    /// A port that was free a moment ago on an address of its own, so that no other test takes it.
    fn closed(address: &str) -> Endpoint {
        Endpoint::Tcp(
            TcpListener::bind((address, 0))
                .unwrap()
                .local_addr()
                .unwrap(),
        )
    }

    /// A clock that moves on by a second whenever it is read.
    fn ticking() -> impl FnMut() -> Mono {
        let mut seconds = 0;
        move || {
            seconds += 1;
            Mono(seconds * 1_000_000_000)
        }
    }

    #[test]
    fn addresses_that_do_not_answer_are_left_out() {
        let (_listener, open) = listening();
        let dead = closed("127.77.0.1");
        let route = Route::Known(vec![dead.clone(), open.clone()]);
        let reached = reach(&route, Duration::ZERO, &mut ticking()).unwrap();
        assert_eq!(reached.endpoints, [open]);
        assert_eq!(
            reached
                .refused
                .iter()
                .map(|refusal| &refusal.endpoint)
                .collect::<Vec<_>>(),
            [&dead]
        );
    }

    #[test]
    fn localhost_is_reached_where_something_listens() {
        let (listener, open) = listening();
        let port = listener.local_addr().unwrap().port();
        let route = Route::Name {
            host: "localhost".into(),
            port,
        };
        let reached = reach(&route, Duration::ZERO, &mut ticking()).unwrap();
        assert!(reached.endpoints.contains(&open));
    }

    #[test]
    fn nothing_listening_says_where() {
        let dead = closed("127.77.0.2");
        let error = reach(
            &Route::Known(vec![dead.clone()]),
            Duration::ZERO,
            &mut ticking(),
        )
        .unwrap_err();
        let message = error.to_string();
        assert!(
            message.starts_with(&format!("nothing answers: {dead} (Connection refused")),
            "{message}"
        );
    }

    #[test]
    fn a_name_without_an_address_is_named() {
        // A label of more than 63 characters cannot be asked for, so no network is needed to know.
        let host = "x".repeat(64);
        let error = reach(
            &Route::Name {
                host: host.clone(),
                port: 80,
            },
            Duration::ZERO,
            &mut ticking(),
        )
        .unwrap_err();
        assert!(matches!(&error, ReachError::Lookup { .. }), "{error}");
        assert!(
            error
                .to_string()
                .starts_with(&format!("cannot look up {host}: "))
        );
    }

    #[test]
    fn a_target_that_comes_up_is_waited_for() {
        let Endpoint::Tcp(address) = closed("127.77.0.3") else {
            panic!("not TCP")
        };
        let (mut readings, mut listener) = (0, None);
        let mut now = || {
            readings += 1;
            // The first reading sets the deadline, the second follows the first attempt that failed.
            if readings == 2 {
                listener = Some(TcpListener::bind(address).unwrap());
            }
            Mono(0)
        };
        let route = Route::Known(vec![Endpoint::Tcp(address)]);
        let reached = reach(&route, Duration::from_secs(60), &mut now).unwrap();
        assert_eq!(reached.endpoints, [Endpoint::Tcp(address)]);
        assert_eq!(readings, 2);
    }

    #[test]
    fn nobody_is_connected_to_without_consent() {
        let (listener, open) = listening();
        listener.set_nonblocking(true).unwrap();
        let refusal = Impolite::OtherHost {
            allowed: "a".into(),
            host: "b".into(),
        };
        let error = super::reach(
            &Route::Known(vec![open]),
            &|_| Err(refusal.clone()),
            Duration::from_secs(60),
            &mut || false,
            &mut || Mono(0),
        )
        .unwrap_err();
        assert!(matches!(error, ReachError::Impolite(said) if said == refusal));
        assert_eq!(
            listener.accept().unwrap_err().kind(),
            io::ErrorKind::WouldBlock
        );
    }

    #[test]
    fn waiting_comes_to_an_end() {
        let mut readings = 0;
        let mut clock = ticking();
        let mut now = || {
            readings += 1;
            clock()
        };
        let route = Route::Known(vec![closed("127.77.0.4")]);
        reach(&route, Duration::from_secs(3), &mut now).unwrap_err();
        assert_eq!(readings, 4);
    }

    #[test]
    fn waiting_can_be_given_up() {
        let route = Route::Known(vec![closed("127.77.0.5")]);
        let mut attempts = 0;
        let mut give_up = || {
            attempts += 1;
            attempts == 3
        };
        let day = Duration::from_secs(24 * 3600);
        super::reach(&route, &|_| Ok(()), day, &mut give_up, &mut || Mono(0)).unwrap_err();
        assert_eq!(attempts, 3);
    }

    #[test]
    fn a_unix_socket_is_tried_too() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("app.sock");
        let route = Route::Known(vec![Endpoint::Unix(path.clone())]);
        let error = reach(&route, Duration::ZERO, &mut ticking()).unwrap_err();
        assert!(
            error
                .to_string()
                .contains(&format!("unix:{} (No such file", path.display())),
            "{error}"
        );
        let _listener = UnixListener::bind(&path).unwrap();
        assert_eq!(
            reach(&route, Duration::ZERO, &mut ticking())
                .unwrap()
                .endpoints,
            [Endpoint::Unix(path)]
        );
    }
}
