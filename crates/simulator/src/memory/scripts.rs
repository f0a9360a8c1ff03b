//! The parameters of each instance's embedded script.

use std::collections::HashMap;

use backlot_wix::InstanceId;
use serde_json::{Map, Value};

const MAX_INSTANCES: usize = 1000;

/// By instance.
#[derive(Default)]
pub(crate) struct Scripts(HashMap<InstanceId, Map<String, Value>>);

impl Scripts {
    /// The largest that is kept, as JSON.
    pub(crate) const MAX_BYTES: usize = 16 * 1024;

    pub(crate) fn put(&mut self, instance_id: InstanceId, parameters: Map<String, Value>) {
        if self.0.len() >= MAX_INSTANCES && !self.0.contains_key(&instance_id) {
            self.0.clear();
        }
        self.0.insert(instance_id, parameters);
    }

    pub(crate) fn get(&self, instance_id: InstanceId) -> Map<String, Value> {
        self.0.get(&instance_id).cloned().unwrap_or_default()
    }
}
