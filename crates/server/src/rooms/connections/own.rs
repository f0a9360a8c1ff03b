//! Paths of ours: which of them, by which method, and whose.

use std::sync::Arc;

use backlot_outbound::body::RequestBody;
use http::{Request, Response};

use super::place::Own;
use super::{account, own_key};
use crate::body::ReplyBody;
use crate::caller::{look, prove};
use crate::connections::{Connection, CredentialSettings};
use crate::cors::Decision;
use crate::error::{Code, Refusal};
use crate::exchange::Exchange;
use crate::house::House;

pub(super) async fn answer(
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
        return Ok(account::callback(house, exchange, connection, request).await);
    }
    let proof = look(house, exchange, &request)?;
    let caller = prove(house, exchange, decision, proof).await?;
    match connection.settings.credential {
        CredentialSettings::Account(_) => {
            account::answer(house, connection, own, &caller, request).await
        }
        _ => own_key::answer(house, connection, own, &caller, request).await,
    }
}
