//! The paths of a connection that this server answers itself.

use std::sync::Arc;

use backlot_outbound::body::RequestBody;
use http::{Request, Response};

use super::{instance_key, oauth};
use crate::auth::Admitted;
use crate::connections::Connection;
use crate::context::RequestContext;
use crate::error::ApiError;
use crate::response::ResponseBody;
use crate::routes::connections::ManagedEndpoint;
use crate::state::AppState;

pub(crate) async fn manage(
    state: &AppState,
    context: &mut RequestContext,
    connection: &Arc<Connection>,
    endpoint: ManagedEndpoint,
    admitted: Admitted,
    request: Request<RequestBody>,
) -> Result<Response<ResponseBody>, ApiError> {
    if endpoint == ManagedEndpoint::Callback {
        return Ok(oauth::callback(state, context, connection, request).await);
    }
    let caller = admitted.authenticated()?;
    if connection.settings.auth.account().is_some() {
        oauth::answer(state, connection, endpoint, &caller, request).await
    } else {
        instance_key::answer(state, connection, endpoint, &caller, request).await
    }
}
