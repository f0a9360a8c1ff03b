//! The addresses of an instance: made, listed and deleted by the app.

use std::sync::Arc;

use backlot_store::webhook_addresses::WebhookAddress;
use backlot_wix::InstanceId;
use http::Response;
use serde_json::{Value, json};

use super::SourcePath;
use crate::error::ApiError;
use crate::handlers::connections::answer_json;
use crate::response::ResponseBody;
use crate::routes::webhook_sources::SourceEndpoint;
use crate::state::AppState;
use crate::webhook_sources::WebhookSource;

pub(super) async fn answer(
    state: &AppState,
    source: &Arc<WebhookSource>,
    endpoint: SourceEndpoint,
    instance_id: InstanceId,
    path: &str,
) -> Result<Response<ResponseBody>, ApiError> {
    let sources = &state.webhook_sources;
    let body = match endpoint {
        SourceEndpoint::MakeAddress => {
            let made = sources.make_address(source, instance_id).await?;
            let mut body = described(&made.address);
            body["url"] = made.url.into();
            body["key"] = made.key.into();
            body
        }
        SourceEndpoint::DeleteAddress | SourceEndpoint::DeleteAddresses => {
            let id = SourcePath::find(sources, path)?.key;
            let deleted = sources.delete_addresses(source, instance_id, id).await?;
            json!({ "deleted": deleted })
        }
        SourceEndpoint::ListAddresses
        | SourceEndpoint::Receive
        | SourceEndpoint::ReceiveAtAddress => {
            let all = sources.list_addresses(source, instance_id).await?;
            json!({ "addresses": all.iter().map(described).collect::<Vec<_>>() })
        }
    };
    Ok(answer_json(&body))
}

/// An address without its key.
fn described(address: &WebhookAddress) -> Value {
    json!({ "id": address.address_id, "createdAt": address.created_at.to_string() })
}
