//! What servers make of a path when they decode it.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::policy::compatible;

/// Adds what one decoding makes of a text: as UTF-8, and if it is none, as servers read it that do not check; and with
/// the letters that compatible ones stand for. Ends when `add` says so.
pub(crate) fn decode(text: &str, mut add: impl FnMut(String) -> Option<()>) -> Option<()> {
    if let Cow::Owned(narrow) = compatible(text) {
        add(narrow)?;
    }
    if !text.contains('%') {
        return Some(());
    }
    let bytes: Vec<u8> = percent_decode_str(text).collect();
    match String::from_utf8(bytes) {
        Ok(text) => add(text)?,
        Err(error) => {
            let bytes = error.into_bytes();
            add(String::from_utf8_lossy(&bytes).into_owned())?;
            add(bytes.iter().copied().map(char::from).collect())?;
            add(decode_overlong(&bytes))?;
            // What is no letter is left out.
            add(bytes.utf8_chunks().map(|chunk| chunk.valid()).collect())?;
        }
    }
    if text.contains("%u") || text.contains("%U") {
        add(decode_wide(text))?;
    }
    Some(())
}

/// UTF-8 as a decoder reads it that does not refuse more bytes than a letter needs: `C0 AF` is a slash.
fn decode_overlong(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut left = bytes;
    while let Some((&first, rest)) = left.split_first() {
        let (length, bits) = match first {
            0xc0..=0xdf => (1, first & 0x1f),
            0xe0..=0xef => (2, first & 0x0f),
            0xf0..=0xf7 => (3, first & 0x07),
            _ => (0, first),
        };
        let tail = rest.get(..length).unwrap_or_default();
        let is_whole = tail.len() == length && tail.iter().all(|byte| byte & 0xc0 == 0x80);
        let letter = |bits: u32| char::from_u32(bits).unwrap_or(char::REPLACEMENT_CHARACTER);
        if length > 0 && is_whole {
            let all = tail.iter().fold(u32::from(bits), |all, byte| {
                (all << 6) | u32::from(byte & 0x3f)
            });
            text.push(letter(all));
            left = &rest[length..];
        } else {
            text.push(letter(u32::from(first)));
            left = rest;
        }
    }
    text
}

/// `%u0061` as IIS and old scripts write an `a`, beside plain percent-encoding.
fn decode_wide(text: &str) -> String {
    let mut parts = text.split('%');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part
            .strip_prefix(['u', 'U'])
            .and_then(|it| it.get(..4))
            .filter(|digits| digits.bytes().all(|it| it.is_ascii_hexdigit()));
        let letter = digits
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .and_then(char::from_u32);
        if let Some(letter) = letter {
            plain.push(letter);
            plain.push_str(&part[5..]);
        } else {
            plain.push('%');
            plain.push_str(part);
        }
    }
    percent_decode_str(&plain).decode_utf8_lossy().into_owned()
}
