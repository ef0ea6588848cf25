//! Beginning a connection without waiting for it: the socket's options, its source address and its target.

use super::receive;
use crate::plan::Endpoint;
use mio::net::{TcpStream, UnixStream};
use nix::sys::socket::{setsockopt, sockopt};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};

/// A socket that is connecting or connected.
#[derive(Debug)]
pub enum Dialled {
    /// TCP, stamped by the kernel.
    Tcp(TcpStream),
    /// A Unix stream socket; the kernel stamps none (measured: 0 of 20 reads).
    Unix(UnixStream),
}

impl Dialled {
    /// One write; how many bytes were taken.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Dialled::Tcp(socket) => socket.write(bytes),
            Dialled::Unix(socket) => socket.write(bytes),
        }
    }
}

/// What is wanted of a socket; the default leaves everything to the kernel.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wishes {
    /// The address that it starts from.
    pub source: Option<IpAddr>,
    /// The largest segment, in bytes (`TCP_MAXSEG`).
    pub max_segment: Option<u16>,
}

impl From<Option<IpAddr>> for Wishes {
    fn from(source: Option<IpAddr>) -> Wishes {
        Wishes {
            source,
            ..Wishes::default()
        }
    }
}

/// Starts to connect to `endpoint`.
///
/// Errors: what the system calls report; a refusal usually shows only later, as the socket's error.
pub fn dial(endpoint: &Endpoint, wishes: Wishes) -> io::Result<Dialled> {
    match endpoint {
        Endpoint::Tcp(address) => dial_tcp(*address, wishes).map(Dialled::Tcp),
        Endpoint::Unix(path) => UnixStream::connect(path).map(Dialled::Unix),
    }
}

fn dial_tcp(address: SocketAddr, wishes: Wishes) -> io::Result<TcpStream> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM.nonblocking(),
        Some(Protocol::TCP),
    )?;
    socket.set_tcp_nodelay(true)?;
    receive::request_stamps(&socket)?;
    if let Some(bytes) = wishes.max_segment {
        socket.set_tcp_mss(bytes.into())?;
    }
    if let Some(source) = wishes.source {
        // The port is chosen at connect, when the target is known: then only pairs must differ, not ports.
        setsockopt(&socket, sockopt::IpBindAddressNoPort, &true)?;
        socket.bind(&SockAddr::from(SocketAddr::new(source, 0)))?;
    }
    match socket.connect(&SockAddr::from(address)) {
        Ok(()) => {}
        Err(error) if error.raw_os_error() == Some(nix::libc::EINPROGRESS) => {}
        Err(error) => return Err(error),
    }
    Ok(TcpStream::from_std(socket.into()))
}
