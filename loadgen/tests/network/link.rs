//! A link between two networks that does as a test says: it delays what the server sends, and loses chosen segments.
//!
//! Two TUN devices and two threads that carry packets from one to the other. netem could delay and lose at random, but
//! not lose the segment of one event and its first retransmission, and not every kernel has it.

use crate::namespace::{Namespace, ip};
use crate::packet::Packet;
use loadgen::clock;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread::JoinHandle;
use std::time::Duration;
use tappers::{Interface, Tun};

/// The device at either end.
pub(crate) const DEVICE: &str = "wire0";
/// The end of the server.
pub(crate) const SERVER: Ipv4Addr = Ipv4Addr::new(10, 9, 8, 1);
const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 9, 8, 2);
const MTU: usize = 1_500;

/// Says of a packet from the server that it is lost.
pub(crate) type Loses = Box<dyn FnMut(&Packet<'_>) -> bool + Send>;

/// The link; it is cut when dropped.
pub(crate) struct Link<'a> {
    ends: [&'a Namespace; 2],
    carriers: Vec<JoinHandle<()>>,
}

/// A packet, and when it is to be delivered.
struct Parcel {
    due: run_record::time::Mono,
    bytes: Vec<u8>,
}

impl Link<'_> {
    /// Joins the network of the server with that of the client.
    pub(crate) fn between<'a>(
        server: &'a Namespace,
        client: &'a Namespace,
        delay: Duration,
        mut loses: Loses,
    ) -> Link<'a> {
        let near = Arc::new(server.inside(|| end(SERVER)));
        let far = Arc::new(client.inside(|| end(CLIENT)));
        let (posted, mail) = mpsc::channel();
        let (from, back) = (Arc::clone(&near), Arc::clone(&far));
        let pick_up = move || {
            carry(&from, |bytes| {
                if !Packet::of_ip(bytes).is_some_and(|packet| loses(&packet)) {
                    let due = clock::mono() + delay.into();
                    let bytes = bytes.to_vec();
                    // The other carrier is gone only when the link is cut.
                    let _ = posted.send(Parcel { due, bytes });
                }
            });
        };
        let carriers = vec![
            std::thread::spawn(pick_up),
            std::thread::spawn(move || deliver(&mail, &far)),
            std::thread::spawn(move || carry(&back, |bytes| send(&near, bytes))),
        ];
        Link {
            ends: [server, client],
            carriers,
        }
    }
}

impl Drop for Link<'_> {
    fn drop(&mut self) {
        // A device that is gone ends the read that waits for it.
        for end in self.ends {
            end.inside(|| ip(&format!("link delete {DEVICE}")));
        }
        for carrier in self.carriers.drain(..) {
            let _ = carrier.join();
        }
    }
}

/// One end, in the network namespace of this thread.
fn end(address: Ipv4Addr) -> Tun {
    let tun = Tun::new_named(Interface::new(DEVICE).unwrap()).expect("a TUN device needs root");
    ip(&format!("address add {address}/24 dev {DEVICE}"));
    ip(&format!("link set {DEVICE} mtu {MTU} up"));
    tun
}

fn carry(from: &Tun, mut hand_on: impl FnMut(&[u8])) {
    let mut buffer = [0; MTU];
    while let Ok(length) = from.recv(&mut buffer) {
        hand_on(&buffer[..length]);
    }
}

fn deliver(mail: &Receiver<Parcel>, to: &Tun) {
    while let Ok(parcel) = mail.recv() {
        std::thread::sleep(Duration::from_nanos((parcel.due - clock::mono()).0));
        send(to, &parcel.bytes);
    }
}

fn send(to: &Tun, bytes: &[u8]) {
    // It fails only when the link is being cut, or full: then the packet is lost, as on any link.
    let _ = to.send(bytes);
}
