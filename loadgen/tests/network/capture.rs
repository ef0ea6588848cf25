//! A packet capture of one port, with nanoseconds: the witness that belongs neither to loadgen nor to target-server.
//!
//! tcpdump writes a file, which is read when the run is over, so that reading it is no load on what is measured.

use crate::packet::Packet;
use crate::stream::Stream;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;
use tempfile::NamedTempFile;

/// Magic number of a capture with nanoseconds, in the byte order of this machine.
const NANOSECONDS: u32 = 0xa1b2_3c4d;
const FILE_HEADER_BYTES: usize = 24;
const RECORD_HEADER_BYTES: usize = 16;
/// What the kernel may keep for tcpdump, in KiB.
const KERNEL_BUFFER_KIB: &str = "65536";
const LOOK_EVERY: Duration = Duration::from_millis(10);
const LOOKS: usize = 1_000;

/// A capture that goes on.
pub(crate) struct Capture {
    tcpdump: Child,
    messages: BufReader<ChildStderr>,
    file: NamedTempFile,
    server: SocketAddr,
}

impl Capture {
    /// Starts tcpdump, in the network namespace of this thread, and waits until it listens.
    pub(crate) fn begin(interface: &str, server: SocketAddr) -> Capture {
        let file = NamedTempFile::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let mut tcpdump = Command::new("tcpdump")
            .args(["-i", interface, "-n", "-U", "-w", "-", "-s", "0"])
            .args([
                "-B",
                KERNEL_BUFFER_KIB,
                "-j",
                "host",
                "--time-stamp-precision=nano",
            ])
            .arg(format!("tcp src port {}", server.port()))
            .stdin(Stdio::null())
            .stdout(file.reopen().unwrap())
            .stderr(Stdio::piped())
            .spawn()
            .expect("tcpdump starts: ./scripts/test installs it");
        let mut messages = BufReader::new(tcpdump.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains("listening on") {
            let before = said.len();
            messages.read_line(&mut said).unwrap();
            assert!(
                said.len() > before,
                "tcpdump gave up (it needs root): {said}"
            );
        }
        Capture {
            tcpdump,
            messages,
            file,
            server,
        }
    }

    /// Ends it, and puts together what was sent on each connection.
    ///
    /// A last connection marks the end of the file: all that came before it is there when it is.
    pub(crate) fn end(mut self) -> Captured {
        let mark = TcpStream::connect(self.server).unwrap();
        let mark = mark.local_addr().unwrap();
        let mut reader = CaptureFile::open(self.file.reopen().unwrap());
        let mut captured = Captured::default();
        for _ in 0..LOOKS {
            reader.read_on();
            while let Some(packet) = reader.next_packet() {
                captured.observe(&packet);
            }
            if captured.streams.remove(&mark).is_some() {
                self.stop();
                return captured;
            }
            std::thread::sleep(LOOK_EVERY);
        }
        panic!("tcpdump saw nothing of the last connection");
    }

    fn stop(&mut self) {
        kill(Pid::from_raw(self.tcpdump.id() as i32), Signal::SIGINT).unwrap();
        let mut said = String::new();
        self.messages.read_to_string(&mut said).unwrap();
        self.tcpdump.wait().unwrap();
        assert!(
            said.contains("\n0 packets dropped by kernel"),
            "the capture must be whole: {said}"
        );
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        // It has ended already where all went well.
        let _ = self.tcpdump.kill();
        let _ = self.tcpdump.wait();
    }
}

/// What a capture has seen: what the server sent, by the address of the client.
#[derive(Default)]
pub(crate) struct Captured {
    pub(crate) streams: HashMap<SocketAddr, Stream>,
}

impl Captured {
    fn observe(&mut self, packet: &Packet<'_>) {
        if packet.begins {
            let first = packet.sequence.wrapping_add(1);
            // The answer to a SYN may be sent twice: the stream is the same.
            self.streams
                .entry(packet.destination)
                .or_insert_with(|| Stream::new(first));
        } else if let Some(stream) = self.streams.get_mut(&packet.destination) {
            stream.observe(packet.sequence, packet.payload, packet.at);
        }
    }
}

/// A capture file that may still grow.
struct CaptureFile {
    file: File,
    bytes: Vec<u8>,
    used: usize,
    link: u32,
}

impl CaptureFile {
    fn open(file: File) -> CaptureFile {
        CaptureFile {
            file,
            bytes: Vec::new(),
            used: 0,
            link: 0,
        }
    }

    /// Takes in what the file has gained.
    fn read_on(&mut self) {
        self.bytes.drain(..self.used);
        self.used = 0;
        self.file.read_to_end(&mut self.bytes).unwrap();
        if self.link == 0 && self.bytes.len() >= FILE_HEADER_BYTES {
            assert_eq!(self.number(0), NANOSECONDS, "no capture with nanoseconds");
            self.link = self.number(20);
            self.used = FILE_HEADER_BYTES;
        }
    }

    /// The next packet that is there as a whole.
    fn next_packet(&mut self) -> Option<Packet<'_>> {
        let start = self.used + RECORD_HEADER_BYTES;
        if self.link == 0 || self.bytes.len() < start {
            return None;
        }
        let header: Vec<u32> = (0..4).map(|at| self.number(self.used + 4 * at)).collect();
        let &[seconds, nanoseconds, kept, length] = &header[..] else {
            unreachable!("four of them were read");
        };
        assert_eq!(kept, length, "a packet was cut short by tcpdump");
        let end = start + kept as usize;
        if self.bytes.len() < end {
            return None;
        }
        self.used = end;
        let at = u64::from(seconds) * 1_000_000_000 + u64::from(nanoseconds);
        Some(Packet::parse(self.link, at, &self.bytes[start..end]))
    }

    fn number(&self, at: usize) -> u32 {
        u32::from_ne_bytes(self.bytes[at..at + 4].try_into().unwrap())
    }
}
