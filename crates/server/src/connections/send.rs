//! One call, from its admission to its reply.

use std::sync::Arc;
use std::time::Instant;

use backlot_outbound::body::{CallBody, ReplyStream, announced_bytes};
use backlot_outbound::cache::Lookup;
use backlot_outbound::connection::{Call, CallError};
use backlot_wix::{Caller, InstanceId};
use bytes::Bytes;
use http::header::{
    HeaderMap, HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE,
};
use http::{Method, Response, StatusCode};
use jiff::Timestamp;

use super::credentials::Chosen;
use super::reply_body::{Meter, ThirdPartyBody};
use super::usage::{Counts, Key as UsageKey};
use super::{Connection, Connections};
use crate::admission::RateKey;
use crate::error::Refusal;

/// By which a caller asks for a reply only if it is not the one that they have.
const CONDITIONS: [HeaderName; 4] = [
    IF_MATCH,
    IF_MODIFIED_SINCE,
    IF_NONE_MATCH,
    IF_UNMODIFIED_SINCE,
];

/// A call as it came in.
pub(crate) struct Incoming<'request> {
    pub(crate) method: Method,
    /// The path at the third party, plain.
    pub(crate) path: &'request str,
    pub(crate) query: &'request str,
    pub(crate) headers: &'request HeaderMap,
    pub(crate) body: CallBody,
}

/// A call that is let in, and counted.
struct Admitted<'call> {
    connections: &'call Arc<Connections>,
    connection: &'call Arc<Connection>,
    instance_id: InstanceId,
    key: UsageKey,
    now: Timestamp,
    started: Instant,
    bytes_sent: u64,
}

impl Connections {
    /// Makes a call that the list allows and that the caller may make.
    pub(crate) async fn send(
        self: &Arc<Self>,
        connection: &Arc<Connection>,
        caller: &Caller,
        incoming: Incoming<'_>,
    ) -> Result<Response<ThirdPartyBody>, Refusal> {
        let (instance_id, now) = (caller.instance_id, self.clock.now());
        if let Some(each) = &connection.each {
            each.check(RateKey::from(instance_id))?;
        }
        let quota = connection.settings.quotas.of(caller.plan.as_deref());
        let key = self
            .usage
            .begin(instance_id, &connection.name, now, quota)
            .await?;
        // Last: who is over a limit of their own takes nothing from the others.
        if let Some(total) = &connection.total
            && let Err(refusal) = total.check(RateKey::EVERYBODY)
        {
            self.usage.take_back(&key);
            return Err(refusal.detail("All instances together made them."));
        }
        let admitted = Admitted {
            connections: self,
            connection,
            instance_id,
            key,
            now,
            started: Instant::now(),
            bytes_sent: announced_bytes(incoming.headers)
                .unwrap_or_else(|| incoming.body.bytes_ready()),
        };
        match admitted.send(incoming).await {
            Ok(reply) => Ok(reply),
            Err(refusal) => {
                let counts = Counts {
                    errors: 1,
                    ..admitted.counts()
                };
                self.usage.add(&admitted.key, counts);
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

    async fn send(&self, incoming: Incoming<'_>) -> Result<Response<ThirdPartyBody>, Refusal> {
        let (all, connection, id) = (self.connections, self.connection, self.instance_id);
        let mut chosen = all.credential(connection, id).await?;
        let headers = all.headers(connection, id, incoming.headers).await?;
        let target = all
            .target(connection, id, incoming.path, incoming.query)
            .await?;
        let again = match &incoming.body {
            CallBody::Ready(bytes) => Some(bytes.clone()),
            CallBody::Streaming(_) | CallBody::Spent => None,
        };
        // What a body asks is not told by the address.
        let is_plain = matches!(&incoming.body, CallBody::Ready(bytes) if bytes.is_empty());
        let kept = connection.kept.as_ref().filter(|_| is_plain);
        let question = kept.and_then(|kept| {
            let (method, credential) = (&incoming.method, &chosen.credential);
            kept.question(id, credential, method, &target, &headers, self.now)
        });
        let mut headers = headers;
        let mut stale = None;
        if let (Some(kept), Some(question)) = (&connection.kept, &question) {
            match kept
                .cache
                .lookup(&question.key, &question.parts, question.now)
            {
                Lookup::Fresh(reply) => return Ok(self.remembered(reply, &chosen)),
                Lookup::Stale(old) => {
                    // A 304 must speak of what is kept, not of what the caller has.
                    for name in CONDITIONS {
                        headers.remove(name);
                    }
                    for (name, value) in old.conditions() {
                        headers.insert(name.clone(), value.clone());
                    }
                    stale = Some(old);
                }
                Lookup::Miss => {}
            }
        }
        let call = |body| Call {
            method: incoming.method.clone(),
            target: target.clone(),
            headers: headers.clone(),
            body,
        };
        let mut reply = self.exchange(call(incoming.body), &chosen).await?;
        // A token may have been taken back before its time: with a new one it may go.
        if reply.status() == StatusCode::UNAUTHORIZED
            && let Some((holder, token)) = &chosen.token
            && all.accounts.refused(connection, *holder, token)
            && let Some(body) = again
        {
            drop(reply);
            chosen = all.credential(connection, id).await?;
            reply = self.exchange(call(CallBody::Ready(body)), &chosen).await?;
        }
        if let (Some(kept), Some(question), Some(stale)) = (&connection.kept, &question, &stale)
            && reply.status() == StatusCode::NOT_MODIFIED
        {
            let (parts, _) = reply.into_parts();
            let (key, asked) = (question.key.clone(), &question.parts);
            let fresh = kept.cache.refresh(key, stale, asked, &parts, question.now);
            if let Some(fresh) = fresh {
                return Ok(self.remembered(fresh, &chosen));
            }
            // It speaks of another reply than the one that is kept: asked again, without conditions.
            kept.cache.forget(&question.key);
            for name in CONDITIONS {
                headers.remove(name);
            }
            let again = Call {
                method: incoming.method.clone(),
                target: target.clone(),
                headers,
                body: CallBody::Ready(Bytes::new()),
            };
            reply = self.exchange(again, &chosen).await?;
        }
        if let Some(kept) = &connection.kept
            && !incoming.method.is_safe()
            && !reply.status().is_client_error()
        {
            kept.forget(id, &chosen.credential, &target);
        }
        ThirdPartyBody::reply(reply, question, self.meter(&chosen))
    }

    fn remembered(&self, reply: Response<Bytes>, chosen: &Chosen) -> Response<ThirdPartyBody> {
        ThirdPartyBody::from_memory(reply, self.meter(chosen))
    }

    fn meter(&self, chosen: &Chosen) -> Meter {
        Meter {
            connections: Arc::clone(self.connections),
            connection: Arc::clone(self.connection),
            needles: chosen.needles.clone(),
            key: self.key.clone(),
            started: self.started,
            counts: self.counts(),
            found: 0,
        }
    }

    async fn exchange(
        &self,
        call: Call,
        chosen: &Chosen,
    ) -> Result<Response<ReplyStream>, CallError> {
        let third_party = &self.connection.third_party;
        third_party
            .send(call, &chosen.credential, self.instance_id, self.now)
            .await
    }
}
