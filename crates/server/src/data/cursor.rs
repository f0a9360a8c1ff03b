//! Cursors: a place in the answer to one query, signed.
//!
//! A cursor carries the query's filter and order, for the client sends them only once. It is bound to
//! the instance and the collection: on any other it is refused, and so is one that was changed. What
//! the caller may see is determined again with every page.

use aws_lc_rs::hmac;
use backlot_store::items::Position;
use backlot_wix::InstanceId;
use backlot_wix::data::{DataError, Value};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The longest cursor that is read.
const MAX_CURSOR_BYTES: usize = 2 << 20;
/// How many bytes of the signature are kept.
const SIGNATURE: usize = 16;

/// Signs cursors. Nodes that share a database share the key.
#[derive(Clone)]
pub(crate) struct CursorKey(hmac::Key);

/// What a cursor says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cursor {
    /// The collection.
    #[serde(rename = "c")]
    pub(crate) collection: String,
    /// The filter, as it was sent.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub(crate) filter: Option<Value>,
    /// The order, as it was sent.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub(crate) sort: Option<Value>,
    #[serde(rename = "v")]
    values: Vec<Value>,
    #[serde(rename = "n")]
    sequence: i64,
    /// Towards the beginning.
    #[serde(rename = "b", default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) backwards: bool,
    /// How many to a page.
    #[serde(rename = "l")]
    pub(crate) limit: u32,
}

impl Cursor {
    pub(crate) fn new(
        collection: &str,
        (filter, sort): (Option<Value>, Option<Value>),
        position: Position,
        backwards: bool,
        limit: u32,
    ) -> Self {
        Self {
            collection: collection.to_owned(),
            filter,
            sort,
            values: position.values,
            sequence: position.sequence,
            backwards,
            limit,
        }
    }

    pub(crate) fn position(&self) -> Position {
        Position {
            values: self.values.clone(),
            sequence: self.sequence,
        }
    }
}

impl CursorKey {
    /// A key made of a secret that all nodes have.
    pub(crate) fn derived_from(secret: &[u8]) -> Self {
        let derived = hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, secret),
            b"backlot data cursor",
        );
        Self(hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()))
    }

    pub(crate) fn seal(&self, instance_id: InstanceId, cursor: &impl Serialize) -> String {
        self.sign(instance_id, &serde_json::to_vec(cursor).unwrap_or_default())
    }

    pub(super) fn sign(&self, instance_id: InstanceId, json: &[u8]) -> String {
        let mut bytes = self.signature(instance_id, json)[..SIGNATURE].to_vec();
        bytes.extend(json);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    pub(crate) fn open<C: DeserializeOwned>(
        &self,
        instance_id: InstanceId,
        text: &str,
    ) -> Result<C, DataError> {
        let bad = || DataError::invalid("The cursor is none that this query gave out.");
        if text.len() > MAX_CURSOR_BYTES {
            return Err(bad());
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| bad())?;
        let (signature, json) = bytes.split_at_checked(SIGNATURE).ok_or_else(bad)?;
        let expected = self.signature(instance_id, json);
        aws_lc_rs::constant_time::verify_slices_are_equal(&expected[..SIGNATURE], signature)
            .map_err(|_| bad())?;
        serde_json::from_slice(json).map_err(|_| bad())
    }

    fn signature(&self, instance_id: InstanceId, json: &[u8]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(instance_id.as_bytes());
        context.update(json);
        let mut signature = [0; 32];
        signature.copy_from_slice(context.sign().as_ref());
        signature
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_serves_its_own_instance_unchanged() {
        let id = |last: u8| InstanceId::from_bytes([last; 16]);
        let key = CursorKey::derived_from(b"secret");
        let position = Position {
            values: vec![Value::from("x")],
            sequence: 7,
        };
        let filter =
            serde_json::from_str(r#"{"a":{"$gt":{"$date":"2024-01-02T00:00:00.000Z"}}}"#).unwrap();
        let cursor = Cursor::new("books", (Some(filter), None), position, true, 20);
        let text = key.seal(id(1), &cursor);
        assert_eq!(key.open::<Cursor>(id(1), &text).unwrap(), cursor);
        assert!(key.open::<Cursor>(id(2), &text).is_err());
        assert!(
            CursorKey::derived_from(b"other")
                .open::<Cursor>(id(1), &text)
                .is_err()
        );
        for place in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            assert!(
                key.open::<Cursor>(id(1), &String::from_utf8(changed).unwrap())
                    .is_err(),
                "{place}"
            );
        }
        for other in ["", "x", "....", "AAAA"] {
            assert!(key.open::<Cursor>(id(1), other).is_err());
        }
    }
}
