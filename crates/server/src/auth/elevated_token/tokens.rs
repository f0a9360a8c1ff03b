//! Making, keeping and checking elevated tokens.

use std::sync::Arc;
use std::time::Duration;

use backlot_wix::{AppId, Caller, InstanceId};
use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, Header, Validation};
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};

use super::KeySet;
use crate::id_hasher::InstanceHash;

/// How many instances' tokens are kept, about 600 bytes each.
const MAX_CACHED: u64 = 10_000;
const ISSUER: &str = "backlot";

/// The header that carries a token to an upstream.
pub(crate) static ELEVATED_TOKEN: HeaderName = HeaderName::from_static("x-backlot-elevated-token");

/// Makes and checks elevated tokens.
pub struct ElevatedTokens {
    app_id: AppId,
    limits: TokenLimits,
    keys: RwLock<Arc<KeySet>>,
    kept: moka::sync::Cache<InstanceId, Kept, InstanceHash>,
}

/// How long tokens last.
#[derive(Debug, Clone, Copy)]
pub struct TokenLimits {
    /// From `iat` to `exp`: of tokens that are made, and at most of those that are accepted.
    pub lifetime: SignedDuration,
    /// How far in the future `iat` may lie: nodes' clocks differ.
    pub clock_skew: SignedDuration,
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
    /// Not signed by this server for this app, or for longer than it signs tokens.
    NotOurs,
    /// It names a key that is not known. Another node may have made it a moment ago.
    UnknownKey,
    /// Past its `exp`.
    Expired,
}

impl ElevatedTokens {
    /// How long a token lasts unless the configuration says otherwise.
    pub const DEFAULT_LIFETIME: SignedDuration = SignedDuration::from_mins(5);

    /// Takes the keys: one signs, all of them verify.
    pub fn new(app_id: AppId, limits: TokenLimits, keys: KeySet) -> Self {
        Self {
            app_id,
            limits,
            keys: RwLock::new(Arc::new(keys)),
            kept: moka::sync::Cache::builder()
                .max_capacity(MAX_CACHED)
                .time_to_live(Duration::try_from(limits.lifetime).unwrap_or_default())
                .build_with_hasher(InstanceHash::default()),
        }
    }

    /// Takes other keys. Tokens of a key that is gone are not handed out again.
    pub(crate) fn replace_keys(&self, keys: KeySet) {
        let keys = Arc::new(keys);
        let before = std::mem::replace(&mut *self.keys.write(), Arc::clone(&keys));
        if !keys.has_all_of(&before) {
            self.kept.invalidate_all();
        }
    }

    /// The public halves, as `/.well-known/jwks.json` answers them.
    pub fn jwks(&self) -> Bytes {
        self.keys.read().jwks()
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
        let renew_at = now.checked_add(self.limits.lifetime / 2).unwrap_or(now);
        let kept = Kept {
            token: token.clone(),
            renew_at,
        };
        self.kept.insert(instance_id, kept);
        Some(token)
    }

    fn mint(&self, instance_id: InstanceId, now: Timestamp) -> Option<String> {
        let keys = Arc::clone(&self.keys.read());
        let key = keys.signing(now)?;
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(key.key_id.clone());
        let lifetime = self.limits.lifetime.as_secs();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: self.app_id,
            sub: instance_id,
            iat: now.as_second(),
            exp: now.as_second().saturating_add(lifetime),
        };
        jsonwebtoken::encode(&header, &claims, &key.encoding).ok()
    }

    /// The app on one instance, if this server made the token and it still lasts.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Caller, TokenFault> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenFault::NotOurs)?;
        let key_id = match header.kid {
            Some(key_id) if header.alg == Algorithm::ES256 => key_id,
            _ => return Err(TokenFault::NotOurs),
        };
        let keys = Arc::clone(&self.keys.read());
        let key = keys.verifying(&key_id, now);
        let key = key.ok_or(TokenFault::UnknownKey)?;
        let mut validation = Validation::new(Algorithm::ES256);
        validation.validate_exp = false;
        validation.validate_aud = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &key.decoding, &validation)
            .map_err(|_| TokenFault::NotOurs)?
            .claims;
        if claims.iss != ISSUER || claims.aud != self.app_id {
            return Err(TokenFault::NotOurs);
        }
        let instant = |seconds| Timestamp::from_second(seconds).map_err(|_| TokenFault::NotOurs);
        let (signed_at, expires_at) = (instant(claims.iat)?, instant(claims.exp)?);
        let is_too_long = signed_at.duration_until(expires_at) > self.limits.lifetime;
        if is_too_long || now.duration_until(signed_at) > self.limits.clock_skew {
            return Err(TokenFault::NotOurs);
        }
        if expires_at <= now {
            return Err(TokenFault::Expired);
        }
        Ok(Caller::app(claims.sub, claims.aud, signed_at, expires_at))
    }
}

