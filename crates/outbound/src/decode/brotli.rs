//! Brotli, by RFC 7932: with its window of at most 16 MiB, not the larger ones that some encoders know.

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use bytes::{Buf as _, Bytes};

use super::DecodeError;
use super::stage::Decoded;

type State = BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>;

pub(super) struct Brotli(Box<State>);

impl Brotli {
    pub(super) fn new() -> Self {
        let heap = StandardAlloc::default;
        Self(Box::new(State::new_strict(heap(), heap(), heap())))
    }

    pub(super) fn decode(
        &mut self,
        input: &mut Bytes,
        output: &mut [u8],
    ) -> Result<Decoded, DecodeError> {
        let (mut left, mut taken) = (input.len(), 0);
        let (mut room, mut given) = (output.len(), 0);
        let result = BrotliDecompressStream(
            &mut left,
            &mut taken,
            input,
            &mut room,
            &mut given,
            output,
            &mut 0,
            &mut self.0,
        );
        input.advance(taken);
        match result {
            BrotliResult::ResultSuccess => Ok(Decoded::End(given)),
            BrotliResult::NeedsMoreInput => Ok(Decoded::NeedsInput(given)),
            BrotliResult::NeedsMoreOutput => Ok(Decoded::More(given)),
            BrotliResult::ResultFailure => Err(DecodeError::Broken("brotli")),
        }
    }
}
