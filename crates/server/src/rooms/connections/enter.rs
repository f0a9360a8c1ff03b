//! A call: proven, admitted, sent, and handed back. Paths of ours are answered by [`super::own`].

use backlot_outbound::body::{CallBody, RequestBody, announced_bytes};
use backlot_outbound::hop_by_hop;
use http::header::{ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue};
use http::{Request, Response};

use super::own;
use super::place::Place;
use crate::body::ReplyBody;
use crate::caller::{look, prove, remove_instance};
use crate::connections::{CallPlace, CredentialSettings, Incoming};
use crate::cors::{self, Decision};
use crate::error::{Code, Refusal};
use crate::exchange::Exchange;
use crate::house::House;
use crate::rooms::read_ahead::{read_small, read_whole};

/// Answers one request.
pub(crate) async fn enter(
    house: &House,
    exchange: &mut Exchange,
    decision: &Decision,
    mut request: Request<RequestBody>,
) -> Result<Response<ReplyBody>, Refusal> {
    let uri = request.uri().clone();
    let place = Place::find(&house.connections, uri.path())?;
    request.body_mut().limit(place.connection.settings.body());
    if let Some(own) = place.own() {
        // On the heap: calls need not carry it.
        return Box::pin(own::answer(house, exchange, decision, &place, own, request)).await;
    }
    let query = uri.query().unwrap_or_default();
    let cleaned = remove_instance(query);
    let query = cleaned.as_deref().unwrap_or(query);
    let call = CallPlace {
        method: request.method(),
        path: place.rest,
        query,
    };
    // A call that nobody may make is not taken for a wrong credential.
    let lines = place.connection.fitting(&call)?;
    let proof = look(house, exchange, &request)?;
    let caller = prove(house, exchange, decision, proof).await?;
    let all = &house.connections;
    let directory = &house.directory;
    let caller = all
        .admit(&place.connection, &lines, directory, caller)
        .await?;
    check_announced(&place, &request)?;
    hop_by_hop::remove(request.headers_mut());
    let (parts, body) = request.into_parts();
    let body = match &place.connection.settings.credential {
        CredentialSettings::Signature(template, _) if template.needs_body() => {
            CallBody::Ready(Box::pin(read_whole(body)).await?)
        }
        _ => read_small(&parts.headers, body).await?,
    };
    let incoming = Incoming {
        method: parts.method,
        path: place.rest,
        query,
        headers: &parts.headers,
        body,
        started: exchange.started(),
    };
    let reply = all.send(&place.connection, &caller, incoming).await?;
    let mut response = reply.map(ReplyBody::third_party);
    let headers = response.headers_mut();
    cors::strip(headers);
    // A page may read all that the configuration lets come back; browsers show few headers by themselves.
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("*"));
    Ok(response)
}

fn check_announced(place: &Place<'_>, request: &Request<RequestBody>) -> Result<(), Refusal> {
    let limit = place.connection.settings.body_bytes;
    if announced_bytes(request.headers()).is_some_and(|bytes| bytes > limit) {
        return Err(Refusal::from(Code::BodyTooLarge).fact("limitBytes", limit));
    }
    Ok(())
}
