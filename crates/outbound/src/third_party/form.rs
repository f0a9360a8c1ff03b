//! Names and values as `application/x-www-form-urlencoded`, which queries are, too.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All but the characters that stand for themselves everywhere (RFC 3986, unreserved).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Percent-encodes all characters but the unreserved ones.
pub fn percent_encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// `name=value&name=value`
pub(super) fn pairs<'text>(pairs: impl IntoIterator<Item = (&'text str, &'text str)>) -> String {
    let pair = |(name, value)| format!("{}={}", percent_encode(name), percent_encode(value));
    let pairs: Vec<String> = pairs.into_iter().map(pair).collect();
    pairs.join("&")
}
