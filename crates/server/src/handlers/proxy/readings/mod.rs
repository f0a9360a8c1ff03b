//! The ways in which servers read one path.
//!
//! A server may decode a path once, twice or not at all, fold its case, take full-width letters for narrow ones, join its
//! slashes, take a backslash for a slash, cut it at an encoded `?` or `#`, drop what follows a `;`, pass over spaces at a
//! segment's ends, or take the path's beginning for a host, in any order. The rules of `[[api]]` are only worth something
//! if no reading of a path reaches another rule's handler, so all readings are written out here and `entries` compares
//! each of them with the prefixes.
//!
//! Caveat: a path that leads somewhere else in any reading (dot segments), and one with control characters, has no
//! readings: it is refused. So is one with more readings than an ordinary path of its length has: they are found on
//! the threads that serve connections, before any credential is checked.

mod decode;
mod steps;

use std::collections::HashSet;

use decode::decode;
use steps::steps;

/// Readings of one path. Ordinary paths have one to six.
const MAX_READINGS: usize = 512;
/// Bytes of all readings of one path, found again or not: about a millisecond of work.
const MAX_READING_BYTES: usize = 256 * 1024;
/// How often a path may be decoded: servers do so once, some twice.
const MAX_ENCODING_DEPTH: usize = 3;

/// Whether every server reads a path alike, as it stands: lower case, nothing encoded, no empty segments, and
/// no segment that begins or ends with a dot or a plus sign.
pub(crate) fn is_plain(path: &str) -> bool {
    let mut before = 0;
    for byte in path.bytes() {
        let is_plain = match byte {
            b'/' => !matches!(before, b'/' | b'.' | b'+'),
            b'.' | b'+' => before != b'/',
            b'%' | b'\\' | b';' | b'A'..=b'Z' => false,
            byte => byte.is_ascii_graphic(),
        };
        if !is_plain {
            return false;
        }
        before = byte;
    }
    !matches!(before, b'.' | b'+')
}

/// Every reading of a path, itself included, but for case ([`crate::policy::fold`]). `None` if a reading resolves dot
/// segments or holds control characters, if the path holds a backslash, if it is encoded deeper than any server
/// decodes, or if it has too many readings.
pub(crate) fn readings(path: &str) -> Option<Vec<String>> {
    if path.contains('\\') {
        return None;
    }
    let mut readings = Readings::default();
    readings.add(path.to_owned())?;
    let mut decoded_from = 0;
    for depth in 0..=MAX_ENCODING_DEPTH {
        let mut at = decoded_from;
        while let Some(text) = readings.all.get(at).cloned() {
            steps(&text, |step| readings.add(step))?;
            at += 1;
        }
        let end = readings.all.len();
        for at in decoded_from..end {
            let text = readings.all[at].clone();
            decode(&text, |decoded| readings.add(decoded))?;
        }
        if readings.all.len() == end {
            return Some(readings.all);
        }
        if depth == MAX_ENCODING_DEPTH {
            return None;
        }
        decoded_from = end;
    }
    None
}

/// What is found so far.
#[derive(Default)]
struct Readings {
    all: Vec<String>,
    seen: HashSet<String>,
    bytes: usize,
}

impl Readings {
    /// Adds a reading unless it is known. `None` if the path is to be refused.
    fn add(&mut self, reading: String) -> Option<()> {
        self.bytes += reading.len();
        if self.bytes > MAX_READING_BYTES {
            return None;
        }
        if self.seen.contains(&reading) {
            return Some(());
        }
        if has_control_or_dots(&reading) || self.all.len() == MAX_READINGS {
            return None;
        }
        self.seen.insert(reading.clone());
        self.all.push(reading);
        Some(())
    }
}

