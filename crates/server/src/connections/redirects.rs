//! Which redirects of a call are followed: within the API, those to calls that its caller may make.

use std::sync::Arc;

use backlot_outbound::redact::SecretPatterns;
use backlot_outbound::third_party::{RedirectPolicy, Redirected};
use backlot_wix::Caller;
use http::Method;

use super::{Connection, Connections, ThirdPartyCall};
use crate::error::ApiError;
use crate::instances::InstanceDirectory;

/// The lines of the connection, for one caller.
pub(super) struct RedirectsByLines<'call> {
    pub(super) connections: &'call Connections,
    pub(super) connection: &'call Connection,
    pub(super) directory: &'call InstanceDirectory,
    pub(super) caller: &'call Arc<Caller>,
    pub(super) secrets: &'call SecretPatterns,
}

impl RedirectPolicy for RedirectsByLines<'_> {
    fn target<'call>(
        &'call self,
        method: &'call Method,
        path: &'call str,
        query: &'call str,
    ) -> Redirected<'call> {
        let (all, connection, caller) = (self.connections, self.connection, self.caller);
        let outcome = async move {
            // A redirect may repeat what was put on the call; it is put on again.
            let query = connection.without_ours(query);
            let call = ThirdPartyCall {
                method,
                path,
                query: &query,
            };
            let deciders = connection.deciders(&call)?;
            let caller = Arc::clone(caller);
            let plan_use = connection.plan_use();
            let caller = self
                .directory
                .authorize(&deciders, plan_use, caller)
                .await?;
            all.target(connection, caller.instance_id, path, &query)
                .await
        };
        Box::pin(async move {
            let code = |refusal: ApiError| refusal.code().name();
            outcome.await.map_err(code)
        })
    }

    fn secrets(&self) -> &SecretPatterns {
        self.secrets
    }
}
