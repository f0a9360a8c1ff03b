//! Letters that servers may take for one and the same.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization as _;

/// A text in which case makes no difference, as a server that compares without case sees it.
pub(crate) fn fold(text: &str) -> String {
    folded(text).collect()
}

/// The letters of [`fold`], one by one.
///
/// By way of the upper case: two letters that share it are one to a server that compares there. Letters that have one
/// letter in the other case to some servers (Unicode's simple mappings) and several to others (the full ones) are what
/// they are to the first: only `İ` is.
pub(crate) fn folded(text: &str) -> impl Iterator<Item = char> {
    let letters = text
        .chars()
        .map(|letter| if letter == '\u{130}' { 'i' } else { letter });
    letters
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
}

/// A text in Unicode's compatible letters (NFKC), without those that are not seen: `ａ`, `ⓐ` and `a` with a joiner behind
/// it are an `a` to a server that looks at paths in this form. Borrowed if that changes nothing.
pub(crate) fn compatible(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let compatible: String = text.chars().filter(|it| !is_unseen(*it)).nfkc().collect();
    if compatible == text {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(compatible)
    }
}

/// Unicode's default ignorable code points.
const fn is_unseen(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_fold_to_ascii_are_folded() {
        assert_eq!(fold("/Public/\u{212A}ey/\u{17F}"), "/public/key/s");
        assert_eq!(fold("ADM\u{130}N adm\u{131}n"), "admin admin");
    }

    /// As Go's `unicode.ToLower` and Java's `Character.toUpperCase` have it, letter by letter.
    #[test]
    fn every_letter_that_a_server_may_take_for_ascii_is_folded() {
        for letter in ('\u{80}'..=char::MAX).filter(|it| it.is_alphabetic()) {
            let cases = letter.to_lowercase().chain(letter.to_uppercase());
            for ascii in cases.filter(char::is_ascii_alphabetic) {
                let all = fold(&letter.to_string());
                assert!(all.contains(ascii.to_ascii_lowercase()), "{letter} {all}");
            }
        }
    }

    #[test]
    fn compatible_letters_are_one() {
        for same in [
            "ａdmin",
            "ⓐdmin",
            "ad\u{200b}min",
            "ad\u{ad}min",
            "\u{feff}admin",
            "𝐚dmin",
        ] {
            assert_eq!(compatible(same), "admin", "{same}");
        }
        assert_eq!(compatible("\u{ff0f}\u{2025}"), "/..");
        assert!(matches!(compatible("café"), Cow::Borrowed("café")));
    }
}
