//! Paths of ours: which of them, by which method, and whose.

use std::sync::Arc;

use backlot_outbound::body::RequestBody;
use http::{Request, Response};

use super::path::Own;
use super::{instance_key, oauth};
use crate::connections::{Connection, CredentialSettings};
use crate::context::RequestContext;
use crate::cors::Decision;
use crate::error::{ApiError, ErrorCode};
use crate::response::ResponseBody;
use crate::state::AppState;

pub(crate) async fn answer(
    state: &AppState,
    context: &mut RequestContext,
    decision: &Decision,
    connection: &Arc<Connection>,
    own: Own,
    request: Request<RequestBody>,
) -> Result<Response<ResponseBody>, ApiError> {
    let methods = own.methods(connection);
    if !methods.contains(request.method()) {
        return Err(ApiError::from(ErrorCode::MethodNotAllowed).allow(methods.header()));
    }
    if own == Own::Callback {
        return Ok(oauth::callback(state, context, connection, request).await);
    }
    let verdict = state.auth.verify_locally(context, &request)?;
    let caller = state.auth.authenticate(context, decision, verdict).await?;
    match connection.settings.credential {
        CredentialSettings::Account(_) => {
            oauth::answer(state, connection, own, &caller, request).await
        }
        _ => instance_key::answer(state, connection, own, &caller, request).await,
    }
}
