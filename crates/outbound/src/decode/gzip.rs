//! Gzip, by RFC 1952: several members may follow each other.

use std::io::{self, BufRead, Read};

use bytes::{Buf as _, Bytes};
use flate2::bufread::MultiGzDecoder;

use super::DecodeError;
use super::stage::Decoded;

const BROKEN: DecodeError = DecodeError::Broken("gzip");

pub(super) struct Gzip(MultiGzDecoder<Arrived>);

/// What has arrived and is not decoded yet.
#[derive(Default)]
struct Arrived {
    bytes: Bytes,
    is_last: bool,
}

impl BufRead for Arrived {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.bytes.is_empty() && !self.is_last {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(&self.bytes)
    }

    fn consume(&mut self, count: usize) {
        self.bytes.advance(count);
    }
}

impl Read for Arrived {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(into)?;
        self.consume(count);
        Ok(count)
    }
}

impl Gzip {
    pub(super) fn new() -> Self {
        Self(MultiGzDecoder::new(Arrived::default()))
    }

    /// Takes all of `input` over.
    pub(super) fn decode(
        &mut self,
        input: &mut Bytes,
        is_last: bool,
        output: &mut [u8],
    ) -> Result<Decoded, DecodeError> {
        let arrived = self.0.get_mut();
        if !input.is_empty() {
            arrived.bytes = std::mem::take(input);
        }
        arrived.is_last = is_last;
        match self.0.read(output) {
            Ok(0) => Ok(Decoded::End(0)),
            Ok(count) => Ok(Decoded::More(count)),
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock => Ok(Decoded::NeedsInput(0)),
                io::ErrorKind::UnexpectedEof => Err(DecodeError::CutOff),
                _ => Err(BROKEN),
            },
        }
    }
}
