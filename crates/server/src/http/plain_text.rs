//! Text that JSON repeats as it is.

/// Whether a text stands in JSON, and in a line of a log, without escapes. Most do.
pub(crate) fn is_plain(text: &str) -> bool {
    let is_plain = |byte| byte >= b' ' && byte != b'"' && byte != b'\\' && byte != 0x7f;
    // Without a way out in the middle, many bytes are looked at together.
    text.bytes().fold(true, |all, byte| all & is_plain(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_json_escapes_is_not_plain() {
        for byte in 0..=0x7f_u8 {
            let text = format!("a long text with one {} in it, é", char::from(byte));
            let json = serde_json::to_string(&text).unwrap();
            let is_repeated = json == format!("\"{text}\"");
            assert_eq!(is_plain(&text), is_repeated && byte != 0x7f, "{byte}");
        }
        assert!(is_plain(""));
    }
}
