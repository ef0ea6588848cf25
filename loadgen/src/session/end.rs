//! How a stream or an attempt ends, in the words of the record, and what an `EventSource` does then.

use super::framing::FramingError;
use super::head::HeadError;
use super::units::UnitError;
use crate::plan::SubscriberPolicy;
use run_record::errors::ErrorKind;
use std::io;
use std::time::Duration;

/// Redirects that one attempt follows (WHATWG Fetch allows 20).
const MAX_REDIRECTS: u8 = 20;

/// How a stream, or an attempt to get one, has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The body is complete.
    Complete {
        /// Only the close of the connection marks the end: no length, no last chunk.
        by_closing: bool,
    },
    /// The connection ended in the middle of the body.
    Truncated {
        /// What `Content-Length` promised and did not come; `None` where chunks were missing.
        missing_bytes: Option<u64>,
    },
    /// The connection broke in the middle of the body.
    Broken {
        /// By a reset from the other side.
        reset: bool,
        /// What the system says.
        error: String,
    },
    /// The body's framing is broken.
    BadFraming(FramingError),
    /// What came is no HTTP/1 head.
    BadHead(HeadError),
    /// The body is not what its content coding says, or the coding is unknown.
    Coding(String),
    /// A line or an event is too long.
    Decoder(UnitError),
    /// 204: the server wants no further connection.
    NoContent,
    /// A redirect.
    Redirect {
        /// The status.
        status: u16,
        /// Where to; empty without `Location`.
        location: String,
    },
    /// A redirect that is not followed.
    RedirectRefused(String),
    /// Any other status.
    Status(u16),
    /// 200 with a media type that is no event stream.
    WrongType(String),
    /// The connection ended before a whole head had come.
    NoResponse,
    /// Nothing listens there.
    Refused,
    /// No connection within the limit.
    ConnectTimeout,
    /// This machine has no descriptor left.
    NoDescriptor,
    /// This machine has no source port left.
    NoPort,
    /// No connection for another reason.
    Unreachable(String),
    /// The TLS handshake failed, or TLS later.
    Tls {
        /// The certificate is not accepted.
        certificate: bool,
        /// What rustls says.
        error: String,
    },
    /// We closed it.
    Ours,
}

/// What an `EventSource` does after an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Connect again after this delay.
    Reconnect(Duration),
    /// Follow the redirect at once.
    Follow {
        /// The status.
        status: u16,
        /// Where to.
        location: String,
    },
    /// Nothing: the subscriber is closed for good.
    Close,
}

impl End {
    /// What an error of connecting means.
    pub fn from_connect(error: &io::Error) -> End {
        match error.raw_os_error() {
            Some(nix::libc::EMFILE | nix::libc::ENFILE) => return End::NoDescriptor,
            Some(nix::libc::EADDRNOTAVAIL) => return End::NoPort,
            _ => {}
        }
        match error.kind() {
            io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound => End::Refused,
            io::ErrorKind::TimedOut => End::ConnectTimeout,
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => End::NoResponse,
            io::ErrorKind::InvalidData => End::from_tls(error),
            _ => End::Unreachable(error.to_string()),
        }
    }

