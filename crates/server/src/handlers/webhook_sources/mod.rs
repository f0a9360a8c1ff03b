//! Webhook sources: `/webhooks/{name}` receives events of a third party, and `/webhooks/{name}/addresses` are the
//! addresses of an instance.
//!
//! - [`path`]: which source a path names, and whether the rest is a key
//! - [`receive`]: a request of a source
//! - [`addresses`]: making, listing and deleting addresses
//!
//! What a source is, and how it signs, is in [`crate::webhook_sources`].

mod addresses;
mod path;
mod receive;

pub(crate) use path::SourcePath;

use std::sync::Arc;

use backlot_outbound::body::RequestBody;
use http::{Request, Response};

use crate::auth::Admitted;
use crate::context::RequestContext;
use crate::error::ApiError;
use crate::response::ResponseBody;
use crate::routes::webhook_sources::SourceEndpoint;
use crate::state::AppState;
use crate::webhook_sources::WebhookSource;

/// Handles a request under `/webhooks/{name}`.
pub(crate) async fn handle(
    state: &AppState,
    context: &RequestContext,
    (source, endpoint): (&Arc<WebhookSource>, SourceEndpoint),
    admitted: Admitted,
    request: Request<RequestBody>,
) -> Result<Response<ResponseBody>, ApiError> {
    match endpoint {
        SourceEndpoint::Receive | SourceEndpoint::ReceiveAtAddress => {
            receive::receive(state, context, source, request).await
        }
        SourceEndpoint::ListAddresses
        | SourceEndpoint::MakeAddress
        | SourceEndpoint::DeleteAddresses
        | SourceEndpoint::DeleteAddress => {
            let caller = admitted.authenticated()?;
            let path = request.uri().path();
            addresses::answer(state, source, endpoint, caller.instance_id, path).await
        }
    }
}
