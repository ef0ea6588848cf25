//! What a test needs to know of one TCP segment over IPv4; it must not know where the bytes come from.

use std::net::{Ipv4Addr, SocketAddr};

/// Link types of a capture (<https://www.tcpdump.org/linktypes.html>): loopback comes as Ethernet, a TUN device bare.
const ETHERNET: u32 = 1;
const ETHERNET_HEADER_BYTES: usize = 14;
const RAW_IP: u32 = 101;
const TCP: u8 = 6;
const SYN: u8 = 2;

/// One TCP segment.
pub(crate) struct Packet<'a> {
    /// When it was captured, in nanoseconds of the wall clock; 0 where it was not.
    pub(crate) at: u64,
    /// Where it goes.
    pub(crate) destination: SocketAddr,
    /// The number of its first byte.
    pub(crate) sequence: u32,
    /// It begins a connection (SYN).
    pub(crate) begins: bool,
    /// What it carries.
    pub(crate) payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// A captured frame that is known to be TCP over IPv4.
    pub(crate) fn parse(link: u32, at: u64, frame: &'a [u8]) -> Packet<'a> {
        let ip = match link {
            ETHERNET => &frame[ETHERNET_HEADER_BYTES..],
            RAW_IP => frame,
            other => panic!("link type {other}"),
        };
        let packet = Packet::of_ip(ip).expect("the filter lets only TCP over IPv4 through");
        Packet { at, ..packet }
    }

    /// The segment in an IP packet; none where that is something else.
    pub(crate) fn of_ip(ip: &'a [u8]) -> Option<Packet<'a>> {
        if ip.len() < 20 || ip[0] >> 4 != 4 || ip[9] != TCP {
            return None;
        }
        let ip = &ip[..usize::from(u16::from_be_bytes([ip[2], ip[3]]))];
        let address = Ipv4Addr::new(ip[16], ip[17], ip[18], ip[19]);
        let tcp = &ip[usize::from(ip[0] & 15) * 4..];
        let port = u16::from_be_bytes([tcp[2], tcp[3]]);
        Some(Packet {
            at: 0,
            destination: SocketAddr::from((address, port)),
            sequence: u32::from_be_bytes([tcp[4], tcp[5], tcp[6], tcp[7]]),
            begins: tcp[13] & SYN != 0,
            payload: &tcp[usize::from(tcp[12] >> 4) * 4..],
        })
    }
}
