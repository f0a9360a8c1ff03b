//! Sending a call to the third party: again with a new token if the first is refused, and with the validators of a
//! cached response.

use std::sync::Arc;

use backlot_outbound::body::CallBody;
use backlot_outbound::cache::CachedResponse;
use backlot_outbound::third_party::{Followed, ThirdPartyRequest};
use backlot_outbound::upstream::ResponseStream;
use http::header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE};
use http::{HeaderName, Response, StatusCode};

use super::ThirdPartyCall;
use super::call::{AdmittedCall, IncomingCall};
use super::credentials::ResolvedCredential;
use super::redirects::RedirectsByLines;
use super::response_body::ThirdPartyBody;
use super::response_cache::{CacheLookup, ResponseCache};
use crate::error::ApiError;

/// Conditions of the caller, about the response that it has.
const CONDITIONS: [HeaderName; 4] = [
    IF_MATCH,
    IF_MODIFIED_SINCE,
    IF_NONE_MATCH,
    IF_UNMODIFIED_SINCE,
];

/// A call, ready to be sent.
pub(super) struct OutgoingCall {
    pub(super) credential: ResolvedCredential,
    pub(super) request: ThirdPartyRequest,
}

impl AdmittedCall<'_> {
    pub(super) async fn prepare(
        &self,
        incoming: &mut IncomingCall<'_>,
    ) -> Result<OutgoingCall, ApiError> {
        let (all, connection, id) = (self.connections, self.connection, self.instance_id);
        let ThirdPartyCall { path, query, .. } = incoming.call;
        let credential = all.credential(connection, id).await?;
        let headers = all.headers(connection, id, incoming.headers).await?;
        let target = all.target(connection, id, path, query).await?;
        Ok(OutgoingCall {
            request: ThirdPartyRequest {
                base: Arc::clone(&credential.base),
                method: incoming.call.method.clone(),
                target,
                headers,
                body: std::mem::replace(&mut incoming.body, CallBody::Spent),
                is_public: self.is_public,
            },
            credential,
        })
    }

    /// Sends a call. If its token is refused, the call is sent once more with a new one.
    pub(super) async fn exchange(
        &self,
        call: &mut OutgoingCall,
    ) -> Result<Response<ResponseStream>, ApiError> {
        // Awaited in place: bound to a name, it would take its space in this future twice.
        let response = self.send_once(call).await?;
        let followed = response.extensions().get::<Followed>();
        // No token was sent to another origin.
        let is_theirs = followed.is_none_or(|followed| !followed.has_left);
        let is_refused = is_theirs && response.status() == StatusCode::UNAUTHORIZED;
        if is_refused && call.credential.token.is_some() {
            return Box::pin(self.exchange_with_new_token(response, call)).await;
        }
        Ok(response)
    }

    /// Sends a call once more, if another token than the refused one may help. A call whose body was streamed is
    /// not sent again, but the next one has the new token.
    async fn exchange_with_new_token(
        &self,
        refused: Response<ResponseStream>,
        call: &mut OutgoingCall,
    ) -> Result<Response<ResponseStream>, ApiError> {
        let (all, connection) = (self.connections, self.connection);
        let token = call.credential.token.as_ref();
        let may_help =
            token.is_some_and(|(owner, token)| all.accounts.refused(connection, *owner, token));
        if !may_help || !matches!(call.request.body, CallBody::Ready(_)) {
            return Ok(refused);
        }
        drop(refused);
        call.credential = all.credential(connection, self.instance_id).await?;
        call.request.base = Arc::clone(&call.credential.base);
        self.send_once(call).await
    }

    async fn send_once(
        &self,
        call: &mut OutgoingCall,
    ) -> Result<Response<ResponseStream>, ApiError> {
        let OutgoingCall {
            credential,
            request,
        } = call;
        let policy = RedirectsByLines {
            connections: self.connections,
            connection: self.connection,
            directory: self.directory,
            caller: self.caller,
            secrets: &credential.secret_patterns,
        };
        let third_party = &self.connection.third_party;
        let (credential, now) = (&credential.credential, self.now);
        let sent = third_party.send(request, credential, self.instance_id, now, &policy);
        Ok(sent.await?)
    }

    /// Responds from the cache while a response is fresh, and revalidates a stale one.
    pub(super) async fn respond_from_cache(
        &self,
        cache: &ResponseCache,
        lookup: CacheLookup,
        mut call: OutgoingCall,
    ) -> Result<Response<ThirdPartyBody>, ApiError> {
        let CacheLookup {
            key,
            epoch,
            parts,
            now,
        } = &lookup;
        let stale = match cache.responses.lookup(key, parts, *now) {
            CachedResponse::Fresh(response) => return Ok(self.cached(response, &call)),
            CachedResponse::Miss => {
                let response = self.exchange(&mut call).await?;
                return self.build_response(response, Some(lookup), &call).await;
            }
            CachedResponse::Stale(stale) => stale,
        };
        // A 304 must be about the cached response, not about the caller's.
        for name in CONDITIONS {
            call.request.headers.remove(name);
        }
        let unconditional = call.request.headers.clone();
        for (name, value) in stale.conditions() {
            call.request.headers.insert(name.clone(), value.clone());
        }
        let response = self.exchange(&mut call).await?;
        if response.status() != StatusCode::NOT_MODIFIED {
            return self.build_response(response, Some(lookup), &call).await;
        }
        let is_another = response.extensions().get::<Followed>().is_some();
        let (not_modified, _) = response.into_parts();
        if !is_another
            && let Some(fresh) =
                cache
                    .responses
                    .refresh((key.clone(), *epoch), &stale, parts, &not_modified, *now)
        {
            return Ok(self.cached(fresh, &call));
        }
        // The 304 is about another response than the cached one.
        cache.responses.invalidate(key);
        call.request.headers = unconditional;
        let response = self.exchange(&mut call).await?;
        self.build_response(response, Some(lookup), &call).await
    }
}
