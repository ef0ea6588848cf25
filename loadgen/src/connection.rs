//! One connection: beginning it, its bytes with the kernel's stamps, and TLS by hand. It must not know HTTP.

pub mod dial;
pub mod holes;
pub mod receive;
pub mod tls;
pub mod transport;

use crate::plan::{Endpoint, TlsPlan};
use dial::Wishes;
use std::io;
use tls::Tls;
use transport::Transport;

/// Starts to connect to `endpoint`; TLS begins once TCP is there.
///
/// Errors: what the system calls report, and `InvalidData` where TLS cannot be set up for this server.
pub fn connect(
    endpoint: &Endpoint,
    wishes: impl Into<Wishes>,
    tls: Option<&TlsPlan>,
) -> io::Result<Transport> {
    let tls = tls.map(Tls::new).transpose()?;
    Ok(Transport::new(dial::dial(endpoint, wishes.into())?, tls))
}
