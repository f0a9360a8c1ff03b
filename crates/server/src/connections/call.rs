//! One call, from its admission to its reply.

use std::sync::Arc;
use std::time::Instant;

use backlot_outbound::body::{CallBody, announced_bytes};
use backlot_wix::{Caller, InstanceId};
use http::{HeaderMap, Response};
use jiff::Timestamp;

use super::response_body::ThirdPartyBody;
use super::usage::{Counts, Ticket};
use super::usage_guard::Meter;
use super::{CallPlace, Connection, Connections};
use crate::error::{ApiError, ErrorCode, ErrorKind};
use crate::instances::InstanceDirectory;
use crate::policy::RateKey;

/// Errors of calls that were never made: they are not counted.
const NOT_MADE: [ErrorKind; 5] = [
    ErrorKind::Own(ErrorCode::ConnectionAccountLost),
    ErrorKind::Own(ErrorCode::ConnectionAddressMissing),
    ErrorKind::Own(ErrorCode::ConnectionNotConnected),
    ErrorKind::Own(ErrorCode::ConnectionUnavailable),
    ErrorKind::Own(ErrorCode::RateLimited),
];

/// A call as it came in.
pub(crate) struct Incoming<'request> {
    pub(crate) place: CallPlace<'request>,
    pub(crate) headers: &'request HeaderMap,
    pub(crate) body: CallBody,
    /// When it came, for what is counted.
    pub(crate) started: Instant,
}

/// A call that is allowed, and counted.
pub(super) struct Admitted<'call> {
    pub(super) connections: &'call Arc<Connections>,
    pub(super) connection: &'call Arc<Connection>,
    pub(super) directory: &'call InstanceDirectory,
    pub(super) caller: &'call Arc<Caller>,
    pub(super) instance_id: InstanceId,
    ticket: Ticket,
    pub(super) now: Timestamp,
    /// Whether a visitor or member makes it.
    pub(super) is_public: bool,
    started: Instant,
    bytes_sent: u64,
}

impl Connections {
    /// Makes a call that the list allows and that the caller may make.
    pub(crate) async fn send(
        self: &Arc<Self>,
        connection: &Arc<Connection>,
        directory: &InstanceDirectory,
        caller: &Arc<Caller>,
        incoming: &mut Incoming<'_>,
    ) -> Result<Response<ThirdPartyBody>, ApiError> {
        let (instance_id, now) = (caller.instance_id, self.clock.now());
        if let Some(each) = &connection.each {
            each.check(RateKey::from(instance_id))?;
        }
        let quota = connection.settings.quotas.of(caller.plan.as_deref());
        let ticket = self
            .usage
            .begin(instance_id, &connection.name, now, quota)
            .await?;
        // Last, so that a caller beyond its own limit uses up nothing of the others'.
        if let Some(total) = &connection.total
            && let Err(refusal) = total.check(RateKey::EVERYBODY)
        {
            ticket.take_back();
            let words = "All instances together have reached this connection's `total_rate_limit`.";
            return Err(refusal.with_detail(words));
        }
        let admitted = Admitted {
            connections: self,
            connection,
            directory,
            caller,
            instance_id,
            ticket,
            now,
            is_public: !caller.role.has_owner_rights(),
            started: incoming.started,
            bytes_sent: announced_bytes(incoming.headers)
                .unwrap_or_else(|| incoming.body.bytes_ready()),
        };
        match admitted.send(incoming).await {
            Ok(reply) => Ok(reply),
            // It never left.
            Err(refusal) if NOT_MADE.contains(&refusal.code()) => {
                admitted.ticket.take_back();
                Err(refusal)
            }
            Err(refusal) => {
                let counts = Counts {
                    errors: 1,
                    ..admitted.counts()
                };
                admitted.ticket.add(counts);
                Err(refusal)
            }
        }
    }
}

impl Admitted<'_> {
    fn counts(&self) -> Counts {
        let milliseconds = self.started.elapsed().as_millis();
        Counts {
            bytes_sent: self.bytes_sent,
            milliseconds: u64::try_from(milliseconds).unwrap_or(u64::MAX),
            ..Counts::default()
        }
    }

    async fn send(
        &self,
        incoming: &mut Incoming<'_>,
    ) -> Result<Response<ThirdPartyBody>, ApiError> {
        let mut prepared = self.prepare(incoming).await?;
        let method = incoming.place.method;
        // What a body asks is not told by the address.
        let is_plain = matches!(&incoming.body, CallBody::Ready(bytes) if bytes.is_empty());
        let kept = self.connection.kept.as_ref();
        if let Some(kept) = kept.filter(|_| is_plain)
            && let Some(question) = self.question(kept, method, &prepared)
        {
            // On the heap: most connections keep nothing.
            return Box::pin(self.by_memory(kept, question, method, prepared)).await;
        }
        let body = std::mem::replace(&mut incoming.body, CallBody::Spent);
        let mut call = prepared.call(method, body);
        let write = kept.filter(|_| !method.is_safe()).map(|kept| {
            let credential = &prepared.chosen.credential;
            kept.write(self.instance_id, credential, &prepared.target)
        });
        let reply = self.ask(&mut call, &mut prepared).await?;
        if let Some(write) = write
            && reply.status().is_client_error()
        {
            write.was_refused();
        }
        self.hand_back(reply, None, &prepared).await
    }

    pub(super) fn meter(&self) -> Meter {
        Meter {
            connection: Arc::clone(self.connection),
            ticket: self.ticket.clone(),
            started: self.started,
            counts: self.counts(),
            found: 0,
        }
    }
}
