//! When the kernel sent what was written to a TCP socket, and when the peer's kernel had it: `SO_TIMESTAMPING`
//! (Linux, Documentation/networking/timestamping). It must not know what the bytes mean, nor read a clock.
//!
//! The kernel stamps the last byte of each system call and names it by its offset. Where two calls went out as one
//! segment only the second has stamps: the first has none rather than those of other bytes.

use std::collections::VecDeque;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd};

use nix::libc::{
    SO_EE_ORIGIN_TIMESTAMPING, SOF_TIMESTAMPING_OPT_ID, SOF_TIMESTAMPING_OPT_ID_TCP,
    SOF_TIMESTAMPING_OPT_TSONLY, SOF_TIMESTAMPING_SOFTWARE, SOF_TIMESTAMPING_TX_ACK,
    SOF_TIMESTAMPING_TX_SOFTWARE, sock_extended_err, sockaddr_in6,
};
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, TimestampingFlag, recvmsg, setsockopt, sockopt,
};
use nix::sys::time::TimeSpec;

use crate::clock::Nanos;
use crate::truth::Stamped;

/// Kinds of stamps: the bytes left for the device; the peer has acknowledged them (linux/errqueue.h).
const SENT: u32 = 0;
const ACKNOWLEDGED: u32 = 2;

/// What one socket has been given and not had all stamps of.
#[derive(Debug, Default)]
pub(crate) struct KernelStamps {
    /// Bytes given so far, modulo 2^32 as the kernel counts them.
    given: u32,
    waiting: VecDeque<Waiting>,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    /// Offset of the last byte of the call that completed the event.
    last_byte: u32,
    stamped: Stamped,
}

/// One stamp of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    kind: u32,
    last_byte: u32,
    at: Nanos,
}

impl KernelStamps {
    /// Asks for stamps of all that is written from now on.
    ///
    /// Errors: the kernel does not know the option, or the socket is not connected.
    pub(crate) fn begin(socket: &impl AsFd) -> io::Result<Self> {
        let flags = SOF_TIMESTAMPING_TX_SOFTWARE
            | SOF_TIMESTAMPING_TX_ACK
            | SOF_TIMESTAMPING_SOFTWARE
            | SOF_TIMESTAMPING_OPT_ID
            | SOF_TIMESTAMPING_OPT_TSONLY
            // Offsets then count from what is written next, not from what is unacknowledged.
            | SOF_TIMESTAMPING_OPT_ID_TCP;
        let flags = TimestampingFlag::from_bits_retain(flags);
        setsockopt(socket, sockopt::Timestamping, &flags)?;
        Ok(Self::default())
    }

    /// Whether this kernel can do it.
    ///
    /// Errors: it cannot, or the system has no sockets left.
    pub(crate) fn try_out() -> io::Result<()> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let socket = TcpStream::connect(listener.local_addr()?)?;
        Self::begin(&socket).map(drop)
    }

    /// A call gave so many bytes to the kernel.
    pub(crate) fn gave(&mut self, count: usize) {
        self.given = self.given.wrapping_add(count as u32);
    }

    /// The last call completed this event.
    pub(crate) fn completed(&mut self, seq: u64) {
        self.waiting.push_back(Waiting {
            last_byte: self.given.wrapping_sub(1),
            stamped: Stamped {
                seq,
                ..Stamped::default()
            },
        });
    }

    /// Takes the stamps that the kernel has ready; `finished` gets each event that can get no more of them.
    pub(crate) fn collect(&mut self, socket: &impl AsRawFd, mut finished: impl FnMut(Stamped)) {
        let mut control = nix::cmsg_space!([TimeSpec; 3], sock_extended_err, sockaddr_in6);
        // An error means that nothing is left to be had here.
        while let Ok(stamp) = receive(socket, &mut control) {
            if let Some(stamp) = stamp {
                self.note(stamp, &mut finished);
            }
        }
    }

    /// What is still waiting, with the stamps it has: the socket closes.
    pub(crate) fn give_up(&mut self) -> impl Iterator<Item = Stamped> {
        self.waiting.drain(..).map(|waiting| waiting.stamped)
    }

    fn note(&mut self, stamp: Stamp, finished: &mut impl FnMut(Stamped)) {
        // Offsets wrap; what waits is far less than half of their range.
        let ahead = |waiting: &Waiting| {
            stamp
                .last_byte
                .wrapping_sub(waiting.last_byte)
                .cast_signed()
        };
        for waiting in self
            .waiting
            .iter_mut()
            .filter(|waiting| ahead(waiting) == 0)
        {
            let time = match stamp.kind {
                SENT => &mut waiting.stamped.sent,
                ACKNOWLEDGED => &mut waiting.stamped.acked,
                _ => continue,
            };
            // A segment that is sent again is stamped again; the first time counts.
            time.get_or_insert(stamp.at);
        }
        if stamp.kind == ACKNOWLEDGED {
            while let Some(front) = self.waiting.pop_front_if(|front| ahead(front) >= 0) {
                finished(front.stamped);
            }
        }
    }
}

