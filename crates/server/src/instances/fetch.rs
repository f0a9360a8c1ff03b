//! Asking Wix about one instance, and keeping what it says.

use std::sync::Arc;
use std::time::Duration;

use backlot_outbound::wix::{Priority, Subject, WixError, WixRequest};
use backlot_store::instance_details::Details;
use backlot_wix::{AppInstance, InstanceId};
use http::HeaderValue;
use http::header::ACCEPT;
use http::uri::PathAndQuery;

use super::Inner;

use crate::error::Chain;

/// The most that is read of an answer; real ones are a few kilobytes.
const MAX_BYTES: usize = 256 * 1024;
/// How long an answer may take from its head to its end.
const FETCH_TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) async fn fetch(
    inner: &Inner,
    instance_id: InstanceId,
    priority: Priority,
) -> Result<Arc<Details>, WixError> {
    let target = PathAndQuery::from_static("/apps/v1/instance");
    let mut call = WixRequest::get(Subject::App(instance_id), target, priority);
    let json = HeaderValue::from_static("application/json");
    call.headers.insert(ACCEPT, json);
    let response = inner.wix.send(call).await?;
    let status = response.status();
    if !status.is_success() {
        return Err(WixError::unavailable(format!(
            "Wix answered the question about an instance with status {}",
            status.as_u16()
        )));
    }
    let bytes = response.into_body().bytes(MAX_BYTES, FETCH_TIMEOUT).await;
    let bytes = bytes.map_err(|fault| WixError::unavailable(fault.to_string()))?;
    let bytes = bytes.ok_or_else(|| WixError::unavailable("Wix's answer is too large"))?;
    let mut answer = read(&bytes, instance_id).ok_or_else(|| {
        WixError::unavailable("Wix's answer is not what it says of this instance")
    })?;
    // A person's address: nothing here needs it, so it is not kept, in memory neither.
    answer.site.forget_owner();
    let details = Arc::new(Details {
        instance_id,
        answer,
        fetched_at: inner.clock.now(),
    });
    inner.keep(&details).await;
    Ok(details)
}

/// An object with an `instance`, of this very instance if it says of which.
fn read(bytes: &[u8], instance_id: InstanceId) -> Option<AppInstance> {
    let value: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    value.get("instance")?.as_object()?;
    let answer: AppInstance = serde_json::from_value(value).ok()?;
    let names_another = answer
        .instance
        .instance_id
        .as_ref()
        .is_some_and(|id| id.parse() != Ok(instance_id));
    (!names_another).then_some(answer)
}

impl Inner {
    /// A database that fails costs only what a restart would lose: it is said, and served from memory.
    async fn keep(&self, details: &Arc<Details>) {
        let id = details.instance_id;
        self.in_memory.insert(id, Arc::clone(details));
        self.origins.set(id, details.answer.site.origin());
        if let Err(error) = self.store.upsert_details(Details::clone(details)).await {
            tracing::warn!(error = %Chain(&error), instance_id = %id, "failed to store an instance's details");
        }
    }
}
