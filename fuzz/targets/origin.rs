//! Any text as an `Origin` header, and as a pattern of the list: what is let in lies inside the
//! list's domains and has no part but scheme, host and port.

use backlot_server::cors::{Origin, Pattern, Policy};

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let patterns = ["https://a.wix.run", "https://*.wixsite.com"];
    let patterns = patterns
        .iter()
        .filter_map(|pattern| Pattern::parse(pattern).ok());
    let policy = Policy::new(patterns, true);
    if policy.allows(text) {
        let Some(origin) = Origin::parse(text) else {
            panic!("{text} is let in and no origin")
        };
        let label = origin.host.strip_suffix(".wixsite.com");
        let inside = text == "https://a.wix.run"
            || origin.is_localhost()
            || (origin.scheme == "https" && label.is_some_and(|label| !label.contains('.')));
        assert!(inside, "{text} is let in");
        assert!(!text.contains(['/', '@', '?', '#', '\\', ' ']) || text.matches('/').count() == 2);
    }
    if let Ok(pattern) = Pattern::parse(text) {
        let policy = Policy::new([pattern], false);
        assert!(!policy.allows("https://evil.example") || text == "https://evil.example");
        assert!(!policy.allows("null"));
    }
}
