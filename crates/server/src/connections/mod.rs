//! Connections: third-party APIs, called with credentials that no page ever has.
//!
//! - [`settings`]: what a connection is made of; [`base`] is where its API is, with [`host_pattern`]
//! - [`allow_list`] and [`query_rules`]: which calls may be made, and by whom
//! - [`credentials`]: from the configuration's words to a credential for one call
//! - [`oauth`]: accounts that an instance's owner has connected by OAuth
//! - [`usage`], [`usage_guard`] and [`month`](mod@month): what each instance has used, written behind, and its quota
//! - [`request`] with [`idempotency`]; [`response`], [`response_headers`] and [`response_body`]
//! - [`remedies`]: what to do about a refusal, said of one connection
//! - [`call`] and [`attempt`]: one call, from its authorization to its response; [`redirects`]: which ones are followed
//!
//! The handlers (`handlers::connections`) speak HTTP and call this; Rust handlers come in by
//! [`crate::Connections`]. Both are held by the same rules.

mod allow_list;
mod attempt;
mod base;
mod call;
mod credentials;
mod diagnose;
mod header_names;
mod host_pattern;
mod idempotency;
mod month;
mod oauth;
mod query_rules;
mod redirects;
mod remedies;
mod request;
mod response;
mod response_body;
mod response_cache;
mod response_headers;
pub(crate) mod secret_source;
mod settings;
mod usage;
mod usage_guard;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use backlot_outbound::third_party::{OAuthAccount, ThirdPartyClient};
use backlot_store::Store;
use backlot_wix::InstanceId;
use moka::sync::Cache;
use parking_lot::Mutex;

use crate::clock::Clock;
use crate::error::{ApiError, ErrorCode};
use crate::policy::{AllowList, Limiter};
use crate::secrets::Vault;
pub(crate) use allow_list::ThirdPartyCall;
use base::Bases;
pub use base::{BaseTemplate, BaseTemplateError, BaseUrl};
pub(crate) use call::IncomingCall;
use credentials::{BuiltCredential, ResolvedCredential};
pub use diagnose::{CheckResult, Diagnosis};
pub use header_names::HeaderNames;
pub use host_pattern::{HostPattern, HostPatternError};
pub(crate) use month::month;
pub(crate) use oauth::{Accounts, AuthorizationOutcome, Begun, Returned};
pub use query_rules::{ParameterRule, QueryRules};
pub(crate) use response_body::ThirdPartyBody;
use response_cache::ResponseCache;
pub use settings::{AllowedCall, CacheScope, ConnectionSettings, ConnectionsSettings};
pub(crate) use usage::UsageTracker;

/// The most built credentials of a connection.
const MAX_CREDENTIALS: u64 = 10_000;

/// All connections.
pub(crate) struct Connections {
    list: BTreeMap<Box<str>, Arc<Connection>>,
    pub(crate) vault: Option<Vault>,
    pub(crate) accounts: Accounts,
    /// The app's name, for pages that people see.
    pub(crate) app_name: Option<String>,
    pub(crate) usage: UsageTracker,
    pub(crate) clock: Clock,
}

/// One connection, ready.
pub(crate) struct Connection {
    /// The same as in the settings, for keys.
    name: Arc<str>,
    pub(crate) settings: ConnectionSettings,
    pub(crate) calls: AllowList<AllowedCall>,
    pub(crate) third_party: ThirdPartyClient,
    bases: Bases,
    each: Option<Limiter>,
    total: Option<Limiter>,
    /// The credential that all instances share, and when its secrets were read.
    shared: Mutex<Option<(Instant, ResolvedCredential)>>,
    /// Credentials by instance. `None` is the one that all share.
    built: Cache<Option<InstanceId>, BuiltCredential>,
    cache: Option<ResponseCache>,
}

impl Connections {
    pub(crate) fn new(
        settings: ConnectionsSettings,
        vault: Option<Vault>,
        store: &Store,
        clock: &Clock,
        public_url: &str,
    ) -> std::io::Result<Self> {
        let mut list = BTreeMap::new();
        for settings in settings.list {
            let name: Box<str> = settings.name.clone();
            list.insert(name, Arc::new(Connection::new(settings)?));
        }
        Ok(Self {
            list,
            app_name: settings.app_name,
            accounts: Accounts::new(vault.clone(), store.clone(), clock.clone(), public_url),
            vault,
            usage: UsageTracker::new(store.clone()),
            clock: clock.clone(),
        })
    }

    /// The connection of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&Arc<Connection>> {
        self.list.get(name)
    }

    /// Forgets the rates of those who have been idle.
    pub(crate) fn forget_idle(&self) {
        for limiter in self.list.values().filter_map(|it| it.each.as_ref()) {
            limiter.forget_idle();
        }
    }
}

impl Connection {
    fn new(settings: ConnectionSettings) -> std::io::Result<Self> {
        Ok(Self {
            name: (&*settings.name).into(),
            calls: AllowList::new(settings.calls.clone()),
            third_party: ThirdPartyClient::new(
                settings.client()?,
                settings.client_elsewhere()?,
                settings.third_party(),
            ),
            bases: Bases::new(&settings.base),
            each: settings.rate_limit.map(Limiter::new),
            total: settings.total_rate_limit.map(Limiter::new),
            shared: Mutex::default(),
            built: Cache::builder().max_capacity(MAX_CREDENTIALS).build(),
            cache: settings.cache.map(|scope| {
                let is_per_instance = settings.is_per_instance();
                let scope = if is_per_instance {
                    CacheScope::Instance
                } else {
                    scope
                };
                ResponseCache::new(scope, &settings.name)
            }),
            settings,
        })
    }

    /// Returns the settings of accounts.
    ///
    /// # Errors
    /// [`ErrorCode::AuthorizationUnusable`] if the connection has none.
    pub(crate) fn account(&self) -> Result<&OAuthAccount, ApiError> {
        let account = self.settings.auth.account();
        account.ok_or_else(|| ErrorCode::AuthorizationUnusable.into())
    }
}
