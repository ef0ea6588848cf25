//! The zstd coding, of any number of frames.

use std::io;

use zstd::stream::raw::{DParameter, Decoder as Stream, InBuffer, Operation, OutBuffer};

use super::{Coding, CodingError, Decoder, PIECE_BYTES, Pieces};

/// Source: RFC 9659: a content coding must not need a window above 8 MiB.
const WINDOW_LOG_MAX: u32 = 23;

/// The largest window, a block before and a block after it, and the context of the library (94 KiB).
pub(super) const STATE_BYTES: usize = (1 << WINDOW_LOG_MAX) + (2 * 128 + 94) * 1024;

/// Source: RFC 8878.
pub(super) struct Zstd {
    /// Absent if the library could not have the memory for one.
    stream: Option<Stream<'static>>,
    within_frame: bool,
}

impl Zstd {
    pub(super) fn new() -> Self {
        Self {
            stream: bounded_stream().ok(),
            within_frame: false,
        }
    }
}

fn bounded_stream() -> io::Result<Stream<'static>> {
    let mut stream = Stream::new()?;
    stream.set_parameter(DParameter::WindowLogMax(WINDOW_LOG_MAX))?;
    Ok(stream)
}

impl Decoder for Zstd {
    fn decode(&mut self, input: &[u8], out: &mut Pieces<'_>) -> Result<(), CodingError> {
        let stream = self
            .stream
            .as_mut()
            .ok_or(CodingError::Window(Coding::Zstd))?;
        let mut piece = [0; PIECE_BYTES];
        let mut input = InBuffer::around(input);
        loop {
            let read_before = input.pos();
            let mut output = OutBuffer::around(&mut piece[..]);
            let hint = stream
                .run(&mut input, &mut output)
                .map_err(|error| classify(&error))?;
            let written = output.as_slice();
            let (count, read) = (written.len(), input.pos() - read_before);
            if read + count == 0 {
                return Ok(());
            }
            // Not without progress: between frames the hint asks for the next one, which need not come.
            self.within_frame = hint != 0;
            if count > 0 {
                out(written)?;
            }
        }
    }

    fn may_end(&self) -> bool {
        !self.within_frame
    }
}

/// The library hands on only the text of its error; both that mean a window say so by this word.
fn classify(error: &io::Error) -> CodingError {
    if error.to_string().contains("memory") {
        CodingError::Window(Coding::Zstd)
    } else {
        CodingError::Corrupt(Coding::Zstd)
    }
}
