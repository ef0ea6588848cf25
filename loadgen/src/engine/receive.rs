//! Taking bytes out of a socket together with the kernel's receive stamp (measuring: `SO_TIMESTAMPNS` through
//! `recvmsg`); it must not know what the bytes mean.

use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;
use run_record::time::Wall;
use std::io::{self, IoSliceMut};
use std::net::UdpSocket;
use std::os::fd::{AsFd, AsRawFd};

/// One read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Received {
    /// Bytes now at the front of the buffer; 0 is the end of the stream.
    pub(super) bytes: usize,
    /// When the kernel received the last of them (`CLOCK_REALTIME`); absent on Unix sockets, and at times on
    /// the first read of a connection.
    pub(super) stamp: Option<Wall>,
}

/// A buffer for control messages, large enough for one stamp; made once per worker.
pub(super) fn control_buffer() -> Vec<u8> {
    nix::cmsg_space!(TimeSpec)
}

/// Reads what the socket holds, without blocking.
///
/// Errors: `WouldBlock` when it is empty; any error of `recvmsg(2)`.
pub(super) fn receive(
    socket: &impl AsRawFd,
    buffer: &mut [u8],
    control: &mut [u8],
) -> io::Result<Received> {
    let mut slices = [IoSliceMut::new(buffer)];
    loop {
        match recvmsg::<()>(
            socket.as_raw_fd(),
            &mut slices,
            Some(control),
            MsgFlags::MSG_DONTWAIT,
        ) {
            Ok(message) => {
                let stamp = message
                    .cmsgs()
                    .ok()
                    .and_then(|mut all| all.find_map(stamp_of));
                return Ok(Received {
                    bytes: message.bytes,
                    stamp,
                });
            }
            Err(nix::errno::Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

fn stamp_of(message: ControlMessageOwned) -> Option<Wall> {
    let ControlMessageOwned::ScmTimestampns(time) = message else {
        return None;
    };
    let seconds = u64::try_from(time.tv_sec()).ok()?;
    Some(Wall(
        seconds
            .checked_mul(1_000_000_000)?
            .checked_add(u64::try_from(time.tv_nsec()).ok()?)?,
    ))
}

/// Asks the kernel to stamp what this socket receives; to be called before it connects.
pub(super) fn request_stamps(socket: &impl AsFd) -> io::Result<()> {
    Ok(setsockopt(socket, sockopt::ReceiveTimestampns, &true)?)
}

/// Keeps the kernel's stamping switched on while it lives.
///
/// The option of a socket switches stamping on for the whole host, a little later than asked for: without
/// another stamping socket the first stamp of a connection is lost in a third of the runs (measured).
#[derive(Debug)]
pub(super) struct StampingKeptOn {
    _socket: UdpSocket,
}

impl StampingKeptOn {
    /// Opens the socket that does nothing but ask for stamps.
    pub(super) fn begin() -> io::Result<StampingKeptOn> {
        let socket = UdpSocket::bind(("127.0.0.1", 0))?;
        request_stamps(&socket)?;
        Ok(StampingKeptOn { _socket: socket })
    }
}
