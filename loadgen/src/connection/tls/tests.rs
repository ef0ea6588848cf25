//! The session against a rustls server as known truth, over every kind of cut of what that server sends.

use super::*;
use crate::plan::Trust;
use crate::request::HttpVersion;
use proptest::prelude::*;
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::crypto::ring;
use rustls::version::{TLS12, TLS13};
use rustls::{AlertDescription, ServerConfig, ServerConnection, SupportedProtocolVersion};
use std::io::{Read as _, Write as _};
use std::sync::{Arc, LazyLock};

static KEY: LazyLock<CertifiedKey<KeyPair>> =
    LazyLock::new(|| generate_simple_self_signed(["stream.example".to_owned()]).unwrap());

/// Both ends of one connection, without the connection.
struct Pair {
    client: Tls,
    server: ServerConnection,
    /// What the server has understood.
    heard: Vec<u8>,
    plaintext: Box<[u8]>,
}

/// What a server does after the handshake.
#[derive(Clone, Copy, Debug)]
enum Act {
    Say(usize),
    UpdateKeys,
}

fn server(version: &'static SupportedProtocolVersion, fragment: Option<usize>) -> ServerConnection {
    let private =
        rustls_pki_types::PrivateKeyDer::try_from(KEY.signing_key.serialize_der()).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![KEY.cert.der().clone()], private)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.max_fragment_size = fragment;
    config.ticketer = ring::Ticketer::new().unwrap();
    let mut server = ServerConnection::new(Arc::new(config)).unwrap();
    server.set_buffer_limit(None);
    server
}

fn client(trust: &Trust) -> Tls {
    Tls::new(&TlsPlan::new("stream.example", trust, HttpVersion::Http11).unwrap()).unwrap()
}

impl Pair {
    fn new(version: &'static SupportedProtocolVersion) -> Pair {
        Pair::fragmenting(version, None)
    }

    fn fragmenting(version: &'static SupportedProtocolVersion, fragment: Option<usize>) -> Pair {
        Pair {
            client: client(&Trust::Anyone),
            server: server(version, fragment),
            heard: Vec::new(),
            plaintext: vec![0; RECORD_BYTES].into(),
        }
    }

    /// After the handshake, tickets and all.
    fn established(version: &'static SupportedProtocolVersion) -> Pair {
        let mut pair = Pair::new(version);
        pair.shake_hands(&[usize::MAX]);
        pair
    }

    fn shake_hands(&mut self, pieces: &[usize]) {
        let mut round = 0;
        while self.client.is_handshaking() || self.server.is_handshaking() {
            self.deliver();
            let wire = self.wire();
            for piece in cut(&wire, pieces) {
                assert_eq!(self.open(piece).unwrap(), (Vec::new(), false));
            }
            round += 1;
            assert!(round < 9, "the handshake never ends");
        }
        self.deliver();
        let tickets = self.wire();
        for piece in cut(&tickets, pieces) {
            assert_eq!(self.open(piece).unwrap(), (Vec::new(), false));
        }
    }

    /// Hands what the client has to send to the server, in halves.
    fn deliver(&mut self) {
        while !self.client.outgoing().is_empty() {
            let half = self.client.outgoing().len().div_ceil(2);
            let mut bytes = &self.client.outgoing()[..half];
            let taken = self.server.read_tls(&mut bytes).unwrap();
            self.client.sent(taken);
            self.server.process_new_packets().unwrap();
            // Says that there is no more for now, after what there is.
            let _ = self.server.reader().read_to_end(&mut self.heard);
        }
    }

    /// What the server has to send.
    fn wire(&mut self) -> Vec<u8> {
        let mut wire = Vec::new();
        while self.server.wants_write() {
            self.server.write_tls(&mut wire).unwrap();
        }
        wire
    }

    fn said(&mut self, text: &[u8]) -> Vec<u8> {
        self.server.writer().write_all(text).unwrap();
        self.wire()
    }

