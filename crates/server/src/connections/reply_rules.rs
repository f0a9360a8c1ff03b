//! Which headers of a third party's reply come back.

use backlot_outbound::redact::Needles;
use http::header::{
    ACCEPT_RANGES, AGE, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LANGUAGE, CONTENT_LENGTH,
    CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, EXPIRES, HeaderName, LAST_MODIFIED,
    LINK, RETRY_AFTER, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue};

use super::ConnectionSettings;

const COMES_BACK: [HeaderName; 13] = [
    ACCEPT_RANGES,
    AGE,
    CACHE_CONTROL,
    CONTENT_DISPOSITION,
    CONTENT_LANGUAGE,
    CONTENT_LENGTH,
    CONTENT_RANGE,
    CONTENT_TYPE,
    ETAG,
    EXPIRES,
    LAST_MODIFIED,
    LINK,
    RETRY_AFTER,
];

/// Headers that there is room for at once: those of most replies, and ours.
const ROOM: usize = 24;

/// What comes back of a reply's headers, without the credential, and how many values had it.
pub(super) fn headers(
    settings: &ConnectionSettings,
    from_it: &HeaderMap,
    needles: &Needles,
) -> (HeaderMap, u64) {
    let mut headers = HeaderMap::with_capacity(ROOM);
    for (name, value) in from_it {
        let comes = COMES_BACK.contains(name) || settings.reply_headers.contains(name);
        if comes && !settings.remove_reply_headers.contains(name) {
            headers.append(name.clone(), value.clone());
        }
    }
    let found = needles.redact_headers(&mut headers);
    for (name, value) in &settings.add_reply_headers {
        headers.insert(name.clone(), value.clone());
    }
    // It comes from our own origin, and nobody knows what it is: no browser runs it as a page.
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let policy = HeaderValue::from_static("default-src 'none'; sandbox");
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    // What it says depends on the caller, so it is no shared cache's to keep.
    let for_many = |value: &HeaderValue| {
        let text = value.to_str().unwrap_or("public").to_ascii_lowercase();
        text.contains("public") || text.contains("s-maxage")
    };
    let shared = headers.get_all(CACHE_CONTROL).iter().any(for_many);
    if shared || !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    headers.append(VARY, HeaderValue::from_static("Authorization"));
    (headers, found)
}
