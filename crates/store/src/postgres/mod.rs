//! The PostgreSQL side: any number of nodes share one database.
//!
//! - [`connect`] and [`parameters`]: what an address says; two sets of [`connections`], one for tenants' work and one
//!   for what is not one tenant's; [`lease`]: a connection on loan; [`session`]: asking on it, with a deadline for
//!   every answer; [`tls`]: what keeps others out of it; [`failure`]: what goes wrong, and what is tried again
//! - [`tenant`]: every statement of a tenant's work names the instance first, and row-level security,
//!   set up by [`migrations`] and [`roles`], shows nothing else
//! - [`backup`]: all of it in a file, and back
//! - [`stored`] and [`field_order`]: the form in which items are kept
//!
//! Between a node and the server there may be a pooler of connections only if it keeps a session with its client
//! (`pool_mode = session`): names of instances and the role belong to a session.

mod accounts;
mod backup;
mod collections;
mod commit;
mod connect;
mod connection_usage;
mod connections;
mod declared;
mod entity_links;
mod events;
mod failure;
mod field_order;
mod imports;
mod index_builds;
mod instance_details;
mod instances;
mod items;
mod lease;
mod migrations;
mod parameters;
mod pipeline;
mod roles;
mod secrets;
mod session;
mod signing_keys;
mod statement;
mod stored;
mod tenant;
mod tls;

use std::time::Duration;

use backlot_wix::InstanceId;
use backlot_wix::data::collection::IndexId;
use moka::sync::Cache;

use crate::StoreError;
use crate::arrivals::Arrivals;
use crate::definition_cache::DefinitionCache;
pub use crate::postgres_url::DEFAULT_CONNECTIONS;
use connections::Connections;
use failure::Failure;
use lease::Lease;

/// How long an index is believed to be inexact: until it may have been rebuilt.
const INEXACT_INDEX_TTL: Duration = Duration::from_mins(1);
const MAX_INEXACT: u64 = 10_000;

/// With fewer connections a node cannot work: some are for tenants' work, and some for everything else.
pub const FEWEST_CONNECTIONS: u32 = 4;

/// A PostgreSQL database. Cloning shares it.
#[derive(Clone)]
pub struct PostgresStore {
    tenants: Connections,
    owner: Connections,
    definition_cache: DefinitionCache,
    arrivals: Arrivals,
    intake: events::Intake,
    listener: events::Listener,
    /// Whether tenants' work runs under its own role.
    has_role: bool,
    /// Indexes that were found to be inexact: a query that trusts one of them would be asked twice.
    inexact: Cache<(InstanceId, IndexId), ()>,
}

impl PostgresStore {
    /// The most connections for work of instances.
    pub(crate) fn tenant_connections(&self) -> usize {
        self.tenants.max_size()
    }

    /// Connects, and brings the database up to the newest migration.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Self::open_with(url, DEFAULT_CONNECTIONS).await
    }

    /// The same, with so many connections at most (at least [`FEWEST_CONNECTIONS`]).
    pub async fn open_with(url: &str, connections: u32) -> Result<Self, StoreError> {
        let (mut config, security) = connect::parse(url)?;
        let tls = security.apply(&mut config)?;
        let sizes = connect::Sizes::for_connections(connections);
        let owner = connect::owner_connections(&config, &tls, sizes)?;
        let shown = |cause| format!("{}: {cause}", connect::shown(&config));
        let role = Self::prepare(&owner)
            .await
            .map_err(|failure| match failure {
                Failure::Insecure(cause) => StoreError::Insecure(shown(cause)),
                Failure::Lost(cause) | Failure::NoConnection(cause) => {
                    StoreError::Unavailable(shown(cause))
                }
                other => other.into(),
            })?;
        let inexact = Cache::builder()
            .max_capacity(MAX_INEXACT)
            .time_to_live(INEXACT_INDEX_TTL);
        Ok(Self {
            tenants: connect::tenant_connections(&config, &tls, sizes, role)?,
            owner,
            definition_cache: DefinitionCache::new(),
            arrivals: Arrivals::new(),
            intake: events::Intake::default(),
            listener: events::Listener::new(config.clone(), tls.clone()),
            has_role: role.is_some(),
            inexact: inexact.build(),
        })
    }

    async fn prepare(owner: &Connections) -> Result<Option<&'static str>, Failure> {
        let lease = Lease::take(owner).await?;
        let sessions = connect::check_sessions(&lease, owner).await;
        if sessions.is_err() {
            return lease.release(sessions).map(|()| None);
        }
        migrations::run(&lease).await?;
        let role = roles::prepare(&lease).await;
        lease.release(role)
    }

    /// A connection for one tenant's work.
    async fn tenants(&self) -> Result<Lease, Failure> {
        Lease::take(&self.tenants).await
    }

    /// A connection for what is not one tenant's.
    async fn owner(&self) -> Result<Lease, Failure> {
        Lease::take(&self.owner).await
    }
}
