//! Two pools of connections: the owner's, who makes tables and sees all instances, and the tenants',
//! whose connections are of a role that sees one instance at a time.

use std::time::Duration;

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use tokio_postgres::Config;
use tokio_postgres::config::Host;

use super::tls::{Security, Tls, Wanted};
use crate::StoreError;

/// Connections for tenants' work.
const TENANT_CONNECTIONS: usize = 16;
/// Connections for what is not one tenant's.
const OWNER_CONNECTIONS: usize = 4;
/// The longest wait for a connection.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// A plan is chosen here, by rule. The server is to follow it, and not to read or hash whole tables, which hold
/// every tenant's rows, because it has not counted them yet. Compiling a query takes longer than most
/// queries do.
const TENANT: &str = "
    SET search_path = backlot;
    SET statement_timeout = '10s';
    SET idle_in_transaction_session_timeout = '30s';
    SET enable_seqscan = off;
    SET enable_hashjoin = off;
    SET enable_mergejoin = off;
    SET jit = off;";

const OWNER: &str = "
    SET search_path = backlot;
    SET statement_timeout = '30s';
    SET idle_in_transaction_session_timeout = '5min';
    SET jit = off;
    SET backlot.all_instances = 'on';";

/// Reads the URL. What is wrong with it is not repeated: there may be a password in it.
pub(super) fn parse(url: &str) -> Result<(Config, Security), StoreError> {
    let (url, wanted) = Wanted::take_out_of(url);
    let mut config: Config = url.parse().map_err(|_| {
        StoreError::Refused(
            "the URL of the database cannot be read; it is \
             postgres://user:password@host:5432/database, with what is special in it as %XX"
                .to_owned(),
        )
    })?;
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(LONGEST_WAIT);
    }
    if config.get_application_name().is_none() {
        config.application_name("backlot");
    }
    let security = wanted.security(&config)?;
    Ok((config, security))
}

/// `user@host:port/database`, for people.
pub(super) fn shown(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        #[cfg(unix)]
        Some(Host::Unix(path)) => path.display().to_string(),
        None => "localhost".to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let user = config.get_user().unwrap_or_default();
    let database = config.get_dbname().unwrap_or(user);
    format!("{user}@{host}:{port}/{database}")
}

/// Connections of the owner of the tables.
pub(super) fn owner_pool(config: &Config, tls: &Tls) -> Result<Pool, StoreError> {
    pool(config, tls, OWNER_CONNECTIONS, OWNER.to_owned())
}

/// Connections of the role that sees one instance at a time.
pub(super) fn tenant_pool(
    config: &Config,
    tls: &Tls,
    role: Option<&str>,
) -> Result<Pool, StoreError> {
    let role = role.map_or_else(String::new, |role| format!("SET ROLE {role};"));
    pool(config, tls, TENANT_CONNECTIONS, format!("{TENANT} {role}"))
}

fn pool(config: &Config, tls: &Tls, size: usize, set_up: String) -> Result<Pool, StoreError> {
    let recycling = ManagerConfig {
        recycling_method: RecyclingMethod::Fast,
    };
    let manager = Manager::from_config(config.clone(), tls.clone(), recycling);
    let set_up: std::sync::Arc<str> = set_up.into();
    let hook = Hook::async_fn(move |client: &mut deadpool_postgres::ClientWrapper, _| {
        let set_up = std::sync::Arc::clone(&set_up);
        Box::pin(async move {
            client
                .batch_execute(&set_up)
                .await
                .map_err(HookError::Backend)
        })
    });
    Pool::builder(manager)
        .max_size(size)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(LONGEST_WAIT))
        .create_timeout(Some(2 * LONGEST_WAIT))
        .recycle_timeout(Some(LONGEST_WAIT))
        .post_create(hook)
        .build()
        .map_err(|error| StoreError::Refused(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let (config, _) = parse("postgres://me:secret@db.example:5433/shop").unwrap();
        assert_eq!(shown(&config), "me@db.example:5433/shop");
        for url in [
            "postgres://me:secret@host:port/shop",
            "postgres://me@host/shop?secret",
            "postgres://me:secret@host/x?secret=secret",
            "mysql://me:secret@host/x",
            "postgres://me:secret@host/x?sslmode=secret",
        ] {
            let error = parse(url).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
