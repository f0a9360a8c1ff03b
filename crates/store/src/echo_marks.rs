//! Marks of writes: the event that a write of the app's own causes is known by them.
//!
//! A mark is stored before the write goes out, and removed if the write fails. The first new event of the entity that
//! arrives before the mark expires takes it, in the transaction that stores the event: an event that is sent twice
//! takes one mark, and of several nodes one takes it.

use backlot_wix::InstanceId;
use jiff::Timestamp;

/// The most bytes of a key.
pub const MAX_ECHO_KEY_BYTES: usize = 200;

/// An entity that a write is about, as its event names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EchoKey {
    kind: String,
    entity_id: String,
}

impl EchoKey {
    /// Returns the key of an entity. Of a kind with dots, such as `wix.contacts.v4.contact`, the last part counts, in
    /// any case. `None` if a part is empty, the whole is longer than [`MAX_ECHO_KEY_BYTES`], or has control characters.
    pub fn new(kind: &str, entity_id: &str) -> Option<Self> {
        let kind = kind.rsplit('.').next().unwrap_or_default();
        let is_text = |part: &str| !part.is_empty() && !part.contains(char::is_control);
        let is_key = is_text(kind)
            && is_text(entity_id)
            && kind.len() + 1 + entity_id.len() <= MAX_ECHO_KEY_BYTES;
        is_key.then(|| Self {
            kind: kind.to_lowercase(),
            entity_id: entity_id.to_owned(),
        })
    }

    /// Returns the key of an entity whose id is not known yet. No event has it.
    pub fn of_unknown(kind: &str) -> Option<Self> {
        let mut key = Self::new(kind, "?")?;
        key.entity_id.clear();
        Some(key)
    }

    /// Reads `contact/123`: the kind of the entity, and its id.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_ECHO_KEY_BYTES {
            return None;
        }
        let (kind, entity_id) = text.split_once('/')?;
        Self::new(kind, entity_id)
    }

    /// The kind, in lower case.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The id. Empty if it is not known yet.
    pub fn entity_id(&self) -> &str {
        &self.entity_id
    }
}

/// A mark of one write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EchoMark {
    /// The tenant.
    pub instance_id: InstanceId,
    /// Tells the mark from others of the same entity. Random.
    pub mark_id: [u8; 16],
    /// The entity that is written.
    pub key: EchoKey,
    /// From when on no event takes it.
    pub expires_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_last_part_of_a_kind_and_an_id() {
        let key = EchoKey::parse("Contact/A/1").unwrap();
        assert_eq!((key.kind(), key.entity_id()), ("contact", "A/1"));
        assert_eq!(EchoKey::new("wix.contacts.v4.contact", "A/1"), Some(key));
        let long = format!("contact/{}", "1".repeat(MAX_ECHO_KEY_BYTES));
        for text in [
            "",
            "contact",
            "contact/",
            "/1",
            "wix./1",
            "contact/\n",
            &long,
        ] {
            assert_eq!(EchoKey::parse(text), None, "{text}");
        }
    }
}
