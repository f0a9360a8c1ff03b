//! What servers make of a path when they decode it.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::admission::compatible;

/// Decodings of one path, by percent, `%uXXXX`, Latin-1 and overlong UTF-8. More than any ordinary path has.
const MAX_DECODINGS: usize = 24;
/// How often a path may be decoded: servers do so once, some twice.
const MAX_ENCODING_DEPTH: usize = 3;

/// The path, and what decoding it again and again makes of it. `None` if there is no end to it.
pub(super) fn decodings(path: &str) -> Option<Vec<String>> {
    let mut all = vec![path.to_owned()];
    let mut newest = 0;
    for depth in 0.. {
        let end = all.len();
        for at in newest..end {
            for decoded in decode(&all[at]) {
                if !all.contains(&decoded) {
                    all.push(decoded);
                }
            }
        }
        if all.len() == end {
            return Some(all);
        }
        if depth == MAX_ENCODING_DEPTH || all.len() > MAX_DECODINGS {
            return None;
        }
        newest = end;
    }
    None
}

/// What one decoding makes of a text: as UTF-8, and if it is none, as servers read it that do not check. Each also with
/// the letters that compatible ones stand for.
fn decode(text: &str) -> Vec<String> {
    let mut decoded = Vec::with_capacity(1);
    if let Cow::Owned(narrow) = compatible(text) {
        decoded.push(narrow);
    }
    if !text.contains('%') {
        return decoded;
    }
    let bytes: Vec<u8> = percent_decode_str(text).collect();
    match String::from_utf8(bytes) {
        Ok(text) => decoded.push(text),
        Err(error) => {
            let bytes = error.into_bytes();
            decoded.push(String::from_utf8_lossy(&bytes).into_owned());
            decoded.push(bytes.iter().copied().map(char::from).collect());
            decoded.push(decode_overlong(&bytes));
            // What is no letter is left out.
            decoded.push(bytes.utf8_chunks().map(|chunk| chunk.valid()).collect());
        }
    }
    let has_wide = |text: &str| text.contains("%u") || text.contains("%U");
    if has_wide(text) {
        decoded.push(decode_wide(text));
    }
    decoded
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