    /// One read's worth; what it became, and whether the peer has closed.
    fn open(&mut self, ciphertext: &[u8]) -> io::Result<(Vec<u8>, bool)> {
        let (mut ciphertext, mut text) = (ciphertext.to_vec(), Vec::new());
        let mut left = &mut ciphertext[..];
        loop {
            match self.client.open(&mut left, &mut self.plaintext)? {
                Opened::Plaintext(length) => text.extend_from_slice(&self.plaintext[..length]),
                end => {
                    assert!(left.is_empty(), "{} bytes are left", left.len());
                    return Ok((text, end == Opened::Closed));
                }
            }
        }
    }
}

/// Cuts into pieces of these lengths, over and over.
fn cut<'a>(bytes: &'a [u8], pieces: &'a [usize]) -> impl Iterator<Item = &'a [u8]> {
    let (mut rest, mut lengths) = (bytes, pieces.iter().cycle());
    std::iter::from_fn(move || {
        let length = (*lengths.next()?).min(rest.len());
        let (piece, behind) = rest.split_at(length);
        rest = behind;
        (length > 0).then_some(piece)
    })
}

fn text(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at % 251) as u8).collect()
}

/// Runs a session and holds every step of it against what the server has done.
fn hold_against_truth(
    version: &'static SupportedProtocolVersion,
    fragment: Option<usize>,
    acts: &[Act],
    pieces: &[usize],
) {
    let mut pair = Pair::fragmenting(version, fragment);
    pair.shake_hands(pieces);
    assert_eq!(pair.client.protocol(), Some(&b"http/1.1"[..]));
    let mut wire = Vec::new();
    let mut truth = Vec::new();
    // Where in the ciphertext a record ends, and how much plaintext there is by then.
    let mut ends = vec![(0, 0)];
    for act in acts {
        match *act {
            // What comes after a fragment's header is its text; one act is one record.
            Act::Say(length) => {
                let length = length.min(fragment.map_or(RECORD_BYTES, |bytes| bytes - 5));
                truth.extend(text(length));
                wire.extend(pair.said(&text(length)));
            }
            Act::UpdateKeys if version == &TLS13 => {
                pair.server.refresh_traffic_keys().unwrap();
                wire.extend(pair.wire());
            }
            Act::UpdateKeys => {}
        }
        ends.push((wire.len(), truth.len()));
    }
    pair.server.send_close_notify();
    wire.extend(pair.wire());
    let (mut came, mut taken, mut asked) = (Vec::new(), 0, Vec::new());
    for (turn, piece) in cut(&wire, pieces).enumerate() {
        let (text, closed) = pair.open(piece).unwrap();
        came.extend(text);
        taken += piece.len();
        let due = ends.iter().rfind(|(end, _)| *end <= taken).unwrap().1;
        assert_eq!(came.len(), due, "after {taken} of {}", wire.len());
        assert_eq!(closed, taken == wire.len());
        let at_rest = ends.iter().any(|(end, _)| *end == taken);
        assert!(!at_rest || pair.client.incoming.capacity() == 0);
        if turn < 3 {
            let question = text_of(turn);
            assert_eq!(pair.client.seal(&question).unwrap(), question.len());
            pair.deliver();
            assert_eq!(pair.client.outgoing.capacity(), 0);
            asked.extend(question);
        }
    }
    assert!(came == truth, "{} of {} bytes", came.len(), truth.len());
    assert!(pair.heard == asked, "{:?}", pair.heard);
    pair.client.close();
    pair.deliver();
    assert_eq!(pair.server.reader().read(&mut [0; 1]).unwrap(), 0);
}

fn text_of(turn: usize) -> Vec<u8> {
    format!("question {turn}").into_bytes()
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (1_usize..300).prop_map(Act::Say),
        1 => (1..=RECORD_BYTES).prop_map(Act::Say),
        1 => Just(Act::UpdateKeys),
    ]
}

