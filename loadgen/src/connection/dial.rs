//! Beginning a connection without waiting for it: the socket's options, its source address and its target.

use super::receive;
use crate::plan::Endpoint;
use mio::net::{TcpStream, UnixStream};
use nix::sys::socket::{setsockopt, sockopt};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::io;
use std::net::{IpAddr, SocketAddr};

/// A socket that is connecting or connected.
#[derive(Debug)]
pub enum Dialled {
    /// TCP, stamped by the kernel.
    Tcp(TcpStream),
    /// A Unix stream socket; the kernel stamps none (measured: 0 of 20 reads).
    Unix(UnixStream),
}

/// Starts to connect to `endpoint`, from `source` where one is given.
///
/// Errors: what the system calls report; a refusal usually shows only later, as the socket's error.
pub fn dial(endpoint: &Endpoint, source: Option<IpAddr>) -> io::Result<Dialled> {
    match endpoint {
        Endpoint::Tcp(address) => dial_tcp(*address, source).map(Dialled::Tcp),
        Endpoint::Unix(path) => UnixStream::connect(path).map(Dialled::Unix),
    }
}

fn dial_tcp(address: SocketAddr, source: Option<IpAddr>) -> io::Result<TcpStream> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM.nonblocking(),
        Some(Protocol::TCP),
    )?;
    socket.set_tcp_nodelay(true)?;
    receive::request_stamps(&socket)?;
    if let Some(source) = source {
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