#[cfg(test)]
mod tests {
    use super::super::SigningKeyPair;
    use super::super::keys::generate;
    use super::*;
    use backlot_store::signing_keys::SigningKey;
    use backlot_wix::Role;
    use jsonwebtoken::EncodingKey;

    fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(last: u8) -> T {
        format!("2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e{last:02x}")
            .parse()
            .unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn key(signs_from: i64, ends_at: Option<i64>) -> (SigningKey, zeroize::Zeroizing<Vec<u8>>) {
        let (key_id, private_key) = generate().unwrap();
        let key = SigningKey {
            key_id,
            private_key: Vec::new(),
            sealed_with: None,
            created_at: at(signs_from),
            signs_from: at(signs_from),
            ends_at: ends_at.map(at),
        };
        (key, private_key)
    }

    fn set(keys: &[(SigningKey, zeroize::Zeroizing<Vec<u8>>)]) -> KeySet {
        let pair = |(key, private_key)| {
            let key: &SigningKey = key;
            let private_key: &zeroize::Zeroizing<Vec<u8>> = private_key;
            (key, SigningKeyPair::read(&key.key_id, private_key).unwrap())
        };
        KeySet::new(keys.iter().map(|(key, bytes)| pair((key, bytes))).collect())
    }

    fn with_keys(app: u8, keys: KeySet) -> ElevatedTokens {
        let limits = TokenLimits {
            lifetime: ElevatedTokens::DEFAULT_LIFETIME,
            clock_skew: SignedDuration::from_mins(5),
        };
        ElevatedTokens::new(id(app), limits, keys)
    }

    fn tokens(app: u8) -> ElevatedTokens {
        with_keys(app, set(&[key(0, None)]))
    }

    #[test]
    fn a_token_is_kept_renewed_and_expires() {
        let tokens = tokens(1);
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
        let now = at(1000);
        let stranger = tokens(1).token_for(id(9), now).unwrap();
        let keys = [key(0, None)];
        let other_app = with_keys(2, set(&keys)).token_for(id(9), now).unwrap();
        let tokens = with_keys(1, set(&keys));
        assert_eq!(
            tokens.verify(stranger.to_str().unwrap(), now),
            Err(TokenFault::UnknownKey)
        );
        assert_eq!(
            tokens.verify(other_app.to_str().unwrap(), now),
            Err(TokenFault::NotOurs)
        );
        for text in ["", "a.b.c", "eyJhbGciOiJub25lIn0.e30."] {
            assert_eq!(tokens.verify(text, now), Err(TokenFault::NotOurs));
        }
    }
    /// With the key of a copy of the database, somebody could otherwise make one that lasts for ever.
    #[test]
    fn a_token_that_lasts_longer_than_any_is_refused() {
        let keys = [key(0, None)];
        let tokens = with_keys(1, set(&keys));
        let mint = |iat: i64, exp: i64| {
            let mut header = Header::new(Algorithm::ES256);
            header.kid = Some(keys[0].0.key_id.clone());
            let claims = Claims {
                iss: ISSUER.to_owned(),
                aud: id(1),
                sub: id(9),
                iat,
                exp,
            };
            jsonwebtoken::encode(&header, &claims, &EncodingKey::from_ec_der(&keys[0].1)).unwrap()
        };
        let verify = |iat, exp| tokens.verify(&mint(iat, exp), at(1000)).map(drop);
        assert_eq!(verify(1000, 1300), Ok(()));
        assert_eq!(verify(1000, 1301), Err(TokenFault::NotOurs));
        assert_eq!(verify(0, 9_999_999), Err(TokenFault::NotOurs));
        assert_eq!(verify(i64::MIN, i64::MAX), Err(TokenFault::NotOurs));
        assert_eq!(verify(1000, i64::MAX), Err(TokenFault::NotOurs));
        assert_eq!(verify(1300, 1600), Ok(()), "the other node's clock");
        assert_eq!(verify(1301, 1601), Err(TokenFault::NotOurs));
        assert_eq!(verify(9_000, 9_300), Err(TokenFault::NotOurs));
        assert_eq!(verify(600, 900), Err(TokenFault::Expired));
    }

    #[test]
    fn a_token_names_its_key_and_its_algorithm() {
        let keys = [key(0, None)];
        let tokens = with_keys(1, set(&keys));
        let text = tokens.token_for(id(9), at(1000)).unwrap();
        let text = text.to_str().unwrap();
        let rest = text.split_once('.').unwrap().1;
        let with_header = |header: &str| {
            use base64::Engine as _;
            let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(header);
            tokens
                .verify(&format!("{header}.{rest}"), at(1000))
                .map(drop)
        };
        assert_eq!(tokens.verify(text, at(1000)).map(drop), Ok(()));
        let kid = &keys[0].0.key_id;
        for header in [
            r#"{"alg":"ES256","typ":"JWT"}"#.to_owned(),
            format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#),
            format!(r#"{{"alg":"none","kid":"{kid}"}}"#),
        ] {
            assert_eq!(with_header(&header), Err(TokenFault::NotOurs), "{header}");
        }
    }

    #[test]
    fn a_key_signs_when_its_time_has_come_and_verifies_until_it_ends() {
        let old = key(0, None);
        let tokens = with_keys(1, set(std::slice::from_ref(&old)));
        let first = tokens.token_for(id(9), at(1000)).unwrap();
        let kid = |token: &HeaderValue| {
            let header = jsonwebtoken::decode_header(token.to_str().unwrap());
            header.unwrap().kid.unwrap()
        };
        let mut ending = old.clone();
        ending.0.ends_at = Some(at(1520));
        let keys = [key(1100, None), ending];
        tokens.replace_keys(set(&keys));
        assert_eq!(tokens.token_for(id(9), at(1099)).unwrap(), first, "kept");
        assert_eq!(
            kid(&tokens.token_for(id(8), at(1099)).unwrap()),
            old.0.key_id
        );
        let new = tokens.token_for(id(7), at(1100)).unwrap();
        assert_eq!(kid(&new), keys[0].0.key_id);
        for (token, now) in [(&first, 1299), (&new, 1399)] {
            let verdict = tokens.verify(token.to_str().unwrap(), at(now));
            assert_eq!(verdict.map(|it| it.role), Ok(Role::App));
        }
        let jwks = String::from_utf8(tokens.jwks().to_vec()).unwrap();
        assert!(jwks.contains(&keys[0].0.key_id) && jwks.contains(&old.0.key_id));
        let late = tokens.verify(first.to_str().unwrap(), at(1520));
        assert_eq!(late.map(drop), Err(TokenFault::UnknownKey));

        // A database that was put back does not know the key: what it signed is not handed out again.
        tokens.replace_keys(set(std::slice::from_ref(&old)));
        assert_eq!(
            kid(&tokens.token_for(id(7), at(1101)).unwrap()),
            old.0.key_id
        );
    }
}
