//! Content codings undone as the bytes come in: what can be decoded is handed on at once.
//! It must not know HTTP framing, sockets or time; arrival stamps are taken before it sees a byte.

mod brotli;
mod deflate;
mod gzip;
mod zstd;

use std::cell::Cell;

use thiserror::Error;

/// A content coding that can be decoded incrementally.
///
/// Source: RFC 9110 section 8.4.1; RFC 7932 (br); RFC 8878 and RFC 9659 (zstd).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Coding {
    /// `gzip`, of one member or many (RFC 1952).
    Gzip,
    /// `deflate`: zlib, and the raw deflate that some servers send under that name.
    Deflate,
    /// `br`
    Brotli,
    /// `zstd`
    Zstd,
}

/// Undoes the content codings of one response.
///
/// Feed it the body as it arrives; it keeps windows and state, never output.
pub struct ContentDecoder {
    /// Outermost coding first: the one applied last.
    stages: Vec<Stage>,
}

struct Stage {
    coding: Coding,
    decoder: Box<dyn Decoder>,
}

/// Why a response's `Content-Encoding` cannot be undone.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum UnsupportedCoding {
    /// A coding outside [`Coding`]; its name, shortened and free of control characters.
    #[error("the response's Content-Encoding `{0}` is none of gzip, deflate, br and zstd")]
    Unknown(String),
    /// More codings on top of each other than any honest server applies.
    #[error("the response has {0} content codings on top of each other, more than {MAX_STAGES}")]
    TooMany(usize),
}

/// Why a coded body cannot be decoded further. The response is to be given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CodingError {
    /// The bytes are not what the coding allows, or a checksum does not hold.
    #[error("the body is not valid {}", .0.name())]
    Corrupt(Coding),
    /// The body ended where the coding still expects bytes.
    #[error("the body ended in the middle of its {} data", .0.name())]
    Truncated(Coding),
    /// Memory for a window could not be had, or the body wants a larger one than the coding's RFC allows.
    #[error("the body needs a larger {} window than can be given", .0.name())]
    Window(Coding),
    /// A few bytes would become very many: a decompression bomb.
    #[error("the body expands more than {MAX_EXPANSION}-fold")]
    Expansion,
}

/// Codings on top of each other that are undone.
const MAX_STAGES: usize = 3;

/// Output of one call, over all stages: this many times the input, which deflate cannot exceed...
const MAX_EXPANSION: usize = 1100;

/// ...plus this much, because br and zstd may honestly repeat an event thousands of times in few bytes.
const EXPANSION_FLOOR_BYTES: usize = 16 << 20;

/// Decoded bytes are handed on in pieces of at most this size.
const PIECE_BYTES: usize = 4096;

/// One coding being undone.
trait Decoder: Send {
    /// Hands everything that `input` completes to `out`, in pieces of at most [`PIECE_BYTES`].
    fn decode(&mut self, input: &[u8], out: &mut Pieces<'_>) -> Result<(), CodingError>;

    /// Whether the body may end here.
    fn may_end(&self) -> bool;

    /// How many members are complete, where the coding has members.
    fn members(&self) -> u64 {
        0
    }
}

type Pieces<'a> = dyn FnMut(&[u8]) -> Result<(), CodingError> + 'a;

impl Coding {
    /// The coding of this name in `Content-Encoding` or `Accept-Encoding`, in any case.
    pub fn from_token(token: &str) -> Option<Self> {
        const NAMES: [(&str, Coding); 5] = [
            ("gzip", Coding::Gzip),
            ("x-gzip", Coding::Gzip),
            ("deflate", Coding::Deflate),
            ("br", Coding::Brotli),
            ("zstd", Coding::Zstd),
        ];
        NAMES
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(token))
            .map(|(_, coding)| *coding)
    }

    /// The name in HTTP headers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    /// Memory that decoding one stream can take at most, in bytes: the largest window its RFC allows, and state.
    ///
    /// What a server really makes it take is often less for br and zstd: memory is touched as output grows.
    pub fn window_bytes(self) -> usize {
        match self {
            Self::Gzip | Self::Deflate => deflate::STATE_BYTES,
            Self::Brotli => brotli::STATE_BYTES,
            Self::Zstd => zstd::STATE_BYTES,
        }
    }

