//! Credentials of the tests' app.

use backlot_wix::AppSecret;
use backlot_wix::signed_instance::sign;
use serde_json::{Value, json};

pub const APP_ID: &str = "7f3c2c1a-9a55-4f0e-8c57-6a1d2e3f4b5c";
pub const INSTANCE_ID: &str = "2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e60";
pub const NEW_SECRET: &str = "11111111-2222-4333-8444-555555555555";
pub const OLD_SECRET: &str = "99999999-2222-4333-8444-555555555555";
const OWNER: &str = "5d0f6a8c-1b2e-4c3d-9e4f-a0b1c2d3e4f5";
const MEMBER: &str = "6e1f7b9d-1b2e-4c3d-9e4f-a0b1c2d3e4f5";
const VISITOR: &str = "7d0ea69f-7aaf-4217-8af5-80819be06b1b";

/// A good instance of `owner`, `member` or `visitor`.
pub fn instance(role: &str) -> String {
    signed(NEW_SECRET, &payload(role))
}

/// What such an instance says, to be changed.
pub fn payload(role: &str) -> Value {
    let mut payload = json!({
        "instanceId": INSTANCE_ID,
        "appDefId": APP_ID,
        "signDate": "2026-11-22T11:00:00.000Z",
        "expirationDate": "2026-11-22T15:00:00.000Z",
        "demoMode": false,
        "permissions": "",
    });
    let fields = match role {
        "owner" => json!({ "uid": OWNER, "permissions": "OWNER" }),
        "member" => json!({ "uid": MEMBER, "siteMemberId": MEMBER, "aid": VISITOR }),
        "visitor" => json!({ "aid": VISITOR }),
        other => panic!("no role {other}"),
    };
    for (key, value) in fields.as_object().unwrap() {
        payload[key] = value.clone();
    }
    payload
}

/// Signs anything.
pub fn signed(secret: &str, payload: &Value) -> String {
    sign(&AppSecret::new(secret), payload.to_string().as_bytes())
}
