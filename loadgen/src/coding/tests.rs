//! Every coding: at once per flush, in any pieces, cut short, broken and hostile.

use std::io::Write;

use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use flate2::{Compression, GzBuilder};
use proptest::prelude::*;

use super::*;

/// Compressors by name, each able to flush after every event as a live server does.
const NAMES: [&str; 5] = ["gzip", "deflate", "raw deflate", "br", "zstd"];

trait Compressor: Write {
    fn bytes(&mut self) -> &mut Vec<u8>;
    fn end(self: Box<Self>) -> Vec<u8>;
}

macro_rules! compressor {
    ($type:ty, $end:expr) => {
        impl Compressor for $type {
            fn bytes(&mut self) -> &mut Vec<u8> {
                self.get_mut()
            }
            fn end(self: Box<Self>) -> Vec<u8> {
                let end: fn($type) -> Vec<u8> = $end;
                end(*self)
            }
        }
    };
}
compressor!(GzEncoder<Vec<u8>>, |encoder| encoder.finish().unwrap());
compressor!(ZlibEncoder<Vec<u8>>, |encoder| encoder.finish().unwrap());
compressor!(DeflateEncoder<Vec<u8>>, |encoder| encoder.finish().unwrap());
compressor!(::brotli::CompressorWriter<Vec<u8>>, |encoder| encoder
    .into_inner());
compressor!(
    ::zstd::stream::write::Encoder<'static, Vec<u8>>,
    |encoder| encoder.finish().unwrap()
);

fn compressor(name: &str) -> Box<dyn Compressor> {
    match name {
        "gzip" => Box::new(GzEncoder::new(Vec::new(), Compression::default())),
        "deflate" => Box::new(ZlibEncoder::new(Vec::new(), Compression::default())),
        "raw deflate" => Box::new(DeflateEncoder::new(Vec::new(), Compression::default())),
        "br" => Box::new(::brotli::CompressorWriter::new(Vec::new(), 4096, 5, 22)),
        "zstd" => Box::new(::zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap()),
        other => panic!("no compressor {other}"),
    }
}

fn compress(name: &str, data: &[u8]) -> Vec<u8> {
    let mut encoder = compressor(name);
    encoder.write_all(data).unwrap();
    encoder.end()
}

/// What a decoder handed out, and how it ended.
#[derive(Debug, PartialEq)]
struct Decoded {
    data: Vec<u8>,
    end: Result<(), CodingError>,
}

fn decode(header: &str, pieces: &[&[u8]]) -> Decoded {
    let mut decoder = ContentDecoder::for_header(header).unwrap().unwrap();
    let mut data = Vec::new();
    let end = pieces
        .iter()
        .try_for_each(|piece| {
            decoder.decode(piece, &mut |out| {
                assert!(!out.is_empty() && out.len() <= PIECE_BYTES);
                data.extend_from_slice(out);
            })
        })
        .and_then(|()| decoder.finish());
    Decoded { data, end }
}

fn header_of(name: &str) -> &str {
    name.strip_prefix("raw ").unwrap_or(name)
}

fn coding_of(name: &str) -> Coding {
    Coding::from_token(header_of(name)).unwrap()
}

fn whole(data: &[u8]) -> Decoded {
    Decoded {
        data: data.to_vec(),
        end: Ok(()),
    }
}

/// Some text with long-range repeats, larger than a piece and than deflate's window.
fn text() -> Vec<u8> {
    (0..20_000)
        .flat_map(|n: u32| {
            format!("data: {{\"seq\":{n},\"price\":{}}}\n\n", n * n % 997).into_bytes()
        })
        .collect()
}

#[test]
fn each_flushed_event_comes_out_at_once() {
    for name in NAMES {
        let mut encoder = compressor(name);
        let mut decoder = ContentDecoder::for_header(header_of(name))
            .unwrap()
            .unwrap();
        for n in 0..200 {
            let event = format!("id: {n}\ndata: {}\n\n", "x".repeat(n * 37 % 1500));
            encoder.write_all(event.as_bytes()).unwrap();
            encoder.flush().unwrap();
            let sent = std::mem::take(encoder.bytes());
            let mut got = Vec::new();
            decoder
                .decode(&sent, &mut |out| got.extend_from_slice(out))
                .unwrap();
            assert_eq!(String::from_utf8(got).unwrap(), event, "{name}, event {n}");
        }
        decoder
            .decode(&encoder.end(), &mut |out| panic!("{name}: late {out:?}"))
            .unwrap();
        assert_eq!(decoder.finish(), Ok(()), "{name}");
    }
}

#[test]
fn a_gzip_member_per_event_comes_out_at_once() {
    let mut decoder = ContentDecoder::for_header("gzip").unwrap().unwrap();
    for n in 0..50 {
        let event = format!("data: {n}\n\n");
        let mut got = Vec::new();
        decoder
            .decode(&compress("gzip", event.as_bytes()), &mut |out| {
                got.extend_from_slice(out)
            })
            .unwrap();
        assert_eq!(got, event.as_bytes());
        assert_eq!(decoder.finish(), Ok(()));
        assert_eq!(decoder.members(), n + 1);
    }
}

