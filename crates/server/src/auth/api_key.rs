//! The account's API key as a caller: the app itself, on the instance of the site that it names.
//!
//! Only the key that is configured (`wix.api_key`), only in the data API, and never from a page: a key
//! that a browser has is public.

use std::sync::Arc;

use backlot_store::Store;
use backlot_wix::credential::strip_bearer;
use backlot_wix::{ApiKey, AppId, Caller};
use http::header::{AUTHORIZATION, ORIGIN};
use http::{HeaderMap, HeaderName, Uri};
use jiff::Timestamp;

use super::credential::has_instance;
use super::verifier::VerifiedCaller;
use crate::error::{ApiError, ErrorCode};

/// Whether the request carries the configured key.
pub(crate) fn is_sent(api_key: Option<&ApiKey>, headers: &HeaderMap) -> bool {
    let (Some(key), Some(value)) = (api_key, headers.get(AUTHORIZATION)) else {
        return false;
    };
    let value = value.to_str().unwrap_or_default();
    key.is(strip_bearer(value)) && !headers.contains_key(ORIGIN)
}

/// Refuses a key beside another credential: who checks the one and who uses the other would disagree.
pub(crate) fn check_alone(
    uri: &Uri,
    headers: &HeaderMap,
    instance_headers: &[HeaderName],
) -> Result<(), ApiError> {
    let has_instance_too = instance_headers
        .iter()
        .any(|name| headers.contains_key(name));
    let is_repeated = headers.get_all(AUTHORIZATION).iter().count() > 1 || has_instance_too;
    if is_repeated || has_instance(uri.query().unwrap_or_default()) {
        return Err(ErrorCode::CredentialRepeated.into());
    }
    Ok(())
}

/// The app on the instance of the site that the header names.
pub(crate) async fn check(
    store: &Store,
    app_id: AppId,
    now: Timestamp,
    site_id: &str,
) -> Result<VerifiedCaller, ApiError> {
    let found = store.find_instance_of_site(site_id).await?;
    let instance_id = found.ok_or(ErrorCode::InstanceNotFound)?;
    let caller = Caller::by_api_key(instance_id, app_id, site_id, now);
    Ok(VerifiedCaller::by_wix(Arc::new(caller)))
}

/// The site that the request names.
pub(crate) fn site_id(headers: &HeaderMap) -> Result<String, ApiError> {
    let mut values = headers.get_all("wix-site-id").iter();
    let id = values.next().and_then(|value| value.to_str().ok());
    match (id, values.next()) {
        (Some(id), None) if !id.is_empty() => Ok(id.to_owned()),
        _ => Err(ErrorCode::SiteIdMissing.into()),
    }
}
