//! A connection between its parts: accepted and read by one thread, written by another.

use std::fmt;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;

use rustls::ServerConnection;

/// The far end of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Peer {
    /// A TCP address.
    Tcp(SocketAddr),
    /// Unix sockets of clients have no name.
    Unix,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix => f.write_str("unix"),
        }
    }
}

/// A non-blocking socket with what belongs to it.
#[derive(Debug)]
pub(crate) enum Socket {
    /// Plain TCP.
    Tcp(TcpStream),
    /// A Unix socket.
    Unix(UnixStream),
    /// TLS over TCP, its handshake done.
    Tls(TcpStream, Box<ServerConnection>),
}

/// What matters of a client's request head.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Client {
    /// It speaks HTTP/1.0 and cannot read chunks.
    pub http10: bool,
    /// It wants the head only.
    pub head_only: bool,
    /// It takes gzip.
    pub gzip: bool,
    /// It came over a Unix socket.
    pub unix: bool,
}
