//! Making, keeping and checking elevated tokens.

use std::time::Duration;

use backlot_wix::{AppId, Caller, InstanceId};
use bytes::Bytes;
use http::HeaderValue;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{KeyError, SigningKeyPair};
use crate::instance_hash::InstanceHash;

/// How many instances' tokens are kept, about 600 bytes each.
const MOST_KEPT: u64 = 10_000;
const ISSUER: &str = "backlot";

/// Makes and checks elevated tokens.
pub struct ElevatedTokens {
    app_id: AppId,
    lifetime: SignedDuration,
    keys: Vec<SigningKeyPair>,
    jwks: Bytes,
    kept: moka::sync::Cache<InstanceId, Kept, InstanceHash>,
}

#[derive(Clone)]
struct Kept {
    token: HeaderValue,
    renew_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: AppId,
    sub: InstanceId,
    iat: i64,
    exp: i64,
}

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenFault {
    /// Not signed by this server for this app.
    NotOurs,
    /// Past its `exp`.
    Expired,
}

impl ElevatedTokens {
    /// How long a token lasts unless the configuration says otherwise.
    pub const DEFAULT_LIFETIME: SignedDuration = SignedDuration::from_mins(5);

    /// Takes the keys, newest first: the newest signs, all of them verify.
    pub fn new(
        app_id: AppId,
        lifetime: SignedDuration,
        keys: Vec<SigningKeyPair>,
    ) -> Result<Self, KeyError> {
        if keys.is_empty() {
            return Err(KeyError);
        }
        let jwks: Vec<_> = keys.iter().map(SigningKeyPair::to_jwk).collect();
        Ok(Self {
            app_id,
            lifetime,
            jwks: Bytes::from(json!({ "keys": jwks }).to_string()),
            keys,
            kept: moka::sync::Cache::builder()
                .max_capacity(MOST_KEPT)
                .time_to_live(Duration::try_from(lifetime).unwrap_or_default())
                .build_with_hasher(InstanceHash::default()),
        })
    }

    /// The public halves, as `/.well-known/jwks.json` answers them.
    pub fn jwks(&self) -> Bytes {
        self.jwks.clone()
    }

    /// A token for an instance, as the value of a header. `None` only if signing fails.
    pub fn token_for(&self, instance_id: InstanceId, now: Timestamp) -> Option<HeaderValue> {
        if let Some(kept) = self.kept.get(&instance_id)
            && now < kept.renew_at
        {
            return Some(kept.token);
        }
        let mut token = HeaderValue::from_str(&self.mint(instance_id, now)?).ok()?;
        token.set_sensitive(true);
        let renew_at = now.checked_add(self.lifetime / 2).unwrap_or(now);
        let kept = Kept {
            token: token.clone(),
            renew_at,
        };
        self.kept.insert(instance_id, kept);
        Some(token)
    }

    fn mint(&self, instance_id: InstanceId, now: Timestamp) -> Option<String> {
        let key = self.keys.first()?;
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(key.key_id.clone());
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: self.app_id,
            sub: instance_id,
            iat: now.as_second(),
            exp: now.as_second().saturating_add(self.lifetime.as_secs()),
        };
        jsonwebtoken::encode(&header, &claims, &key.encoding).ok()
    }

    /// The app on one instance, if this server made the token and it still lasts.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Caller, TokenFault> {
        let mut validation = Validation::new(Algorithm::ES256);
        validation.validate_exp = false;
        validation.validate_aud = false;
        let claims = self
            .keys
            .iter()
            .find_map(|key| jsonwebtoken::decode::<Claims>(token, &key.decoding, &validation).ok())
            .ok_or(TokenFault::NotOurs)?
            .claims;
        if claims.iss != ISSUER || claims.aud != self.app_id {
            return Err(TokenFault::NotOurs);
        }
        let instant = |seconds| Timestamp::from_second(seconds).map_err(|_| TokenFault::NotOurs);
        let (signed_at, expires_at) = (instant(claims.iat)?, instant(claims.exp)?);
        if expires_at <= now {
            return Err(TokenFault::Expired);
        }
        Ok(Caller::app(claims.sub, claims.aud, signed_at, expires_at))
    }
}

#[cfg(test)]
mod tests {
    use super::super::new_signing_key;
    use super::*;
    use backlot_wix::Role;

    fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(last: u8) -> T {
        format!("2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e{last:02x}")
            .parse()
            .unwrap()
    }

    fn tokens(app: u8) -> ElevatedTokens {
        let key = new_signing_key(Timestamp::UNIX_EPOCH).unwrap();
        let pair = SigningKeyPair::read(&key).unwrap();
        ElevatedTokens::new(id(app), ElevatedTokens::DEFAULT_LIFETIME, vec![pair]).unwrap()
    }

    #[test]
    fn a_token_is_kept_renewed_and_expires() {
        let tokens = tokens(1);
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let first = tokens.token_for(id(9), at(1000)).unwrap();
        assert_eq!(tokens.token_for(id(9), at(1149)).unwrap(), first);
        assert_ne!(tokens.token_for(id(9), at(1150)).unwrap(), first);
        assert!(format!("{first:?}").contains("Sensitive"));

        let text = first.to_str().unwrap();
        let caller = tokens.verify(text, at(1299)).unwrap();
        assert_eq!((caller.role, caller.instance_id), (Role::App, id(9)));
        assert_eq!(tokens.verify(text, at(1300)), Err(TokenFault::Expired));
    }

    #[test]
    fn other_keys_and_other_apps_are_refused() {
        let now = Timestamp::from_second(1000).unwrap();
        let stranger = tokens(1).token_for(id(9), now).unwrap();
        let tokens = tokens(1);
        assert_eq!(
            tokens.verify(stranger.to_str().unwrap(), now),
            Err(TokenFault::NotOurs)
        );
        for text in ["", "a.b.c", "eyJhbGciOiJub25lIn0.e30."] {
            assert_eq!(tokens.verify(text, now), Err(TokenFault::NotOurs));
        }
    }
}
