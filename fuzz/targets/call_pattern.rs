//! Any text as a pattern of calls, a line end, and any text as a path: compared without a panic, and a
//! path that is let through means the same to a server that decodes it.

use backlot_server::policy::{CallPattern, PlainPath};

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (pattern, path) = text.split_once('\n').unwrap_or((text, "/a"));
    let Some(path) = PlainPath::new(path) else {
        return;
    };
    let as_text = path.as_str();
    assert!(as_text.starts_with('/') && !as_text.contains("//") && !as_text.contains('\\'));
    let lower = as_text.to_ascii_lowercase();
    for encoded in ["%2f", "%5c", "%2e%2e", "%25", "%3f", "%23", "%3b", "%00"] {
        assert!(
            !lower.contains(&format!("/{encoded}/")) && !lower.ends_with(&format!("/{encoded}"))
        );
    }
    assert!(
        as_text
            .split('/')
            .all(|segment| segment != "." && segment != "..")
    );
    if let Ok(pattern) = CallPattern::parse(pattern) {
        let method = pattern.method().clone();
        assert_eq!(pattern.allows(&method, &path), pattern.allows_path(&path));
    }
}
