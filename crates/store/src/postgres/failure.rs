//! What PostgreSQL says, in the store's words.
//!
//! A server's message is repeated, its details are not: they hold values of items.

use std::error::Error as _;
use std::time::{Duration, Instant};

use backlot_wix::InstanceId;
use backlot_wix::data::DataError;
use deadpool_postgres::{HookError, PoolError};
use tokio_postgres::error::SqlState;

use super::tls::not_trusted;
use crate::StoreError;

/// Why something did not work, with what may be tried about it.
#[derive(Debug, Clone)]
pub(super) enum Failure {
    /// A conflict with another transaction. Nothing was changed; a retry may succeed.
    Again(&'static str),
    /// The connection is gone, or none can be made.
    Lost(String),
    /// No connection became free in time.
    NoConnection(String),
    /// The server leaves something without an answer: the network is gone, or the server is.
    Silent,
    /// Another statement of the same transaction failed before. That one says why.
    Aborted,
    /// The server ended the statement: it timed out, or a cancellation of an earlier statement on this connection arrived late.
    Cancelled,
    /// There is no connection that is as safe as it has to be.
    Insecure(String),
    /// Nothing to be done.
    Final(StoreError),
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(code) = error.code() else {
            if let Some(text) = insecure(&error) {
                return Self::Insecure(text);
            }
            let text = text_of(&error);
            let is_lost = error.is_closed()
                || error
                    .source()
                    .is_some_and(<dyn std::error::Error>::is::<std::io::Error>);
            return if is_lost {
                Self::Lost(text)
            } else {
                Self::Final(StoreError::Database(text))
            };
        };
        let text = text_of(&error);
        match *code {
            SqlState::T_R_SERIALIZATION_FAILURE
            | SqlState::T_R_DEADLOCK_DETECTED
            | SqlState::UNIQUE_VIOLATION => Self::Again("others changed the same at the same time"),
            SqlState::QUERY_CANCELED => Self::Cancelled,
            SqlState::IN_FAILED_SQL_TRANSACTION => Self::Aborted,
            SqlState::DISK_FULL => Self::Final(StoreError::Full),
            // A server that shuts down, starts up, or is no longer the one that is written to.
            SqlState::ADMIN_SHUTDOWN
            | SqlState::CRASH_SHUTDOWN
            | SqlState::CANNOT_CONNECT_NOW
            | SqlState::TOO_MANY_CONNECTIONS
            | SqlState::READ_ONLY_SQL_TRANSACTION
            | SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => Self::Lost(text),
            _ if code.code().starts_with("08") => Self::Lost(text),
            _ => Self::Final(StoreError::Database(text)),
        }
    }
}

impl From<PoolError> for Failure {
    fn from(error: PoolError) -> Self {
        Self::Lost(match error {
            PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => {
                if let Some(text) = insecure(&error) {
                    return Self::Insecure(text);
                }
                text_of(&error)
            }
            error => error.to_string(),
        })
    }
}

/// What tokio-postgres says when TLS is required and the server has none. It has no type for it.
const NO_TLS: &str = "server does not support TLS";

/// What to say of a connection that is not as safe as it has to be.
fn insecure(error: &tokio_postgres::Error) -> Option<String> {
    let cause = error.source()?;
    let broken = cause.downcast_ref::<std::io::Error>();
    if let Some(text) = broken.and_then(not_trusted) {
        return Some(text);
    }
    (cause.to_string() == NO_TLS).then(|| {
        "the server has no TLS; turn it on there (ssl = on), or, on a network of your own, put \
         sslmode=disable into the address of the database"
            .to_owned()
    })
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Final(error)
    }
}

impl From<DataError> for Failure {
    fn from(fault: DataError) -> Self {
        Self::Final(StoreError::Rejected(fault))
    }
}

impl Failure {
    /// Names the instance in a rejection.
    pub(super) fn of_instance(self, instance_id: InstanceId) -> Self {
        match self {
            Self::Final(error) => Self::Final(error.of_instance(instance_id)),
            other => other,
        }
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Again(text) => Self::Unavailable(text.to_owned()),
            Failure::Cancelled => Self::TimedOut,
            // What was safe at the start is not now: until that is mended, there is no database.
            Failure::Lost(text) | Failure::NoConnection(text) | Failure::Insecure(text) => {
                Self::Unavailable(text)
            }
            Failure::Silent => {
                Self::Unavailable("it left a statement without an answer".to_owned())
            }
            Failure::Aborted => Self::Database("the transaction had failed before".to_owned()),
            Failure::Final(error) => error,
        }
    }
}

/// The message of the server, or what happened to the connection.
pub(super) fn text_of(error: &tokio_postgres::Error) -> String {
    if let Some(error) = error.as_db_error() {
        return format!("{} ({})", error.message(), error.code().code());
    }
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

/// The same again, a few times: when others were in the way, and for what only reads, when the connection was
/// lost as well.
pub(super) struct Attempts {
    made: u32,
    reads: bool,
    began: Instant,
}

/// The most attempts.
const MAX_ATTEMPTS: u32 = 8;
/// A statement that ran for this long was ended because of its time: a little less than the server's limit.
const STATEMENT_TIME: Duration = Duration::from_secs(9);

impl Attempts {
    /// For what only reads.
    pub(super) fn reading() -> Self {
        Self {
            made: 0,
            reads: true,
            began: Instant::now(),
        }
    }

    /// For what changes something, so that it must not be done twice.
    pub(super) fn writing() -> Self {
        Self {
            made: 0,
            reads: false,
            began: Instant::now(),
        }
    }

    /// Whether to try again; waits a moment before that.
    pub(super) async fn go_on(&mut self, failure: &Failure) -> bool {
        self.made += 1;
        match failure {
            // Longer each time, and not all at the same time.
            Failure::Again(_) if self.made < MAX_ATTEMPTS => {
                let most = 1 << self.made.min(6);
                let pause = most / 2 + fastrand::u64(..most);
                tokio::time::sleep(Duration::from_millis(pause)).await;
                true
            }
            // What was cancelled has changed nothing. Before its own time is over, another statement was meant.
            Failure::Cancelled => self.made < 3 && self.began.elapsed() < STATEMENT_TIME,
            Failure::Lost(_) => self.reads && self.made < 3,
            // The caller has waited long enough.
            Failure::Again(_)
            | Failure::NoConnection(_)
            | Failure::Silent
            | Failure::Aborted
            | Failure::Insecure(_)
            | Failure::Final(_) => false,
        }
    }
}

/// Evaluates to the outcome of the last attempt: `attempt!(reading: self.try_it(x))`.
macro_rules! attempt {
    ($kind:ident: $work:expr) => {{
        let mut attempts = $crate::postgres::failure::Attempts::$kind();
        loop {
            // In a box, so that what waits for it stays small.
            match Box::pin($work).await {
                Err(failure) if attempts.go_on(&failure).await => {}
                outcome => break outcome.map_err($crate::StoreError::from),
            }
        }
    }};
}
pub(super) use attempt;
