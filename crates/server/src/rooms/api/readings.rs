//! The ways in which servers read one path.
//!
//! A server may decode a path once, twice or not at all, fold its case, join its slashes, take a backslash for a
//! slash, cut it at an encoded `?` or `#`, drop what follows a `;`, or take its beginning for a host. The rules of
//! `[[api]]` are only worth something if no reading of a path reaches another rule's handler, so all readings are
//! written out here and `entries` compares each of them with the prefixes.
//!
//! Caveat: a path that leads somewhere else in any reading (dot segments), and one with control characters, has no
//! readings: it is refused.

use std::collections::HashSet;

use percent_encoding::percent_decode_str;

/// Decodings of one path, by percent, `%uXXXX`, Latin-1 and overlong UTF-8. More than any ordinary path has.
const MAX_DECODINGS: usize = 8;
/// Readings of one path. Ordinary paths have one to six.
const MAX_READINGS: usize = 512;
/// How often a path may be percent-encoded over itself: servers decode once, some twice.
const MAX_ENCODING_DEPTH: usize = 3;

/// Whether every server reads a path alike, as it stands: lower case, nothing encoded, no empty segments, and
/// no segment that begins or ends with a dot.
pub(super) fn is_plain(path: &str) -> bool {
    let mut before = 0;
    for byte in path.bytes() {
        let is_plain = match byte {
            b'/' => !matches!(before, b'/' | b'.'),
            b'.' => before != b'/',
            b'%' | b'\\' | b';' | b'A'..=b'Z' => false,
            byte => byte.is_ascii_graphic(),
        };
        if !is_plain {
            return false;
        }
        before = byte;
    }
    before != b'.'
}

/// Every reading of a path, itself included, but for case ([`fold`]). `None` if a reading resolves dot segments or holds control
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

/// A text in which case makes no difference, as a server that compares without case sees it.
pub(super) fn fold(text: &str) -> String {
    text.chars()
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .collect()
}

/// The path, and what decoding it again and again makes of it. `None` if there is no end to it.
fn decodings(path: &str) -> Option<Vec<String>> {
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

/// What one decoding makes of a text: as UTF-8, and if it is none, as servers read it that do not check.
fn decode(text: &str) -> Vec<String> {
    if !text.contains('%') {
        return Vec::new();
    }
    let mut decoded = Vec::with_capacity(1);
    let bytes: Vec<u8> = percent_decode_str(text).collect();
    match String::from_utf8(bytes) {
        Ok(text) => decoded.push(text),
        Err(error) => {
            let bytes = error.into_bytes();
            decoded.push(String::from_utf8_lossy(&bytes).into_owned());
            decoded.push(bytes.iter().copied().map(char::from).collect());
            decoded.push(decode_overlong(&bytes));
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

/// A control character, or a segment that a server could resolve: only dots and spaces, whatever follows a `;`,
/// `?` or `#`. The other half of Unicode's control characters is letters in older encodings: `%82%A0` in Shift JIS.
fn has_control_or_dots(text: &str) -> bool {
    let is_dots = |segment: &str| {
        let name = segment.split([';', '?', '#']).next().unwrap_or_default();
        name.contains('.') && name.chars().all(|it| it == '.' || it.is_whitespace())
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

/// As it is, with its slashes joined, without dots and spaces at the ends of segments, and without a host at its
/// beginning.
fn joined(text: String) -> Vec<String> {
    let mut all = Vec::with_capacity(1);
    if let Some(after_host) = without_host(&text) {
        all.push(join(&after_host));
        all.push(after_host);
    }
    if text.contains("//") || text.ends_with('/') {
        all.push(join(&text));
    }
    let is_trimmed = |it: &str| it.ends_with(['.', ' ']);
    if text.split('/').any(is_trimmed) {
        let names = text.split('/').map(|it| it.trim_end_matches(['.', ' ']));
        let trimmed = names.collect::<Vec<_>>().join("/");
        all.push(join(&trimmed));
        all.push(trimmed);
    }
    all.push(text);
    all
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
            ("/api/%82%A0%83%85", 8),
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
        ] {
            let readings = readings(path).unwrap();
            assert!(
                readings.iter().any(|it| it == reading),
                "{path}: {readings:?}"
            );
        }
    }

    #[test]
    fn letters_that_fold_to_ascii_are_folded() {
        assert_eq!(fold("/Public/\u{212A}ey/\u{17F}"), "/public/key/s");
    }

    proptest::proptest! {
        /// The work that a path can cause is bounded.
        #[test]
        fn readings_are_bounded(path in "/[a-cA-C.%/;0-9 ?#u]{0,60}") {
            if let Some(readings) = readings(&path) {
                proptest::prop_assert!(readings.len() <= MAX_READINGS);
                proptest::prop_assert!(readings.contains(&path));
            }
        }
    }
}
