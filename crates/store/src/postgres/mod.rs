//! The PostgreSQL side: any number of nodes share one database.
//!
//! - [`connect`]: two pools, one for tenants' work and one for what is not one tenant's; [`lease`]: a
//!   connection on loan; [`tls`]: what keeps others out of it; [`failure`]: what goes wrong, and what is tried again
//! - [`tenant`]: every statement of a tenant's work names the instance first, and row-level security,
//!   set up by [`migrations`] and [`roles`], shows nothing else
//! - [`backup`]: all of it in a file, and back
//! - [`stored`]: the form in which items are kept
//!
//! Between a node and the server there may be a pooler of connections only if it keeps a session with its client
//! (`pool_mode = session`): names of instances and the role belong to a session.

mod accounts;
mod backup;
mod collections;
mod connect;
mod connection_usage;
mod declared;
mod failure;
mod imports;
mod instance_details;
mod instances;
mod items;
mod jobs;
mod lease;
mod markers;
mod migrations;
mod pipeline;
mod roles;
mod secrets;
mod signing_keys;
mod stored;
mod tenant;
mod tls;

use std::time::Duration;

use backlot_wix::InstanceId;
use backlot_wix::data::collection::IndexId;
use deadpool_postgres::Pool;
use moka::sync::Cache;

use crate::StoreError;
use crate::catalog::Catalog;
use failure::Failure;
use lease::Lease;
use tls::Tls;

/// How long an index is believed to be inexact: until it may have been built anew.
const BELIEVED: Duration = Duration::from_mins(1);
const MOST_INEXACT: u64 = 10_000;

/// A PostgreSQL database. Cloning shares it.
#[derive(Clone)]
pub struct PostgresStore {
    tenants: Pool,
    owner: Pool,
    /// For the connections by which queries are ended.
    tls: Tls,
    catalog: Catalog,
    /// Whether tenants' work runs under a role of its own.
    has_role: bool,
    /// Indexes that were found to be inexact: a query that trusts one of them would be asked twice.
    inexact: Cache<(InstanceId, IndexId), ()>,
}

impl PostgresStore {
    /// Connects, and brings the database up to the newest migration.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let (mut config, security) = connect::parse(url)?;
        let tls = security.apply(&mut config)?;
        let owner = connect::owner_pool(&config, &tls)?;
        let shown = |cause| format!("{}: {cause}", connect::shown(&config));
        let role = Self::prepare(&owner, &tls)
            .await
            .map_err(|failure| match failure {
                Failure::Insecure(cause) => StoreError::Insecure(shown(cause)),
                Failure::Lost(cause) => StoreError::Unavailable(shown(cause)),
                other => other.into(),
            })?;
        let inexact = Cache::builder()
            .max_capacity(MOST_INEXACT)
            .time_to_live(BELIEVED);
        Ok(Self {
            tenants: connect::tenant_pool(&config, &tls, role)?,
            owner,
            tls,
            catalog: Catalog::new(),
            has_role: role.is_some(),
            inexact: inexact.build(),
        })
    }

    async fn prepare(owner: &Pool, tls: &Tls) -> Result<Option<&'static str>, Failure> {
        let lease = Lease::take(owner, tls).await?;
        migrations::run(&lease).await?;
        let role = roles::prepare(&lease).await;
        lease.give_back(role)
    }

    /// A connection for one tenant's work.
    async fn tenants(&self) -> Result<Lease, Failure> {
        Lease::take(&self.tenants, &self.tls).await
    }

    /// A connection for what is not one tenant's.
    async fn owner(&self) -> Result<Lease, Failure> {
        Lease::take(&self.owner, &self.tls).await
    }
}
