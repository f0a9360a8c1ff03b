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
static ELEVATED_TOKEN: HeaderName = HeaderName::from_static("x-backlot-elevated-token");

/// Removes everything that only this server may say. CGI-like servers read `_` and `-` as one, so
/// names with underscores that would collide are removed too.
pub(super) fn remove_forged(headers: &mut HeaderMap) {
    let forged: Vec<HeaderName> = headers
        .keys()
        .filter(|name| is_ours(name.as_str()))
        .cloned()
        .collect();
    for name in forged {
        headers.remove(name);
    }
}

fn is_ours(name: &str) -> bool {
    const PREFIX: &[u8] = b"x-backlot-";
    let bytes = name.as_bytes();
    if bytes.len() >= PREFIX.len() && folded_eq(&bytes[..PREFIX.len()], PREFIX) {
        return true;
    }
    name.contains('_')
        && ["x-request-id", "authorization", "forwarded", "x-real-ip"]
            .iter()
            .any(|ours| folded_eq(bytes, ours.as_bytes()))
        || name.contains('_')
            && bytes
                .get(..12)
                .is_some_and(|start| folded_eq(start, b"x-forwarded-"))
}

fn folded_eq(name: &[u8], ours: &[u8]) -> bool {
    name.len() == ours.len()
        && name
            .iter()
            .zip(ours)
            .all(|(byte, our)| byte == our || (*byte == b'_' && *our == b'-'))
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
            "x-backlot_anything",
            "X-Backlot-New",
            "x_request_id",
            "x_forwarded_for",
            "x-forwarded_proto",
            "x_real_ip",
            "x-backlog",
            "x-custom_name",
            "x-forwarded-for",
        ] {
            headers.insert(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_static("forged"),
            );
        }
        remove_forged(&mut headers);
        let mut left: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["x-backlog", "x-custom_name", "x-forwarded-for"]);
    }
}
