//! Webhook sources: third parties that send events to `/webhooks/{name}`.
//!
//! - [`settings`]: what a source is made of; [`kind`] is what differs between them
//! - [`presets`]: the providers that are known by name; [`template`] and [`shared_secret`] are for all others
//! - [`request`] and [`signature`]: what signatures are checked with; [`payload`] is the content, [`facts`] and
//!   [`field_path`] what it says of the event
//! - [`assign`]: which instances an event is for; [`addresses`] are those with an instance in them
//! - [`receive`]: one request, from its signature to the response; [`intake`] is where its events go
//!
//! Rules: nothing of a request is used before its signature is verified, and its body is verified as it was received. An
//! event is stored before the source gets its 200. An event of an unknown account belongs to no instance.

mod addresses;
mod assign;
mod facts;
mod field_path;
mod intake;
mod kind;
mod payload;
mod presets;
mod receive;
mod request;
mod settings;
mod shared_secret;
mod signature;
mod template;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use backlot_store::Store;

use crate::clock::Clock;
use crate::secrets::Vault;
pub use facts::EventFacts;
pub use field_path::{FieldPath, FieldPathError};
pub(crate) use intake::AcceptEvents;
pub use kind::{SourceKind, SourceResponse};
pub use presets::{preset, preset_names};
pub use request::WebhookRequest;
pub use settings::{FactPaths, InstanceRule, WebhookSourceSettings, WebhookSourcesSettings};
pub use shared_secret::SharedSecret;
pub use signature::SignatureError;
pub use template::HmacSource;

/// All webhook sources.
pub(crate) struct WebhookSources {
    list: BTreeMap<Box<str>, Arc<WebhookSource>>,
    pub(crate) body_bytes: u64,
    vault: Option<Vault>,
    store: Store,
    clock: Clock,
    intake: Arc<dyn AcceptEvents>,
}

/// One source, ready.
pub(crate) struct WebhookSource {
    pub(crate) settings: WebhookSourceSettings,
    /// The address that the source knows this server by, without a slash at its end.
    pub(crate) public_url: String,
}

impl WebhookSources {
    pub(crate) fn new(
        settings: WebhookSourcesSettings,
        vault: Option<Vault>,
        store: Store,
        clock: Clock,
        public_url: &str,
        intake: Arc<dyn AcceptEvents>,
    ) -> Self {
        let sources = settings.list.into_iter().map(|settings| {
            let own = settings.public_url.as_deref().unwrap_or(public_url);
            let source = WebhookSource {
                public_url: own.trim_end_matches('/').to_owned(),
                settings,
            };
            (source.settings.name.clone(), Arc::new(source))
        });
        Self {
            list: sources.collect(),
            body_bytes: settings.body_bytes,
            vault,
            store,
            clock,
            intake,
        }
    }

    /// Returns the source of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&Arc<WebhookSource>> {
        self.list.get(name)
    }
}
