//! The headers that tell an upstream who calls. Whatever a client sends under these names is
//! removed first, in every spelling that a server might take for the same name.

use backlot_wix::{Caller, Role};
use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;

use crate::elevated::ElevatedTokens;
use crate::request_id::{RequestId, X_REQUEST_ID};

static INSTANCE_ID: HeaderName = HeaderName::from_static("x-backlot-instance-id");
static ROLE: HeaderName = HeaderName::from_static("x-backlot-role");
static USER_ID: HeaderName = HeaderName::from_static("x-backlot-user-id");
static PLAN: HeaderName = HeaderName::from_static("x-backlot-plan");
static SITE_ID: HeaderName = HeaderName::from_static("x-backlot-site-id");
static DEMO_MODE: HeaderName = HeaderName::from_static("x-backlot-demo-mode");
static ELEVATED_TOKEN: HeaderName = HeaderName::from_static("x-backlot-elevated-token");

/// Removes everything that only this server may say, and from a client that is no trusted proxy,
/// everything that only a proxy may. CGI-like servers read `_`, `.` and others as `-`, so names that
/// would collide with ours are removed from everybody.
pub(super) fn remove_forged(headers: &mut HeaderMap, from_trusted_proxy: bool) {
    let forged: Vec<HeaderName> = headers
        .keys()
        .filter(|name| is_forged(name.as_str(), from_trusted_proxy))
        .cloned()
        .collect();
    for name in forged {
        headers.remove(name);
    }
}

fn is_forged(name: &str, from_trusted_proxy: bool) -> bool {
    let bytes = name.as_bytes();
    let starts_with = |ours: &[u8]| {
        bytes
            .get(..ours.len())
            .is_some_and(|it| folded_eq(it, ours))
    };
    let is_a_proxys = match bytes.first() {
        Some(b'f') => name == "forwarded",
        Some(b'x') => {
            starts_with(b"x-forwarded-")
                || [&b"x-real-ip"[..], b"x-original-url", b"x-rewrite-url"]
                    .iter()
                    .any(|ours| folded_eq(bytes, ours))
        }
        _ => false,
    };
    let is_spelled_oddly = bytes
        .iter()
        .any(|byte| !byte.is_ascii_alphanumeric() && *byte != b'-');
    starts_with(b"x-backlot-")
        || (is_a_proxys && (is_spelled_oddly || !from_trusted_proxy))
        || (is_spelled_oddly && folded_eq(bytes, b"x-request-id"))
}

fn folded_eq(name: &[u8], ours: &[u8]) -> bool {
    name.len() == ours.len()
        && name
            .iter()
            .zip(ours)
            .all(|(byte, our)| byte == our || (!byte.is_ascii_alphanumeric() && *our == b'-'))
}

/// Says who calls.
pub(super) fn put_on(
    headers: &mut HeaderMap,
    caller: Option<&Caller>,
    request_id: &RequestId,
    elevated: &ElevatedTokens,
    now: Timestamp,
) {
    headers.insert(&X_REQUEST_ID, request_id.header_value());
    let Some(caller) = caller else { return };
    let mut buffer = [0; 36];
    set(
        headers,
        &INSTANCE_ID,
        Some(caller.instance_id.encode(&mut buffer)),
    );
    headers.insert(&ROLE, role(caller.role));
    set(headers, &USER_ID, caller.user_id.as_deref());
    set(headers, &PLAN, caller.plan.as_deref());
    set(headers, &SITE_ID, caller.site_id.as_deref());
    if caller.demo_mode {
        headers.insert(&DEMO_MODE, HeaderValue::from_static("true"));
    }
    if let Some(token) = elevated.token_for(caller.instance_id, now) {
        headers.insert(&ELEVATED_TOKEN, token);
    }
}

/// The caller's own credential stays with this server unless the entry passes it on.
pub(super) fn remove_credential(headers: &mut HeaderMap) {
    headers.remove(AUTHORIZATION);
}

fn set(headers: &mut HeaderMap, name: &HeaderName, value: Option<&str>) {
    if let Some(value) = value.and_then(|text| HeaderValue::from_str(text).ok()) {
        headers.insert(name, value);
    }
}

const fn role(role: Role) -> HeaderValue {
    HeaderValue::from_static(role.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_our_names_is_removed() {
        let mut headers = HeaderMap::new();
        for name in [
            "x-backlot-role",
            "x_backlot_role",
            "x.backlot.role",
            "x-backlot~role",
            "x-original-url",
            "x-backlot_anything",
            "X-Backlot-New",
            "x_request_id",
            "x_forwarded_for",
            "x-forwarded_proto",
            "x_real_ip",
            "x-backlog",
            "x-custom_name",
            "x-forwarded-for",
            "forwarded",
            "authorization",
        ] {
            headers.insert(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_static("forged"),
            );
        }
        let left = |headers: &HeaderMap| {
            let mut left: Vec<_> = headers.keys().map(ToString::to_string).collect();
            left.sort_unstable();
            left.join(" ")
        };
        remove_forged(&mut headers, true);
        let from_proxy =
            "authorization forwarded x-backlog x-custom_name x-forwarded-for x-original-url";
        assert_eq!(left(&headers), from_proxy);
        remove_forged(&mut headers, false);
        assert_eq!(left(&headers), "authorization x-backlog x-custom_name");
    }
}
