//! Paths of ours: which of them, by which method, and whose.

use std::sync::Arc;

use backlot_outbound::body::RequestBody;
use http::{Request, Response};

use super::path::Own;
use super::{instance_key, oauth};
use crate::connections::{Connection, CredentialSettings};
use crate::context::Exchange;
use crate::cors::Decision;
use crate::error::{Code, Refusal};
use crate::response::ReplyBody;
use crate::state::House;

pub(crate) async fn answer(
    house: &House,
    exchange: &mut Exchange,
    decision: &Decision,
    connection: &Arc<Connection>,
    own: Own,
    request: Request<RequestBody>,
) -> Result<Response<ReplyBody>, Refusal> {
    let methods = own.methods(connection);
    if !methods.contains(request.method()) {
        return Err(Refusal::from(Code::MethodNotAllowed).allow(methods.header()));
    }
    if own == Own::Callback {
        return Ok(oauth::callback(house, exchange, connection, request).await);
    }
    let verdict = house.auth.verify_locally(exchange, &request)?;
    let caller = house.auth.authenticate(exchange, decision, verdict).await?;
    match connection.settings.credential {
        CredentialSettings::Account(_) => {
            oauth::answer(house, connection, own, &caller, request).await
        }
        _ => instance_key::answer(house, connection, own, &caller, request).await,
    }
}
