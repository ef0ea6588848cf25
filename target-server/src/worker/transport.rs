//! A subscriber's socket: one way to write for TCP, Unix sockets and TLS, one system call at a time.
//! It takes no stamps; the caller does, before each call.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::Shutdown;

use mio::net::{TcpStream, UnixStream};
use mio::{Interest, Registry, Token};
use rustls::ServerConnection;

use crate::connection::Socket;

/// A socket that a worker writes to.
#[derive(Debug)]
pub(crate) enum Transport {
    /// Plain TCP.
    Tcp(TcpStream),
    /// A Unix socket.
    Unix(UnixStream),
    /// TLS over TCP.
    Tls(Box<Tls>),
}

/// TLS state beside its socket.
#[derive(Debug)]
pub(crate) struct Tls {
    socket: TcpStream,
    session: ServerConnection,
    /// Plaintext bytes that are encrypted but not all in the kernel yet.
    in_flight: usize,
}

/// The most plaintext that is encrypted ahead of one write.
const TLS_BATCH: usize = 64 * 1024;

impl Transport {
    /// Takes over a socket.
    pub(crate) fn new(socket: Socket) -> Self {
        match socket {
            Socket::Tcp(socket) => Self::Tcp(TcpStream::from_std(socket)),
            Socket::Unix(socket) => Self::Unix(UnixStream::from_std(socket)),
            Socket::Tls(socket, mut session) => {
                session.set_buffer_limit(None);
                let socket = TcpStream::from_std(socket);
                Self::Tls(Box::new(Tls {
                    socket,
                    session: *session,
                    in_flight: 0,
                }))
            }
        }
    }

    /// The socket whose bytes are those that are written; encrypted ones have other offsets.
    pub(crate) fn plain_tcp(&self) -> Option<&TcpStream> {
        match self {
            Self::Tcp(socket) => Some(socket),
            Self::Unix(_) | Self::Tls(_) => None,
        }
    }

    /// Begins to watch the socket for both directions, edge-triggered: one registration for its whole life.
    pub(crate) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let both = Interest::READABLE | Interest::WRITABLE;
        match self {
            Self::Tcp(socket) => registry.register(socket, token, both),
            Self::Unix(socket) => registry.register(socket, token, both),
            Self::Tls(tls) => registry.register(&mut tls.socket, token, both),
        }
    }

    /// Hands bytes to the kernel with one system call and says how many of them are now there.
    ///
    /// Zero means that there was progress but not yet for a whole byte of plaintext: call again. After zero or
    /// `WouldBlock` the next call must begin with the same bytes, because TLS has already encrypted them.
    pub(crate) fn write(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let written = match self {
            Self::Tcp(socket) => socket.write_vectored(slices),
            Self::Unix(socket) => socket.write_vectored(slices),
            Self::Tls(tls) => return tls.write(slices),
        }?;
        if written == 0 {
            Err(ErrorKind::WriteZero.into())
        } else {
            Ok(written)
        }
    }

    /// Reads and forgets what the client sends; false if it has closed.
    pub(crate) fn discard_input(&mut self, scratch: &mut [u8]) -> io::Result<bool> {
        match self {
            Self::Tcp(socket) => drain(socket, scratch),
            Self::Unix(socket) => drain(socket, scratch),
            Self::Tls(tls) => tls.discard_input(scratch),
        }
    }

    /// Lets the kernel hold back everything that does not fill a segment; only TCP can.
    pub(crate) fn cork(&self) -> io::Result<()> {
        match self {
            Self::Tcp(socket) => socket2::SockRef::from(socket).set_tcp_cork(true),
            Self::Tls(tls) => socket2::SockRef::from(&tls.socket).set_tcp_cork(true),
            Self::Unix(_) => Err(ErrorKind::Unsupported.into()),
        }
    }

    /// Says goodbye as the protocol wants it; the socket closes when this value is dropped.
    pub(crate) fn finish(&mut self) {
        // The client may be gone already; then there is nobody to say it to.
        match self {
            Self::Tcp(socket) => socket.shutdown(Shutdown::Write).unwrap_or_default(),
            Self::Unix(socket) => socket.shutdown(Shutdown::Write).unwrap_or_default(),
            Self::Tls(tls) => {
                tls.session.send_close_notify();
                tls.session
                    .write_tls(&mut tls.socket)
                    .map(drop)
                    .unwrap_or_default();
                tls.socket.shutdown(Shutdown::Write).unwrap_or_default();
            }
        }
    }
}

