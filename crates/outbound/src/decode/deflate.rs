//! Deflate: in the frame of zlib, as HTTP has it, or bare, as some servers send it.

use bytes::{Buf as _, Bytes};
use flate2::{Decompress, FlushDecompress, Status};

use super::DecodeError;
use super::stage::Decoded;

const BROKEN: DecodeError = DecodeError::Broken("deflate");

/// Made by the first byte, which tells the two forms apart.
#[derive(Default)]
pub(super) struct Deflate(Option<Box<Decompress>>);

impl Deflate {
    pub(super) fn decode(
        &mut self,
        input: &mut Bytes,
        output: &mut [u8],
    ) -> Result<Decoded, DecodeError> {
        let Some(first) = input.first() else {
            let Some(inner) = &mut self.0 else {
                return Ok(Decoded::NeedsInput(0));
            };
            return run(inner, input, output);
        };
        // In zlib's frame: the number of the method. Bare: a block that is stored, with padding that
        // is never written.
        let is_framed = first & 0x0f == 8;
        let inner = self
            .0
            .get_or_insert_with(|| Box::new(Decompress::new(is_framed)));
        run(inner, input, output)
    }
}

fn run(
    inner: &mut Decompress,
    input: &mut Bytes,
    output: &mut [u8],
) -> Result<Decoded, DecodeError> {
    let (taken, given) = (inner.total_in(), inner.total_out());
    let status = inner.decompress(input, output, FlushDecompress::None);
    let taken = usize::try_from(inner.total_in() - taken).map_err(|_| BROKEN)?;
    let given = usize::try_from(inner.total_out() - given).map_err(|_| BROKEN)?;
    input.advance(taken);
    match status {
        Ok(Status::StreamEnd) => Ok(Decoded::End(given)),
        // There may be more where the room was full.
        Ok(Status::Ok | Status::BufError) if input.is_empty() && given < output.len() => {
            Ok(Decoded::NeedsInput(given))
        }
        Ok(Status::Ok | Status::BufError) if taken + given > 0 => Ok(Decoded::More(given)),
        Ok(Status::Ok | Status::BufError) | Err(_) => Err(BROKEN),
    }
}
