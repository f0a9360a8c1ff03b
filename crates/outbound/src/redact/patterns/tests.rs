use proptest::prelude::*;

use super::*;

/// What of a text is covered.
fn covered(length: usize, found: &[Range<usize>]) -> Vec<bool> {
    let mut covered = vec![false; length];
    for range in found {
        covered[range.clone()].fill(true);
    }
    covered
}

proptest! {
    #[test]
    fn both_searches_cover_the_same(text in "[ab]{0,60}", patterns in prop::collection::vec("[ab]{6,9}", 0..4)) {
        let patterns: Vec<&[u8]> = patterns.iter().map(String::as_bytes).collect();
        let patterns = SecretPatterns::exactly(&patterns);
        let text = text.as_bytes();
        let (quick, steady) = (patterns.find_all(text), patterns.find_all_linear(text));
        prop_assert_eq!(covered(text.len(), &quick), covered(text.len(), &steady));
    }
}

#[test]
fn needles_that_begin_everywhere_do_not_take_for_ever() {
    let letters = vec![b'a'; 200_000];
    let mut nearly = vec![b'a'; 4000];
    nearly.push(b'b');
    let mut other_end = letters.clone();
    other_end.extend_from_slice(b"c");
    for (pattern, text, is_there, begun) in [
        (&letters[..4000], &letters, true, 3999),
        (&nearly, &letters, false, 4000),
        (&nearly, &other_end, false, 0),
        (&letters[..4000], &other_end, true, 0),
    ] {
        let patterns = SecretPatterns::exactly(&[pattern]);
        let found = patterns.find_all(text);
        assert_eq!(
            covered(text.len(), &found)[..letters.len()],
            vec![is_there; letters.len()]
        );
        assert!(found.len() <= 1);
        assert_eq!(patterns.partial_match_at_end(text), begun);
    }
}