impl Tls {
    fn write(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        if self.in_flight == 0 {
            for slice in slices {
                let room = TLS_BATCH - self.in_flight;
                self.in_flight += self
                    .session
                    .writer()
                    .write(&slice[..slice.len().min(room)])?;
            }
        }
        self.session.write_tls(&mut self.socket)?;
        if self.session.wants_write() {
            Ok(0)
        } else {
            Ok(std::mem::take(&mut self.in_flight))
        }
    }

    fn discard_input(&mut self, scratch: &mut [u8]) -> io::Result<bool> {
        loop {
            match self.session.read_tls(&mut self.socket) {
                Ok(0) => return Ok(false),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
                Err(error) => return Err(error),
            }
            let state = self
                .session
                .process_new_packets()
                .map_err(io::Error::other)?;
            if state.peer_has_closed() {
                return Ok(false);
            }
            drain(&mut self.session.reader(), scratch)?;
        }
    }
}

fn drain(input: &mut impl Read, scratch: &mut [u8]) -> io::Result<bool> {
    loop {
        match input.read(scratch) {
            Ok(0) => return Ok(false),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::time::Duration;

    use rustls::pki_types::{PrivateKeyDer, ServerName};
    use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig};

    use super::*;

    /// A TLS pair whose handshake is done, and the connected sockets.
    fn pair() -> (Transport, ClientConnection, std::net::TcpStream) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let server = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(made.cert.der().clone()).unwrap();
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        let mut client = ClientConnection::new(Arc::new(client), name).unwrap();
        let mut server = ServerConnection::new(Arc::new(server)).unwrap();
        while client.is_handshaking()
            || server.is_handshaking()
            || server.wants_write()
            || client.wants_write()
        {
            let mut wire = Vec::new();
            client.write_tls(&mut wire).unwrap();
            server.read_tls(&mut &wire[..]).unwrap();
            server.process_new_packets().unwrap();
            wire.clear();
            server.write_tls(&mut wire).unwrap();
            client.read_tls(&mut &wire[..]).unwrap();
            client.process_new_packets().unwrap();
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let far = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (near, _) = listener.accept().unwrap();
        near.set_nonblocking(true).unwrap();
        far.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        (
            Transport::new(Socket::Tls(near, Box::new(server))),
            client,
            far,
        )
    }

    /// Hands over as much as the kernel takes; returns how many bytes were said to be there.
    fn fill(transport: &mut Transport, plain: &[u8]) -> usize {
        let mut there = 0;
        loop {
            match transport.write(&[IoSlice::new(&plain[there..])]) {
                Ok(count) => there += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return there,
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Reads and decrypts until there is so much, or nothing more comes.
    fn read_up_to(
        length: usize,
        client: &mut ClientConnection,
        socket: &mut std::net::TcpStream,
        plain: &mut Vec<u8>,
    ) {
        while plain.len() < length && client.read_tls(socket).is_ok_and(|count| count > 0) {
            client.process_new_packets().unwrap();
            let mut part = Vec::new();
            // At the end of what is there the reader says `WouldBlock`.
            client.reader().read_to_end(&mut part).unwrap_or_default();
            plain.extend(part);
        }
    }

    #[test]
    fn tls_bytes_count_only_when_all_of_them_are_in_the_kernel() {
        let (mut transport, mut client, mut socket) = pair();
        let text: Vec<u8> = (0..16_u32 << 20)
            .map(|number| (number % 251) as u8)
            .collect();
        let mut read = Vec::new();
        let mut there = 0;
        while there < 12 << 20 {
            there += fill(&mut transport, &text[there..]);
            read_up_to(there, &mut client, &mut socket, &mut read);
            assert!(
                there <= read.len(),
                "{there} bytes were said to be in the kernel, {} were",
                read.len()
            );
        }
        assert!(text.starts_with(&read));
    }
}
