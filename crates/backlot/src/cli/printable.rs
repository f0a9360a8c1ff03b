//! Text of others, in a terminal.

/// Replaces control characters, so that the text does not control the terminal.
pub(super) fn printable(text: &str) -> String {
    let replace = |it: char| if it.is_control() { '\u{fffd}' } else { it };
    text.chars().map(replace).collect()
}