#[test]
fn any_pieces_of_the_input_give_the_same_output() {
    let data = text();
    for name in NAMES {
        let body = compress(name, &data);
        assert!(body.len() > 4096, "{name} has too little to cut");
        for size in [1, 2, 3, 7, 1000, 65536, usize::MAX] {
            let pieces: Vec<&[u8]> = body.chunks(size).collect();
            assert!(
                decode(header_of(name), &pieces) == whole(&data),
                "{name} in pieces of {size}"
            );
        }
    }
}

#[test]
fn a_gzip_header_may_have_every_field() {
    let mut encoder = GzBuilder::new()
        .extra([7; 300])
        .filename("name")
        .comment("comment")
        .mtime(1)
        .write(Vec::new(), Compression::best());
    encoder.write_all(b"data: 1\n\n").unwrap();
    let mut member = encoder.finish().unwrap();
    assert_eq!(member[3], FEXTRA_FNAME_FCOMMENT);
    let data = member.iter().rposition(|&byte| byte == 0).unwrap();
    assert!(data > 300);
    for size in [1, 2, usize::MAX] {
        let pieces: Vec<&[u8]> = member.chunks(size).collect();
        assert_eq!(decode("gzip", &pieces), whole(b"data: 1\n\n"));
    }
    // The header's own checksum, which flate2 does not write: its two bytes go before the data.
    let end_of_comment = member
        .windows(8)
        .position(|window| window == b"comment\0")
        .unwrap()
        + 8;
    member[3] |= 2;
    member.splice(end_of_comment..end_of_comment, [0xab, 0xcd]);
    assert_eq!(decode("gzip", &[&member]), whole(b"data: 1\n\n"));
    // An extra field without a byte.
    let mut empty_extra = compress("gzip", b"data: 2\n\n");
    empty_extra[3] |= 4;
    empty_extra.splice(10..10, [0, 0]);
    assert_eq!(decode("gzip", &[&empty_extra]), whole(b"data: 2\n\n"));
}

const FEXTRA_FNAME_FCOMMENT: u8 = 4 + 8 + 16;

#[test]
fn what_follows_the_end_is_passed_over() {
    for name in ["gzip", "deflate", "raw deflate", "br"] {
        for tail in [&b"\0\0\0\0"[..], b"\x1f!", b"tail"] {
            let mut body = compress(name, b"data: 1\n\n");
            body.extend_from_slice(tail);
            assert_eq!(
                decode(header_of(name), &[&body]),
                whole(b"data: 1\n\n"),
                "{name} {tail:?}"
            );
            let bytes: Vec<&[u8]> = body.chunks(1).collect();
            assert_eq!(
                decode(header_of(name), &bytes),
                whole(b"data: 1\n\n"),
                "{name} {tail:?}"
            );
        }
    }
}

#[test]
fn zstd_frames_follow_each_other() {
    let body = [compress("zstd", b"one"), compress("zstd", b"two")].concat();
    for size in [1, usize::MAX] {
        assert_eq!(
            decode("zstd", &body.chunks(size).collect::<Vec<_>>()),
            whole(b"onetwo")
        );
    }
}

#[test]
fn codings_on_top_of_each_other_are_undone_from_the_outside() {
    let data = text();
    let body = compress("br", &compress("zstd", &compress("gzip", &data)));
    assert!(decode("gzip, zstd , BR", &[&body]) == whole(&data));
}

#[test]
fn a_body_cut_short_hands_out_its_beginning_and_says_so() {
    for name in NAMES {
        let data = text();
        let body = compress(name, &data);
        for cut in [1, 3, body.len() / 2, body.len() - 1] {
            let decoded = decode(header_of(name), &[&body[..cut]]);
            assert_eq!(
                decoded.end,
                Err(CodingError::Truncated(coding_of(name))),
                "{name} at {cut}"
            );
            assert!(data.starts_with(&decoded.data), "{name} at {cut}");
        }
        assert_eq!(decode(header_of(name), &[]), whole(b""), "{name}");
    }
}

#[test]
fn what_is_not_of_the_coding_is_corrupt() {
    for header in ["gzip", "deflate", "zstd", "br"] {
        let coding = Coding::from_token(header).unwrap();
        let decoded = decode(header, &[b"\x7fdata: this was never compressed at all\n\n"]);
        assert_eq!(decoded.end, Err(CodingError::Corrupt(coding)), "{header}");
    }
    let mut wrong_sum = compress("gzip", b"data: 1\n\n");
    let at = wrong_sum.len() - 8;
    wrong_sum[at] ^= 1;
    assert_eq!(
        decode("gzip", &[&wrong_sum]).end,
        Err(CodingError::Corrupt(Coding::Gzip))
    );
    let mut reserved = compress("gzip", b"data: 1\n\n");
    reserved[3] = 0x80;
    assert_eq!(
        decode("gzip", &[&reserved]).end,
        Err(CodingError::Corrupt(Coding::Gzip))
    );
}

