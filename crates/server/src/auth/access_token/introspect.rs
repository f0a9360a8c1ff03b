//! One question about one token, without a server: for `backlot explain`.

use std::sync::Arc;

use backlot_outbound::wix::{TokenEvents, TokenInfoResponse, TokenRefused, WixClient, WixSettings};
use backlot_wix::signed_instance::Policy;
use backlot_wix::token_info::{TokenPolicy, TokenRejection};
use backlot_wix::{AppSecrets, Caller, InstanceId};
use jiff::Timestamp;

use crate::error::{ApiError, ErrorCode};
use crate::wix_access::WixAccess;

/// What a server with these settings would say of a token that it has not seen before.
pub async fn ask_wix_once(
    token: &str,
    (access, secrets, policy): (&WixAccess, &AppSecrets, &Policy),
    now: Timestamp,
) -> Result<Arc<Caller>, ApiError> {
    let policy = TokenPolicy {
        app_id: policy.app_id,
        clock_skew: policy.clock_skew,
    };
    policy.look_at(token, now)?;
    let wix = WixClient::new(WixSettings {
        base: access.base.clone(),
        app_id: policy.app_id,
        secrets: secrets.clone(),
        api_key: None,
        requests_per_minute: access.requests_per_minute,
        queue_time: access.queue_time,
        timeout: access.timeout,
        token_timeout: access.token_timeout,
        idle_timeout: access.token_timeout,
        connect_timeout: access.token_timeout,
        events: Arc::new(Nobody),
        seed: 0,
    });
    let wix = wix.map_err(|error| ApiError::from(ErrorCode::Internal).with_source(error))?;
    match wix.token_info(token).await? {
        TokenInfoResponse::Known(info) => Ok(Arc::new(policy.admit(&info, now)?)),
        TokenInfoResponse::Dead(_) => Err(TokenRejection::Inactive.into()),
    }
}

/// No token is asked for here.
struct Nobody;

impl TokenEvents for Nobody {
    fn granted(&self, _: InstanceId) {}
    fn refused(&self, _: InstanceId, _: &TokenRefused) {}
}
