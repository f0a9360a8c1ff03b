//! Tokens: read without being verified, as far as that says something to a person.

use backlot_wix::access_token::UnverifiedClaims;
use jiff::Timestamp;
use serde_json::Value;

use super::Story;
use super::knowledge::Knowledge;

/// `OauthNG.JWS.<header>.<payload>.<signature>` and its siblings.
pub(super) fn tell_access_token(
    story: &mut Story,
    token: &str,
    knowledge: Option<&Knowledge>,
    now: Timestamp,
) {
    story.say("This is a Wix access token: what httpClient.fetchWithAuth() sends.");
    story.say(if knowledge.is_some_and(|it| it.is_simulated(token, now)) {
        "It was made by the simulator of this data folder, which may have revoked it since."
    } else {
        "It is signed with a key of Wix's, so only Wix can check it."
    });
    let Some(read) = UnverifiedClaims::read(token) else {
        return story.say("Its content cannot be read.");
    };
    times(story, &read.claims, now);
    for name in [
        "instanceId",
        "appDefId",
        "appId",
        "uid",
        "aid",
        "siteMemberId",
        "metaSiteId",
        "permissions",
    ] {
        if let Some(text) = read.instance[name].as_str().filter(|text| !text.is_empty()) {
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
    let Some(UnverifiedClaims { claims, .. }) = UnverifiedClaims::read(token) else {
        return story.failed("payload", "it is not JSON in base64url");
    };
    if claims["iss"] == "backlot" {
        story.say("It says that it is an elevated token: what Backlot hands to your own server.");
        let verified = knowledge.map(|knowledge| knowledge.elevated.verify(token, now));
        match verified {
            Some(Ok(_)) => story.passed("signature", "made by this server"),
            Some(Err(backlot_server::auth::elevated_token::TokenFault::Expired)) => {
                story.passed("signature", "made by this server");
                story.failed("age", "it is past its expiry");
            }
            Some(Err(_)) => story.failed(
                "signature",
                "not made with a key of this database, or the master key that opens it is not here",
            ),
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
