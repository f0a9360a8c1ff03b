//! One call, from its admission to its response.

use std::sync::Arc;
use std::time::Instant;

use backlot_outbound::body::{CallBody, content_length};
use backlot_wix::{Caller, InstanceId};
use http::{HeaderMap, Response};
use jiff::Timestamp;

use super::response_body::ThirdPartyBody;
use super::usage::{UsageCounts, UsageGuard};
use super::usage_guard::CallMeter;
use super::{Connection, Connections, ThirdPartyCall};
use crate::error::{ApiError, ErrorCode, ErrorKind};
use crate::instances::InstanceDirectory;
use crate::policy::RateKey;

/// Errors of calls that were not sent. They are not counted.
const NOT_MADE: [ErrorKind; 5] = [
    ErrorKind::Own(ErrorCode::ConnectionAccountLost),
    ErrorKind::Own(ErrorCode::ConnectionAddressMissing),
    ErrorKind::Own(ErrorCode::ConnectionNotConnected),
    ErrorKind::Own(ErrorCode::ConnectionUnavailable),
    ErrorKind::Own(ErrorCode::RateLimited),
];

/// A call as it came in.
pub(crate) struct IncomingCall<'request> {
    pub(crate) call: ThirdPartyCall<'request>,
    pub(crate) headers: &'request HeaderMap,
    pub(crate) body: CallBody,
    /// When it arrived, for its duration.
    pub(crate) started: Instant,
}

/// A call that is admitted and counted.
pub(super) struct AdmittedCall<'call> {
    pub(super) connections: &'call Arc<Connections>,
    pub(super) connection: &'call Arc<Connection>,
    pub(super) directory: &'call InstanceDirectory,
    pub(super) caller: &'call Arc<Caller>,
    pub(super) instance_id: InstanceId,
    usage: UsageGuard,
    pub(super) now: Timestamp,
    /// Whether the caller is a visitor or member.
    pub(super) is_public: bool,
    started: Instant,
    bytes_sent: u64,
}

impl Connections {
    /// Sends a call that the allow list admits for this caller.
    pub(crate) async fn send(
        self: &Arc<Self>,
        connection: &Arc<Connection>,
        directory: &InstanceDirectory,
        caller: &Arc<Caller>,
        incoming: &mut IncomingCall<'_>,
    ) -> Result<Response<ThirdPartyBody>, ApiError> {
        let (instance_id, now) = (caller.instance_id, self.clock.now());
        if let Some(each) = &connection.each {
            each.check(RateKey::from(instance_id))?;
        }
        let quota = connection.settings.quotas.for_plan(caller.plan.as_deref());
        let usage = self
            .usage
            .begin(instance_id, &connection.name, now, quota)
            .await?;
        // Last, so that instances over their own limit take nothing from the others.
        if let Some(total) = &connection.total
            && let Err(refusal) = total.check(RateKey::EVERYBODY)
        {
            usage.cancel();
            let words = "All instances together have reached this connection's `total_rate_limit`.";
            return Err(refusal.with_detail(words));
        }
        let admitted = AdmittedCall {
            connections: self,
            connection,
            directory,
            caller,
            instance_id,
            usage,
            now,
            is_public: !caller.role.has_owner_rights(),
            started: incoming.started,
            bytes_sent: content_length(incoming.headers)
                .unwrap_or_else(|| incoming.body.bytes_ready()),
        };
        match admitted.send(incoming).await {
            Ok(response) => Ok(response),
            Err(refusal) if NOT_MADE.contains(&refusal.code()) => {
                admitted.usage.cancel();
                Err(refusal)
            }
            Err(refusal) => {
                let counts = UsageCounts {
                    errors: 1,
                    ..admitted.counts()
                };
                admitted.usage.add(counts);
                Err(refusal)
            }
        }
    }
}

impl AdmittedCall<'_> {
    fn counts(&self) -> UsageCounts {
        let milliseconds = self.started.elapsed().as_millis();
        UsageCounts {
            bytes_sent: self.bytes_sent,
            milliseconds: u64::try_from(milliseconds).unwrap_or(u64::MAX),
            ..UsageCounts::default()
        }
    }

    async fn send(
        &self,
        incoming: &mut IncomingCall<'_>,
    ) -> Result<Response<ThirdPartyBody>, ApiError> {
        let mut call = self.prepare(incoming).await?;
        let request = &call.request;
        // The address alone does not say what a request with a body asks for.
        let has_no_body = matches!(&request.body, CallBody::Ready(bytes) if bytes.is_empty());
        let credential = &call.credential.credential;
        let cache = self.connection.cache.as_ref();
        if let Some(cache) = cache.filter(|_| has_no_body)
            && let Some(lookup) = cache.for_request(self.instance_id, credential, request, self.now)
        {
            // On the heap: most connections have no cache.
            return Box::pin(self.respond_from_cache(cache, lookup, call)).await;
        }
        let write = cache.filter(|_| !request.method.is_safe());
        let write = write.map(|cache| cache.write(self.instance_id, credential, &request.target));
        let response = self.exchange(&mut call).await?;
        if let Some(write) = write
            && response.status().is_client_error()
        {
            write.was_refused();
        }
        self.build_response(response, None, &call).await
    }

    pub(super) fn meter(&self) -> CallMeter {
        CallMeter {
            connection: Arc::clone(self.connection),
            usage: self.usage.clone(),
            started: self.started,
            counts: self.counts(),
            redactions: 0,
        }
    }
}
