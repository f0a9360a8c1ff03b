//! Which instances an event is for. One of an account that no instance has connected is for none: nothing is guessed.

use std::collections::HashMap;

use backlot_store::events::UNASSIGNED;
use backlot_wix::InstanceId;
use serde_json::Value;

use super::{InstanceRule, WebhookRequest, WebhookSource, WebhookSources};
use crate::error::ApiError;

/// The most instances that get an event of one account.
const MAX_INSTANCES: u32 = 1000;
/// The most bytes of an account's id.
const MAX_ACCOUNT_BYTES: usize = 512;

/// The instances that events of one request are for, as far as they are known.
pub(super) struct Assignment<'sources> {
    sources: &'sources WebhookSources,
    rule: &'sources InstanceRule,
    /// The instance that the address belongs to.
    by_address: Option<InstanceId>,
    /// By the account or the id in the event.
    known: HashMap<String, Vec<InstanceId>>,
}

impl<'sources> Assignment<'sources> {
    pub(super) fn new(
        sources: &'sources WebhookSources,
        source: &'sources WebhookSource,
        by_address: Option<InstanceId>,
    ) -> Self {
        Self {
            sources,
            rule: &source.settings.instance,
            by_address,
            known: HashMap::new(),
        }
    }

    /// Returns the instances that an event is for; [`UNASSIGNED`] if there is none.
    pub(super) async fn of_event(
        &mut self,
        request: &WebhookRequest<'_>,
        data: &Value,
    ) -> Result<Vec<InstanceId>, ApiError> {
        let unassigned = || vec![UNASSIGNED];
        let places = match self.rule {
            InstanceRule::Unassigned => return Ok(unassigned()),
            InstanceRule::Address => return Ok(vec![self.by_address.unwrap_or(UNASSIGNED)]),
            InstanceRule::Account { account, .. } => account.as_slice(),
            InstanceRule::Field(field) => std::slice::from_ref(field),
        };
        let named = places.iter().find_map(|path| path.find(request, data));
        let Some(named) = named.filter(|text| text.len() <= MAX_ACCOUNT_BYTES) else {
            return Ok(unassigned());
        };
        if let Some(known) = self.known.get(&named) {
            return Ok(known.clone());
        }
        let mut found = self.find(&named).await?;
        if found.is_empty() {
            found = unassigned();
        }
        self.known.insert(named, found.clone());
        Ok(found)
    }

    async fn find(&self, named: &str) -> Result<Vec<InstanceId>, ApiError> {
        let store = &self.sources.store;
        match self.rule {
            InstanceRule::Account { connection, .. } => {
                let found = store.list_instances_by_account(connection, named, MAX_INSTANCES);
                Ok(found.await?)
            }
            InstanceRule::Field(_) => {
                let Ok(instance_id) = named.parse::<InstanceId>() else {
                    return Ok(Vec::new());
                };
                let is_known = store.is_known(instance_id).await?;
                Ok(is_known.then_some(instance_id).into_iter().collect())
            }
            InstanceRule::Unassigned | InstanceRule::Address => Ok(Vec::new()),
        }
    }
}
