//! Step 3: the JSON inside. Unknown fields are ignored: Wix adds some every year.

use std::borrow::Cow;

use base64::alphabet;
use base64::engine::{DecodePaddingMode, Engine as _, GeneralPurpose, GeneralPurposeConfig};
use serde::{Deserialize, Serialize};

use super::verify::Verified;
use super::wire::Wire;

/// The fields that this crate reads. Text is borrowed from the decoded bytes where it can be.
///
/// Source: Wix documentation, "App instance"; samples of each shape are among the test vectors.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payload<'bytes> {
    /// The tenant. A GUID in real use; old examples show other text.
    #[serde(borrow)]
    pub instance_id: Cow<'bytes, str>,
    /// The app. Absent before 2019.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub app_def_id: Option<Cow<'bytes, str>>,
    /// ISO 8601 with milliseconds.
    #[serde(borrow)]
    pub sign_date: Cow<'bytes, str>,
    /// The logged-in Wix user or site member.
    #[serde(borrow, default)]
    pub uid: Option<Cow<'bytes, str>>,
    /// `OWNER`, empty or null.
    #[serde(borrow, default)]
    pub permissions: Option<Cow<'bytes, str>>,
    /// The paid plan; null or empty when free.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub vendor_product_id: Option<Cow<'bytes, str>>,
    /// A template or demo editor.
    #[serde(default)]
    pub demo_mode: Option<bool>,
    /// The site owner's account.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub site_owner_id: Option<Cow<'bytes, str>>,
    /// The member of the site.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub site_member_id: Option<Cow<'bytes, str>>,
    /// The account that is logged in (dashboard).
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub login_account_id: Option<Cow<'bytes, str>>,
    /// The instance on the site that this one was duplicated from.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub origin_instance_id: Option<Cow<'bytes, str>>,
    /// The site. Absent in a dashboard's instance.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub meta_site_id: Option<Cow<'bytes, str>>,
    /// The anonymous visitor. Its presence means: not a dashboard user.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub aid: Option<Cow<'bytes, str>>,
    /// ISO 8601; absent in old payloads, null in some.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub expiration_date: Option<Cow<'bytes, str>>,
}

/// What is wrong with a payload segment.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PayloadError {
    /// Neither base64url nor base64.
    #[error("the part after the dot is not base64")]
    NotBase64,
    /// Not the JSON object that was expected.
    #[error("the part after the dot is not the JSON object of an app instance: {0}")]
    NotAnInstance(#[source] serde_json::Error),
}

impl<'bytes> Payload<'bytes> {
    /// Reads decoded bytes, as [`Verified::decode`] returns them.
    ///
    /// # Errors
    ///
    /// Fails if the bytes are not the JSON of an instance.
    pub fn from_json(bytes: &'bytes [u8]) -> Result<Self, PayloadError> {
        serde_json::from_slice(bytes).map_err(PayloadError::NotAnInstance)
    }
}

impl Verified<'_> {
    /// The decoded bytes, for [`Payload::from_json`] to borrow from.
    ///
    /// # Errors
    ///
    /// Fails if the payload is not base64.
    pub fn decode(&self) -> Result<Vec<u8>, PayloadError> {
        decode(self.message)
    }
}

impl Wire<'_> {
    /// The decoded bytes of a payload that **nothing has verified**: to explain a credential to a
    /// person, never to act on it.
    ///
    /// # Errors
    ///
    /// Fails if the payload is not base64.
    pub fn decode_unverified(&self) -> Result<Vec<u8>, PayloadError> {
        decode(self.message)
    }
}

/// Wix writes base64url without padding; a published example of Wix's own has standard base64 with
/// padding. Both are read, with or without `=`.
fn decode(segment: &str) -> Result<Vec<u8>, PayloadError> {
    const EITHER_PADDING: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, EITHER_PADDING);
    const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, EITHER_PADDING);

    URL_SAFE
        .decode(segment)
        .or_else(|_| STANDARD.decode(segment))
        .map_err(|_| PayloadError::NotBase64)
}
