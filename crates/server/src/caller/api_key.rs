//! The account's API key as a caller: the app itself, on the instance of the site that it names.
//!
//! Only the key that is configured (`wix.api_key`), only in the data room, and never from a page: a key
//! that a browser has is a key that everybody has.

use std::sync::Arc;

use backlot_store::instance_details::InstanceDetails as _;
use backlot_wix::Caller;
use backlot_wix::credential::strip_bearer;
use http::header::{AUTHORIZATION, ORIGIN};
use http::{HeaderMap, HeaderName, Uri};

use super::check::Checked;
use super::find::has_instance;
use crate::error::{Code, Refusal};
use crate::exchange::Exchange;
use crate::house::House;

/// Whether the request carries the configured key.
pub(crate) fn is_sent(house: &House, headers: &HeaderMap) -> bool {
    let (Some(key), Some(value)) = (&house.api_key, headers.get(AUTHORIZATION)) else {
        return false;
    };
    let value = value.to_str().unwrap_or_default();
    key.is(strip_bearer(value)) && !headers.contains_key(ORIGIN)
}

/// Refuses a key beside another credential: who checks the one and who uses the other would disagree.
pub(super) fn check_alone(
    uri: &Uri,
    headers: &HeaderMap,
    instance_headers: &[HeaderName],
) -> Result<(), Refusal> {
    let has_instance_too = instance_headers
        .iter()
        .any(|name| headers.contains_key(name));
    let is_repeated = headers.get_all(AUTHORIZATION).iter().count() > 1 || has_instance_too;
    if is_repeated || has_instance(uri.query().unwrap_or_default()) {
        return Err(Code::CredentialRepeated.into());
    }
    Ok(())
}

/// The app on the instance of the site that the header names.
pub(super) async fn check(
    house: &House,
    exchange: &Exchange,
    site_id: &str,
) -> Result<Checked, Refusal> {
    let found = house.store.instance_of_site(site_id).await?;
    let instance_id = found.ok_or(Code::InstanceNotFound)?;
    let app_id = house.checker.app_id();
    let caller = Caller::by_api_key(instance_id, app_id, site_id, exchange.arrived_at());
    Ok(Checked::by_wix(Arc::new(caller)))
}

/// The site that the request names.
pub(super) fn site_id(headers: &HeaderMap) -> Result<String, Refusal> {
    let mut values = headers.get_all("wix-site-id").iter();
    let id = values.next().and_then(|value| value.to_str().ok());
    match (id, values.next()) {
        (Some(id), None) if !id.is_empty() => Ok(id.to_owned()),
        _ => Err(Code::SiteIdMissing.into()),
    }
}
