//! The br coding.

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

use super::{Coding, CodingError, Decoder, PIECE_BYTES, Pieces};

/// The largest window of RFC 7932 (16 MiB), and tables (measured: 27 KiB after a first block; they grow with the number of trees).
pub(super) const STATE_BYTES: usize = (16 << 20) + (100 << 10);

/// Source: RFC 7932.
pub(super) struct Brotli {
    state: Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>,
    progress: Progress,
}

enum Progress {
    Begin,
    Within,
    /// Whatever follows the end is passed over, as browsers do.
    Ended,
}

impl Brotli {
    pub(super) fn new() -> Self {
        let alloc = StandardAlloc::default;
        // "Strict" refuses the large windows (up to 1 GiB) that the RFC does not know.
        let state = BrotliState::new_strict(alloc(), alloc(), alloc());
        Self {
            state: Box::new(state),
            progress: Progress::Begin,
        }
    }
}

impl Decoder for Brotli {
    fn decode(&mut self, input: &[u8], out: &mut Pieces<'_>) -> Result<(), CodingError> {
        if input.is_empty() || matches!(self.progress, Progress::Ended) {
            return Ok(());
        }
        self.progress = Progress::Within;
        let mut piece = [0; PIECE_BYTES];
        let (mut left, mut at) = (input.len(), 0);
        loop {
            let (mut room, mut written, mut total) = (PIECE_BYTES, 0, 0);
            let result = BrotliDecompressStream(
                &mut left,
                &mut at,
                input,
                &mut room,
                &mut written,
                &mut piece,
                &mut total,
                &mut self.state,
            );
            if written > 0 {
                out(&piece[..written])?;
            }
            match result {
                BrotliResult::NeedsMoreOutput => {}
                BrotliResult::NeedsMoreInput => return Ok(()),
                BrotliResult::ResultSuccess => {
                    self.progress = Progress::Ended;
                    return Ok(());
                }
                BrotliResult::ResultFailure => return Err(CodingError::Corrupt(Coding::Brotli)),
            }
        }
    }

    fn may_end(&self) -> bool {
        matches!(self.progress, Progress::Begin | Progress::Ended)
    }
}
