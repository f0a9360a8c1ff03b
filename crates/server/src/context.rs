//! The context of one request, from its head to the end of its response. It travels with the response's body; when
//! that is dropped, the request is counted and logged.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use backlot_wix::Caller;
use http::{HeaderMap, Method, Request, Uri};
use ipnet::IpNet;
use jiff::Timestamp;

use crate::clock::Clock;
use crate::error::{ApiError, Chain};
use crate::http::request_id::RequestId;
use crate::policy::RateKey;
use crate::response_pace::{ResponsePace, SMALL_RESPONSE_BYTES};
use crate::telemetry::log::RequestLog;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::record::{Completion, RequestRecord, client_closed_request};
use crate::telemetry::route_group::RouteGroup;
use crate::transport::Peer;

/// What the contexts of all requests share.
pub(crate) struct SharedContext {
    pub(crate) clock: Clock,
    pub(crate) log: RequestLog,
    pub(crate) metrics: Arc<Metrics>,
    /// How fast large responses go out.
    pub(crate) response_pace: ResponsePace,
    pub(crate) trusted_proxies: Vec<IpNet>,
}

pub(crate) struct RequestContext {
    shared: Arc<SharedContext>,
    peer: Arc<Peer>,
    uri: Uri,
    /// Where a trusted proxy says that it is another than the peer's.
    client_ip: Option<String>,
    /// Whether the response may depend on who calls.
    pub(crate) is_by_caller: bool,
    pub(crate) record: RequestRecord,
}

impl RequestContext {
    /// On the heap: it goes along with the response, which is moved often.
    pub(crate) fn begin<B>(
        shared: &Arc<SharedContext>,
        peer: &Arc<Peer>,
        request: &Request<B>,
    ) -> Box<Self> {
        let arrived_at = shared.clock.now();
        Box::new(Self {
            shared: Arc::clone(shared),
            peer: Arc::clone(peer),
            uri: request.uri().clone(),
            client_ip: peer.is_trusted().then(|| {
                let headers = request.headers();
                peer.client_ip(headers, &shared.trusted_proxies).to_string()
            }),
            is_by_caller: false,
            record: RequestRecord {
                id: RequestId::next(arrived_at),
                arrived_at,
                started: Instant::now(),
                method: request.method().clone(),
                route_group: RouteGroup::Unrouted,
                status: client_closed_request(),
                code: None,
                cause: None,
                about: None,
                caller: None,
                old_secret: false,
                response_bytes: 0,
                ending: Completion::Open,
            },
        })
    }

    pub(crate) const fn id(&self) -> &RequestId {
        &self.record.id
    }

    pub(crate) const fn arrived_at(&self) -> Timestamp {
        self.record.arrived_at
    }

    /// When it arrived, on the steady clock.
    pub(crate) const fn started(&self) -> Instant {
        self.record.started
    }

    pub(crate) const fn connection(&self) -> &Arc<Peer> {
        &self.peer
    }

    pub(crate) fn peer(&self) -> &Peer {
        &self.peer
    }

    pub(crate) fn caller(&mut self, caller: &Caller, old_secret: bool) {
        self.record.caller = Some((caller.instance_id, caller.role));
        self.record.old_secret = old_secret;
    }

    pub(crate) fn refused(&mut self, refusal: &ApiError) {
        self.record.code = Some(refusal.code());
        self.record.cause = refusal.cause();
        self.record.about = refusal.about();
        self.shared.metrics.refusal(refusal.code());
    }

    /// Counts what was sent of the response. Returns how long to wait before more of it is sent.
    pub(crate) fn count_response_bytes(&mut self, bytes: usize) -> Option<Duration> {
        self.record.response_bytes += bytes as u64;
        if self.record.response_bytes <= SMALL_RESPONSE_BYTES {
            return None;
        }
        let key = match self.record.caller {
            Some((instance_id, _)) => RateKey::from(instance_id),
            None => RateKey::from(self.client_address()),
        };
        let now = Instant::now();
        self.shared.response_pace.sent(key, bytes, now)
    }

    /// The client's address, behind the proxies that are trusted.
    pub(crate) fn client_ip(&self, headers: &HeaderMap) -> IpAddr {
        self.peer.client_ip(headers, &self.shared.trusted_proxies)
    }

    fn client_address(&self) -> IpAddr {
        let forwarded = self.client_ip.as_deref().and_then(|ip| ip.parse().ok());
        forwarded.unwrap_or_else(|| self.peer.ip())
    }

    pub(crate) fn response_broke_off(&mut self, error: &(dyn std::error::Error + 'static)) {
        self.record.ending = Completion::BrokenOff;
        self.record.cause = Some(Chain(error).to_string());
    }

    /// Nothing more of the response is wanted. That is its end if all of it was sent, or if there was
    /// to be none.
    pub(crate) fn response_dropped(&mut self, at_its_end: bool) {
        if at_its_end || self.record.method == Method::HEAD {
            self.response_ended();
        }
    }

    pub(crate) fn response_ended(&mut self) {
        if self.record.ending == Completion::Open {
            self.record.ending = Completion::Complete;
        }
    }
}

/// Counts the request and writes its line, however it came to its end: also when the client went
/// away before there was a response.
impl Drop for RequestContext {
    fn drop(&mut self) {
        let record = &self.record;
        let duration = record.started.elapsed();
        let client_ip = self.client_ip.as_deref().unwrap_or(self.peer.ip_text());
        self.shared
            .metrics
            .request(record.route_group, record.status, duration);
        self.shared
            .log
            .request(record, self.uri.path(), client_ip, duration);
    }
}
