//! What Wix says of an access token: the answer of `POST /oauth2/token-info`, and whether it makes
//! a caller.
//!
//! Source: `get-token-info.d.ts` of `@wix/sdk` 1.21.16; Wix's own page shows no schema. The answer to
//! a dead token is not documented: it may be `{"active":false}`, an object without `active`, or a
//! status of 4xx. The first two are read here alike, the third by the caller.

use crate::caller::CredentialKind;
use crate::lenient::{or_default, unix_seconds};
use crate::{AppId, Caller, InstanceId, Role};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// What the token belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TokenInfo {
    /// Whether the token is good. Absent means no.
    #[serde(deserialize_with = "or_default")]
    pub active: bool,
    /// `APP`, `USER`, `MEMBER`, `VISITOR` or `UNKNOWN`.
    #[serde(deserialize_with = "or_default")]
    pub subject_type: String,
    /// The user, member, visitor or app.
    #[serde(deserialize_with = "or_default")]
    pub subject_id: String,
    /// When it ends, in Unix seconds.
    #[serde(deserialize_with = "unix_seconds")]
    pub exp: Option<i64>,
    /// When it was made, in Unix seconds.
    #[serde(deserialize_with = "unix_seconds")]
    pub iat: Option<i64>,
    /// The app that it was made for.
    #[serde(deserialize_with = "or_default")]
    pub client_id: String,
    /// The site (`metaSiteId`).
    #[serde(deserialize_with = "or_default")]
    pub site_id: String,
    /// The installation of the app: the tenant.
    #[serde(deserialize_with = "or_default")]
    pub instance_id: String,
}

/// Which tokens make a caller.
#[derive(Debug, Clone, Copy)]
pub struct TokenPolicy {
    /// The app that this backend belongs to.
    pub app_id: AppId,
    /// How far Wix's clock and ours may be apart.
    pub clock_skew: SignedDuration,
}

/// Why a token that Wix knows makes no caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenRejection {
    /// Wix says that it is no longer good, or never was.
    #[error("Wix says that it is not active")]
    Inactive,
    /// Made for another app, or for none.
    #[error("it was made for another app")]
    WrongApp,
    /// Past its `exp`, whatever Wix says.
    #[error("it expired at {0}")]
    Expired(Timestamp),
    /// It names no instance, or one that is not a GUID.
    #[error("it names no instance")]
    NoInstance,
    /// A kind of subject that has no role here.
    #[error("its subject has no role")]
    UnknownSubject,
}

impl TokenPolicy {
    /// Returns the caller that a token identifies.
    ///
    /// # Errors
    ///
    /// Fails if the token does not make a caller.
    pub fn admit(&self, info: &TokenInfo, now: Timestamp) -> Result<Caller, TokenRejection> {
        if !info.active {
            return Err(TokenRejection::Inactive);
        }
        if info.client_id.parse() != Ok(self.app_id) {
            return Err(TokenRejection::WrongApp);
        }
        let expires_at = info.exp.map_or(Timestamp::MAX, end);
        if expires_at.duration_until(now) > self.clock_skew {
            return Err(TokenRejection::Expired(expires_at));
        }
        let instance_id: InstanceId = info
            .instance_id
            .parse()
            .map_err(|_| TokenRejection::NoInstance)?;
        let role =
            Role::from_subject_type(&info.subject_type).ok_or(TokenRejection::UnknownSubject)?;
        let user_id = (role != Role::App).then(|| present(&info.subject_id));
        Ok(Caller {
            instance_id,
            role,
            user_id: user_id.flatten(),
            app_id: Some(self.app_id),
            site_id: present(&info.site_id),
            site_owner_id: None,
            plan: None,
            demo_mode: false,
            origin_instance_id: None,
            credential: CredentialKind::AccessToken,
            signed_at: instant(info.iat).unwrap_or(now),
            expires_at,
        })
    }
}

fn present(text: &str) -> Option<Box<str>> {
    (!text.is_empty()).then(|| text.into())
}

/// What lies outside of all time lies at its nearer end.
fn end(seconds: i64) -> Timestamp {
    let nearer = if seconds < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    Timestamp::from_second(seconds).unwrap_or(nearer)
}