#[test]
fn windows_beyond_the_rfcs_are_refused() {
    let mut encoder = ::zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(24).unwrap();
    encoder.write_all(b"data: 1\n\n").unwrap();
    // The size of the content, when it is known, would shrink the window.
    let body = encoder.finish().unwrap();
    assert_eq!(
        decode("zstd", &[&body]).end,
        Err(CodingError::Window(Coding::Zstd))
    );

    let params = ::brotli::enc::BrotliEncoderParams {
        large_window: true,
        lgwin: 26,
        quality: 1,
        ..Default::default()
    };
    let mut body = Vec::new();
    ::brotli::BrotliCompress(&mut &text()[..], &mut body, &params).unwrap();
    assert_eq!(
        decode("br", &[&body]).end,
        Err(CodingError::Corrupt(Coding::Brotli))
    );
}

#[test]
fn a_bomb_is_given_up_and_ordinary_repeats_are_not() {
    let zeros = vec![0; 64 << 20];
    for name in ["br", "zstd"] {
        let decoded = decode(name, &[&compress(name, &zeros)]);
        assert_eq!(decoded.end, Err(CodingError::Expansion), "{name}");
        assert!(decoded.data.len() < 32 << 20, "{name}");
    }
    let nested = compress("gzip", &compress("gzip", &zeros));
    assert_eq!(
        decode("gzip, gzip", &[&nested]).end,
        Err(CodingError::Expansion)
    );
    assert!(decode("gzip", &[&compress("gzip", &zeros)]) == whole(&zeros));
    assert!(decode("br", &[&compress("br", &zeros[..8 << 20])]) == whole(&zeros[..8 << 20]));
}

#[test]
fn the_header_names_the_codings() {
    let for_header =
        |value| ContentDecoder::for_header(value).map(|decoder| decoder.map(|d| format!("{d:?}")));
    for nothing in ["", "identity", " Identity ,", "none"] {
        assert_eq!(for_header(nothing), Ok(None), "{nothing}");
    }
    assert_eq!(for_header("X-GZIP"), Ok(Some("[Gzip]".into())));
    assert_eq!(
        for_header("gzip,,identity,br"),
        Ok(Some("[Brotli, Gzip]".into()))
    );
    assert_eq!(
        for_header("compress"),
        Err(UnsupportedCoding::Unknown("compress".into()))
    );
    assert_eq!(
        for_header("\u{1b}[31mred"),
        Err(UnsupportedCoding::Unknown("\\u{1b}[31mred".into()))
    );
    assert_eq!(
        for_header("gzip,gzip,gzip,gzip"),
        Err(UnsupportedCoding::TooMany(4))
    );
    let window = ContentDecoder::for_header("gzip, br")
        .unwrap()
        .unwrap()
        .window_bytes();
    assert_eq!(
        window,
        Coding::Gzip.window_bytes() + Coding::Brotli.window_bytes()
    );
}

/// Cuts `data` at these places, taken modulo what is left.
fn cut<'d>(mut data: &'d [u8], places: &[u16]) -> Vec<&'d [u8]> {
    let mut pieces = Vec::new();
    for &place in places {
        let (piece, rest) = data.split_at(usize::from(place) % (data.len() + 1));
        pieces.push(piece);
        data = rest;
    }
    pieces.push(data);
    pieces
}

proptest! {
    #[test]
    fn what_was_compressed_comes_back(
        events in prop::collection::vec(prop::collection::vec(0..4u8, 0..200), 0..20),
        places: Vec<u16>,
        name in prop::sample::select(&NAMES[..]),
    ) {
        let mut encoder = compressor(name);
        for event in &events {
            encoder.write_all(event).unwrap();
            encoder.flush().unwrap();
        }
        let body = encoder.end();
        prop_assert_eq!(decode(header_of(name), &cut(&body, &places)), whole(&events.concat()));
    }

    #[test]
    fn members_and_frames_come_back(events: Vec<Vec<u8>>, places: Vec<u16>, zstd: bool) {
        let name = if zstd { "zstd" } else { "gzip" };
        let body: Vec<u8> = events.iter().flat_map(|event| compress(name, event)).collect();
        prop_assert_eq!(decode(name, &cut(&body, &places)), whole(&events.concat()));
    }

    #[test]
    fn hostile_bytes_never_panic_and_pieces_change_nothing(
        garbage: Vec<u8>,
        at: prop::sample::Index,
        flip in 1..=255u8,
        places: Vec<u16>,
        name in prop::sample::select(&NAMES[..]),
    ) {
        decode(header_of(name), &[&garbage]);
        let mut body = compress(name, &b"data: {\"price\":17}\n\n".repeat(100));
        let at = at.index(body.len());
        body[at] ^= flip;
        let once = decode(header_of(name), &[&body]);
        let pieces = decode(header_of(name), &cut(&body, &places));
        prop_assert_eq!(once.end.is_ok(), pieces.end.is_ok());
        if once.end.is_ok() {
            prop_assert_eq!(once.data, pieces.data);
        }
    }
}
