//! The borders of WebSocket frames (RFC 6455, section 5.2), and the frame that ends a connection.

/// Who sends frames: a client masks them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sender {
    Client,
    Server,
}

/// The most bytes of a frame's head.
const MAX_HEAD_BYTES: usize = 14;
const CLOSE: u8 = 8;
/// "An endpoint is going away" (section 7.4.1).
const GOING_AWAY: u16 = 1001;

/// Follows the frames of one direction.
#[derive(Debug, Default)]
pub(super) struct FrameBorders {
    head: [u8; MAX_HEAD_BYTES],
    head_bytes: usize,
    payload_left: u64,
    has_closed: bool,
}

impl FrameBorders {
    /// Whether the last frame that was begun has ended.
    pub(super) const fn is_between(&self) -> bool {
        self.head_bytes == 0 && self.payload_left == 0
    }

    /// Whether a close frame has come.
    pub(super) const fn has_closed(&self) -> bool {
        self.has_closed
    }

    /// All of these bytes pass.
    pub(super) fn pass(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let until = self.pass_to_border(bytes);
            bytes = &bytes[until..];
        }
    }

    /// Bytes pass up to the end of the frame that they belong to. Says how many.
    pub(super) fn pass_to_border(&mut self, bytes: &[u8]) -> usize {
        let mut passed = 0;
        while passed < bytes.len() {
            if self.payload_left > 0 {
                let left = usize::try_from(self.payload_left).unwrap_or(usize::MAX);
                let piece = left.min(bytes.len() - passed);
                passed += piece;
                self.payload_left -= piece as u64;
            } else {
                self.head[self.head_bytes] = bytes[passed];
                self.head_bytes += 1;
                passed += 1;
                self.end_head();
            }
            if self.is_between() {
                break;
            }
        }
        passed
    }

    /// Reads the head if it is whole.
    fn end_head(&mut self) {
        if self.head_bytes < 2 {
            return;
        }
        let [first, second, ..] = self.head;
        let (length_bytes, short) = match second & 0x7f {
            126 => (2, 0),
            127 => (8, 0),
            short => (0, u64::from(short)),
        };
        let mask_bytes = if second & 0x80 == 0 { 0 } else { 4 };
        if self.head_bytes < 2 + length_bytes + mask_bytes {
            return;
        }
        let length = self.head[2..2 + length_bytes]
            .iter()
            .fold(short, |length, byte| (length << 8) | u64::from(*byte));
        self.has_closed |= first & 0x0f == CLOSE;
        self.head_bytes = 0;
        self.payload_left = length;
    }
}

/// A close frame that says that this end is going away, and why.
pub(super) fn close_frame(sender: Sender, reason: &str) -> Vec<u8> {
    // Of a control frame, 125 bytes at most.
    let reason = reason.as_bytes().get(..123).unwrap_or(reason.as_bytes());
    let length = u8::try_from(reason.len() + 2).unwrap_or(2);
    let mut frame = vec![0x80 | CLOSE];
    match sender {
        Sender::Server => frame.push(length),
        // Masked with nothing: what the mask is against, a proxy that takes the payload for a request, is not here.
        Sender::Client => frame.extend([0x80 | length, 0, 0, 0, 0]),
    }
    frame.extend(GOING_AWAY.to_be_bytes());
    frame.extend(reason);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(opcode: u8, length: usize, is_masked: bool) -> Vec<u8> {
        let mut frame = vec![0x80 | opcode];
        let mask = if is_masked { 0x80 } else { 0 };
        match length {
            0..=125 => frame.push(mask | u8::try_from(length).unwrap()),
            126..=65_535 => {
                frame.push(mask | 0x7e);
                frame.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            _ => {
                frame.push(mask | 0x7f);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        if is_masked {
            frame.extend([1, 2, 3, 4]);
        }
        frame.extend(vec![0xff; length]);
        frame
    }

    #[test]
    fn borders_are_found_however_the_bytes_come() {
        for is_masked in [false, true] {
            let lengths = [0, 1, 125, 126, 65_535, 65_536, 70_000];
            let frames: Vec<_> = lengths.iter().map(|it| frame(2, *it, is_masked)).collect();
            let bytes = frames.concat();
            for piece in [1, 7, 4096, bytes.len()] {
                let mut borders = FrameBorders::default();
                let mut found = Vec::new();
                let mut at = 0;
                for piece in bytes.chunks(piece) {
                    let mut left = piece;
                    while !left.is_empty() {
                        let passed = borders.pass_to_border(left);
                        at += passed;
                        left = &left[passed..];
                        if borders.is_between() {
                            found.push(at);
                        }
                    }
                }
                let ends = frames.iter().scan(0, |at, frame| {
                    *at += frame.len();
                    Some(*at)
                });
                assert_eq!(found, ends.collect::<Vec<_>>(), "{piece}");
                assert!(!borders.has_closed());
            }
        }
    }

    #[test]
    fn a_close_frame_is_known_and_made() {
        for sender in [Sender::Client, Sender::Server] {
            let mut borders = FrameBorders::default();
            borders.pass(&frame(1, 3, sender == Sender::Client));
            assert!(!borders.has_closed());
            borders.pass(&close_frame(sender, "why"));
            assert!(borders.has_closed() && borders.is_between());
        }
        assert_eq!(close_frame(Sender::Server, "why"), b"\x88\x05\x03\xe9why");
        assert_eq!(close_frame(Sender::Client, ""), b"\x88\x82\0\0\0\0\x03\xe9");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_pass(bytes: Vec<u8>) {
            let mut borders = FrameBorders::default();
            borders.pass(&bytes);
        }
    }
}
