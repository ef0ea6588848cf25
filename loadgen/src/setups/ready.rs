//! One question to a server that may not be there yet, over plain sockets.
//! It must not know what the answer means.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use crate::plan::Endpoint;

/// The longest that a server may take to connect, and to say the next thing.
const LIMIT: Duration = Duration::from_secs(3);

/// The most that is read of an answer, in bytes.
const MOST: u64 = 64 * 1024;

/// The whole answer to `GET path`, with its head.
///
/// HTTP/1.0, so that the answer ends with the connection.
/// Errors: nobody listens, nothing came for 3 s, or what came is no text.
pub(super) fn get(endpoint: &Endpoint, path: &str) -> io::Result<String> {
    match endpoint {
        Endpoint::Tcp(address) => {
            let socket = TcpStream::connect_timeout(address, LIMIT)?;
            socket.set_read_timeout(Some(LIMIT))?;
            exchange(socket, path)
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
    let mut answer = String::new();
    socket.take(MOST).read_to_string(&mut answer)?;
    Ok(answer)
}
