//! The search of Knuth, Morris and Pratt: its time grows with the text and the needle, and not with their product,
//! whatever they are. It is slower than a look at the few places where a needle begins, so it is for those that
//! begin everywhere, such as a key of one repeated letter.

/// For each beginning of `needle`, its longest proper beginning that is its end, too.
fn borders(needle: &[u8]) -> Vec<usize> {
    let mut borders = vec![0; needle.len()];
    let mut length = 0;
    for at in 1..needle.len() {
        while length > 0 && needle[at] != needle[length] {
            length = borders[length - 1];
        }
        length += usize::from(needle[at] == needle[length]);
        borders[at] = length;
    }
    borders
}

/// Reads `text` and says where `needle` starts. What comes back is the length of the longest end of `text` with
/// which it begins, if that is not all of it.
pub(super) fn walk(text: &[u8], needle: &[u8], mut found: impl FnMut(usize)) -> usize {
    let borders = borders(needle);
    let mut length = 0;
    for (at, byte) in text.iter().enumerate() {
        while length > 0 && *byte != needle[length] {
            length = borders[length - 1];
        }
        length += usize::from(*byte == needle[length]);
        if length == needle.len() {
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
        fn it_finds_what_is_there(text in "[ab]{0,40}", needle in "[ab]{1,6}") {
            let (text, needle) = (text.as_bytes(), needle.as_bytes());
            let mut found = Vec::new();
            let begun = walk(text, needle, |start| found.push(start));
            let windows = text.windows(needle.len()).enumerate();
            let starts: Vec<usize> = windows
                .filter(|(_, window)| *window == needle)
                .map(|(start, _)| start)
                .collect();
            prop_assert_eq!(found, starts);
            let longest = (0..needle.len()).rev().find(|length| text.ends_with(&needle[..*length]));
            prop_assert_eq!(Some(begun), longest);
        }
    }
}
