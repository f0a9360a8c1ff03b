//! Marks of writes, by which the events that they cause are known as echoes.
//!
//! A call to Wix or to a third party names the entity that it writes (`Backlot-Echo: contact/123`, or `echo` in Rust). The
//! mark is stored before the call goes out, because the event may arrive before the response. It is removed if the call
//! fails, and stays if its outcome is not known.
//!
//! A call that creates an entity says where its response has the id (`Backlot-Echo: contact/{/contact/id}`). Its mark has a
//! kind only until then. Events of the kind wait for the response, and if one was stored before, it becomes the echo.
//!
//! - [`entity`]: the header
//! - [`call_mark`]: a mark from the call to its end
//! - [`creations`]: creations that are under way
//!
//! Caveat: the first event of the entity takes the mark. A change that a person makes within a minute of a write that
//! causes no event is marked as well.

mod call_mark;
mod creations;
mod entity;

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::rand;
use backlot_store::echo_marks::{EchoKey, EchoMark};
use backlot_store::events::{Event, NewEvent};
use backlot_store::{Store, StoreError};
use backlot_wix::InstanceId;
use futures_util::future::BoxFuture;
use http::Method;
use jiff::Timestamp;

use crate::clock::Clock;
use crate::error::{ApiError, Chain, ErrorCode};
use call_mark::CreationMark;
pub(crate) use call_mark::{CallMark, WriteOutcome, settle};
use creations::Creations;
pub(crate) use entity::{EchoEntity, take_entity};

/// How long an event can take to arrive.
const MARK_TTL: Duration = Duration::from_mins(1);
/// Marks of one instance that have not expired: more than Wix takes calls of it in a minute.
const MAX_MARKS: u32 = 1000;

/// The marks of all instances. Cloning shares them.
#[derive(Clone)]
pub(crate) struct EchoMarks {
    store: Store,
    clock: Clock,
    creations: Creations,
    stored: Arc<dyn StoredEchoes>,
}

/// Events that were stored before their marks.
pub(crate) trait StoredEchoes: Send + Sync {
    /// Finds the first event of an entity that was received since a time and is not an echo.
    fn find<'call>(
        &'call self,
        instance_id: InstanceId,
        key: &'call EchoKey,
        since: Timestamp,
    ) -> BoxFuture<'call, Result<Option<Event>, StoreError>>;

    /// Makes an event an echo. Deliveries that have not begun end if an echo does not have them.
    fn mark(&self, event: Event) -> BoxFuture<'_, Result<(), StoreError>>;
}

impl EchoMarks {
    pub(crate) fn new(store: Store, clock: Clock, stored: Arc<dyn StoredEchoes>) -> Self {
        Self {
            store,
            clock,
            creations: Creations::default(),
            stored,
        }
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
        entity: Option<EchoEntity>,
        method: &Method,
    ) -> Result<Option<CallMark>, ApiError> {
        let Some(entity) = entity.filter(|_| !method.is_safe()) else {
            return Ok(None);
        };
        let mut mark_id = [0; 16];
        rand::fill(&mut mark_id).map_err(|_| ErrorCode::Internal)?;
        let begun_at = self.clock.now();
        let mark = EchoMark {
            instance_id,
            mark_id,
            key: entity.key().clone(),
            expires_at: self.expiry(),
        };
        let inserted = self.store.insert_echo_mark(mark, MAX_MARKS, begun_at);
        if !inserted.await? {
            return Err(ApiError::from(ErrorCode::TooManyEchoKeys)
                .with_data("limit", MAX_MARKS)
                .retry_after(10));
        }
        let creation = match entity {
            EchoEntity::Known(_) => None,
            EchoEntity::Created(entity) => Some(CreationMark {
                begun_at,
                _under_way: self.creations.begin(instance_id, entity.kind()),
                entity,
            }),
        };
        Ok(Some(CallMark {
            marks: self.clone(),
            instance_id,
            mark_id,
            creation,
        }))
    }

    /// Waits for creations that may have caused one of these events, for a while.
    pub(crate) async fn wait_for_creations(&self, events: &[NewEvent]) {
        self.creations.wait(events).await;
    }

    /// Deletes the marks that no event has taken in time.
    pub(crate) async fn delete_expired(&self) {
        let deleted = self.store.delete_expired_echo_marks(self.clock.now());
        if let Err(error) = deleted.await {
            tracing::warn!(error = %Chain(&error), "failed to delete expired echo marks");
        }
    }

    /// When a mark of now expires.
    fn expiry(&self) -> Timestamp {
        let now = self.clock.now();
        now.checked_add(MARK_TTL).unwrap_or(now)
    }
}
