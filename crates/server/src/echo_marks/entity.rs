//! The entity that a call names: `contact/123`, or `contact/{/contact/id}` if its response has the id.

use backlot_store::echo_marks::{EchoKey, MAX_ECHO_KEY_BYTES};
use backlot_wix::Caller;
use http::header::ACCEPT_ENCODING;
use http::{HeaderMap, HeaderName};
use serde_json::Value;

use crate::error::{ApiError, ErrorCode};

/// The header of a request that names the entity which the call writes.
pub(crate) static BACKLOT_ECHO: HeaderName = HeaderName::from_static("backlot-echo");

/// The entity that a call writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EchoEntity {
    /// One with this id.
    Known(EchoKey),
    /// One that the call creates.
    Created(CreatedEntity),
}

/// An entity whose id is in the response to its creation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CreatedEntity {
    /// The kind, with an id that no entity has.
    kind: EchoKey,
    /// A JSON pointer (RFC 6901).
    pointer: String,
}

impl EchoEntity {
    /// Reads a text.
    ///
    /// # Errors
    ///
    /// Fails if it is not a kind and an id, nor a kind and a JSON pointer in braces.
    pub(crate) fn parse(text: &str) -> Result<Self, ApiError> {
        let parsed = match CreatedEntity::parse(text) {
            Some(created) => Some(Self::Created(created)),
            None => EchoKey::parse(text).map(Self::Known),
        };
        parsed.ok_or_else(|| {
            ApiError::from(ErrorCode::EchoKeyInvalid).with_data("limitBytes", MAX_ECHO_KEY_BYTES)
        })
    }

    /// The key under which the mark is stored before the call.
    pub(super) const fn key(&self) -> &EchoKey {
        match self {
            Self::Known(key) => key,
            Self::Created(created) => &created.kind,
        }
    }
}

impl CreatedEntity {
    fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_ECHO_KEY_BYTES {
            return None;
        }
        let (kind, rest) = text.split_once('/')?;
        let pointer = rest.strip_prefix('{')?.strip_suffix('}')?;
        pointer.starts_with('/').then_some(())?;
        Some(Self {
            kind: EchoKey::of_unknown(kind)?,
            pointer: pointer.to_owned(),
        })
    }

    /// The kind, in lower case.
    pub(super) fn kind(&self) -> &str {
        self.kind.kind()
    }

    /// Finds the id in a response. `None` if the response is not JSON, or has no text and no whole number there.
    pub(super) fn find(&self, response: &[u8]) -> Option<EchoKey> {
        let json: Value = serde_json::from_slice(response).ok()?;
        let id = match json.pointer(&self.pointer)? {
            Value::String(id) => id.clone(),
            Value::Number(id) if !id.is_f64() => id.to_string(),
            _ => return None,
        };
        EchoKey::new(self.kind(), &id)
    }
}

/// Takes the entity that a call writes out of its headers, which do not go on with it. A response that has the id is not
/// compressed.
///
/// # Errors
///
/// Fails if the header names no entity, is repeated, or the caller is a visitor or a member: they could have changes of
/// others left out.
pub(crate) fn take_entity(
    headers: &mut HeaderMap,
    caller: &Caller,
) -> Result<Option<EchoEntity>, ApiError> {
    if !headers.contains_key(&BACKLOT_ECHO) {
        return Ok(None);
    }
    let mut values = headers.get_all(&BACKLOT_ECHO).iter();
    let text = match (values.next(), values.next()) {
        (Some(value), None) => str::from_utf8(value.as_bytes()).unwrap_or_default(),
        _ => "",
    };
    let entity = EchoEntity::parse(text);
    headers.remove(&BACKLOT_ECHO);
    if !caller.role.has_owner_rights() {
        return Err(ApiError::from(ErrorCode::RoleNotAllowed)
            .with_detail("`Backlot-Echo` is for the app and the site's owner.")
            .with_data("role", caller.role.as_str())
            .with_data("allowed", vec!["owner", "app"]));
    }
    if matches!(entity, Ok(EchoEntity::Created(_))) {
        headers.remove(ACCEPT_ENCODING);
    }
    entity.map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entity_is_named_by_its_id_or_by_where_it_is() {
        let known = EchoEntity::parse("Contact/{1}").unwrap();
        assert_eq!(
            known,
            EchoEntity::Known(EchoKey::new("contact", "{1}").unwrap())
        );
        let EchoEntity::Created(created) = EchoEntity::parse("Contact/{/contact/id}").unwrap()
        else {
            panic!();
        };
        for (response, id) in [
            (r#"{"contact":{"id":"c1"}}"#, Some("c1")),
            (r#"{"contact":{"id":17}}"#, Some("17")),
            (r#"{"contact":{"id":1.5}}"#, None),
            (r#"{"contact":{"id":""}}"#, None),
            (r#"{"contact":{}}"#, None),
            ("", None),
        ] {
            let expected = id.and_then(|id| EchoKey::new("contact", id));
            assert_eq!(created.find(response.as_bytes()), expected, "{response}");
        }
        for text in ["/{/id}", "contact", "contact/", "wix./{/id}", "\n/{/id}"] {
            assert!(EchoEntity::parse(text).is_err(), "{text}");
        }
    }
}