fn version() -> impl Strategy<Value = &'static SupportedProtocolVersion> {
    prop_oneof![Just(&TLS12), Just(&TLS13)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn what_the_server_said_comes_with_the_last_byte_of_its_record(
        version in version(),
        fragment in prop::option::of(32_usize..200),
        acts in prop::collection::vec(act(), 0..12),
        pieces in prop::collection::vec(prop_oneof![1_usize..40, 1_usize..9000], 1..6),
    ) {
        hold_against_truth(version, fragment, &acts, &pieces);
    }

    #[test]
    fn a_flipped_bit_never_becomes_text(
        version in version(),
        bit in 0_usize..2400,
        pieces in prop::collection::vec(1_usize..400, 1..4),
    ) {
        let mut pair = Pair::established(version);
        let mut wire = pair.said(b"first");
        let first = wire.len();
        wire.extend(pair.said(&text(200)));
        let bit = bit % (8 * wire.len());
        wire[bit / 8] ^= 1 << (bit % 8);
        let mut came = Vec::new();
        for piece in cut(&wire, &pieces) {
            match pair.open(piece) {
                Ok((text, closed)) => {
                    prop_assert!(!closed);
                    came.extend(text);
                }
                Err(error) => {
                    prop_assert_eq!(error.kind(), io::ErrorKind::InvalidData);
                    pair.open(&[]).unwrap_err();
                }
            }
        }
        // Type and version in the header of an encrypted record mean nothing in TLS 1.3 (RFC 8446 section 5.2), and rustls
        // does not look at their bits: what is inside has its own type.
        let at = if bit / 8 < first { bit / 8 } else { bit / 8 - first };
        let whole = [b"first", &text(200)[..]].concat();
        let sound = match bit / 8 {
            _ if version == &TLS13 && (0..3).contains(&at) => whole.len(),
            byte if byte < first => 0,
            _ => b"first".len(),
        };
        prop_assert!(whole[..sound].starts_with(&came), "{:?}", came);
        pair.client.close();
    }

    #[test]
    fn garbage_is_no_server(bytes in prop::collection::vec(any::<u8>(), 0..300), head in 0_u8..4, piece in 1_usize..300) {
        let heads: [&[u8]; 4] = [b"", b"\x16\x03\x03\x00", b"\x16\x03\x03\x00\x40\x02\x00\x00", b"\x15\x03\x03\x00\x02"];
        for mut pair in [Pair::new(&TLS13), Pair::established(&TLS12), Pair::established(&TLS13)] {
            let garbage = [heads[usize::from(head)], &bytes].concat();
            for part in cut(&garbage, &[piece]) {
                match pair.open(part) {
                    Ok((text, _)) => prop_assert!(text.is_empty()),
                    Err(error) => prop_assert_eq!(error.kind(), io::ErrorKind::InvalidData),
                }
            }
            let _ = pair.client.seal(b"question");
            pair.client.close();
        }
    }
}

#[test]
fn sessions_hold_byte_by_byte_and_in_one_piece() {
    let acts = [
        Act::Say(1),
        Act::UpdateKeys,
        Act::Say(RECORD_BYTES),
        Act::UpdateKeys,
        Act::Say(77),
    ];
    for version in [&TLS12, &TLS13] {
        for fragment in [None, Some(32)] {
            for piece in [1, 5, 6, usize::MAX] {
                hold_against_truth(version, fragment, &acts, &[piece]);
            }
        }
    }
}

