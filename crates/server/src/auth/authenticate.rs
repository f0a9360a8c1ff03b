//! Authentication: the credential is found, checked here as far as that goes, and by Wix where only Wix can.
//!
//! In two steps, because the first needs the request and waits for nothing, and the second may wait and needs no more of
//! it.

use std::sync::Arc;

use backlot_store::Store;
use backlot_wix::{ApiKey, Caller};
use http::HeaderName;

use super::access_token::AccessTokens;
use super::api_key;
use super::credential::find;
use super::elevated_token::{ElevatedTokens, KeyReloader};
use super::verifier::{Verification, VerifiedCaller, Verifier, elevated_caller};
use crate::context::RequestContext;
use crate::cors::{self, Decision};
use crate::error::ApiError;
use crate::http::request_head::RequestHead;
use crate::instances::activity::InstanceActivity;
use crate::instances::{InstanceDirectory, RefreshScheduler};
use crate::policy::RateKey;
use crate::telemetry::metrics::Metrics;

/// Finds and verifies credentials.
pub(crate) struct Authenticator {
    pub(crate) checker: Verifier,
    /// Headers that the credential may come in besides `Authorization`.
    pub(crate) instance_headers: Vec<HeaderName>,
    /// The account's API key, for calls that carry it.
    pub(crate) api_key: Option<ApiKey>,
    pub(crate) access_tokens: AccessTokens,
    pub(crate) elevated: Arc<ElevatedTokens>,
    pub(crate) signing_keys: KeyReloader,
    pub(crate) activity: Arc<InstanceActivity>,
    pub(crate) refresh: Arc<RefreshScheduler>,
    pub(crate) directory: InstanceDirectory,
    pub(crate) cors: Arc<cors::Policy>,
    pub(crate) store: Store,
    pub(crate) metrics: Arc<Metrics>,
}

/// The result of verifying a credential without asking another server.
pub(super) enum LocalVerdict {
    VerifiedCaller(VerifiedCaller),
    /// The account's API key, about this site.
    ApiKey(String),
    /// An access token that was not seen of late, and whose questions are counted.
    AskWix(String, RateKey),
    /// An elevated token whose signing key has to be looked for.
    UnknownKey(String),
}

impl Authenticator {
    /// Finds the credential and verifies it as far as that can be done here.
    pub(super) fn verify_locally(
        &self,
        context: &RequestContext,
        request: RequestHead<'_>,
    ) -> Result<LocalVerdict, ApiError> {
        let own = &self.instance_headers;
        let found = find(request.method, request.uri, request.headers, own)?;
        let now = context.arrived_at();
        let token = match self.checker.check(&found, &self.elevated, now)? {
            Verification::VerifiedCaller(checked) => {
                return Ok(LocalVerdict::VerifiedCaller(checked));
            }
            Verification::UnknownKey(token) => {
                return Ok(LocalVerdict::UnknownKey(token.to_owned()));
            }
            Verification::AccessToken(token) => token,
        };
        if let Some(caller) = self.access_tokens.known(token, now) {
            return Ok(LocalVerdict::VerifiedCaller(VerifiedCaller::by_wix(caller)));
        }
        let client = context.client_ip(request.headers);
        Ok(LocalVerdict::AskWix(
            token.to_owned(),
            RateKey::from(client),
        ))
    }

    /// The same, where the account's API key is a credential, too.
    pub(super) fn verify_locally_or_api_key(
        &self,
        context: &RequestContext,
        request: RequestHead<'_>,
    ) -> Result<LocalVerdict, ApiError> {
        let headers = request.headers;
        if api_key::is_sent(self.api_key.as_ref(), headers) {
            api_key::check_alone(request.uri, headers, &self.instance_headers)?;
            return api_key::site_id(headers).map(LocalVerdict::ApiKey);
        }
        self.verify_locally(context, request)
    }

    /// Finishes the verification, checks that the page is one of the caller's, and registers the instance.
    ///
    /// Nearly every credential is verified by now, so the question to Wix lies on the heap and the request's own
    /// state machine stays small.
    pub(super) async fn authenticate(
        &self,
        context: &mut RequestContext,
        decision: &Decision,
        verdict: LocalVerdict,
    ) -> Result<Arc<Caller>, ApiError> {
        let now = context.arrived_at();
        let checked = match verdict {
            LocalVerdict::VerifiedCaller(checked) => checked,
            LocalVerdict::ApiKey(site_id) => {
                let app_id = self.checker.app_id();
                Box::pin(api_key::check(&self.store, app_id, now, &site_id)).await?
            }
            LocalVerdict::AskWix(token, client) => {
                let asking = self.access_tokens.ask(token, client, now, &self.metrics);
                VerifiedCaller::by_wix(Box::pin(asking).await?)
            }
            LocalVerdict::UnknownKey(token) => {
                let looking = self.signing_keys.verify(&self.elevated, &token, now);
                elevated_caller(Box::pin(looking).await?)?
            }
        };
        self.finish(context, decision, checked)
    }

    fn finish(
        &self,
        context: &mut RequestContext,
        decision: &Decision,
        checked: VerifiedCaller,
    ) -> Result<Arc<Caller>, ApiError> {
        if checked.old_secret {
            self.metrics.old_secret_uses.inc();
        }
        let instance_id = checked.caller.instance_id;
        context.caller(&checked.caller, checked.old_secret);
        self.cors.check_instance(decision, instance_id)?;
        if self.activity.note(&checked.caller, context.arrived_at()) {
            self.refresh.seen(instance_id);
        }
        Ok(checked.caller)
    }
}