fn instant(seconds: Option<i64>) -> Option<Timestamp> {
    Timestamp::from_second(seconds?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    const APP: &str = "7f3c2c1a-9a55-4f0e-8c57-6a1d2e3f4b5c";
    const INSTANCE: &str = "2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e60";

    fn admit(changes: &Value) -> Result<Caller, TokenRejection> {
        let mut answer = serde_json::json!({
            "active": true, "subjectType": "VISITOR", "subjectId": "7d0ea69f", "exp": 1_795_356_000,
            "iat": 1_795_341_600, "clientId": APP, "siteId": "c0ffee00", "instanceId": INSTANCE,
        });
        for (key, value) in changes.as_object().unwrap() {
            answer[key] = value.clone();
        }
        let info = serde_json::from_value(answer).unwrap();
        let policy = TokenPolicy {
            app_id: APP.parse().unwrap(),
            clock_skew: SignedDuration::from_mins(5),
        };
        policy.admit(&info, Timestamp::from_second(1_795_350_000).unwrap())
    }

    #[test]
    fn subjects_become_roles() {
        for (subject, expected, user) in [
            ("USER", Role::Owner, Some("7d0ea69f")),
            ("MEMBER", Role::Member, Some("7d0ea69f")),
            ("VISITOR", Role::Visitor, Some("7d0ea69f")),
            ("APP", Role::App, None),
        ] {
            let caller = admit(&serde_json::json!({ "subjectType": subject })).unwrap();
            assert_eq!(caller.role, expected);
            assert_eq!(caller.user_id.as_deref(), user);
            assert_eq!(caller.site_id.as_deref(), Some("c0ffee00"));
            assert_eq!(caller.credential, CredentialKind::AccessToken);
            assert_eq!(caller.expires_at.as_second(), 1_795_356_000);
        }
    }

    #[test]
    fn each_reason_to_refuse() {
        let expired = Timestamp::from_second(1_795_349_699).unwrap();
        for (changes, reason) in [
            (
                serde_json::json!({"active": false}),
                TokenRejection::Inactive,
            ),
            (
                serde_json::json!({"active": null}),
                TokenRejection::Inactive,
            ),
            (
                serde_json::json!({"clientId": INSTANCE}),
                TokenRejection::WrongApp,
            ),
            (
                serde_json::json!({"clientId": null}),
                TokenRejection::WrongApp,
            ),
            (
                serde_json::json!({"exp": 1_795_349_699}),
                TokenRejection::Expired(expired),
            ),
            (
                serde_json::json!({"instanceId": null}),
                TokenRejection::NoInstance,
            ),
            (
                serde_json::json!({"instanceId": "x"}),
                TokenRejection::NoInstance,
            ),
            (
                serde_json::json!({"subjectType": "UNKNOWN"}),
                TokenRejection::UnknownSubject,
            ),
            (
                serde_json::json!({"subjectType": null}),
                TokenRejection::UnknownSubject,
            ),
        ] {
            assert_eq!(admit(&changes), Err(reason), "{changes}");
        }
    }

    #[test]
    fn times_in_every_spelling() {
        for exp in [
            serde_json::json!(1_795_356_000),
            serde_json::json!("1795356000"),
            serde_json::json!(1_795_356_000_000_i64),
            serde_json::json!(1_795_356_000.5),
        ] {
            let caller = admit(&serde_json::json!({ "exp": exp })).unwrap();
            assert_eq!(caller.expires_at.as_second(), 1_795_356_000, "{exp}");
        }
        assert!(
            admit(&serde_json::json!({ "exp": 1_795_349_700 })).is_ok(),
            "within the skew"
        );
        assert!(serde_json::from_str::<TokenInfo>(r#"{"exp":"soon"}"#).is_err());
        assert!(serde_json::from_str::<TokenInfo>(r#"{"exp":[]}"#).is_err());
        assert_eq!(
            serde_json::from_str::<TokenInfo>("{}").unwrap(),
            TokenInfo::default()
        );
    }
}
