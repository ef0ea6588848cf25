//! Listening sockets: TCP with or without a shared port, and Unix sockets that replace an abandoned one.

use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use crate::config::Listen;

/// A bound socket, not yet part of any runtime.
#[derive(Debug)]
pub(crate) enum Bound {
    /// TCP.
    Tcp(std::net::TcpListener),
    /// A Unix socket, and the file to remove at the end.
    Unix(std::os::unix::net::UnixListener, SocketFile),
}

/// A bound socket that a runtime waits on.
#[derive(Debug)]
pub(crate) enum Listener {
    /// TCP.
    Tcp(TcpListener),
    /// A Unix socket.
    Unix {
        /// The socket.
        listener: UnixListener,
        /// Kept for its end.
        _file: SocketFile,
    },
}

/// A new connection.
#[derive(Debug)]
pub(crate) enum Accepted {
    /// TCP, with the peer's address.
    Tcp(TcpStream, SocketAddr),
    /// A Unix socket.
    Unix(UnixStream),
}

/// Removes the file of a Unix socket when the listener goes.
#[derive(Debug)]
pub(crate) struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // It may have been removed by hand; then there is nothing to do.
        std::fs::remove_file(&self.0).unwrap_or_default();
    }
}

/// Connections that may wait to be accepted; the kernel lowers it to its own limit. A ramp of thousands needs room.
const BACKLOG: i32 = 4096;

impl Bound {
    /// Binds an address.
    ///
    /// Errors: as the system says; `AddrInUse` if somebody else listens there.
    pub(crate) fn bind(listen: &Listen, reuse_port: bool) -> io::Result<Self> {
        match listen {
            Listen::Tcp(address) => bind_tcp(*address, reuse_port).map(Self::Tcp),
            Listen::Unix(path) => {
                remove_abandoned(path)?;
                let listener = std::os::unix::net::UnixListener::bind(path)?;
                listener.set_nonblocking(true)?;
                Ok(Self::Unix(listener, SocketFile(path.clone())))
            }
        }
    }

    /// The address, with the real port.
    pub(crate) fn local_address(&self) -> io::Result<Listen> {
        match self {
            Self::Tcp(listener) => listener.local_addr().map(Listen::Tcp),
            Self::Unix(_, file) => Ok(Listen::Unix(file.0.clone())),
        }
    }

    /// Makes it part of the current runtime.
    pub(crate) fn into_listener(self) -> io::Result<Listener> {
        match self {
            Self::Tcp(listener) => TcpListener::from_std(listener).map(Listener::Tcp),
            Self::Unix(listener, file) => {
                UnixListener::from_std(listener).map(|listener| Listener::Unix {
                    listener,
                    _file: file,
                })
            }
        }
    }
}

fn bind_tcp(address: SocketAddr, reuse_port: bool) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    if reuse_port {
        socket.set_reuse_port(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// A socket file that nobody listens on is left over from a process that was killed.
fn remove_abandoned(path: &Path) -> io::Result<()> {
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
    if !is_socket {
        return Ok(());
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            std::fs::remove_file(path)
        }
        _ => Err(io::ErrorKind::AddrInUse.into()),
    }
}

impl Listener {
    /// Waits for a connection.
    ///
    /// Errors: mostly that no descriptors are left; the next call may succeed.
    pub(crate) async fn accept(&self) -> io::Result<Accepted> {
        match self {
            Self::Tcp(listener) => {
                let (stream, address) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok(Accepted::Tcp(stream, address))
            }
            Self::Unix { listener, .. } => listener
                .accept()
                .await
                .map(|(stream, _)| Accepted::Unix(stream)),
        }
    }

    /// Whether only this machine can reach it.
    pub(crate) fn is_private(&self) -> bool {
        match self {
            Self::Tcp(listener) => listener
                .local_addr()
                .is_ok_and(|address| address.ip().is_loopback()),
            Self::Unix { .. } => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepted_connections_send_without_delay() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()
            .unwrap();
        runtime.block_on(async {
            let bound = Bound::bind(&"127.0.0.1:0".parse().unwrap(), false).unwrap();
            let Listen::Tcp(address) = bound.local_address().unwrap() else {
                panic!("it is TCP")
            };
            let listener = bound.into_listener().unwrap();
            assert!(listener.is_private());
            let (_client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
            match accepted.unwrap() {
                Accepted::Tcp(stream, _) => assert!(stream.nodelay().unwrap()),
                Accepted::Unix(_) => panic!("it is TCP"),
            }
        });
    }
}
