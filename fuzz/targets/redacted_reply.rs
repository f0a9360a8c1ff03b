//! How long the credential is, how large the pieces are, the credential, and a text: covered in the same way however
//! it comes, and never there afterwards.

use backlot_outbound::redact::{Needles, Redactor};
use bytes::Bytes;

pub(crate) fn run(data: &[u8]) {
    let [length, piece, rest @ ..] = data else {
        return;
    };
    let length = usize::from(*length) % 40 + 6;
    let Some((credential, text)) = rest.split_at_checked(length) else {
        return;
    };
    let needles = Needles::of(credential);
    let piece = usize::from(*piece).max(1);
    let covered = in_pieces(&needles, text, piece);
    assert_eq!(covered.len(), text.len());
    assert_eq!(covered, in_pieces(&needles, text, text.len().max(1)));
    let is_there = covered.windows(length).any(|it| it == credential);
    assert!(!is_there || credential.contains(&b'*'));
}

fn in_pieces(needles: &Needles, text: &[u8], piece: usize) -> Vec<u8> {
    let mut redactor = Redactor::new(needles.clone());
    let mut covered = Vec::new();
    for piece in text.chunks(piece) {
        covered.extend_from_slice(&redactor.push(Bytes::copy_from_slice(piece)));
    }
    covered.extend_from_slice(&redactor.finish());
    covered
}
