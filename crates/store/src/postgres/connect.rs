//! Two pools of connections: the owner's, who makes tables and sees all instances, and the tenants',
//! whose connections are of a role that sees one instance at a time.

use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::Host;

use super::FEWEST_CONNECTIONS;
use super::connections::{ACQUIRE_TIMEOUT, Connections, Settings};
use super::failure::Failure;
use super::lease::Lease;
use super::parameters::Parameters;
use super::tls::{MakeRustlsConnect, Security};
use crate::StoreError;
use crate::postgres_url::{UNREADABLE, place_of};

/// More connections than these are of no use for what is not one tenant's.
const MAX_OF_OWNER: usize = 4;
/// A little longer than the server allows for a statement.
const TENANT_TIMEOUT: Duration = Duration::from_secs(12);
/// The same for statements of the owner.
const OWNER_TIMEOUT: Duration = Duration::from_secs(32);
/// After this long without an answer of the other side's system, a connection is dead.
const DEAD_AFTER: Duration = Duration::from_secs(15);
/// The interval of TCP keep-alives.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);

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

/// Reads the URL. What is wrong with it is not repeated, but for the name of a parameter: there may be a password in it.
pub(super) fn parse(url: &str) -> Result<(Config, Security), StoreError> {
    let unreadable = || StoreError::Unusable(UNREADABLE.to_owned());
    place_of(url).ok_or_else(unreadable)?;
    let (url, parameters) = Parameters::take_out_of(url)?;
    let mut config: Config = url.parse().map_err(|_| unreadable())?;
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(ACQUIRE_TIMEOUT);
    }
    if config.get_application_name().is_none() {
        config.application_name("backlot");
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(DEAD_AFTER);
    }
    if !parameters.names("keepalives_idle") {
        config.keepalives_idle(DEAD_AFTER);
    }
    if config.get_keepalives_interval().is_none() {
        config.keepalives_interval(KEEPALIVE_INTERVAL);
    }
    if config.get_keepalives_retries().is_none() {
        config.keepalives_retries(3);
    }
    let security = parameters.security(&config)?;
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
    // Behind an encoded colon there may be a password.
    let user = config.get_user().unwrap_or_default();
    let user = user.split(':').next().unwrap_or_default();
    let database = config.get_dbname().unwrap_or(user);
    format!("{user}@{host}:{port}/{database}")
}

/// How many connections each of the two kinds may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sizes {
    pub(super) tenants: usize,
    pub(super) owner: usize,
}

impl Sizes {
    /// A quarter for the owner, but no more than it needs.
    pub(super) fn for_connections(connections: u32) -> Self {
        let all = connections.max(FEWEST_CONNECTIONS) as usize;
        let owner = (all / 4).clamp(2, MAX_OF_OWNER);
        Self {
            tenants: all - owner,
            owner,
        }
    }
}

/// Connections of the owner of the tables.
pub(super) fn owner_connections(
    config: &Config,
    tls: &MakeRustlsConnect,
    sizes: Sizes,
) -> Result<Connections, StoreError> {
    let settings = Settings {
        size: sizes.owner,
        set_up: OWNER.to_owned(),
        timeout: OWNER_TIMEOUT,
    };
    Connections::new(config, tls, settings)
}

/// Connections of the role that sees one instance at a time.
pub(super) fn tenant_connections(
    config: &Config,
    tls: &MakeRustlsConnect,
    sizes: Sizes,
    role: Option<&str>,
) -> Result<Connections, StoreError> {
    let role = role.map_or_else(String::new, |role| format!("SET ROLE {role};"));
    let settings = Settings {
        size: sizes.tenants,
        set_up: format!("{TENANT} {role}"),
        timeout: TENANT_TIMEOUT,
    };
    Connections::new(config, tls, settings)
}

const BACKEND: &str = "SELECT pg_backend_pid()";

/// Whether a connection keeps a session of the server's to itself. A pooler that lends sessions for one transaction
/// each gives the same one to two connections that have nothing to do.
pub(super) async fn check_sessions(
    lease: &Lease,
    connections: &Connections,
) -> Result<(), Failure> {
    let other = Lease::take(connections).await?;
    let mut own: Vec<i32> = Vec::with_capacity(2);
    for lease in [lease, &other] {
        own.push(lease.client()?.query_one(BACKEND, &[]).await?.try_get(0)?);
    }
    let outcome = if own[0] == own[1] {
        let text = "between here and the server there is a pooler that lends a session for one transaction only, and \
                    tenants' work needs sessions; use the server's direct address, or the pooler's for sessions \
                    (PgBouncer: pool_mode = session)";
        Err(Failure::Final(StoreError::Unusable(text.to_owned())))
    } else {
        Ok(())
    };
    other.release(outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let (config, _) = parse("postgres://me:secret@db.example:5433/shop").unwrap();
        assert_eq!(shown(&config), "me@db.example:5433/shop");
        let (config, _) = parse("postgres://me%3Asecret@db.example/shop").unwrap();
        assert_eq!(shown(&config), "me@db.example:5432/shop");
        for url in [
            "postgres://me:secret@host:port/shop",
            "postgres://me:secret@host/x?unheard_of=secret",
            "postgres://me:sec?ret=secret@host/x?unheard_of",
            "postgres://me@host/x?connect_timeout=secret",
            "mysql://me:secret@host/x",
            "postgres://me:secret@host/x?sslmode=secret",
            "postgres://me:sec@secret@host/x",
            "postgres://me:sec@secret@host:5432/x?sslmode=disable",
            "postgres://me@host/x?password=sec&secret",
            "postgres://me@host/x?password=sec&secret=1",
            "postgres://host/x?user=me&password=sec@secret",
            "postgres://me:secret/x",
        ] {
            let error = parse(url).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn connections_are_shared_out() {
        for (all, tenants, owner) in [(1, 2, 2), (4, 2, 2), (10, 8, 2), (20, 16, 4), (100, 96, 4)] {
            assert_eq!(
                Sizes::for_connections(all),
                Sizes { tenants, owner },
                "{all}"
            );
        }
    }
}
