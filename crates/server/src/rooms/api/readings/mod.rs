//! The ways in which servers read one path.
//!
//! A server may decode a path once, twice or not at all, fold its case, take full-width letters for narrow ones, join its
//! slashes, take a backslash for a slash, cut it at an encoded `?` or `#`, drop what follows a `;`, pass over spaces at a
//! segment's ends, or take the path's beginning for a host. The rules of
//! `[[api]]` are only worth something if no reading of a path reaches another rule's handler, so all readings are
//! written out here and `entries` compares each of them with the prefixes.
//!
//! Caveat: a path that leads somewhere else in any reading (dot segments), and one with control characters, has no
//! readings: it is refused.

mod decode;

use std::collections::HashSet;

use decode::decodings;

/// Readings of one path. Ordinary paths have one to six.
const MAX_READINGS: usize = 512;

/// Whether every server reads a path alike, as it stands: lower case, nothing encoded, no empty segments, and
/// no segment that begins or ends with a dot or a plus sign.
pub(super) fn is_plain(path: &str) -> bool {
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

/// Every reading of a path, itself included, but for case ([`crate::admission::fold`]). `None` if a reading resolves dot segments or holds control
/// characters, if the path holds a backslash, or if it is encoded deeper than any server decodes.
pub(super) fn readings(path: &str) -> Option<Vec<String>> {
    if path.contains('\\') {
        return None;
    }
    let decodings = decodings(path)?;
    if decodings.iter().any(|text| has_control_or_dots(text)) {
        return None;
    }
    let mut seen = HashSet::new();
    let mut all = Vec::new();
    let mut keep = |reading: String| {
        if seen.insert(reading.clone()) {
            all.push(reading);
        }
        all.len() <= MAX_READINGS
    };
    for decoded in decodings {
        for slashes in with_slashes(decoded) {
            for cut in cuts(&slashes) {
                if !joined(cut).into_iter().all(&mut keep) {
                    return None;
                }
            }
        }
    }
    Some(all)
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

/// With backslashes as they are, and as slashes.
fn with_slashes(text: String) -> Vec<String> {
    if text.contains('\\') {
        vec![text.replace('\\', "/"), text]
    } else {
        vec![text]
    }
}

/// Whole, cut at what could begin a query, a fragment or parameters, and without each segment's parameters.
fn cuts(text: &str) -> Vec<String> {
    let mut all = vec![text.to_owned()];
    let mut add = |cut: String| {
        if !all.contains(&cut) {
            all.push(cut);
        }
    };
    let before = |marks: &[char]| text.split(marks).next().unwrap_or_default();
    let without_parameters = |text: &str| {
        let names = text
            .split('/')
            .map(|it| it.split(';').next().unwrap_or_default());
        names.collect::<Vec<_>>().join("/")
    };
    for marks in [&['?'][..], &['#'], &['?', '#'], &[';'], &['?', '#', ';']] {
        add(before(marks).to_owned());
    }
    for marks in [&[][..], &['?'], &['#'], &['?', '#']] {
        let whole = if marks.is_empty() {
            text
        } else {
            before(marks)
        };
        add(without_parameters(whole));
    }
    all
}

/// As it is, without a host at its beginning, without spaces and dots at the ends of segments, and each of them with its
/// slashes joined.
fn joined(text: String) -> Vec<String> {
    let mut all = Vec::with_capacity(1);
    let after_host = without_host(&text);
    for text in after_host.into_iter().chain([text]) {
        let trimmed = trimmed(&text);
        for text in trimmed.into_iter().chain([text]) {
            if text.contains("//") || text.ends_with('/') {
                all.push(join(&text));
            }
            all.push(text);
        }
    }
    all
}

/// Without what a server may pass over at the ends of segments. `None` if there is nothing of it.
fn trimmed(text: &str) -> Option<String> {
    // A plus sign may be read as a space.
    let is_space = |letter: char| letter.is_whitespace() || letter == '+';
    let is_passed_over = |letter: char| is_space(letter) || letter == '.';
    let trim = |name: &'_ str| -> String {
        let name = name.trim_start_matches(is_space);
        name.trim_end_matches(is_passed_over).to_owned()
    };
    let names: Vec<String> = text.split('/').map(trim).collect();
    let trimmed = names.join("/");
    (trimmed != text).then_some(trimmed)
}

fn join(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    for segment in text.split('/').filter(|segment| !segment.is_empty()) {
        joined.push('/');
        joined.push_str(segment);
    }
    if joined.is_empty() {
        joined.push('/');
    }
    joined
}

/// `//host/path` is an address without a scheme to whatever resolves it against its own (WHATWG URL, "relative
/// state"): its path begins after the host.
fn without_host(text: &str) -> Option<String> {
    let rest = text.strip_prefix("//")?.trim_start_matches('/');
    let after = rest.find('/').map_or("/", |at| &rest[at..]);
    Some(after.to_owned())
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
        ] {
            let readings = readings(path).unwrap();
            assert!(
                readings.iter().any(|it| it == reading),
                "{path}: {readings:?}"
            );
        }
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
