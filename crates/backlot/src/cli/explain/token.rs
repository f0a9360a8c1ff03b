//! Tokens: read without being verified, as far as that says something to a person.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::Value;

use super::{Knowledge, Story};

/// `OauthNG.JWS.<header>.<payload>.<signature>` and its siblings.
pub(super) fn tell_access_token(story: &mut Story, token: &str, now: Timestamp) {
    story.say(
        "This is a Wix access token: what httpClient.fetchWithAuth() sends. It is signed with a key \
         of Wix's, so only Wix can check it.",
    );
    let Some(claims) = claims(token) else {
        return story.say("Its content cannot be read.");
    };
    times(story, &claims, now);
    let data = claims["data"]
        .as_str()
        .and_then(|text| serde_json::from_str::<Value>(text).ok());
    let instance = data.as_ref().map(|data| &data["instance"]);
    for name in [
        "instanceId",
        "appDefId",
        "uid",
        "aid",
        "siteMemberId",
        "metaSiteId",
    ] {
        if let Some(text) = instance.and_then(|it| it[name].as_str()) {
            story.field(name, text);
        }
    }
}

pub(super) fn tell_jwt(
    story: &mut Story,
    token: &str,
    knowledge: Option<&Knowledge>,
    now: Timestamp,
) {
    story.say("This is a JSON Web Token.\n");
    let Some(claims) = claims(token) else {
        return story.failed("payload", "it is not JSON in base64url");
    };
    if claims["iss"] == "backlot" {
        story.say("It says that it is an elevated token: what Backlot hands to your own server.");
        let verified = knowledge.map(|knowledge| knowledge.elevated.verify(token, now));
        match verified {
            Some(Ok(_)) => story.passed("signature", "made by this server"),
            Some(Err(backlot_server::elevated::TokenFault::Expired)) => {
                story.passed("signature", "made by this server");
                story.failed("age", "it is past its expiry");
            }
            Some(Err(_)) => story.failed("signature", "not made with a key of this data folder"),
            None => {}
        }
    } else if claims.get("data").is_some() {
        story.say("Webhooks and service plugins look like this: they come as a request's body, not as a credential.");
    }
    times(story, &claims, now);
    for name in ["iss", "aud", "sub"] {
        if let Some(text) = claims[name].as_str() {
            story.field(name, text);
        }
    }
}

/// The second part from the end.
fn claims(token: &str) -> Option<Value> {
    let payload = token.rsplit('.').nth(1)?;
    let json = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&json).ok()
}

fn times(story: &mut Story, claims: &Value, now: Timestamp) {
    for (name, words) in [("iat", "made at"), ("exp", "expires at")] {
        let instant = claims[name]
            .as_i64()
            .and_then(|seconds| Timestamp::from_second(seconds).ok());
        if let Some(instant) = instant {
            let past = if name == "exp" && instant <= now {
                " (past)"
            } else {
                ""
            };
            story.field(words, &format!("{instant}{past}"));
        }
    }
}
