//! Preflights that were refused, in the log: a page that is missing on the list says nothing but "CORS error" in its
//! console, and the person who runs the server sees nothing at all.
//!
//! Logs each origin at a limited rate, and few in total: any client can send any origin.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use http::header::{ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, ORIGIN};
use parking_lot::Mutex;

/// How long nothing more is said of an origin.
const EACH: Duration = Duration::from_mins(1);
/// The most origins that are spoken of in that time.
const MAX_LOGGED: usize = 20;
/// The most of a path or an origin that is repeated, in characters.
const SHOWN: usize = 200;

/// What is to be logged.
#[derive(Debug, PartialEq, Eq)]
enum Due {
    Line,
    /// That nothing more follows for a while.
    LastLine,
    Nothing,
}

/// Which origins were spoken of a moment ago.
#[derive(Default)]
pub(crate) struct RefusedPreflights(Mutex<HashMap<Box<str>, Instant>>);

impl RefusedPreflights {
    /// Logs one, unless its origin was logged a moment ago, or many were.
    pub(crate) fn log(&self, request: &HeaderMap, path: &str) {
        let text = |name| {
            let value = request
                .get(name)
                .and_then(|it: &http::HeaderValue| it.to_str().ok());
            shown(value.unwrap_or_default())
        };
        let (origin, method) = (text(ORIGIN), text(ACCESS_CONTROL_REQUEST_METHOD));
        match self.due(&origin, Instant::now()) {
            Due::Line => {
                let path = shown(path);
                let remedy = remedy(&origin);
                tracing::warn!(
                    origin,
                    path,
                    method,
                    remedy,
                    "refused a preflight: the origin is not on the list"
                );
            }
            Due::LastLine => tracing::warn!(
                origins = MAX_LOGGED,
                "refused preflights of more origins than are logged in a minute; the next ones are not logged"
            ),
            Due::Nothing => {}
        }
    }

    fn due(&self, origin: &str, now: Instant) -> Due {
        let mut known = self.0.lock();
        known.retain(|_, at| now.duration_since(*at) < EACH);
        if known.len() > MAX_LOGGED || known.contains_key(origin) {
            return Due::Nothing;
        }
        // The first that is too many is known, too, so that this is said once.
        known.insert(origin.into(), now);
        if known.len() > MAX_LOGGED {
            Due::LastLine
        } else {
            Due::Line
        }
    }
}

/// The configuration that would allow it.
fn remedy(origin: &str) -> String {
    let is_plain = origin
        .bytes()
        .all(|it| it.is_ascii_graphic() && it != b'"' && it != b'\\');
    match origin {
        "null" => "a page without an origin (a file, or a sandboxed frame) cannot be allowed: serve it over http".to_owned(),
        _ if is_plain && origin.contains("://") => {
            format!("to allow it, add it to [cors] origins: origins = [\"{origin}\"]")
        }
        _ => "this is no origin of a page".to_owned(),
    }
}

fn shown(text: &str) -> String {
    text.chars()
        .take(SHOWN)
        .filter(|it| !it.is_control())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_spoken_of_once_a_minute_and_few_are() {
        let refused = RefusedPreflights::default();
        let begin = Instant::now();
        let due = |origin: &str, now| refused.due(origin, now);
        assert_eq!(due("https://a.example", begin), Due::Line);
        assert_eq!(due("https://a.example", begin + EACH / 2), Due::Nothing);
        assert_eq!(due("https://a.example", begin + EACH), Due::Line);
        let later = begin + EACH * 3;
        let said: Vec<Due> = (0..1000)
            .map(|it| due(&format!("https://{it}.example"), later))
            .filter(|it| *it != Due::Nothing)
            .collect();
        assert_eq!(said.len(), MAX_LOGGED + 1);
        assert_eq!(said.last(), Some(&Due::LastLine), "and says that it ends");
        assert_eq!(due("https://b.example", later + EACH), Due::Line);
    }

    #[test]
    fn the_line_that_lets_it_in_is_named() {
        let line = remedy("https://shop.example");
        assert!(
            line.ends_with("origins = [\"https://shop.example\"]"),
            "{line}"
        );
        for strange in ["null", "x\"]\nadmin", ""] {
            assert!(!remedy(strange).contains("origins = "), "{strange}");
        }
    }
}
