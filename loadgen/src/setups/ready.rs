//! One question to a server that may not be there yet, over a socket, plain or with TLS.
//! It must not know what the answer means.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustls::{ClientConnection, StreamOwned};

use crate::plan::{Endpoint, TlsPlan};

/// The longest that a server may take to connect, and to say the next thing.
const LIMIT: Duration = Duration::from_secs(3);

/// The most that is read of an answer, in bytes.
const MOST: u64 = 64 * 1024;

/// The whole answer to `GET path`, with its head.
///
/// HTTP/1.0, so that the answer ends with the connection.
/// Errors: nobody listens, nothing came for 3 s, or what came is no text.
pub(super) fn get(endpoint: &Endpoint, tls: Option<&TlsPlan>, path: &str) -> io::Result<String> {
    match endpoint {
        Endpoint::Tcp(address) => {
            let socket = TcpStream::connect_timeout(address, LIMIT)?;
            socket.set_read_timeout(Some(LIMIT))?;
            let Some(tls) = tls else {
                return exchange(socket, path);
            };
            let session = ClientConnection::new(tls.config.clone(), tls.server_name.clone());
            let session = session.map_err(io::Error::other)?;
            exchange(StreamOwned::new(session, socket), path)
        }
        Endpoint::Unix(file) => {
            let socket = UnixStream::connect(file)?;
            socket.set_read_timeout(Some(LIMIT))?;
            exchange(socket, path)
        }
    }
}

fn exchange(mut socket: impl Read + Write, path: &str) -> io::Result<String> {
    write!(socket, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
    let mut answer = Vec::new();
    match socket.take(MOST).read_to_end(&mut answer) {
        // Not every server says goodbye in TLS.
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error),
        _ => String::from_utf8(answer).map_err(io::Error::other),
    }
}