/// A control character, or a segment that a server could resolve: only dots and spaces, whatever follows a `;`,
/// `?` or `#`. The other half of Unicode's control characters is letters in older encodings: `%82%A0` in Shift JIS.
fn has_control_or_dots(text: &str) -> bool {
    let is_dots = |segment: &str| {
        let name = segment.split([';', '?', '#']).next().unwrap_or_default();
        let is_space = |it: char| it.is_whitespace() || it == '+';
        name.contains('.') && name.chars().all(|it| it == '.' || is_space(it))
    };
    text.contains(|it: char| it.is_ascii_control()) || text.split(['/', '\\']).any(is_dots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_paths_have_few_readings() {
        for (path, most) in [
            ("/api/getUser", 1),
            ("/api/100%25ab", 6),
            ("/api/caf%C3%A9", 3),
            ("/api/%82%A0%83%85", 12),
            ("/api/https%3A%2F%2Fexample.com%2Fa%3Fb%3D1", 20),
        ] {
            let readings = readings(path).unwrap();
            assert!(readings.len() <= most, "{path}: {readings:?}");
            assert!(readings.iter().any(|reading| reading == path));
        }
    }

    #[test]
    fn paths_that_lead_elsewhere_have_no_readings() {
        for path in [
            "/api/../admin",
            "/api/./admin",
            "/api/%2e%2e/admin",
            "/api/.%2E/admin",
            "/api/..;/admin",
            "/api/..;x=1/admin",
            "/api/..%2fadmin",
            "/api/..%3f/admin",
            "/api/..%23",
            "/api/x/..",
            "/api/%20../x",
            "/api/..%20/x",
            "/.",
            "/...",
            "/api/%00admin",
            "/api/a\\b",
            "/api/%5c..%5cadmin",
            "/api/%0d%0a",
            "/api/%09/x",
            "/api/..%85/x",
            "/api/%252e%252e/admin",
            "/api/%25252e%25252e/admin",
            "/api/%c0%ae%c0%ae/admin",
            "/api/%u002e%u002e/admin",
            "/nx/public%3f/../admin",
            "/nx/public%23/../admin",
            "/nx/public%3b/%2e%2e/admin",
            "/a/%252525252561",
            "/a/.%ff./admin",
            "/a/%E2%80%A5/admin",
            "/a/.%E2%80%8B./admin",
        ] {
            assert_eq!(readings(path), None, "{path}");
        }
    }

    #[test]
    fn readings_of_servers_are_all_there() {
        for (path, reading) in [
            ("/a%2Fb", "/a/b"),
            ("/a%5Cb", "/a/b"),
            ("/a%252Fb", "/a/b"),
            ("/%2561", "/a"),
            ("/a;x=1/b", "/a/b"),
            ("/a%3Bx/b", "/a/b"),
            ("/a;x/b", "/a"),
            ("/a%3Fx/b", "/a"),
            ("/a%23x/b", "/a"),
            ("/a//b", "/a/b"),
            ("/a./b", "/a/b"),
            ("/a%20/b", "/a/b"),
            ("//host/a", "/a"),
            ("/%2Fhost/a", "/a"),
            ("/%2F/host/a%2Fb", "/a/b"),
            ("/%C0%AFa", "//a"),
            ("/%u0061", "/a"),
            ("/%E9", "/é"),
            ("/public/%ffadmin", "/public/admin"),
            ("/public/adm%C3in", "/public/admin"),
            ("/public/%FF%FEadmin", "/public/admin"),
            ("/ad%EF%BD%8Din", "/admin"),
            ("/ad%uff4din", "/admin"),
            ("/%E2%93%90dmin", "/admin"),
            ("/public%EF%BC%8Fadmin", "/public/admin"),
            ("/ad%E2%80%8Bmin", "/admin"),
            ("/ad%C2%ADmin", "/admin"),
            ("/%C2%A0admin%C2%A0", "/admin"),
            ("/%20admin", "/admin"),
            ("/+admin+", "/admin"),
            ("//host/public./admin", "/public/admin"),
            // Steps in another order: parameters or the host first, and decoded then.
            ("/api/;%2Fx/%61dmin", "/api/admin"),
            ("/;/%61%70i/;x%2Fy/admin", "/api/admin"),
            ("//h%2Fx/api/%61dmin", "/api/admin"),
            ("/api;a%3Fb/%2561dmin", "/api/admin"),
            ("/api/%2520;%2F/admin", "/api/admin"),
        ] {
            let readings = readings(path).unwrap();
            assert!(
                readings.iter().any(|it| it == reading),
                "{path}: {readings:?}"
            );
        }
    }

    #[test]
    fn a_path_with_too_many_readings_is_refused_before_they_are_all_found() {
        let many = "/api/x%5C//+a+;%EF%BC%9F+%C3%A9%ff+%u0061/+a+;%20/";
        let wide = "%EF%B7%BA%EF%B7%BA%EF%B7%BA%EF%B7%BA+%u0061/+a+;%20/";
        let long = format!("{many}{}", wide.repeat(600));
        assert_eq!(readings(&long), None);
        // As long, and ordinary.
        let plain = format!("/api/{}100%25ab", "segment/".repeat(3_900));
        assert!(readings(&plain).is_some());
    }

    proptest::proptest! {
        /// The work that a path can cause is bounded.
        #[test]
        fn readings_are_bounded(path in "/[a-cA-C.%/;0-9 ?#u+éｅ]{0,60}") {
            if let Some(readings) = readings(&path) {
                proptest::prop_assert!(readings.len() <= MAX_READINGS);
                proptest::prop_assert!(readings.contains(&path));
            }
        }
    }
}
