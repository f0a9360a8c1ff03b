//! One encoding coming off, with its limits.

use bytes::Bytes;

use super::DecodeError;
use super::brotli::Brotli;
use super::deflate::Deflate;
use super::encodings::Encoding;
use super::gzip::Gzip;

/// What a decoded body may become.
#[derive(Debug, Clone, Copy)]
pub struct DecodeLimits {
    /// The most plain bytes.
    pub bytes: u64,
    /// How many times as many plain bytes as came, once there is more than a mebibyte of them.
    pub ratio: u64,
}

/// The decoded bytes up to which the ratio is not checked: small, repetitive bodies compress well.
const SMALL: u64 = 1024 * 1024;
/// The most that is decoded at once.
const PIECE: usize = 32 * 1024;

/// How many bytes were decoded, and what is to be done next.
pub(super) enum Decoded {
    /// Decode again: the room was full, or there is input.
    More(usize),
    /// All that came is decoded.
    NeedsInput(usize),
    /// The encoding has ended.
    End(usize),
}

/// What a stage has.
pub(super) enum Step {
    /// Some bytes, never none.
    Output(Bytes),
    /// Nothing before more comes.
    NeedsInput,
    /// Nothing more.
    End,
}

enum Decoder {
    Gzip(Gzip),
    Deflate(Deflate),
    Brotli(Brotli),
}

/// One encoding coming off.
pub(super) struct Stage {
    decoder: Decoder,
    input: Bytes,
    /// How long the last piece was.
    piece: usize,
    /// Nothing comes after `input`.
    is_last: bool,
    has_ended: bool,
    limits: DecodeLimits,
    taken: u64,
    given: u64,
}

impl Stage {
    pub(super) fn new(encoding: Encoding, limits: DecodeLimits) -> Self {
        Self {
            decoder: match encoding {
                Encoding::Gzip => Decoder::Gzip(Gzip::new()),
                Encoding::Deflate => Decoder::Deflate(Deflate::default()),
                Encoding::Brotli => Decoder::Brotli(Brotli::new()),
            },
            input: Bytes::new(),
            piece: 0,
            is_last: false,
            has_ended: false,
            limits,
            taken: 0,
            given: 0,
        }
    }

    /// The next piece, after a step that needed one.
    pub(super) fn feed(&mut self, piece: Bytes) {
        self.taken += piece.len() as u64;
        self.piece = piece.len();
        self.input = piece;
    }

    /// No piece comes any more.
    pub(super) const fn feed_no_more(&mut self) {
        self.is_last = true;
    }

    /// Decodes a piece of bounded size.
    pub(super) fn step(&mut self) -> Result<Step, DecodeError> {
        // A response without a body says that it is encoded, too.
        if self.is_last && self.taken == 0 {
            return Ok(Step::End);
        }
        if self.has_ended {
            return self.after_the_end();
        }
        loop {
            let mut output = vec![0; self.room()];
            let decoded = self.decode(&mut output)?;
            let (Decoded::More(count) | Decoded::NeedsInput(count) | Decoded::End(count)) = decoded;
            self.has_ended = matches!(decoded, Decoded::End(_));
            if count > 0 {
                self.count(count)?;
                output.truncate(count);
                return Ok(Step::Output(output.into()));
            }
            match decoded {
                Decoded::More(_) => {}
                Decoded::End(_) => return self.after_the_end(),
                Decoded::NeedsInput(_) if self.is_last => return Err(DecodeError::CutOff),
                Decoded::NeedsInput(_) => return Ok(Step::NeedsInput),
            }
        }
    }

    fn decode(&mut self, output: &mut [u8]) -> Result<Decoded, DecodeError> {
        match &mut self.decoder {
            Decoder::Gzip(gzip) => gzip.decode(&mut self.input, self.is_last, output),
            Decoder::Deflate(deflate) => deflate.decode(&mut self.input, output),
            Decoder::Brotli(brotli) => brotli.decode(&mut self.input, output),
        }
    }

    /// Events are small; what is handed on keeps its room.
    fn room(&self) -> usize {
        self.piece.saturating_mul(4).clamp(1024, PIECE)
    }

    fn after_the_end(&self) -> Result<Step, DecodeError> {
        match (self.input.is_empty(), self.is_last) {
            (false, _) => Err(DecodeError::Trailing),
            (true, true) => Ok(Step::End),
            (true, false) => Ok(Step::NeedsInput),
        }
    }

    fn count(&mut self, count: usize) -> Result<(), DecodeError> {
        self.given += count as u64;
        let DecodeLimits { bytes, ratio } = self.limits;
        if self.given > bytes {
            return Err(DecodeError::TooLarge(bytes));
        }
        if self.given > SMALL && self.given > self.taken.saturating_mul(ratio) {
            return Err(DecodeError::Bomb(ratio));
        }
        Ok(())
    }
}
