//! The headers that tell an upstream who calls. What a client sends under these names has been removed before
//! (`forged`).

use backlot_wix::{Caller, Role};
use http::header::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;

use crate::auth::elevated_token::{ELEVATED_TOKEN, ElevatedTokens};
use crate::auth::{credential_headers, header_in_use};
use crate::http::request_id::{RequestId, X_REQUEST_ID};

static INSTANCE_ID: HeaderName = HeaderName::from_static("x-backlot-instance-id");
static ROLE: HeaderName = HeaderName::from_static("x-backlot-role");
static USER_ID: HeaderName = HeaderName::from_static("x-backlot-user-id");
static PLAN: HeaderName = HeaderName::from_static("x-backlot-plan");
static SITE_ID: HeaderName = HeaderName::from_static("x-backlot-site-id");
static DEMO_MODE: HeaderName = HeaderName::from_static("x-backlot-demo-mode");

/// Says who calls.
pub(crate) fn put_on(
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

/// The caller's own credential stays with this server unless the entry passes it on; what was sent besides, and was not
/// checked, stays in any case.
pub(crate) fn remove_credential(
    headers: &mut HeaderMap,
    instance_headers: &[HeaderName],
    is_passed: bool,
) {
    let in_use = header_in_use(headers, instance_headers).filter(|_| is_passed);
    for name in credential_headers(instance_headers).filter(|name| Some(*name) != in_use) {
        headers.remove(name);
    }
}

fn set(headers: &mut HeaderMap, name: &HeaderName, value: Option<&str>) {
    if let Some(value) = value.and_then(|text| HeaderValue::from_str(text).ok()) {
        headers.insert(name, value);
    }
}

const fn role(role: Role) -> HeaderValue {
    HeaderValue::from_static(role.as_str())
}