#[test]
fn a_server_that_speaks_no_tls_is_an_error_at_once() {
    let mut pair = Pair::new(&TLS13);
    let error = pair.open(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    let inner = error.get_ref().unwrap().downcast_ref::<Error>();
    assert_eq!(
        inner,
        Some(&InvalidMessage::InvalidContentType.into()),
        "{error}"
    );
}

#[test]
fn a_certificate_that_is_not_trusted_is_named_and_the_server_is_told() {
    let other = generate_simple_self_signed(["other.example".to_owned()]).unwrap();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(other.cert.pem().as_bytes()).unwrap();
    for version in [&TLS12, &TLS13] {
        let mut pair = Pair::new(version);
        pair.client = client(&Trust::File(file.path().to_owned()));
        pair.deliver();
        let wire = pair.wire();
        let error = pair.open(&wire).unwrap_err();
        let inner = error.get_ref().unwrap().downcast_ref::<Error>();
        assert!(
            matches!(inner, Some(Error::InvalidCertificate(_))),
            "{error}"
        );
        let mut alert = pair.client.outgoing();
        pair.server.read_tls(&mut alert).unwrap();
        let told = pair.server.process_new_packets().unwrap_err();
        assert!(matches!(told, Error::AlertReceived(_)), "{told}");
    }
}

#[test]
fn a_broken_record_is_told_to_the_server() {
    for version in [&TLS12, &TLS13] {
        let mut pair = Pair::established(version);
        let mut wire = pair.said(b"event");
        *wire.last_mut().unwrap() ^= 1;
        let error = pair.open(&wire).unwrap_err();
        assert_eq!(error.to_string(), Error::DecryptError.to_string());
        // Nothing comes after it, be it as sound as can be.
        let next = pair.said(b"next");
        pair.open(&next).unwrap_err();
        pair.client.close();
        let mut alert = pair.client.outgoing();
        pair.server.read_tls(&mut alert).unwrap();
        assert!(alert.is_empty());
        let told = pair.server.process_new_packets().unwrap_err();
        assert_eq!(told, Error::AlertReceived(AlertDescription::BadRecordMac));
    }
}

#[test]
fn what_comes_after_the_goodbye_is_not_looked_at() {
    let mut pair = Pair::established(&TLS13);
    let mut wire = pair.said(b"last");
    pair.server.send_close_notify();
    wire.extend(pair.wire());
    wire.extend(b"what is no record at all");
    assert_eq!(pair.open(&wire).unwrap(), (b"last".to_vec(), true));
    assert_eq!(pair.open(b"and more").unwrap(), (Vec::new(), true));
}

#[test]
fn a_request_goes_out_in_records_one_at_a_time() {
    for version in [&TLS12, &TLS13] {
        let mut pair = Pair::new(version);
        let early = pair.client.seal(b"early").unwrap_err();
        assert_eq!(early.kind(), io::ErrorKind::WouldBlock);
        pair.shake_hands(&[usize::MAX]);
        let request = text(3 * RECORD_BYTES);
        let mut sent = 0;
        while sent < request.len() {
            let taken = pair.client.seal(&request[sent..]).unwrap();
            assert_eq!(taken, RECORD_BYTES);
            let full = pair.client.seal(b"more").unwrap_err();
            assert_eq!(full.kind(), io::ErrorKind::WouldBlock);
            pair.deliver();
            sent += taken;
        }
        assert!(pair.heard == request);
    }
}

#[test]
fn a_goodbye_in_the_middle_of_a_handshake_is_silent() {
    let mut pair = Pair::new(&TLS13);
    pair.deliver();
    let wire = pair.wire();
    pair.open(&wire[..300]).unwrap();
    let before = pair.client.outgoing().to_vec();
    pair.client.close();
    assert_eq!(pair.client.outgoing(), before);
}

#[test]
fn a_message_without_an_end_is_not_kept() {
    // A ServerHello of almost 64 KiB, a byte a record.
    let mut wire = b"\x16\x03\x03\x00\x04\x02\x00\xff\xff".to_vec();
    for _ in 0..0xffff {
        wire.extend(b"\x16\x03\x03\x00\x01x");
    }
    let mut pair = Pair::new(&TLS13);
    let mut pieces = wire.chunks(4096);
    let error = loop {
        match pair.open(pieces.next().unwrap()) {
            Ok(_) => assert!(pair.client.incoming.len() <= MOST_KEPT_BYTES),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    assert_eq!(pair.client.incoming.capacity(), 0);
}

#[test]
fn a_whole_record_costs_the_one_allocation_that_rustls_makes_of_it() {
    for version in [&TLS12, &TLS13] {
        let mut pair = Pair::established(version);
        let warm = pair.said(b"warm");
        pair.open(&warm).unwrap();
        let mut wire: Vec<u8> = (0..100).flat_map(|_| pair.said(b"event")).collect();
        let (client, plaintext) = (&mut pair.client, &mut pair.plaintext);
        let mut left = &mut wire[..];
        let mut records = 0;
        let used = allocation_counter::measure(|| {
            while let Ok(Opened::Plaintext(_)) = client.open(&mut left, plaintext) {
                records += 1;
            }
        });
        assert_eq!((records, used.count_total), (100, 100), "{used:?}");
    }
}
