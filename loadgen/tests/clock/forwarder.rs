//! A way to a server that takes longer in one direction than in the other.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// Which way is the longer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slow {
    There,
    Back,
}

/// Forwards connections to `server`, one way later than the other by `delay`; for conversations in turns, where one
/// side waits for the other. Its threads end with the connections, and the last one with the process.
pub(crate) fn forward(server: SocketAddr, slow: Slow, delay: Duration) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let delay_of = move |way| if way == slow { delay } else { Duration::ZERO };
    thread::spawn(move || {
        for near in listener.incoming() {
            let (near, far) = (near.unwrap(), TcpStream::connect(server).unwrap());
            for socket in [&near, &far] {
                socket.set_nodelay(true).unwrap();
            }
            let (from, to) = (near.try_clone().unwrap(), far.try_clone().unwrap());
            thread::spawn(move || pass(from, to, delay_of(Slow::There)));
            thread::spawn(move || pass(far, near, delay_of(Slow::Back)));
        }
    });
    address
}

fn pass(mut from: TcpStream, mut to: TcpStream, delay: Duration) {
    let mut bytes = [0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        thread::sleep(delay);
        if to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    // The other end may have gone first.
    to.shutdown(Shutdown::Write).unwrap_or_default();
}
