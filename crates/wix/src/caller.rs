//! Who sent a request, once its credential is verified.

use jiff::Timestamp;
use serde::Serialize;

use crate::{AppId, InstanceId, Role};

/// A verified caller: one role on one instance.
///
/// Made by [`crate::signed_instance::Policy::admit`] from a payload whose signature was checked, by
/// [`crate::token_info::TokenPolicy::admit`] from what Wix says of an access token, or by
/// [`Caller::app`] from a checked elevated token. The server's own extractor is what handlers take as the
/// proof. The JSON form is the answer of `GET /whoami`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Caller {
    /// The tenant.
    pub instance_id: InstanceId,
    /// What the caller is to the site.
    pub role: Role,
    /// The owner's account, the member, or the anonymous visitor. `None` if Wix named no user.
    pub user_id: Option<Box<str>>,
    /// The app that the credential names. `None` in payloads from before 2019.
    pub app_id: Option<AppId>,
    /// The site (`metaSiteId`). Wix leaves it out of a dashboard's instance.
    pub site_id: Option<Box<str>>,
    /// The account that owns the site.
    pub site_owner_id: Option<Box<str>>,
    /// The paid plan (`vendorProductId`); `None` when the app is used free of charge.
    pub plan: Option<Box<str>>,
    /// True in a template or demo editor.
    pub demo_mode: bool,
    /// The instance on the site that this one was duplicated from.
    pub origin_instance_id: Option<Box<str>>,
    /// What proved the caller.
    pub credential: CredentialKind,
    /// When the credential was signed.
    #[serde(serialize_with = "as_wix_writes")]
    pub signed_at: Timestamp,
    /// When the credential stops being accepted.
    #[serde(serialize_with = "as_wix_writes")]
    pub expires_at: Timestamp,
}

/// What proved a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum CredentialKind {
    /// `signature.payload`, checked with the app secret.
    SignedInstance,
    /// `OauthNG.…` and its siblings, checked by asking Wix.
    AccessToken,
    /// A token that Backlot made for the app's own server.
    ElevatedToken,
    /// The account's API key that is configured.
    ApiKey,
}

impl Caller {
    /// The app acting for itself on one instance, proven by the account's API key.
    pub fn by_api_key(
        instance_id: InstanceId,
        app_id: AppId,
        site_id: &str,
        now: Timestamp,
    ) -> Self {
        Self {
            site_id: Some(site_id.into()),
            credential: CredentialKind::ApiKey,
            ..Self::app(instance_id, app_id, now, now)
        }
    }

    /// The app acting for itself on one instance, proven by an elevated token.
    pub const fn app(
        instance_id: InstanceId,
        app_id: AppId,
        signed_at: Timestamp,
        expires_at: Timestamp,
    ) -> Self {
        Self {
            instance_id,
            role: Role::App,
            user_id: None,
            app_id: Some(app_id),
            site_id: None,
            site_owner_id: None,
            plan: None,
            demo_mode: false,
            origin_instance_id: None,
            credential: CredentialKind::ElevatedToken,
            signed_at,
            expires_at,
        }
    }
}

/// ISO 8601 with three decimals and a `Z`, the way Wix writes dates.
fn as_wix_writes<S: serde::Serializer>(
    timestamp: &Timestamp,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{timestamp:.3}"))
}
