//! Reading an access token without verifying it: only Wix holds the key (HS256).
//!
//! What is read here is what the token says of itself. It may refuse a token early or explain it to
//! a person; it never authenticates a caller.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::AppId;
use crate::token_info::{TokenPolicy, TokenRejection};

/// The unverified claims of a token.
#[derive(Debug, Clone, PartialEq)]
pub struct UnverifiedClaims {
    /// The claims of the JWT.
    pub claims: Value,
    /// What stands in `data.instance`, or in `data` itself; null where there is neither.
    pub instance: Value,
}

impl UnverifiedClaims {
    /// Reads `OauthNG.JWS.<header>.<payload>.<signature>` and its siblings. `None` where the part
    /// before the last is no JSON object in base64url.
    pub fn read(token: &str) -> Option<Self> {
        let payload = token.rsplit('.').nth(1)?;
        let json = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        let claims: Value = serde_json::from_slice(&json).ok()?;
        if !claims.is_object() {
            return None;
        }
        let data = match &claims["data"] {
            Value::String(text) => serde_json::from_str(text).unwrap_or(Value::Null),
            other => other.clone(),
        };
        let instance = data.get("instance").cloned().unwrap_or(data);
        Some(Self { claims, instance })
    }

    /// When it says that it ends.
    pub fn expires_at(&self) -> Option<Timestamp> {
        Timestamp::from_second(self.claims["exp"].as_i64()?).ok()
    }

    /// The app that it says it was made for.
    pub fn app_id(&self) -> Option<AppId> {
        let name = ["appDefId", "appId"]
            .into_iter()
            .find_map(|key| self.instance[key].as_str());
        name?.parse().ok()
    }
}

impl TokenPolicy {
    /// Refuses what by its own words is of no use here, so that Wix need not be asked. `Ok` says
    /// nothing but that Wix must be.
    ///
    /// # Errors
    ///
    /// Fails if the token's claims show that Wix would reject it.
    pub fn look_at(&self, token: &str, now: Timestamp) -> Result<(), TokenRejection> {
        let Some(claims) = UnverifiedClaims::read(token) else {
            return Ok(());
        };
        if claims.app_id().is_some_and(|id| id != self.app_id) {
            return Err(TokenRejection::WrongApp);
        }
        match claims.expires_at() {
            Some(at) if is_past(at, self.clock_skew, now) => Err(TokenRejection::Expired(at)),
            _ => Ok(()),
        }
    }
}

fn is_past(at: Timestamp, skew: SignedDuration, now: Timestamp) -> bool {
    at.duration_until(now) > skew
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = serde_json::json!({ "kid": "YHBsuJpH", "alg": "HS256" });
        format!("OauthNG.JWS.{}.{}.c2ln", part(&header), part(claims))
    }

    fn look(claims: &Value) -> Result<(), TokenRejection> {
        let policy = TokenPolicy {
            app_id: "7f3c2c1a-9a55-4f0e-8c57-6a1d2e3f4b5c".parse().unwrap(),
            clock_skew: SignedDuration::from_mins(5),
        };
        policy.look_at(&token(claims), Timestamp::from_second(1000).unwrap())
    }

    #[test]
    fn what_says_itself_that_it_is_of_no_use_is_refused() {
        let of = |app: &str| {
            let data = serde_json::json!({ "instance": { "appDefId": app } }).to_string();
            serde_json::json!({ "data": data, "exp": 1500 })
        };
        assert_eq!(look(&of("7f3c2c1a-9a55-4f0e-8c57-6a1d2e3f4b5c")), Ok(()));
        assert_eq!(
            look(&of("00000000-9a55-4f0e-8c57-6a1d2e3f4b5c")),
            Err(TokenRejection::WrongApp)
        );
        let flat =
            serde_json::json!({ "data": r#"{"appId":"00000000-9a55-4f0e-8c57-6a1d2e3f4b5c"}"# });
        assert_eq!(look(&flat), Err(TokenRejection::WrongApp));
        assert_eq!(look(&serde_json::json!({ "exp": 700 })), Ok(()));
        assert_eq!(
            look(&serde_json::json!({ "exp": 699 })),
            Err(TokenRejection::Expired(
                Timestamp::from_second(699).unwrap()
            ))
        );
        for harmless in ["{}", r#"{"data":"{"}"#, r#"{"data":[1]}"#, r#"{"exp":"x"}"#] {
            assert_eq!(look(&harmless.parse().unwrap()), Ok(()), "{harmless}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "\\PC{0,80}") {
            let _ = UnverifiedClaims::read(&text);
        }
    }
}
