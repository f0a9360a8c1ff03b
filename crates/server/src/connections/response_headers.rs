//! The headers of a third party's response that are returned.

use backlot_outbound::redact::SecretPatterns;
use http::header::{
    ACCEPT_RANGES, AGE, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LANGUAGE, CONTENT_LENGTH,
    CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, EXPIRES, HeaderName, LAST_MODIFIED,
    LINK, LOCATION, RETRY_AFTER, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::ConnectionSettings;

const RETURNED: [HeaderName; 14] = [
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

/// Returns whether `Location` is the address of something that was created.
const fn created_something(status: StatusCode) -> bool {
    matches!(status, StatusCode::CREATED | StatusCode::ACCEPTED)
}

/// Space for the headers that are added here and later, reserved once.
const ADDED: usize = 10;

/// Filters and redacts the response headers and adds the configured ones. Returns the number of redacted values.
pub(super) fn apply(
    settings: &ConnectionSettings,
    status: StatusCode,
    headers: &mut HeaderMap,
    patterns: &SecretPatterns,
) -> u64 {
    let is_returned = |name: &HeaderName| {
        // Not that of a redirect, unless it is configured: a browser would follow it.
        let is_known = RETURNED.contains(name)
            || (*name == LOCATION && created_something(status))
            || settings.reply_headers.contains(name);
        is_known && !settings.remove_reply_headers.contains(name)
    };
    let others: Vec<HeaderName> = headers
        .keys()
        .filter(|it| !is_returned(it))
        .cloned()
        .collect();
    for name in others {
        headers.remove(name);
    }
    let redactions = patterns.redact_headers(headers);
    headers.reserve(ADDED);
    for (name, value) in &settings.add_reply_headers {
        headers.insert(name.clone(), value.clone());
    }
    // The content is unknown and comes from this server's origin: no browser may run it as a page.
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let policy = HeaderValue::from_static("default-src 'none'; sandbox");
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    // It depends on the caller, so no shared cache may store it.
    let for_many = |value: &HeaderValue| {
        let text = value.to_str().unwrap_or("public").to_ascii_lowercase();
        text.contains("public") || text.contains("s-maxage")
    };
    let shared = headers.get_all(CACHE_CONTROL).iter().any(for_many);
    if shared || !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    redactions
}
