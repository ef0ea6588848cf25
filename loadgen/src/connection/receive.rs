//! Taking bytes out of a socket together with the kernel's receive stamp (measuring: `SO_TIMESTAMPNS` through
//! `recvmsg`); it must not know what the bytes mean.

use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;
use run_record::time::Wall;
use std::io::{self, IoSliceMut};
use std::net::UdpSocket;
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

/// The time between the switch of kernel stamping and the first connection (measuring 2.2).
const STAMPING_SETTLES: Duration = Duration::from_millis(20);

/// One read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// Bytes now at the front of the buffer; 0 is the end of the stream.
    pub bytes: usize,
    /// When the kernel received the last of them (`CLOCK_REALTIME`); absent on Unix sockets, and at times on
    /// the first read of a connection.
    pub stamp: Option<Wall>,
}

/// A buffer for control messages, large enough for one stamp; made once per worker.
pub fn control_buffer() -> Vec<u8> {
    nix::cmsg_space!(TimeSpec)
}

/// Reads what the socket holds, without blocking.
///
/// Errors: `WouldBlock` when it is empty; any error of `recvmsg(2)`.
pub fn receive(
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
pub fn request_stamps(socket: &impl AsFd) -> io::Result<()> {
    Ok(setsockopt(socket, sockopt::ReceiveTimestampns, &true)?)
}

/// Keeps the kernel's stamping switched on while it lives.
///
/// The option of a socket switches stamping on for the whole host, a little later than asked for: without
/// another stamping socket the first stamp of a connection is lost in a third of the runs (measured).
#[derive(Debug)]
pub struct StampingKeptOn {
    _socket: UdpSocket,
}

impl StampingKeptOn {
    /// Opens the socket that does nothing but ask for stamps, and waits until they come.
    pub fn begin() -> io::Result<StampingKeptOn> {
        let socket = UdpSocket::bind(("127.0.0.1", 0))?;
        request_stamps(&socket)?;
        std::thread::sleep(STAMPING_SETTLES);
        Ok(StampingKeptOn { _socket: socket })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};

    /// A pair of connected sockets, the second of which is stamped.
    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let sender = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (receiver, _) = listener.accept().unwrap();
        request_stamps(&receiver).unwrap();
        (sender, receiver)
    }

    #[test]
    fn a_read_has_its_stamp_and_allocates_nothing() {
        let _stamping = StampingKeptOn::begin().unwrap();
        let (mut sender, receiver) = pair();
        let (mut buffer, mut control) = (vec![0; 64], control_buffer());
        let mut stamped = 0;
        // The kernel switches stamping on a little after it was asked to; from then on no stamp may be missing.
        for _ in 0..1_000_000 {
            let before = crate::clock::wall();
            sender.write_all(b"event").unwrap();
            assert_eq!(
                receiver.peek(&mut [0; 8]).unwrap(),
                5,
                "waits until it is there"
            );
            let mut received = None;
            let used = allocation_counter::measure(|| {
                received = receive(&receiver, &mut buffer, &mut control).ok();
            });
            let received = received.expect("it was there");
            assert_eq!((received.bytes, used.count_total), (5, 0));
            let Some(stamp) = received.stamp else {
                assert_eq!(stamped, 0, "a stamp is missing after one that was there");
                continue;
            };
            assert!(before <= stamp && stamp <= crate::clock::wall());
            stamped += 1;
            if stamped == 100 {
                return;
            }
        }
        panic!("the kernel stamps nothing");
    }

    #[test]
    fn an_empty_socket_would_block_and_a_closed_one_reads_nothing() {
        let (sender, receiver) = pair();
        let (mut buffer, mut control) = (vec![0; 64], control_buffer());
        let error = receive(&receiver, &mut buffer, &mut control).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        drop(sender);
        let end = receive(&receiver, &mut buffer, &mut control).unwrap();
        assert_eq!(end.bytes, 0);
    }
}
