//! The bodies of `POST /oauth2/token`.
//!
//! Source: Wix's "Authenticate using OAuth" and `AppStrategy.js` of `@wix/sdk` 1.21.16. There is no
//! refresh token: id, secret and instance are all that is needed for the next one.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::lenient::seconds;
use crate::{AppId, InstanceId};

/// The parameters of a token request. There is no `Debug`, because they contain a secret.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "grant_type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Grant<'value> {
    /// The app itself, on one instance.
    ClientCredentials {
        /// The app.
        client_id: AppId,
        /// Its secret.
        client_secret: &'value str,
        /// The instance.
        instance_id: InstanceId,
    },
    /// A caller's access token, without the session that it is bound to.
    StripBoundSession {
        /// The app's secret.
        client_secret: &'value str,
        /// The caller's token.
        access_token: &'value str,
    },
}

/// What comes back. The token cannot be printed.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Granted {
    /// Sent as it is in `Authorization`, without a scheme word.
    pub access_token: String,
    /// How many seconds it lasts, 14,400 at Wix; text and number are read alike.
    #[serde(default, deserialize_with = "seconds")]
    pub expires_in: Option<u64>,
}

impl Granted {
    /// What holds where the response does not say: short, so that it is soon asked for again.
    const UNSAID: Duration = Duration::from_mins(5);
    /// No token is kept for longer than this, whatever the response says.
    const MAX_LIFETIME: Duration = Duration::from_hours(24);

    /// How long the token lasts.
    pub fn lifetime(&self) -> Duration {
        self.expires_in
            .map_or(Self::UNSAID, Duration::from_secs)
            .min(Self::MAX_LIFETIME)
    }
}

impl fmt::Debug for Granted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Granted(…, expires_in {:?})", self.expires_in)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_wixs_own_client_writes_it() {
        let grant = Grant::ClientCredentials {
            client_id: "7f3c2c1a-9a55-4f0e-8c57-6a1d2e3f4b5c".parse().unwrap(),
            client_secret: "s",
            instance_id: "2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e60".parse().unwrap(),
        };
        assert_eq!(
            serde_json::to_value(&grant).unwrap(),
            serde_json::json!({
                "grant_type": "client_credentials",
                "client_id": "7f3c2c1a-9a55-4f0e-8c57-6a1d2e3f4b5c",
                "client_secret": "s",
                "instance_id": "2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e60",
            })
        );
    }

    #[test]
    fn lifetimes() {
        for (json, seconds) in [
            (r#"{"access_token":"t","expires_in":14400}"#, 14_400),
            (r#"{"access_token":"t","expires_in":"60"}"#, 60),
            (r#"{"access_token":"t","expires_in":60.7}"#, 60),
            (r#"{"access_token":"t","expires_in":-5}"#, 0),
            (r#"{"access_token":"t","expires_in":"soon"}"#, 300),
            (r#"{"access_token":"t"}"#, 300),
            (r#"{"access_token":"t","expires_in":null}"#, 300),
            (r#"{"access_token":"t","expires_in":99999999999}"#, 86_400),
        ] {
            let granted: Granted = serde_json::from_str(json).unwrap();
            assert_eq!(granted.lifetime().as_secs(), seconds, "{json}");
            assert!(!format!("{granted:?}").contains("\"t\""));
        }
        assert!(serde_json::from_str::<Granted>(r#"{"expires_in":1}"#).is_err());
    }
}
