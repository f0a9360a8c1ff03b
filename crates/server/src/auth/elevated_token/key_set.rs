//! The keys that are in use at a moment: one signs, all verify.

use backlot_store::signing_keys::SigningKey;
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::json;

use super::SigningKeyPair;

/// What a key is used for at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// Published, and verifies; it does not sign yet.
    Next,
    /// Signs, and verifies.
    Signing,
    /// Verifies the tokens that it signed, until they have ended.
    Verifying,
    /// Serves nothing any more.
    Ended,
}

impl KeyState {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Signing => "signing",
            Self::Verifying => "verifying",
            Self::Ended => "ended",
        }
    }
}

/// The states of kept keys, in their order.
pub(crate) fn states(keys: &[SigningKey], now: Timestamp) -> Vec<KeyState> {
    let spans: Vec<Span> = keys.iter().map(Span::from).collect();
    let signing = signing(&spans, now);
    let state = |(place, span): (usize, &Span)| match span {
        _ if span.has_ended(now) => KeyState::Ended,
        _ if Some(place) == signing => KeyState::Signing,
        _ if span.signs_from > now => KeyState::Next,
        _ => KeyState::Verifying,
    };
    spans.iter().enumerate().map(state).collect()
}

/// When a key is in use.
#[derive(Clone, Copy)]
struct Span {
    signs_from: Timestamp,
    ends_at: Option<Timestamp>,
}

impl Span {
    fn has_ended(self, now: Timestamp) -> bool {
        self.ends_at.is_some_and(|end| end <= now)
    }
}

impl From<&SigningKey> for Span {
    fn from(key: &SigningKey) -> Self {
        Self {
            signs_from: key.signs_from,
            ends_at: key.ends_at,
        }
    }
}

/// The place of the key that signs: the last that has begun to. Where none has, since another node's clock is
/// ahead, it is the first that will.
fn signing(spans: &[Span], now: Timestamp) -> Option<usize> {
    let in_use = || {
        let spans = spans.iter().enumerate();
        spans.filter(|(_, span)| !span.has_ended(now))
    };
    let begun = in_use()
        .filter(|(_, span)| span.signs_from <= now)
        .max_by_key(|(_, span)| span.signs_from);
    let first = || in_use().min_by_key(|(_, span)| span.signs_from);
    begun.or_else(first).map(|(place, _)| place)
}

/// Keys that are open, ready for use. The default is none.
#[derive(Default)]
pub struct KeySet {
    pairs: Vec<SigningKeyPair>,
    spans: Vec<Span>,
    jwks: Bytes,
}

impl KeySet {
    /// Takes kept keys, each with its pair.
    pub(crate) fn new(keys: Vec<(&SigningKey, SigningKeyPair)>) -> Self {
        let spans = keys.iter().map(|(key, _)| Span::from(*key)).collect();
        let pairs: Vec<_> = keys.into_iter().map(|(_, pair)| pair).collect();
        let jwks: Vec<_> = pairs.iter().map(SigningKeyPair::to_jwk).collect();
        Self {
            jwks: Bytes::from(json!({ "keys": jwks }).to_string()),
            pairs,
            spans,
        }
    }

    /// The public halves, as `/.well-known/jwks.json` answers them.
    pub(crate) fn jwks(&self) -> Bytes {
        self.jwks.clone()
    }

    /// The key that signs now.
    pub(crate) fn signing(&self, now: Timestamp) -> Option<&SigningKeyPair> {
        self.pairs.get(signing(&self.spans, now)?)
    }

    /// The key of this id, if it still verifies.
    pub(crate) fn verifying(&self, key_id: &str, now: Timestamp) -> Option<&SigningKeyPair> {
        let mut keys = self.pairs.iter().zip(&self.spans);
        let (pair, span) = keys.find(|(pair, _)| pair.key_id == key_id)?;
        (!span.has_ended(now)).then_some(pair)
    }

    /// Whether every key of the other set is here, too.
    pub(crate) fn has_all_of(&self, other: &Self) -> bool {
        let is_here = |key: &SigningKeyPair| self.pairs.iter().any(|it| it.key_id == key.key_id);
        other.pairs.iter().all(is_here)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn key(id: &str, signs_from: i64, ends_at: Option<i64>) -> SigningKey {
        SigningKey {
            key_id: id.to_owned(),
            private_key: Vec::new(),
            sealed_with: Some("k".to_owned()),
            created_at: at(signs_from),
            signs_from: at(signs_from),
            ends_at: ends_at.map(at),
        }
    }

    #[test]
    fn a_key_is_next_signs_verifies_and_ends() {
        let keys = [key("b", 200, None), key("a", 0, Some(500))];
        let words = |now| {
            let states = states(&keys, at(now));
            states.iter().map(|it| it.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(words(199), ["next", "signing"]);
        assert_eq!(words(200), ["signing", "verifying"]);
        assert_eq!(words(499), ["signing", "verifying"]);
        assert_eq!(words(500), ["signing", "ended"]);
    }

    #[test]
    fn a_key_of_a_node_whose_clock_is_ahead_signs_where_there_is_no_other() {
        let keys = [key("b", 300, None), key("a", 200, None)];
        assert_eq!(states(&keys, at(100)), [KeyState::Next, KeyState::Signing]);
        assert_eq!(states(&[], at(100)), []);
    }
}
