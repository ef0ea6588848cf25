//! Whether the bytes of a read had waited behind a lost segment: then their stamp is not to be believed (measuring 2.6).
//!
//! When a hole in the sequence is filled, the kernel merges the late segment with the newer ones that had waited behind
//! it, and the whole takes over a stamp that one of those got when it came. It must not know what the bytes mean.

use super::receive::Received;
use crate::clock;
use nix::libc;
use nix::sys::socket::getsockopt;
use nix::sys::utsname::uname;
use nix::{getsockopt_impl, sockopt_impl};
use run_record::time::{Nanos, Wall};
use std::os::fd::AsFd;
use std::sync::LazyLock;

/// Words of `struct tcp_info` up to `tcpi_rcv_ooopack`, the last of them (linux/tcp.h).
const WORDS: usize = 57;
/// The kernel that has the counter; one that has less of the structure would give less than was asked for.
const SINCE_LINUX: (u32, u32) = (5, 4);
/// What a segment carries on Ethernet: more than that came in several.
const SEGMENT_BYTES: usize = 1_448;

sockopt_impl!(
    /// What the kernel knows of a TCP connection.
    TcpInfo,
    GetOnly,
    libc::IPPROTO_TCP,
    libc::TCP_INFO,
    [u32; WORDS]
);

/// What one connection is known to have received out of order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Holes {
    /// Segments behind a hole, as counted at the last look.
    counted: u32,
    /// When a look found more of them: whatever was stamped until then may have waited behind a hole.
    until: Wall,
    /// The first read, which brings the head of the response, is over.
    begun: bool,
    /// Bytes of the smallest read since, of those whose stamps were believed; 0 if there was none.
    smallest: u32,
}

impl Holes {
    /// Whether this read, which returned at `read`, may have filled a hole, so that its stamp is too early by more
    /// than `tolerance`. `closing` says that the peer may have closed the connection.
    ///
    /// Asking the kernel costs a tenth of what an event costs, so it is asked only where the answer can matter: the
    /// stamp is older than the tolerance, and the read may hold two segments, because the late one never comes alone.
    /// A hole is missed where segments are smaller than half of any read before, as those of an event written in
    /// pieces.
    pub fn filled_by(
        &mut self,
        socket: &impl AsFd,
        received: &Received,
        read: Wall,
        closing: bool,
        tolerance: Nanos,
    ) -> bool {
        let old = received.stamp.is_some_and(|stamp| read - stamp > tolerance);
        let waited = received.stamp.is_some_and(|stamp| stamp <= self.until);
        let may_be_two = closing || self.may_be_two(received.bytes);
        let repaired = old && (waited || (may_be_two && self.has_more(socket)));
        if self.begun && !repaired {
            let bytes = u32::try_from(received.bytes).unwrap_or(u32::MAX);
            self.smallest = match self.smallest {
                0 => bytes,
                smallest => smallest.min(bytes),
            };
        }
        self.begun = true;
        repaired
    }

    fn may_be_two(&self, bytes: usize) -> bool {
        bytes > SEGMENT_BYTES || bytes / 2 >= self.smallest as usize
    }

    fn has_more(&mut self, socket: &impl AsFd) -> bool {
        match out_of_order(socket) {
            Some(count) if count > self.counted => {
                self.counted = count;
                self.until = clock::wall();
                true
            }
            _ => false,
        }
    }
}

/// Segments of a connection that came out of order; none where the kernel does not count them.
fn out_of_order(socket: &impl AsFd) -> Option<u32> {
    static IS_COUNTED: LazyLock<bool> =
        LazyLock::new(|| uname().is_ok_and(|system| counts(&system.release().to_string_lossy())));
    if !*IS_COUNTED {
        return None;
    }
    getsockopt(socket, TcpInfo).ok()?.last().copied()
}

/// Whether a Linux of this release has the counter.
fn counts(release: &str) -> bool {
    let mut numbers = release
        .split(|c: char| !c.is_ascii_digit())
        .map(|number| number.parse().unwrap_or_default());
    (numbers.next(), numbers.next()) >= (Some(SINCE_LINUX.0), Some(SINCE_LINUX.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};
    use std::os::unix::net::UnixStream;

    const TOLERANCE: Nanos = Nanos(100);

    fn received(bytes: usize, stamp: u64) -> Received {
        let stamp = Some(Wall(stamp));
        Received { bytes, stamp }
    }

    #[test]
    fn a_connection_that_lost_nothing_has_counted_nothing() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let socket = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        assert_eq!(out_of_order(&socket), Some(0));
        let (unix, _other) = UnixStream::pair().unwrap();
        assert_eq!(out_of_order(&unix), None);
    }

    #[test]
    fn one_segment_is_told_from_two_by_what_came_before() {
        let socket = UnixStream::pair().unwrap().0;
        let mut holes = Holes::default();
        assert!(holes.may_be_two(1), "nothing is known yet");
        for (bytes, smallest) in [(700, 0), (300, 300), (200, 200), (900, 200)] {
            holes.filled_by(
                &socket,
                &received(bytes, 1_000),
                Wall(1_000),
                false,
                TOLERANCE,
            );
            assert_eq!(holes.smallest, smallest);
        }
        assert!(!holes.may_be_two(399) && holes.may_be_two(400));
        holes.smallest = 4_000;
        assert!(!holes.may_be_two(1_448) && holes.may_be_two(1_449));
    }

    #[test]
    fn what_was_stamped_before_more_was_found_is_in_doubt_if_it_is_old() {
        let socket = UnixStream::pair().unwrap().0;
        let mut holes = Holes {
            until: Wall(1_000),
            ..Holes::default()
        };
        let mut filled = |stamp, read| {
            holes.filled_by(&socket, &received(64, stamp), Wall(read), false, TOLERANCE)
        };
        assert!(filled(1_000, 1_101));
        assert!(!filled(1_000, 1_100), "within the tolerance");
        assert!(!filled(1_001, 2_000), "younger than what had waited");
    }

    #[test]
    fn linux_counts_since_5_4() {
        for release in ["5.4", "5.4.0-42-generic", "6.1.0", "10.0-rc1"] {
            assert!(counts(release), "{release}");
        }
        for release in ["4.19.0", "5.3.18", "5", "", "unknown"] {
            assert!(!counts(release), "{release}");
        }
    }
}
