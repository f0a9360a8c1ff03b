//! The search of Knuth, Morris and Pratt: its time grows with the text and the pattern, and not with their product,
//! whatever they are. It is slower than a look at the few places where a pattern begins, so it is for those that
//! begin everywhere, such as a key of one repeated letter.

/// For each prefix of `pattern`, its longest proper prefix that is its end, too.
fn borders(pattern: &[u8]) -> Vec<usize> {
    let mut borders = vec![0; pattern.len()];
    let mut length = 0;
    for at in 1..pattern.len() {
        while length > 0 && pattern[at] != pattern[length] {
            length = borders[length - 1];
        }
        length += usize::from(pattern[at] == pattern[length]);
        borders[at] = length;
    }
    borders
}

/// Reads `text` and says where `pattern` starts. What comes back is the length of the longest end of `text` with
/// which it begins, if that is not all of it.
pub(super) fn walk(text: &[u8], pattern: &[u8], mut found: impl FnMut(usize)) -> usize {
    let borders = borders(pattern);
    let mut length = 0;
    for (at, byte) in text.iter().enumerate() {
        while length > 0 && *byte != pattern[length] {
            length = borders[length - 1];
        }
        length += usize::from(*byte == pattern[length]);
        if length == pattern.len() {
            found(at + 1 - length);
            length = borders[length - 1];
        }
    }
    length
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_finds_what_is_there(text in "[ab]{0,40}", pattern in "[ab]{1,6}") {
            let (text, pattern) = (text.as_bytes(), pattern.as_bytes());
            let mut found = Vec::new();
            let begun = walk(text, pattern, |start| found.push(start));
            let windows = text.windows(pattern.len()).enumerate();
            let starts: Vec<usize> = windows
                .filter(|(_, window)| *window == pattern)
                .map(|(start, _)| start)
                .collect();
            prop_assert_eq!(found, starts);
            let longest = (0..pattern.len()).rev().find(|length| text.ends_with(&pattern[..*length]));
            prop_assert_eq!(Some(begun), longest);
        }
    }
}
