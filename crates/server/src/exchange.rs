//! The record of one request, from its head to the end of its reply: what the log line and the
//! metrics are made of. It travels with the reply's body and is closed when that is dropped.
//!
//! It never holds a query string, a header or a body, so no credential can get into the log.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use backlot_wix::{Caller, InstanceId, Role};
use http::{Method, Request, StatusCode, Uri};
use jiff::Timestamp;

use crate::admission::RateKey;
use crate::error::{Reason, Refusal};
use crate::house::House;
use crate::listener::Peer;
use crate::reply_pace::SMALL_REPLY_BYTES;
use crate::request_id::RequestId;
use crate::routes::Room;

pub(crate) struct Exchange {
    house: Arc<House>,
    peer: Arc<Peer>,
    uri: Uri,
    /// Where a trusted proxy says that it is another than the peer's.
    client_ip: Option<String>,
    /// Whether the reply may depend on who calls.
    pub(crate) is_by_caller: bool,
    pub(crate) record: Record,
}

/// What is known of a request so far.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) id: RequestId,
    pub(crate) arrived_at: Timestamp,
    started: Instant,
    pub(crate) method: Method,
    pub(crate) room: Room,
    pub(crate) status: StatusCode,
    pub(crate) code: Option<Reason>,
    pub(crate) cause: Option<String>,
    /// The fields, parameters or headers that the reply names: never what they hold.
    pub(crate) about: Option<String>,
    pub(crate) caller: Option<(InstanceId, Role)>,
    pub(crate) old_secret: bool,
    pub(crate) reply_bytes: u64,
    pub(crate) ending: Ending,
}

/// How a reply ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Not yet; at the end: the client went away.
    Open,
    /// All of it was sent.
    Complete,
    /// The sender broke off.
    BrokenOff,
}

impl Exchange {
    /// On the heap: it goes along with the reply, which is moved often.
    pub(crate) fn begin<B>(
        house: &Arc<House>,
        peer: &Arc<Peer>,
        request: &Request<B>,
    ) -> Box<Self> {
        let arrived_at = house.clock.now();
        Box::new(Self {
            house: Arc::clone(house),
            peer: Arc::clone(peer),
            uri: request.uri().clone(),
            client_ip: peer.is_trusted().then(|| {
                let headers = request.headers();
                peer.client_ip(headers, &house.trusted_proxies).to_string()
            }),
            is_by_caller: false,
            record: Record {
                id: RequestId::next(arrived_at),
                arrived_at,
                started: Instant::now(),
                method: request.method().clone(),
                room: Room::Door,
                status: client_closed_request(),
                code: None,
                cause: None,
                about: None,
                caller: None,
                old_secret: false,
                reply_bytes: 0,
                ending: Ending::Open,
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

    pub(crate) fn refused(&mut self, refusal: &Refusal) {
        self.record.code = Some(refusal.code());
        self.record.cause = refusal.cause().map(str::to_owned);
        self.record.about = refusal.about();
        self.house.metrics.refusal(refusal.code());
    }

    /// Counts what was sent of the reply. Returns how long to wait before more of it is sent.
    pub(crate) fn count_reply_bytes(&mut self, bytes: usize) -> Option<Duration> {
        self.record.reply_bytes += bytes as u64;
        if self.record.reply_bytes <= SMALL_REPLY_BYTES {
            return None;
        }
        let key = match self.record.caller {
            Some((instance_id, _)) => RateKey::from(instance_id),
            None => RateKey::from(self.client_address()),
        };
        let now = Instant::now();
        self.house.reply_pace.sent(key, bytes, now)
    }

    fn client_address(&self) -> IpAddr {
        let forwarded = self.client_ip.as_deref().and_then(|ip| ip.parse().ok());
        forwarded.unwrap_or_else(|| self.peer.ip())
    }

    pub(crate) fn reply_broke_off(&mut self, error: &(dyn std::error::Error + Send + Sync)) {
        self.record.ending = Ending::BrokenOff;
        self.record.cause = Some(error.to_string());
    }

    /// Nothing more of the reply is wanted. That is its end if all of it was sent, or if there was
    /// to be none.
    pub(crate) fn reply_dropped(&mut self, at_its_end: bool) {
        if at_its_end || self.record.method == Method::HEAD {
            self.reply_ended();
        }
    }

    pub(crate) fn reply_ended(&mut self) {
        if self.record.ending == Ending::Open {
            self.record.ending = Ending::Complete;
        }
    }
}

/// Counts the request and writes its line, however it came to its end: also when the client went
/// away before there was a reply.
impl Drop for Exchange {
    fn drop(&mut self) {
        let record = &self.record;
        let duration = record.started.elapsed();
        let client_ip = self.client_ip.as_deref().unwrap_or(self.peer.ip_text());
        self.house
            .metrics
            .request(record.room, record.status, duration);
        self.house
            .log
            .request(record, self.uri.path(), client_ip, duration);
    }
}

impl Record {
    /// `warn` for what an operator should look at.
    pub(crate) fn level(&self) -> &'static str {
        if self.status.is_server_error() || self.ending == Ending::BrokenOff {
            "warn"
        } else {
            "info"
        }
    }
}

/// 499, as nginx calls it: what stands in the log when there was nobody left to reply to.
fn client_closed_request() -> StatusCode {
    StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST)
}

/// Microseconds, as far as they fit.
pub(crate) fn microseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