    fn decoder(self) -> Box<dyn Decoder> {
        match self {
            Self::Gzip => Box::new(gzip::Gzip::new()),
            Self::Deflate => Box::new(deflate::Deflate::new()),
            Self::Brotli => Box::new(brotli::Brotli::new()),
            Self::Zstd => Box::new(zstd::Zstd::new()),
        }
    }
}

impl ContentDecoder {
    /// A decoder for the value of `Content-Encoding` (several header lines joined by commas), `None` if there is
    /// nothing to undo.
    ///
    /// `none` counts as `identity`: servers send it to keep compressors away, and browsers accept it.
    pub fn for_header(value: &str) -> Result<Option<Self>, UnsupportedCoding> {
        let tokens = value
            .split(',')
            .map(str::trim)
            .filter(|token| !is_identity(token));
        let codings: Vec<Coding> = tokens
            .map(|token| {
                Coding::from_token(token)
                    .ok_or_else(|| UnsupportedCoding::Unknown(printable(token)))
            })
            .collect::<Result<_, _>>()?;
        match codings.len() {
            0 => Ok(None),
            count if count > MAX_STAGES => Err(UnsupportedCoding::TooMany(count)),
            _ => Ok(Some(Self::new(&codings))),
        }
    }

    /// `codings` in the order in which the server applied them.
    fn new(codings: &[Coding]) -> Self {
        let stage = |&coding: &Coding| Stage {
            coding,
            decoder: coding.decoder(),
        };
        Self {
            stages: codings.iter().rev().map(stage).collect(),
        }
    }

    /// Decodes the next bytes of the body and hands everything they complete to `out`, piece by piece.
    ///
    /// Errors end the response: after one, neither this decoder nor the rest of the body is of use.
    pub fn decode(&mut self, input: &[u8], out: &mut dyn FnMut(&[u8])) -> Result<(), CodingError> {
        let budget =
            EXPANSION_FLOOR_BYTES.saturating_add(input.len().saturating_mul(MAX_EXPANSION));
        run(&mut self.stages, input, &Cell::new(budget), out)
    }

    /// Tells whether the body may end here; to be asked when it has ended.
    pub fn finish(&self) -> Result<(), CodingError> {
        match self.stages.iter().find(|stage| !stage.decoder.may_end()) {
            Some(stage) => Err(CodingError::Truncated(stage.coding)),
            None => Ok(()),
        }
    }

    /// Members of gzip that are complete.
    pub fn members(&self) -> u64 {
        let members = self.stages.iter().map(|stage| stage.decoder.members());
        members.max().unwrap_or(0)
    }

    /// Memory that this response can take at most, in bytes; see [`Coding::window_bytes`].
    pub fn window_bytes(&self) -> usize {
        self.stages
            .iter()
            .map(|stage| stage.coding.window_bytes())
            .sum()
    }
}

impl std::fmt::Debug for ContentDecoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.stages.iter().map(|stage| stage.coding))
            .finish()
    }
}

/// One budget for all stages: bombs in bombs would multiply otherwise.
fn run(
    stages: &mut [Stage],
    input: &[u8],
    budget: &Cell<usize>,
    out: &mut dyn FnMut(&[u8]),
) -> Result<(), CodingError> {
    let Some((stage, rest)) = stages.split_first_mut() else {
        out(input);
        return Ok(());
    };
    stage.decoder.decode(input, &mut |piece| {
        budget.set(
            budget
                .get()
                .checked_sub(piece.len())
                .ok_or(CodingError::Expansion)?,
        );
        run(rest, piece, budget, out)
    })
}

fn is_identity(token: &str) -> bool {
    ["", "identity", "none"]
        .iter()
        .any(|name| name.eq_ignore_ascii_case(token))
}

/// A server's text, short and harmless enough for a message.
fn printable(token: &str) -> String {
    token
        .chars()
        .take(40)
        .flat_map(char::escape_debug)
        .collect()
}

#[cfg(test)]
mod tests;
