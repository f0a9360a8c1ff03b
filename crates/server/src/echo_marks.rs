//! Marks of writes, by which the events that they cause are known as echoes.
//!
//! A call to Wix or to a third party names the entity that it writes (`Backlot-Echo: contact/123`, or `echo` in Rust). The
//! mark is stored before the call goes out, because the event may arrive before the response. It is removed if the call
//! fails, and stays if its outcome is not known.
//!
//! Caveat: the first event of the entity takes the mark. A change that a person makes within a minute of a write that
//! causes no event is marked as well.

use std::time::Duration;

use aws_lc_rs::rand;
use backlot_outbound::wix::WixError;
use backlot_store::Store;
use backlot_store::echo_marks::{EchoKey, EchoMark, MAX_ECHO_KEY_BYTES};
use backlot_wix::{Caller, InstanceId};
use http::{HeaderMap, HeaderName, Method, StatusCode};

use crate::clock::Clock;
use crate::error::{ApiError, Chain, ErrorCode, ErrorKind};

/// The header of a request that names the entity which the call writes.
pub(crate) static BACKLOT_ECHO: HeaderName = HeaderName::from_static("backlot-echo");

/// How long an event can take to arrive.
const MARK_TTL: Duration = Duration::from_mins(1);
/// Marks of one instance that have not expired: more than Wix takes calls of it in a minute.
const MAX_MARKS: u32 = 1000;

/// The marks of all instances. Cloning shares them.
#[derive(Clone)]
pub(crate) struct EchoMarks {
    store: Store,
    clock: Clock,
}

/// The mark of a call that is under way.
#[must_use = "it is removed if the call fails"]
pub(crate) struct CallMark {
    marks: EchoMarks,
    instance_id: InstanceId,
    mark_id: [u8; 16],
}

/// What is known of a call once it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WriteOutcome {
    /// It has changed something, or may have.
    Possible,
    /// It has changed nothing.
    Failed,
}

impl EchoMarks {
    pub(crate) const fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock }
    }

    /// Inserts a mark for a call. `None` if the call names no entity, or only reads.
    ///
    /// # Errors
    ///
    /// Fails if the instance has too many marks, or the database does not answer: the call must not be made then, since its
    /// event would not be known.
    pub(crate) async fn insert(
        &self,
        instance_id: InstanceId,
        key: Option<EchoKey>,
        method: &Method,
    ) -> Result<Option<CallMark>, ApiError> {
        let Some(key) = key.filter(|_| !method.is_safe()) else {
            return Ok(None);
        };
        let mut mark_id = [0; 16];
        rand::fill(&mut mark_id).map_err(|_| ErrorCode::Internal)?;
        let now = self.clock.now();
        let mark = EchoMark {
            instance_id,
            mark_id,
            key,
            expires_at: now.checked_add(MARK_TTL).unwrap_or(now),
        };
        if !self.store.insert_echo_mark(mark, MAX_MARKS, now).await? {
            return Err(ApiError::from(ErrorCode::TooManyEchoKeys)
                .with_data("limit", MAX_MARKS)
                .retry_after(10));
        }
        Ok(Some(CallMark {
            marks: self.clone(),
            instance_id,
            mark_id,
        }))
    }

    /// Deletes the marks that no event has taken in time.
    pub(crate) async fn delete_expired(&self) {
        let deleted = self.store.delete_expired_echo_marks(self.clock.now());
        if let Err(error) = deleted.await {
            tracing::warn!(error = %Chain(&error), "failed to delete expired echo marks");
        }
    }
}

impl CallMark {
    /// Removes the mark if the call has failed.
    pub(crate) async fn settle(self, outcome: WriteOutcome) {
        if outcome == WriteOutcome::Possible {
            return;
        }
        let store = &self.marks.store;
        if let Err(error) = store.delete_echo_mark(self.instance_id, self.mark_id).await {
            let instance_id = self.instance_id;
            tracing::warn!(
                instance.id = %instance_id,
                error = %Chain(&error),
                "failed to remove the echo mark of a failed call"
            );
        }
    }
}

impl WriteOutcome {
    /// The outcome of a call with a response. A gateway's failure does not say whether the server behind it got the call.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let is_gateway = matches!(
            status,
            StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT
        );
        if status.is_success() || is_gateway {
            Self::Possible
        } else {
            Self::Failed
        }
    }

    /// The outcome of a call to Wix that has no response.
    pub(crate) const fn of_wix(error: &WixError) -> Self {
        match error {
            WixError::Unavailable { .. } => Self::Possible,
            _ => Self::Failed,
        }
    }

    /// The outcome of a call to a third party that has no response, or none that can be returned.
    pub(crate) fn of_connection(error: &ApiError) -> Self {
        const UNKNOWN: [ErrorKind; 5] = [
            ErrorKind::Own(ErrorCode::ConnectionTimeout),
            ErrorKind::Own(ErrorCode::ConnectionBroken),
            ErrorKind::Own(ErrorCode::ConnectionRedirected),
            ErrorKind::Own(ErrorCode::ConnectionResponseRefused),
            ErrorKind::Own(ErrorCode::Internal),
        ];
        if UNKNOWN.contains(&error.code()) {
            Self::Possible
        } else {
            Self::Failed
        }
    }
}

/// Takes the entity that a call writes out of its headers, which do not go on with it.
///
/// # Errors
///
/// Fails if the header is not a kind and an id, is repeated, or the caller is a visitor or a member: they could have
/// changes of others left out.
pub(crate) fn take_key(
    headers: &mut HeaderMap,
    caller: &Caller,
) -> Result<Option<EchoKey>, ApiError> {
    if !headers.contains_key(&BACKLOT_ECHO) {
        return Ok(None);
    }
    let mut values = headers.get_all(&BACKLOT_ECHO).iter();
    let key = match (values.next(), values.next()) {
        (Some(value), None) => str::from_utf8(value.as_bytes())
            .ok()
            .and_then(EchoKey::parse),
        _ => None,
    };
    headers.remove(&BACKLOT_ECHO);
    if !caller.role.has_owner_rights() {
        return Err(ApiError::from(ErrorCode::RoleNotAllowed)
            .with_detail("`Backlot-Echo` is for the app and the site's owner.")
            .with_data("role", caller.role.as_str())
            .with_data("allowed", vec!["owner", "app"]));
    }
    key.map(Some).ok_or_else(invalid_key)
}

/// Reads the entity that a handler in Rust names.
///
/// # Errors
///
/// Fails if it is not a kind and an id.
pub(crate) fn parse_key(text: &str) -> Result<EchoKey, ApiError> {
    EchoKey::parse(text).ok_or_else(invalid_key)
}

fn invalid_key() -> ApiError {
    ApiError::from(ErrorCode::EchoKeyInvalid).with_data("limitBytes", MAX_ECHO_KEY_BYTES)
}
