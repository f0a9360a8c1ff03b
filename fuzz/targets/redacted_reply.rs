//! How long the credential is, how large the pieces are, the credential, and a text: covered in the same way however
//! it comes, and never there afterwards.

use backlot_outbound::redact::{Redactor, SecretPatterns};
use bytes::Bytes;

pub(crate) fn run(data: &[u8]) {
    let [length, piece, rest @ ..] = data else {
        return;
    };
    let length = usize::from(*length) % 40 + 6;
    let Some((credential, text)) = rest.split_at_checked(length) else {
        return;
    };
    let patterns = SecretPatterns::new(credential);
    let piece = usize::from(*piece).max(1);
    let covered = in_pieces(&patterns, text, piece);
    assert_eq!(covered.len(), text.len());
    assert_eq!(covered, in_pieces(&patterns, text, text.len().max(1)));
    let is_there = covered.windows(length).any(|it| it == credential);
    assert!(!is_there || credential.contains(&b'*'));
}

fn in_pieces(patterns: &SecretPatterns, text: &[u8], piece: usize) -> Vec<u8> {
    let mut redactor = Redactor::new(patterns.clone());
    let mut covered = Vec::new();
    for piece in text.chunks(piece) {
        covered.extend_from_slice(&redactor.push(Bytes::copy_from_slice(piece)));
    }
    covered.extend_from_slice(&redactor.finish());
    covered
}
