//! Which headers of a third party's reply come back.

use backlot_outbound::redact::Needles;
use http::header::{
    ACCEPT_RANGES, AGE, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LANGUAGE, CONTENT_LENGTH,
    CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, EXPIRES, HeaderName, LAST_MODIFIED,
    LINK, LOCATION, RETRY_AFTER, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::ConnectionSettings;

const COMES_BACK: [HeaderName; 14] = [
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
    VARY,
];

/// Statuses whose `Location` is where the thing that was made is.
const fn makes_something(status: StatusCode) -> bool {
    matches!(status, StatusCode::CREATED | StatusCode::ACCEPTED)
}

/// Room for the headers that are added here and after, made once.
const ADDED: usize = 10;

/// Leaves of a reply's headers what comes back, without the credential, and adds ours. How many values had it.
pub(super) fn apply(
    settings: &ConnectionSettings,
    status: StatusCode,
    headers: &mut HeaderMap,
    needles: &Needles,
) -> u64 {
    let stays = |name: &HeaderName| {
        // Of a redirect it does not come by itself: a browser would follow it.
        let comes = COMES_BACK.contains(name)
            || (*name == LOCATION && makes_something(status))
            || settings.reply_headers.contains(name);
        comes && !settings.remove_reply_headers.contains(name)
    };
    let others: Vec<HeaderName> = headers.keys().filter(|it| !stays(it)).cloned().collect();
    for name in others {
        headers.remove(name);
    }
    let found = needles.redact_headers(headers);
    headers.reserve(ADDED);
    for (name, value) in &settings.add_reply_headers {
        headers.insert(name.clone(), value.clone());
    }
    // It comes from our own origin with unknown content, so no browser may run it as a page.
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
    found
}
