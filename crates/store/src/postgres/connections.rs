//! The connections that a node may have at once, and waiting for one.
//!
//! A wait for a connection ends after [`ACQUIRE_TIMEOUT`], whatever it is for: one that is free, or a new one. Where the
//! server takes no further connections, one of ours that becomes free serves, too. A connection that was idle is asked
//! for a sign of life before it is used.

use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool_postgres::{
    ClientWrapper, Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError,
    RecyclingMethod, Runtime,
};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio_postgres::Config;
use tokio_postgres::error::SqlState;

use super::failure::Failure;
use super::tls::MakeRustlsConnect;
use crate::StoreError;

/// The longest wait for a connection, unless the address names a longer `connect_timeout`.
pub(super) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection that was idle for so long may be dead without knowing.
const TRUSTED_IDLE: Duration = Duration::from_secs(5);
/// The longest that a sign of life may take.
const SIGN_OF_LIFE: Duration = Duration::from_secs(2);
/// How long to wait for one of our connections before another attempt to open a new one.
const FULL_BACKOFF: Duration = Duration::from_millis(250);

/// Connections of one kind. Cloning shares them.
#[derive(Clone)]
pub(super) struct Connections {
    pool: Pool,
    pub(super) tls: MakeRustlsConnect,
    freed: Arc<Notify>,
    distrusted: Distrusted,
    wait: Duration,
    /// The longest silence of the server, while it is to answer.
    pub(super) timeout: Duration,
}

/// Connections that were made, or used last, before this moment are given up: one of their kind was cut.
type Distrusted = Arc<Mutex<Option<Instant>>>;

/// What a pool of connections is made of.
pub(super) struct Settings {
    /// The most connections at once.
    pub(super) size: usize,
    /// Statements that each connection begins with.
    pub(super) set_up: String,
    /// The longest silence of the server, while it is to answer.
    pub(super) timeout: Duration,
}

impl Connections {
    pub(super) fn new(
        config: &Config,
        tls: &MakeRustlsConnect,
        settings: Settings,
    ) -> Result<Self, StoreError> {
        let recycling = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let manager = Manager::from_config(config.clone(), tls.clone(), recycling);
        let distrusted = Distrusted::default();
        let pool = Pool::builder(manager)
            .max_size(settings.size)
            .runtime(Runtime::Tokio1)
            .post_create(set_up(settings.set_up))
            .pre_recycle(sign_of_life(&distrusted))
            .build()
            .map_err(|error| StoreError::Internal(error.to_string()))?;
        let connect_timeout = config.get_connect_timeout().copied();
        Ok(Self {
            pool,
            tls: tls.clone(),
            freed: Arc::default(),
            distrusted,
            wait: connect_timeout.unwrap_or_default().max(ACQUIRE_TIMEOUT),
            timeout: settings.timeout,
        })
    }

    /// The most connections at once.
    pub(super) fn max_size(&self) -> usize {
        self.pool.status().max_size
    }

    /// A connection for exclusive use.
    pub(super) async fn take(&self) -> Result<Object, Failure> {
        let is_full = Mutex::new(None);
        match tokio::time::timeout(self.wait, self.find(&is_full)).await {
            Ok(outcome) => outcome,
            Err(_) => {
                Err(Failure::NoConnection(is_full.into_inner().unwrap_or_else(
                    || "no connection became free in time".to_owned(),
                )))
            }
        }
    }

    async fn find(&self, is_full: &Mutex<Option<String>>) -> Result<Object, Failure> {
        loop {
            let mut freed = std::pin::pin!(self.freed.notified());
            freed.as_mut().enable();
            let error = match self.pool.get().await {
                Ok(connection) => return Ok(connection),
                Err(error) => error,
            };
            if !takes_no_more(&error) {
                return Err(error.into());
            }
            if let Failure::Lost(text) = Failure::from(error) {
                *is_full.lock() = Some(text);
            }
            let _ = tokio::time::timeout(FULL_BACKOFF, freed).await;
        }
    }

    /// Returns a connection to those that wait for one.
    pub(super) fn release(&self, connection: Object) {
        drop(connection);
        self.freed.notify_one();
    }

    /// Closes a connection.
    pub(super) fn close(&self, connection: Object) {
        drop(Object::take(connection));
        self.freed.notify_one();
    }

    /// Closes a connection that was cut, or fell silent. The others most likely were cut, too: those that are idle are
    /// given up, or each would fail a request.
    pub(super) fn distrust(&self, connection: Object) {
        *self.distrusted.lock() = Some(Instant::now());
        self.close(connection);
        self.pool.retain(|_, _| false);
    }
}

fn set_up(statements: String) -> Hook {
    let statements: Arc<str> = statements.into();
    Hook::async_fn(move |client: &mut ClientWrapper, _| {
        let statements = Arc::clone(&statements);
        Box::pin(async move {
            let done = client.batch_execute(&statements).await;
            done.map_err(HookError::Backend)
        })
    })
}

fn sign_of_life(distrusted: &Distrusted) -> Hook {
    let distrusted = Arc::clone(distrusted);
    Hook::async_fn(move |client: &mut ClientWrapper, metrics| {
        let distrusted = Arc::clone(&distrusted);
        let (used, idle) = (
            metrics.recycled.unwrap_or(metrics.created),
            metrics.last_used(),
        );
        Box::pin(async move {
            if distrusted.lock().is_some_and(|moment| used <= moment) {
                return Err(HookError::message("others of its time were cut"));
            }
            if idle < TRUSTED_IDLE {
                return Ok(());
            }
            match tokio::time::timeout(SIGN_OF_LIFE, client.simple_query("")).await {
                Ok(Ok(_)) => Ok(()),
                dead => {
                    *distrusted.lock() = Some(Instant::now());
                    Err(match dead {
                        Ok(Err(error)) => HookError::Backend(error),
                        _ => HookError::message("it gives no sign of life"),
                    })
                }
            }
        })
    })
}

/// Whether the server has as many connections as it takes.
fn takes_no_more(error: &PoolError) -> bool {
    match error {
        PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => {
            error.code() == Some(&SqlState::TOO_MANY_CONNECTIONS)
        }
        _ => false,
    }
}
