//! The spellings of a segment that a server may take for one and the same.
//!
//! A server may decode a path, fold its case, pass over spaces and dots at a segment's end, or join slashes. Segments
//! that meet after all of it could run the same handler.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::policy::fold::{compatible, fold};

/// Returns the one spelling that stands for all of a segment's.
pub(crate) fn folded(segment: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_')
    };
    if segment.bytes().all(is_plain) {
        return Cow::Borrowed(segment);
    }
    let decoded = percent_decode_str(segment)
        .decode_utf8_lossy()
        .replace('+', " ");
    let folded = fold(&compatible(&decoded));
    let is_passed_over = |letter: char| letter.is_whitespace() || letter == '.';
    let trimmed = folded.trim_start().trim_end_matches(is_passed_over);
    Cow::Owned(trimmed.to_owned())
}

/// Whether a segment, folded, could be something with this end.
pub(crate) fn could_end_with(segment: &str, end: &str) -> bool {
    segment.len() > end.len() && segment.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_segment_meet() {
        for same in [
            "all",
            "ALL",
            "%61ll",
            "%41ll",
            "a%6c%6C",
            "all.",
            "all%2e",
            "all%20",
            "%20all",
            "all.%20.",
            "all+",
            "all%C2%A0",
        ] {
            assert_eq!(folded(same), "all", "{same}");
        }
        for other in ["al", "alls", "a.ll", "a-ll", "al%20l"] {
            assert_ne!(folded(other), "all", "{other}");
        }
        for same in [
            "%EF%BD%81ll%EF%BC%8E",
            "a%E2%93%9Bl",
            "al%E2%80%8Bl",
            "a%C2%ADll",
        ] {
            assert_eq!(folded(same), "all", "{same}");
        }
        // The sign for degrees Kelvin, and a long s.
        assert_eq!(folded("%E2%84%AAey%C5%BF"), "keys");
        assert_eq!(folded("%20"), "");
    }
}