/// The next stamp in the socket's error queue; nothing if what was there is none.
fn receive(socket: &impl AsRawFd, control: &mut [u8]) -> nix::Result<Option<Stamp>> {
    let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
    let message = recvmsg::<()>(socket.as_raw_fd(), &mut [], Some(control), flags)?;
    let (mut at, mut about) = (None, None);
    for part in message.cmsgs()? {
        match part {
            ControlMessageOwned::ScmTimestampsns(times) => at = nanos(times.system),
            ControlMessageOwned::Ipv4RecvErr(error, _)
            | ControlMessageOwned::Ipv6RecvErr(error, _)
                if error.ee_origin == SO_EE_ORIGIN_TIMESTAMPING =>
            {
                about = Some((error.ee_info, error.ee_data));
            }
            _ => {}
        }
    }
    Ok(at.zip(about).map(|(at, (kind, last_byte))| Stamp {
        kind,
        last_byte,
        at,
    }))
}

fn nanos(time: TimeSpec) -> Option<Nanos> {
    let seconds = u64::try_from(time.tv_sec()).ok()?;
    let nanos = u64::try_from(time.tv_nsec()).ok()?;
    Some(Nanos(
        seconds.checked_mul(1_000_000_000)?.checked_add(nanos)?,
    ))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;
    use crate::clock::now;

    fn stamp(kind: u32, last_byte: u32, at: u64) -> Stamp {
        Stamp {
            kind,
            last_byte,
            at: Nanos(at),
        }
    }

    fn stamped(seq: u64, sent: Option<u64>, acked: Option<u64>) -> Stamped {
        Stamped {
            seq,
            sent: sent.map(Nanos),
            acked: acked.map(Nanos),
        }
    }

    /// Writes of ten bytes that complete one event each, from number 1 on.
    fn written(before: u32, count: u64) -> KernelStamps {
        let mut stamps = KernelStamps {
            given: before,
            ..KernelStamps::default()
        };
        for seq in 1..=count {
            stamps.gave(10);
            stamps.completed(seq);
        }
        stamps
    }

    fn noted(stamps: &mut KernelStamps, all: &[Stamp]) -> Vec<Stamped> {
        let mut finished = Vec::new();
        for &stamp in all {
            stamps.note(stamp, &mut |one| finished.push(one));
        }
        finished
    }

    #[test]
    fn each_event_gets_the_stamps_of_its_last_byte() {
        let all = [
            stamp(SENT, 9, 100),
            stamp(SENT, 19, 200),
            stamp(SENT, 9, 140),
            stamp(ACKNOWLEDGED, 9, 150),
            stamp(ACKNOWLEDGED, 19, 250),
        ];
        assert_eq!(
            noted(&mut written(0, 2), &all),
            [
                stamped(1, Some(100), Some(150)),
                stamped(2, Some(200), Some(250))
            ]
        );
    }

    #[test]
    fn an_event_that_left_with_a_later_one_has_no_stamps_of_its_own() {
        let mut stamps = written(0, 3);
        let all = [stamp(SENT, 19, 200), stamp(ACKNOWLEDGED, 19, 250)];
        assert_eq!(
            noted(&mut stamps, &all),
            [stamped(1, None, None), stamped(2, Some(200), Some(250))]
        );
        assert_eq!(
            stamps.give_up().collect::<Vec<_>>(),
            [stamped(3, None, None)]
        );
    }

    #[test]
    fn offsets_may_wrap() {
        let mut stamps = written(u32::MAX - 14, 2);
        let first = stamp(ACKNOWLEDGED, u32::MAX - 5, 150);
        assert_eq!(noted(&mut stamps, &[first]), [stamped(1, None, Some(150))]);
        let second = stamp(ACKNOWLEDGED, 4, 250);
        assert_eq!(noted(&mut stamps, &[second]), [stamped(2, None, Some(250))]);
    }

    #[test]
    fn the_kernel_stamps_what_is_written_and_what_the_peer_has() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        server
            .write_all(b"what is written before has no stamp")
            .unwrap();
        let mut stamps = KernelStamps::begin(&server).unwrap();
        for seq in 1..=20 {
            let before = now();
            server.write_all(b"event").unwrap();
            stamps.gave(5);
            stamps.completed(seq);
            let mut finished = Vec::new();
            while finished.is_empty() {
                let deadline = before + std::time::Duration::from_secs(10);
                assert!(now() < deadline, "no stamps of event {seq}");
                // An acknowledgement may wait until the peer has read.
                client.set_nonblocking(true).unwrap();
                let _ = client.read(&mut [0; 64]);
                stamps.collect(&server, |one| finished.push(one));
            }
            let one = finished[0];
            let (sent, acked) = (one.sent.unwrap(), one.acked.unwrap());
            assert_eq!((one.seq, finished.len()), (seq, 1));
            assert!(
                before <= sent && sent <= acked && acked <= now(),
                "{before} {one:?}"
            );
        }
    }
}
