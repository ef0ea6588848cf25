//! One connection's bytes: plain or TLS, with each plaintext keeping the stamp of its ciphertext.
//!
//! TLS is driven by hand from the worker's one shared buffer, because a stream that reads for itself would
//! read without stamps. It must not know HTTP.

use super::dial::Dialled;
use super::receive::{self, Received};
use super::tls::{Opened, Tls};
use mio::Interest;
use mio::event::Source;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

/// A socket and, for `https`, its TLS session.
#[derive(Debug)]
pub struct Transport {
    socket: Dialled,
    tls: Option<Box<Tls>>,
}

impl Transport {
    /// Joins a socket with its TLS session, if it has one.
    pub fn new(socket: Dialled, tls: Option<Tls>) -> Transport {
        Transport {
            socket,
            tls: tls.map(Box::new),
        }
    }

    /// Whether bytes are encrypted.
    pub fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// Whether the TLS handshake is still going on; never for plain sockets.
    pub fn is_handshaking(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.is_handshaking())
    }

    /// The protocol that TLS agreed on (ALPN); none before the end of the handshake, and without TLS.
    pub fn protocol(&self) -> Option<&[u8]> {
        self.tls.as_ref()?.protocol()
    }

    /// Whether the connection is established; an error says why it never will be.
    pub fn finish_connect(&self) -> io::Result<bool> {
        let (error, peer) = match &self.socket {
            Dialled::Tcp(socket) => (socket.take_error()?, socket.peer_addr().map(drop)),
            Dialled::Unix(socket) => (socket.take_error()?, socket.peer_addr().map(drop)),
        };
        match (error, peer) {
            (Some(error), _) => Err(error),
            (None, Ok(())) => Ok(true),
            (None, Err(error)) if error.kind() == io::ErrorKind::NotConnected => Ok(false),
            (None, Err(error)) => Err(error),
        }
    }

    /// This side of a TCP connection; none for a Unix socket.
    pub fn local_address(&self) -> Option<std::net::SocketAddr> {
        match &self.socket {
            Dialled::Tcp(socket) => socket.local_addr().ok(),
            Dialled::Unix(_) => None,
        }
    }

    /// One `recvmsg` into `buffer`; of TLS this is ciphertext, to be given to [`Transport::open`].
    pub fn receive(&self, buffer: &mut [u8], control: &mut [u8]) -> io::Result<Received> {
        receive::receive(self, buffer, control)
    }

    /// Decrypts one record of `ciphertext`, in place, and takes off its front what is done with; `Nothing` has taken all of it.
    ///
    /// Errors: `InvalidData` with the TLS error (a certificate that is not trusted, a broken record).
    pub fn open(&mut self, ciphertext: &mut &mut [u8], plaintext: &mut [u8]) -> io::Result<Opened> {
        let Some(tls) = &mut self.tls else {
            return Ok(Opened::Nothing);
        };
        let opened = tls.open(ciphertext, plaintext);
        if opened.is_err() {
            // The alert tells the server why; the connection is over whether or not it arrives.
            let _ = self.flush();
        }
        opened
    }

    /// Hands plaintext to the connection; returns how much of it was taken, all of which [`Transport::flush`] sends.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.tls.is_none() {
            return self.socket.write(bytes);
        }
        if !self.flush()? {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let taken = self.tls.as_mut().map_or(Ok(0), |tls| tls.seal(bytes))?;
        self.flush()?;
        Ok(taken)
    }

    /// Sends what TLS has to send (handshake, alerts, encrypted requests); whether nothing is left.
    pub fn flush(&mut self) -> io::Result<bool> {
        let Some(tls) = &mut self.tls else {
            return Ok(true);
        };
        while !tls.outgoing().is_empty() {
            match self.socket.write(tls.outgoing()) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(bytes) => tls.sent(bytes),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Tells the peer that this is the end (TLS only), as far as it can be told without waiting.
    pub fn say_goodbye(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.close();
            let _ = self.flush();
        }
    }
}

impl AsRawFd for Transport {
    fn as_raw_fd(&self) -> RawFd {
        match &self.socket {
            Dialled::Tcp(socket) => socket.as_raw_fd(),
            Dialled::Unix(socket) => socket.as_raw_fd(),
        }
    }
}

impl AsFd for Transport {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.socket {
            Dialled::Tcp(socket) => socket.as_fd(),
            Dialled::Unix(socket) => socket.as_fd(),
        }
    }
}

impl Source for Transport {
    fn register(
        &mut self,
        registry: &mio::Registry,
        token: mio::Token,
        interests: Interest,
    ) -> io::Result<()> {
        match &mut self.socket {
            Dialled::Tcp(socket) => socket.register(registry, token, interests),
            Dialled::Unix(socket) => socket.register(registry, token, interests),
        }
    }

    fn reregister(
        &mut self,
        registry: &mio::Registry,
        token: mio::Token,
        interests: Interest,
    ) -> io::Result<()> {
        match &mut self.socket {
            Dialled::Tcp(socket) => socket.reregister(registry, token, interests),
            Dialled::Unix(socket) => socket.reregister(registry, token, interests),
        }
    }

    fn deregister(&mut self, registry: &mio::Registry) -> io::Result<()> {
        match &mut self.socket {
            Dialled::Tcp(socket) => socket.deregister(registry),
            Dialled::Unix(socket) => socket.deregister(registry),
        }
    }
}
