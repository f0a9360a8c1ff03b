//! Calls to the third party, repeated with a new token if the old one is refused, and revalidation of cached responses.

use std::sync::Arc;

use backlot_outbound::body::CallBody;
use backlot_outbound::cache::Lookup;
use backlot_outbound::connection::{Call, Followed};
use backlot_outbound::upstream::ResponseStream;
use bytes::Bytes;
use http::header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, Method, Response, StatusCode};

use super::CallPlace;
use super::call::{Admitted, Incoming};
use super::credentials::Chosen;
use super::redirects::RedirectsByLines;
use super::response_body::ThirdPartyBody;
use super::response_cache::{KeptReplies, Question};
use crate::error::ApiError;

/// By which a caller asks for a reply only if it is not the one that they have.
const CONDITIONS: [HeaderName; 4] = [
    IF_MATCH,
    IF_MODIFIED_SINCE,
    IF_NONE_MATCH,
    IF_UNMODIFIED_SINCE,
];

/// A call, ready to be sent.
pub(super) struct Prepared {
    pub(super) chosen: Chosen,
    pub(super) target: PathAndQuery,
    /// Taken when the call is sent.
    headers: HeaderMap,
    is_public: bool,
}

impl Prepared {
    /// The call itself. The headers go along.
    pub(super) fn call(&mut self, method: &Method, body: CallBody) -> Call {
        Call {
            base: Arc::clone(&self.chosen.base),
            method: method.clone(),
            target: self.target.clone(),
            headers: std::mem::take(&mut self.headers),
            body,
            is_public: self.is_public,
        }
    }
}

impl Admitted<'_> {
    pub(super) async fn prepare(&self, incoming: &Incoming<'_>) -> Result<Prepared, ApiError> {
        let (all, connection, id) = (self.connections, self.connection, self.instance_id);
        let CallPlace { path, query, .. } = incoming.place;
        Ok(Prepared {
            chosen: all.credential(connection, id).await?,
            headers: all.headers(connection, id, incoming.headers).await?,
            target: all.target(connection, id, path, query).await?,
            is_public: self.is_public,
        })
    }

    /// What a kept reply may answer.
    pub(super) fn question(
        &self,
        kept: &KeptReplies,
        method: &Method,
        prepared: &Prepared,
    ) -> Option<Question> {
        let Prepared {
            chosen,
            target,
            headers,
            is_public: _,
        } = prepared;
        let credential = &chosen.credential;
        kept.question(
            self.instance_id,
            credential,
            method,
            target,
            headers,
            self.now,
        )
    }

    /// Asks the third party.
    pub(super) async fn ask(
        &self,
        call: &mut Call,
        prepared: &mut Prepared,
    ) -> Result<Response<ResponseStream>, ApiError> {
        // A token may be taken back before its time: with a new one the call may go.
        let has_token = prepared.chosen.token.is_some();
        let again = if has_token { copy(call) } else { None };
        // Awaited where it is made: kept under a name, it would have its place in this future twice.
        let reply = self.send_with(call, &prepared.chosen).await?;
        let followed = reply.extensions().get::<Followed>();
        // Another origin had no token to refuse.
        let is_theirs = followed.is_none_or(|followed| !followed.has_left);
        if has_token && is_theirs && reply.status() == StatusCode::UNAUTHORIZED {
            return Box::pin(self.ask_with_new_token(again, reply, prepared)).await;
        }
        Ok(reply)
    }

    /// Asks once more, if another token than the one that was refused can be had. Without `call`, which is gone
    /// once its body has streamed, the next one has it.
    async fn ask_with_new_token(
        &self,
        call: Option<Box<Call>>,
        refused: Response<ResponseStream>,
        prepared: &mut Prepared,
    ) -> Result<Response<ResponseStream>, ApiError> {
        let (all, connection) = (self.connections, self.connection);
        let may_help = prepared.chosen.token.as_ref();
        if !may_help.is_some_and(|(holder, token)| all.accounts.refused(connection, *holder, token))
        {
            return Ok(refused);
        }
        let Some(mut call) = call else {
            return Ok(refused);
        };
        drop(refused);
        prepared.chosen = all.credential(connection, self.instance_id).await?;
        call.base = Arc::clone(&prepared.chosen.base);
        self.send_with(&mut call, &prepared.chosen).await
    }

    async fn send_with(
        &self,
        call: &mut Call,
        chosen: &Chosen,
    ) -> Result<Response<ResponseStream>, ApiError> {
        let policy = RedirectsByLines {
            connections: self.connections,
            connection: self.connection,
            directory: self.directory,
            caller: self.caller,
            secrets: &chosen.needles,
        };
        let third_party = &self.connection.third_party;
        let (credential, now) = (&chosen.credential, self.now);
        let sent = third_party.send(call, credential, self.instance_id, now, &policy);
        Ok(sent.await?)
    }

    /// Returns the cached response while it is fresh; otherwise revalidates it.
    pub(super) async fn by_memory(
        &self,
        kept: &KeptReplies,
        question: Question,
        method: &Method,
        mut prepared: Prepared,
    ) -> Result<Response<ThirdPartyBody>, ApiError> {
        let nothing = || CallBody::Ready(Bytes::new());
        let Question {
            key,
            asked,
            parts,
            now,
        } = &question;
        let stale = match kept.cache.lookup(key, parts, *now) {
            Lookup::Fresh(reply) => {
                return Ok(self.remembered(reply, &prepared));
            }
            Lookup::Miss => {
                let mut call = prepared.call(method, nothing());
                let reply = self.ask(&mut call, &mut prepared).await?;
                return self.hand_back(reply, Some(question), &prepared).await;
            }
            Lookup::Stale(stale) => stale,
        };
        // A 304 must refer to the cached response, not to the caller's.
        without_conditions(&mut prepared.headers);
        let plain = prepared.headers.clone();
        for (name, value) in stale.conditions() {
            prepared.headers.insert(name.clone(), value.clone());
        }
        let mut call = prepared.call(method, nothing());
        let reply = self.ask(&mut call, &mut prepared).await?;
        let is_another = reply.extensions().get::<Followed>().is_some();
        if reply.status() != StatusCode::NOT_MODIFIED {
            return self.hand_back(reply, Some(question), &prepared).await;
        }
        let (not_modified, _) = reply.into_parts();
        if !is_another
            && let Some(fresh) =
                kept.cache
                    .refresh((key.clone(), *asked), &stale, parts, &not_modified, *now)
        {
            return Ok(self.remembered(fresh, &prepared));
        }
        // It speaks of another reply than the one that is kept: asked again, without conditions.
        kept.cache.forget(key);
        prepared.headers = plain;
        let mut call = prepared.call(method, nothing());
        let reply = self.ask(&mut call, &mut prepared).await?;
        self.hand_back(reply, Some(question), &prepared).await
    }
}

/// The same call once more, if its body is here.
fn copy(call: &Call) -> Option<Box<Call>> {
    let CallBody::Ready(bytes) = &call.body else {
        return None;
    };
    Some(Box::new(Call {
        base: Arc::clone(&call.base),
        method: call.method.clone(),
        target: call.target.clone(),
        headers: call.headers.clone(),
        body: CallBody::Ready(bytes.clone()),
        is_public: call.is_public,
    }))
}

fn without_conditions(headers: &mut HeaderMap) {
    for name in CONDITIONS {
        headers.remove(name);
    }
}
