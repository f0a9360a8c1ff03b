//! A token, and how long it is used.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use backlot_outbound::third_party::{Credential, CredentialError};
use jiff::{SignedDuration, Timestamp};

use crate::secrets::SecretString;

/// A token that expires sooner than this is renewed in the background, but not in the first three quarters of its life.
const REFRESH_WINDOW: SignedDuration = SignedDuration::from_mins(2);
/// A token that expires sooner than this is not used, since it could expire on its way, but it is used for nine tenths of
/// its life.
const EXPIRY_MARGIN: SignedDuration = SignedDuration::from_secs(10);

/// A token, open.
#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) text: SecretString,
    /// The same, ready for a call.
    pub(crate) credential: Credential,
    pub(in crate::connections) expires_at: Option<Timestamp>,
    /// How long it lasts in all.
    pub(in crate::connections) lifetime: Option<SignedDuration>,
    /// Of the account in the database.
    pub(in crate::connections) version: i64,
    pub(in crate::connections) read_at: Instant,
    /// The third party does not take it any more.
    pub(in crate::connections) is_refused: bool,
    /// Whether the provider gives another in its place.
    pub(in crate::connections) can_be_renewed: bool,
    /// When its renewal was begun, while it is still used.
    pub(in crate::connections) renewal_began: Option<Instant>,
    /// When it was had in place of one that was refused.
    pub(in crate::connections) renewed_for_refusal: Option<Instant>,
    /// What the address of its API is made of.
    pub(in crate::connections) values: Arc<BTreeMap<String, String>>,
}

/// Whether a token can be used.
pub(crate) enum TokenState {
    Good,
    Aging,
    Over,
}

impl Token {
    /// Returns a token that does not expire and cannot be renewed.
    pub(crate) fn new(text: &str) -> Result<Self, CredentialError> {
        Ok(Self {
            credential: Credential::bearer(text)?,
            text: SecretString::new(text.to_owned()),
            expires_at: None,
            lifetime: None,
            version: 0,
            read_at: Instant::now(),
            is_refused: false,
            can_be_renewed: false,
            renewal_began: None,
            renewed_for_refusal: None,
            values: Arc::default(),
        })
    }

    /// Returns whether the token can be used at `now`.
    pub(crate) fn state(&self, now: Timestamp) -> TokenState {
        let left = self.expires_at.map(|end| end.duration_since(now));
        let part = |whole: SignedDuration, divisor| {
            let part = self.lifetime.map(|lifetime| lifetime / divisor);
            part.map_or(whole, |part| part.min(whole))
        };
        match left {
            _ if self.is_refused => TokenState::Over,
            Some(left) if left < part(EXPIRY_MARGIN, 10) => TokenState::Over,
            Some(left) if left < part(REFRESH_WINDOW, 4) => TokenState::Aging,
            _ => TokenState::Good,
        }
    }

    /// Returns whether the token need not be renewed yet.
    pub(crate) fn is_good(&self, now: Timestamp) -> bool {
        matches!(self.state(now), TokenState::Good)
    }
}

/// The seconds of a token's life, as they are sealed.
pub(crate) fn seconds(seconds: u64) -> Option<SignedDuration> {
    Some(SignedDuration::from_secs(i64::try_from(seconds).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(lifetime: i64, left: SignedDuration, now: Timestamp) -> Token {
        Token {
            expires_at: Some(now + left),
            lifetime: Some(SignedDuration::from_secs(lifetime)),
            ..Token::new("token").unwrap()
        }
    }

    #[test]
    fn how_long_tokens_are_used() {
        let now = Timestamp::UNIX_EPOCH;
        for (lifetime, good, aging) in [(3600, 120, 10), (60, 15, 6), (10, 3, 1), (0, 0, 0)] {
            let state = |left| token(lifetime, SignedDuration::from_secs(left), now).state(now);
            assert!(matches!(state(good), TokenState::Good), "{lifetime}");
            assert!(
                matches!(state(aging), TokenState::Aging | TokenState::Good),
                "{lifetime}"
            );
            assert!(matches!(state(aging - 1), TokenState::Over), "{lifetime}");
        }
    }
}