    /// What an error of TLS means.
    pub fn from_tls(error: &io::Error) -> End {
        let tls = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<rustls::Error>());
        let certificate = matches!(tls, Some(rustls::Error::InvalidCertificate(_)));
        End::Tls {
            certificate,
            error: error.to_string(),
        }
    }

    /// The kind under which the record groups it; `None` for ends that are no error.
    pub fn error_kind(&self) -> Option<ErrorKind> {
        Some(match self {
            End::Complete { .. } | End::Ours | End::Redirect { .. } => return None,
            End::Truncated { .. } => ErrorKind::Truncated,
            End::Broken { reset: true, .. } => ErrorKind::Reset,
            End::Broken { reset: false, .. } => ErrorKind::Read,
            End::BadFraming(_) => ErrorKind::Framing,
            End::BadHead(HeadError::TooLarge) => ErrorKind::HeadTooLarge,
            End::BadHead(_) => ErrorKind::HeadInvalid,
            End::Coding(_) => ErrorKind::ContentCoding,
            End::Decoder(_) => ErrorKind::EventTooLarge,
            End::RedirectRefused(_) => ErrorKind::Redirect,
            End::NoContent => ErrorKind::Status(204),
            End::Status(status) => ErrorKind::Status(*status),
            End::WrongType(_) => ErrorKind::ContentType,
            End::NoResponse => ErrorKind::HeadMissing,
            End::Refused => ErrorKind::ConnectRefused,
            End::ConnectTimeout => ErrorKind::ConnectTimeout,
            End::NoDescriptor => ErrorKind::NoDescriptor,
            End::NoPort => ErrorKind::NoPort,
            End::Unreachable(_) => ErrorKind::Unreachable,
            End::Tls {
                certificate: true, ..
            } => ErrorKind::TlsCertificate,
            End::Tls {
                certificate: false, ..
            } => ErrorKind::TlsHandshake,
        })
    }

    /// One sentence for people; parts of it may be the server's text.
    pub fn text(&self) -> String {
        match self {
            End::Complete { .. } => "the response ended properly".to_owned(),
            End::Truncated {
                missing_bytes: Some(missing),
            } => {
                format!("the connection ended {missing} bytes before Content-Length")
            }
            End::Truncated {
                missing_bytes: None,
            } => "the connection ended without the last chunk".to_owned(),
            End::Broken { error, .. } => format!("the connection broke: {error}"),
            End::BadFraming(error) => error.to_string(),
            End::BadHead(error) => error.to_string(),
            End::Coding(error) => error.clone(),
            End::Decoder(error) => error.to_string(),
            End::NoContent => "204 No Content: the server wants no further connection".to_owned(),
            End::Redirect { status, location } => format!("{status} to {location:?}"),
            End::RedirectRefused(why) => why.clone(),
            End::Status(status) => format!("status {status}"),
            End::WrongType(media_type) if media_type.is_empty() => {
                "200 without a Content-Type".to_owned()
            }
            End::WrongType(media_type) => {
                format!("200 with Content-Type {media_type:?}, which is no event stream")
            }
            End::NoResponse => "the connection ended before a response head".to_owned(),
            End::Refused => "connection refused".to_owned(),
            End::ConnectTimeout => "no connection within the limit".to_owned(),
            End::NoDescriptor => "this process has no descriptor left".to_owned(),
            End::NoPort => "this machine has no source port left".to_owned(),
            End::Unreachable(error) => format!("no connection: {error}"),
            End::Tls { error, .. } => format!("TLS: {error}"),
            End::Ours => "closed by us".to_owned(),
        }
    }

    /// Whether the attempt counts for the circuit breaker: refused, or told to go away.
    pub fn is_refusal(&self) -> bool {
        matches!(self, End::Refused | End::Status(429 | 503))
    }

    /// What an `EventSource` does: an end or a broken connection is followed by a new one after `retry_ms`;
    /// any answer that is no stream is final (WHATWG HTML 9.2.3; four clients measured, client cases C03 to C37).
    pub fn next(&self, policy: &SubscriberPolicy, retry_ms: Option<u64>, redirects: u8) -> Next {
        match self {
            End::Redirect { status, location }
                if redirects <= MAX_REDIRECTS && !location.is_empty() =>
            {
                Next::Follow {
                    status: *status,
                    location: location.clone(),
                }
            }
            End::Complete { .. }
            | End::Truncated { .. }
            | End::Broken { .. }
            | End::BadFraming(_)
            | End::NoResponse
            | End::Refused
            | End::ConnectTimeout
            | End::NoDescriptor
            | End::NoPort
            | End::Unreachable(_)
                if policy.reconnect =>
            {
                let asked = retry_ms.map_or(policy.default_retry, Duration::from_millis);
                Next::Reconnect(asked.clamp(policy.retry_floor, policy.retry_cap))
            }
            _ => Next::Close,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(end: &End, retry_ms: Option<u64>) -> Next {
        end.next(&SubscriberPolicy::default(), retry_ms, 0)
    }

    #[test]
    fn ends_are_followed_by_a_new_stream_and_answers_that_are_none_are_final() {
        assert_eq!(
            next(&End::Complete { by_closing: false }, None),
            Next::Reconnect(Duration::from_secs(3))
        );
        assert_eq!(
            next(
                &End::Broken {
                    reset: true,
                    error: String::new()
                },
                Some(700)
            ),
            Next::Reconnect(Duration::from_millis(700))
        );
        for end in [
            End::NoContent,
            End::Status(500),
            End::Status(201),
            End::WrongType("text/html".into()),
        ] {
            assert_eq!(next(&end, Some(700)), Next::Close, "{end:?}");
        }
    }

    #[test]
    fn a_retry_of_zero_is_no_storm_and_a_huge_one_is_capped() {
        let policy = SubscriberPolicy::default();
        assert_eq!(
            next(&End::Complete { by_closing: false }, Some(0)),
            Next::Reconnect(policy.retry_floor)
        );
        assert_eq!(
            next(&End::Complete { by_closing: false }, Some(u64::MAX)),
            Next::Reconnect(policy.retry_cap)
        );
    }

    #[test]
    fn redirects_are_followed_but_not_for_ever() {
        let end = End::Redirect {
            status: 307,
            location: "/b".into(),
        };
        let policy = SubscriberPolicy::default();
        assert!(matches!(end.next(&policy, None, 20), Next::Follow { .. }));
        assert_eq!(end.next(&policy, None, 21), Next::Close);
        assert_eq!(
            next(
                &End::Redirect {
                    status: 301,
                    location: String::new()
                },
                None
            ),
            Next::Close
        );
    }
}
