//! A key that the site's owner types in: `key`, `status`, `disconnect`. It can be written and taken away, and
//! never read again.

use std::sync::Arc;

use backlot_outbound::body::{BodyLimits, RequestBody};
use backlot_wix::Caller;
use http::{Request, Response};
use serde::Deserialize;
use serde_json::json;

use super::oauth::answer_json;
use crate::connections::Connection;
use crate::error::{ApiError, ErrorCode};
use crate::response::ResponseBody;
use crate::routes::connections::ManagedEndpoint;
use crate::secrets::SecretString;
use crate::state::AppState;

/// The most bytes of a key that is typed in.
const MAX_BYTES: usize = 4096;

/// `{"key":"…"}`
#[derive(Deserialize)]
struct Typed {
    key: String,
}

pub(crate) async fn answer(
    state: &AppState,
    connection: &Arc<Connection>,
    endpoint: ManagedEndpoint,
    caller: &Caller,
    request: Request<RequestBody>,
) -> Result<Response<ResponseBody>, ApiError> {
    let unusable = || ApiError::from(ErrorCode::AuthorizationUnusable);
    let name = connection.settings.auth.instance_secret();
    let name = name.ok_or_else(unusable)?;
    let locked = || ApiError::from(ErrorCode::SecretMissing).with_source("the vault is locked");
    let vault = state.connections.vault.as_ref().ok_or_else(locked)?;
    let whose = Some(caller.instance_id);
    let is_connected = match endpoint {
        ManagedEndpoint::Key => {
            let mut body = request.into_body();
            body.limit(BodyLimits {
                bytes: connection.settings.body_bytes,
                idle_timeout: connection.settings.idle_timeout,
            });
            let typed = state.buffers.collect(caller.instance_id, &mut body).await?;
            let bytes = zeroize::Zeroizing::new(typed.to_vec());
            // The parser's own words are left out, since they could repeat a piece of the key.
            let typed: Typed = serde_json::from_slice(&bytes)
                .map_err(|_| unusable().with_detail("The body is {\"key\":\"…\"}."))?;
            let text = SecretString::new(typed.key.trim().to_owned());
            let length = text.reveal().len();
            let fits =
                (1..=MAX_BYTES).contains(&length) && !text.reveal().contains(char::is_control);
            if !fits {
                return Err(unusable().with_detail("A key is one line of text."));
            }
            vault.keep_secret(whose, name, &text, false).await?;
            true
        }
        ManagedEndpoint::Disconnect => {
            vault.remove_secret(whose, name).await?;
            false
        }
        ManagedEndpoint::Status | ManagedEndpoint::Authorize | ManagedEndpoint::Callback => {
            vault.secret(whose, name).await?.is_some()
        }
    };
    Ok(answer_json(
        &json!({ "kind": "key", "connected": is_connected }),
    ))
}
