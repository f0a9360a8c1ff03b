//! Parsing of JSON in which an absent key and a null have different meanings.

use serde::Deserialize;

/// `Some(None)` for null; absence is the field's default.
#[expect(
    clippy::option_option,
    reason = "absent and null say two different things"
)]
pub(crate) fn present<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(deserializer).map(Some)
}
