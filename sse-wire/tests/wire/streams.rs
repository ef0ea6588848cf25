//! Streams for property tests: made of what means something to a decoder.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Lines that mix right and nearly right fields, all line ends, BOMs and invalid UTF-8.
pub(crate) fn hostile() -> impl Strategy<Value = Vec<u8>> {
    const BOM: &[u8] = b"\xEF\xBB\xBF";
    let start = select(vec![
        b"".as_slice(),
        BOM,
        &BOM[..1],
        &BOM[..2],
        b"\xEF\xBB\xBF\xEF\xBB\xBF",
    ]);
    let value = prop_oneof![
        4 => "[a-z0-9 :\u{e9}\u{20ac}\u{feff}\u{2028}\0]{0,12}".prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..6),
        1 => select(vec!["5", "+5", "-5", "007", "99999999999999999999", "5 "])
            .prop_map(|text| text.as_bytes().to_vec()),
    ];
    (
        start,
        vec((name(), colon(), value, line_end()), 0..12),
        vec(any::<u8>(), 0..8),
    )
        .prop_map(|(start, lines, tail)| {
            let mut stream = start.to_vec();
            for (name, colon, value, end) in lines {
                stream.extend(
                    [name, colon]
                        .concat()
                        .bytes()
                        .chain(value)
                        .chain(end.bytes()),
                );
            }
            stream.extend(tail);
            stream
        })
}

/// Lines in valid UTF-8 without a BOM at the start.
pub(crate) fn textual() -> impl Strategy<Value = String> {
    let value = "[a-z0-9 :\u{e9}\u{20ac}\u{feff}\u{2028}\0]{0,12}";
    vec((name(), colon(), value, line_end()), 0..12).prop_map(|lines| {
        let lines = lines.into_iter();
        lines
            .map(|(name, colon, value, end)| [name, colon, &value, end].concat())
            .collect()
    })
}

/// A stream with rising offsets at which to cut it.
pub(crate) fn with_cuts<S>(stream: S) -> impl Strategy<Value = (S::Value, Vec<usize>)>
where
    S: Strategy<Value: AsRef<[u8]> + Clone>,
{
    stream.prop_flat_map(|stream| {
        let length = stream.as_ref().len();
        let cuts = vec(0..=length, 0..8).prop_map(|mut cuts| {
            cuts.sort_unstable();
            cuts
        });
        (Just(stream), cuts)
    })
}

fn name() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        4 => Just("data"),
        4 => select(vec!["event", "id", "retry", ""]),
        1 => select(vec!["dat", "datas", "Data", " data", "foo", "ids", "\0"]),
    ]
}

fn colon() -> impl Strategy<Value = &'static str> {
    prop_oneof![4 => Just(": "), 1 => select(vec!["", ":", ":  ", " :"])]
}

fn line_end() -> impl Strategy<Value = &'static str> {
    select(vec![
        "\n", "\r", "\r\n", "\n\n", "\r\r", "\r\n\r\n", "\n\r\n", "\n\r",
    ])
}
