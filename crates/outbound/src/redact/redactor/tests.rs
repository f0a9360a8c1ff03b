use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::*;

/// Every byte that belongs to a pattern somewhere, over the whole.
fn naive(text: &[u8], patterns: &[Vec<u8>]) -> Vec<u8> {
    let mut covered = text.to_vec();
    for pattern in patterns.iter().filter(|it| it.len() >= 6) {
        for (start, window) in text.windows(pattern.len()).enumerate() {
            if window == pattern {
                covered[start..start + pattern.len()].fill(b'*');
            }
        }
    }
    covered
}

/// How much of the end could still become a pattern.
fn begun(text: &[u8], patterns: &[Vec<u8>]) -> usize {
    let of = |pattern: &Vec<u8>| {
        let fits = |length: &usize| text.ends_with(&pattern[..*length]);
        (0..pattern.len()).rev().find(fits).unwrap_or(0)
    };
    let long = patterns.iter().filter(|it| it.len() >= 6);
    long.map(of).max().unwrap_or(0)
}

fn all_of(patterns: &[Vec<u8>]) -> SecretPatterns {
    let slices: Vec<&[u8]> = patterns.iter().map(Vec::as_slice).collect();
    SecretPatterns::exactly(&slices)
}

/// What comes out of it, whether it is told which piece is the last or not.
fn in_pieces(text: &[u8], patterns: &[Vec<u8>], cuts: &[usize]) -> Vec<u8> {
    let out = push_all(text, patterns, cuts, false);
    assert_eq!(push_all(text, patterns, cuts, true), out);
    out
}

fn push_all(text: &[u8], patterns: &[Vec<u8>], cuts: &[usize], tell: bool) -> Vec<u8> {
    let mut redactor = Redactor::new(all_of(patterns));
    let mut out = Vec::new();
    let mut seen = 0;
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (text.len() + 1)).collect();
    cuts.push(text.len());
    cuts.sort_unstable();
    let last = cuts.pop().filter(|_| tell);
    for cut in cuts.into_iter().chain((!tell).then_some(text.len())) {
        out.extend_from_slice(&redactor.push(Bytes::copy_from_slice(&text[seen..cut])));
        seen = cut;
        // No more is held back than must be.
        assert!(seen - out.len() <= begun(&text[..seen], patterns));
    }
    if last.is_some() {
        out.extend_from_slice(&redactor.push_last(Bytes::copy_from_slice(&text[seen..])));
    }
    out.extend_from_slice(&redactor.finish());
    assert_eq!(redactor.found() > 0, out != text);
    out
}

proptest! {
    /// Few letters, so that patterns overlap, hold each other and begin in each other.
    #[test]
    fn the_same_as_over_the_whole(
        text in "[ab]{0,60}",
        patterns in prop::collection::vec("[ab]{4,9}", 0..4),
        cuts in prop::collection::vec(any::<usize>(), 0..12),
    ) {
        let patterns: Vec<Vec<u8>> = patterns.into_iter().map(String::into_bytes).collect();
        let text = text.as_bytes();
        prop_assert_eq!(in_pieces(text, &patterns, &cuts), naive(text, &patterns));
    }

    /// SecretPatterns that are parts of the text and of each other.
    #[test]
    fn parts_of_the_text_are_found(
        text in prop::collection::vec(b'a'..=b'c', 12..80),
        places in prop::collection::vec((0_usize..70, 6_usize..40), 1..5),
        cuts in prop::collection::vec(any::<usize>(), 0..30),
    ) {
        let patterns: Vec<Vec<u8>> = places
            .into_iter()
            .map(|(start, length)| {
                let start = start % text.len();
                text[start..(start + length).min(text.len())].to_vec()
            })
            .collect();
        prop_assert_eq!(in_pieces(&text, &patterns, &cuts), naive(&text, &patterns));
    }

    /// Any bytes, one at a time.
    #[test]
    fn byte_by_byte(text in prop::collection::vec(any::<u8>(), 0..200), at in any::<usize>()) {
        let start = at % (text.len() + 1);
        let pattern = text[start..].to_vec();
        let cuts: Vec<usize> = (0..text.len()).collect();
        let patterns = [pattern];
        prop_assert_eq!(in_pieces(&text, &patterns, &cuts), naive(&text, &patterns));
    }
}

#[test]
fn a_piece_without_a_beginning_at_its_end_passes_at_once_and_is_not_copied() {
    let mut redactor = Redactor::new(SecretPatterns::new(b"sk_live_123456"));
    let event = Bytes::from_static(b"data: {\"a\":1}\n\n");
    let passed = redactor.push(event.clone());
    assert_eq!(passed.as_ptr(), event.as_ptr());
    assert_eq!(passed, event);
    let held = redactor.push(Bytes::from_static(b"data: sk_live_12"));
    assert_eq!(held, "data: ");
    assert_eq!(redactor.push(Bytes::from_static(b"99")), "sk_live_1299");
    assert_eq!(redactor.found(), 0);
}

#[test]
fn a_needle_that_is_the_whole_body() {
    let mut redactor = Redactor::new(SecretPatterns::new(b"sk_live_123456"));
    let out = redactor.push(Bytes::from_static(b"sk_live_123456"));
    assert_eq!((&out[..], redactor.found()), (&b"**************"[..], 1));
    assert!(redactor.finish().is_empty());
}

#[test]
fn what_is_covered_already_does_not_wait() {
    let mut redactor = Redactor::new(SecretPatterns::exactly(&[b"abcabc"]));
    assert_eq!(redactor.push(Bytes::from_static(b"abcabc")), "******");
    assert_eq!(redactor.push(Bytes::from_static(b"ab")), "");
    assert_eq!(redactor.push(Bytes::from_static(b"c")), "***");
    assert_eq!(redactor.push(Bytes::from_static(b"!")), "!");
    assert_eq!(redactor.found(), 2);
}

#[test]
fn short_needles_are_left_out() {
    let patterns = SecretPatterns::exactly(&[b"12345", b""]);
    assert!(patterns.is_empty());
    let mut redactor = Redactor::new(patterns);
    assert_eq!(redactor.push(Bytes::from_static(b"12345")), "12345");
}

#[test]
fn basic_credentials_are_found_as_they_are_sent() {
    let patterns = SecretPatterns::for_basic_auth("user", "p:ssw0rd!")
        .union(&SecretPatterns::new(b"other-key"));
    let mut redactor = Redactor::new(patterns.clone());
    let pair = STANDARD.encode("user:p:ssw0rd!");
    let text = format!("Basic {pair} p:ssw0rd! p%3Assw0rd%21 other-key.");
    let out = redactor.push(text.into());
    assert_eq!(
        out,
        "Basic ******************** ********* ************* *********."
    );
    assert_eq!(format!("{patterns:?}").find("ssw0rd"), None);
}
