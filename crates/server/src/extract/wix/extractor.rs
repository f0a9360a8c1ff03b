//! The extractor.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use backlot_outbound::wix::{Priority, Subject, WixClient};
use backlot_wix::{AppInstance, InstanceId};
use http::Method;
use http::request::Parts;

use super::{WixCall, WixCallError};
use crate::echo_marks::EchoMarks;
use crate::extract::caller::CallerMissing;
use crate::instances::InstanceDirectory;

/// Calls Wix as the app, on the instance of the verified caller.
///
/// ```
/// use backlot_server::{Wix, WixCallError};
///
/// async fn locale(wix: Wix) -> Result<String, WixCallError> {
///     let instance = wix.app_instance().await?;
///     Ok(instance.site.locale.unwrap_or_default())
/// }
///
/// async fn products(wix: Wix) -> Result<axum::Json<serde_json::Value>, WixCallError> {
///     let query = serde_json::json!({ "query": { "paging": { "limit": 10 } } });
///     let answer = wix.post("/stores/v1/products/query").json(&query).send().await?;
///     Ok(axum::Json(answer.json().await?))
/// }
/// let router: axum::Router = axum::Router::new()
///     .route("/api/locale", axum::routing::get(locale))
///     .route("/api/products", axum::routing::get(products));
/// ```
#[derive(Clone)]
pub struct Wix {
    client: WixClient,
    directory: InstanceDirectory,
    echo_marks: EchoMarks,
    instance_id: InstanceId,
}

impl std::fmt::Debug for Wix {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Wix({})", self.instance_id)
    }
}

impl Wix {
    pub(crate) const fn new(
        client: WixClient,
        directory: InstanceDirectory,
        echo_marks: EchoMarks,
        instance_id: InstanceId,
    ) -> Self {
        Self {
            client,
            directory,
            echo_marks,
            instance_id,
        }
    }

    /// The instance that calls are made on.
    pub const fn instance_id(&self) -> InstanceId {
        self.instance_id
    }

    /// `GET path`
    pub fn get(&self, path: &str) -> WixCall {
        self.call(Method::GET, path)
    }

    /// `POST path`
    pub fn post(&self, path: &str) -> WixCall {
        self.call(Method::POST, path)
    }

    /// Any method. The path may have a query.
    pub fn call(&self, method: Method, path: &str) -> WixCall {
        let subject = Subject::App(self.instance_id);
        self.call_on(subject, method, path)
    }

    /// A call with the account's API key, about one of its sites.
    pub fn with_api_key_for_site(&self, site_id: &str, method: Method, path: &str) -> WixCall {
        let subject = Subject::Site(site_id.into());
        self.call_on(subject, method, path)
    }

    /// A call with the account's API key, about the account.
    pub fn with_api_key_for_account(
        &self,
        account_id: &str,
        method: Method,
        path: &str,
    ) -> WixCall {
        let subject = Subject::Account(account_id.into());
        self.call_on(subject, method, path)
    }

    fn call_on(&self, subject: Subject, method: Method, path: &str) -> WixCall {
        let marks = (self.echo_marks.clone(), self.instance_id);
        WixCall::new(self.client.clone(), marks, subject, method, path)
    }

    /// What Wix says of the instance: its site, its plan, its permissions. Kept by the server; Wix is
    /// asked the first time, and then on a schedule. The owner's address is left out; an app that needs it
    /// asks for `/apps/v1/instance` by [`Wix::get`].
    pub async fn app_instance(&self) -> Result<AppInstance, WixCallError> {
        let details = self.directory.get(self.instance_id).await?;
        Ok(details.answer.clone())
    }

    /// The same, asked of Wix now.
    pub async fn refreshed_app_instance(&self) -> Result<AppInstance, WixCallError> {
        let refreshed = self
            .directory
            .refresh(self.instance_id, Priority::Interactive);
        Ok(refreshed.await?.answer.clone())
    }
}

impl<S: Sync> FromRequestParts<S> for Wix {
    type Rejection = CallerMissing;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, CallerMissing> {
        let handle: Option<&Arc<Self>> = parts.extensions.get();
        handle
            .map(|handle| Self::clone(handle))
            .ok_or(CallerMissing)
    }
}
