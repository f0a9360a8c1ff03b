//! What `Cache-CacheControl` says, in requests and in responses.

use std::time::Duration;

use http::HeaderMap;
use http::header::{CACHE_CONTROL, PRAGMA};

/// Longer times are cut to this, as RFC 9111 (1.2.2) allows.
const MAX_DELTA_SECONDS: u64 = 1 << 31;

/// The directives that matter to a cache. One that names headers (`private="x"`) counts for the whole response.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct CacheControl {
    pub(super) no_store: bool,
    pub(super) no_cache: bool,
    pub(super) private: bool,
    pub(super) max_age: Option<Duration>,
    pub(super) shared_max_age: Option<Duration>,
}

impl CacheControl {
    pub(super) fn from_headers(headers: &HeaderMap) -> Self {
        let mut control = Self::default();
        for value in headers.get_all(CACHE_CONTROL) {
            let said = String::from_utf8_lossy(value.as_bytes());
            split(&said, |directive| control.take(directive));
        }
        if !headers.contains_key(CACHE_CONTROL) {
            // The predecessor of `Cache-Control`.
            let old = headers.get_all(PRAGMA).iter();
            control.no_cache = old
                .filter_map(|value| value.to_str().ok())
                .any(|value| value.to_ascii_lowercase().contains("no-cache"));
        }
        control
    }

    fn take(&mut self, directive: &str) {
        let (name, value) = match directive.split_once('=') {
            Some((name, value)) => (name.trim(), value.trim()),
            None => (directive.trim(), ""),
        };
        match name.to_ascii_lowercase().as_str() {
            "no-store" => self.no_store = true,
            "no-cache" => self.no_cache = true,
            "private" => self.private = true,
            "max-age" => shorten(&mut self.max_age, value),
            "s-maxage" => shorten(&mut self.shared_max_age, value),
            _ => {}
        }
    }
}

/// Takes the shorter of two values. An invalid value is zero.
fn shorten(known: &mut Option<Duration>, said: &str) {
    let digits = said.trim_matches('"');
    let is_number = !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_digit());
    let seconds = match digits.parse::<u64>() {
        Ok(seconds) if is_number => seconds.min(MAX_DELTA_SECONDS),
        // Too many digits.
        Err(_) if is_number => MAX_DELTA_SECONDS,
        _ => 0,
    };
    let said = Duration::from_secs(seconds);
    *known = Some(known.map_or(said, |known| known.min(said)));
}

/// Splits at the commas outside of quotation marks.
fn split(said: &str, mut take: impl FnMut(&str)) {
    let mut is_quoted = false;
    let directives = said.split(|character| {
        is_quoted ^= character == '"';
        character == ',' && !is_quoted
    });
    directives.for_each(&mut take);
}

/// Reads a header that is a number of seconds (`Age`).
pub(super) fn seconds(said: &str) -> Duration {
    let mut seconds = None;
    shorten(&mut seconds, said.trim());
    seconds.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(values: &[&str]) -> CacheControl {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(CACHE_CONTROL, value.parse().unwrap());
        }
        CacheControl::from_headers(&headers)
    }

    #[test]
    fn directives() {
        let minute = Some(Duration::from_mins(1));
        let control = parse(&["Public, MAX-AGE=60", "s-maxage=\"60\""]);
        assert_eq!((control.max_age, control.shared_max_age), (minute, minute));
        assert!(!control.private && !control.no_store && !control.no_cache);
        let control = parse(&["No-Store,no-cache , private=\"set-cookie, max-age=1\""]);
        assert!(control.private && control.no_store && control.no_cache);
        assert_eq!(control.max_age, None);
    }

    #[test]
    fn numbers_that_are_none() {
        let longest = Duration::from_secs(MAX_DELTA_SECONDS);
        for (said, expected) in [
            ("max-age=99999999999999999999999999", Some(longest)),
            ("max-age=18446744073709551615", Some(longest)),
            ("max-age=60, max-age=5", Some(Duration::from_secs(5))),
            ("max-age=60, max-age=x", Some(Duration::ZERO)),
            ("max-age", Some(Duration::ZERO)),
            ("max-age=-1", Some(Duration::ZERO)),
            ("max-age=+1", Some(Duration::ZERO)),
            ("max-age=1.5", Some(Duration::ZERO)),
        ] {
            assert_eq!(parse(&[said]).max_age, expected, "{said}");
        }
        assert_eq!(seconds("18446744073709551615"), longest);
    }

    #[test]
    fn what_it_was_called_before() {
        let mut headers = HeaderMap::new();
        headers.insert(PRAGMA, "No-Cache".parse().unwrap());
        assert!(CacheControl::from_headers(&headers).no_cache);
        headers.insert(CACHE_CONTROL, "max-age=1".parse().unwrap());
        assert!(!CacheControl::from_headers(&headers).no_cache);
    }
}
