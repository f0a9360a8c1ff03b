//! One event in its envelope, ready to be signed.

use backlot_wix::{AppId, InstanceId};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::payload::{Draft, EventError, Moment};
use crate::world::Site;

/// The lifetime in a real webhook, about 42 days: as if milliseconds had been written as seconds.
const LIFETIME: SignedDuration = SignedDuration::from_secs(3_600_000);

/// The app, the site, the time and randomness for new events.
#[derive(Clone, Copy)]
pub struct EventContext<'world> {
    pub app_id: AppId,
    pub site: &'world Site,
    pub now: Timestamp,
    /// Returns new event ids.
    pub guid: &'world dyn Fn() -> Uuid,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub event_type: String,
    pub instance_id: InstanceId,
    /// The payload's id. Lifecycle events have none.
    pub event_id: Option<String>,
    pub entity_id: Option<String>,
    pub sequence: Option<String>,
    /// The payload as JSON.
    pub data: String,
    /// The claims of the JWT as JSON.
    pub claims: String,
}

/// In Wix's order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'event> {
    data: &'event str,
    instance_id: InstanceId,
    event_type: &'event str,
    identity: String,
    account_info: AccountInfo<'event>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AccountInfo<'event> {
    account_id: &'event str,
    site_id: &'event str,
}

#[derive(Serialize)]
struct Claims {
    data: String,
    iat: i64,
    exp: i64,
}

impl Event {
    /// Makes the event with this index in a series. Each has its own time, one microsecond after the one before.
    pub(super) fn make(
        draft: Draft<'_>,
        index: u32,
        context: EventContext<'_>,
    ) -> Result<Self, EventError> {
        let EventContext {
            app_id,
            site,
            now,
            guid,
        } = context;
        let later = now.saturating_add(SignedDuration::from_micros(index.into()));
        let payload = draft.payload(Moment {
            app_id,
            site,
            now: later.unwrap_or(now),
            guid,
        })?;
        let data = payload.json.to_string();
        let identity = json!({ "identityType": "WIX_USER", "wixUserId": site.owner_id });
        let envelope = Envelope {
            data: &data,
            instance_id: site.instance_id,
            event_type: draft.event_type,
            identity: identity.to_string(),
            account_info: AccountInfo {
                account_id: &site.owner_id,
                site_id: &site.site_id,
            },
        };
        let claims = Claims {
            data: serde_json::to_string(&envelope).unwrap_or_default(),
            iat: now.as_second(),
            exp: now.as_second().saturating_add(LIFETIME.as_secs()),
        };
        Ok(Self {
            claims: serde_json::to_string(&claims).unwrap_or_default(),
            event_type: draft.event_type.to_owned(),
            instance_id: site.instance_id,
            event_id: payload.event_id,
            entity_id: payload.entity_id,
            sequence: payload.sequence,
            data,
        })
    }
}
