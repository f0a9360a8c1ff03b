//! `Cookie` in one line.
//!
//! HTTP/2 lets a client split it into several fields; whatever is no HTTP/2 is to get one line, with `; ` between
//! (RFC 9113, section 8.2.3). Servers of HTTP/1.1 read the first of several lines, or the last.

use http::header::{COOKIE, HeaderMap, HeaderValue};

/// Joins the lines in the order in which they came.
pub(crate) fn join(headers: &mut HeaderMap) {
    let lines = || headers.get_all(COOKIE).iter();
    if lines().nth(1).is_none() {
        return;
    }
    let lines: Vec<&[u8]> = lines()
        .map(HeaderValue::as_bytes)
        .filter(|line| !line.is_empty())
        .collect();
    if let Ok(joined) = HeaderValue::from_bytes(&lines.join(&b"; "[..])) {
        headers.insert(COOKIE, joined);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_whatever_came() {
        for (lines, joined) in [
            (&[][..], None),
            (&[&b"a=1"[..]][..], Some(&b"a=1"[..])),
            (
                &[b"a=1", b"", b"b=2; c=3", b"a=1"],
                Some(b"a=1; b=2; c=3; a=1"),
            ),
            (&[b"a=\xe9", b"b=\"x y\""], Some(b"a=\xe9; b=\"x y\"")),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(COOKIE, HeaderValue::from_bytes(line).unwrap());
            }
            join(&mut headers);
            let after: Vec<_> = headers
                .get_all(COOKIE)
                .iter()
                .map(HeaderValue::as_bytes)
                .collect();
            assert_eq!(after, Vec::from_iter(joined));
        }
    }
}
