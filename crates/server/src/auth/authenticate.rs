//! Authentication: the credential is found, checked here as far as that goes, and by Wix where only Wix can.
//!
//! In two steps, because the first needs the request and waits for nothing, and the second may wait and needs no more of
//! it.

use std::sync::Arc;

use backlot_outbound::body::RequestBody;
use backlot_store::Store;
use backlot_wix::{ApiKey, Caller};
use http::{HeaderName, Request};

use super::access_token::AccessTokens;
use super::api_key;
use super::credential::find;
use super::elevated_token::{ElevatedTokens, KeyReloader};
use super::verifier::{Checked, Checker, Proof, elevated_caller};
use crate::context::Exchange;
use crate::cors::{self, Decision};
use crate::error::Refusal;
use crate::instances::Schedule;
use crate::instances::activity::Registry;
use crate::policy::RateKey;
use crate::telemetry::metrics::Metrics;

/// Finds and verifies credentials.
pub(crate) struct Authenticator {
    pub(crate) checker: Checker,
    /// Headers that the credential may come in besides `Authorization`.
    pub(crate) instance_headers: Vec<HeaderName>,
    /// The account's API key, for calls that carry it.
    pub(crate) api_key: Option<ApiKey>,
    pub(crate) access_tokens: AccessTokens,
    pub(crate) elevated: ElevatedTokens,
    pub(crate) signing_keys: KeyReloader,
    pub(crate) activity: Registry,
    pub(crate) refresh: Arc<Schedule>,
    pub(crate) cors: Arc<cors::Policy>,
    pub(crate) store: Store,
    pub(crate) metrics: Arc<Metrics>,
}

/// The result of verifying a credential without asking another server.
pub(crate) enum LocalVerdict {
    Checked(Checked),
    /// The account's API key, about this site.
    ApiKey(String),
    /// An access token that was not seen of late, and whose questions are counted.
    AskWix(String, RateKey),
    /// An elevated token whose signing key has to be looked for.
    UnknownKey(String),
}

impl Authenticator {
    /// Finds the credential and verifies it as far as that can be done here.
    pub(crate) fn verify_locally(
        &self,
        exchange: &Exchange,
        request: &Request<RequestBody>,
    ) -> Result<LocalVerdict, Refusal> {
        let own = &self.instance_headers;
        let found = find(request.method(), request.uri(), request.headers(), own)?;
        let now = exchange.arrived_at();
        let token = match self.checker.check(&found, &self.elevated, now)? {
            Proof::Checked(checked) => return Ok(LocalVerdict::Checked(checked)),
            Proof::UnknownKey(token) => return Ok(LocalVerdict::UnknownKey(token.to_owned())),
            Proof::AccessToken(token) => token,
        };
        if let Some(caller) = self.access_tokens.known(token, now) {
            return Ok(LocalVerdict::Checked(Checked::by_wix(caller)));
        }
        let client = exchange.client_ip(request.headers());
        Ok(LocalVerdict::AskWix(
            token.to_owned(),
            RateKey::from(client),
        ))
    }

    /// The same, where the account's API key is a credential, too.
    pub(crate) fn verify_locally_or_api_key(
        &self,
        exchange: &Exchange,
        request: &Request<RequestBody>,
    ) -> Result<LocalVerdict, Refusal> {
        let headers = request.headers();
        if api_key::is_sent(self.api_key.as_ref(), headers) {
            api_key::check_alone(request.uri(), headers, &self.instance_headers)?;
            return api_key::site_id(headers).map(LocalVerdict::ApiKey);
        }
        self.verify_locally(exchange, request)
    }

    /// Finishes the verification, checks that the page is one of the caller's, and registers the instance.
    ///
    /// Nearly every credential is verified by now, so the question to Wix lies on the heap and the request's own
    /// state machine stays small.
    pub(crate) async fn authenticate(
        &self,
        exchange: &mut Exchange,
        decision: &Decision,
        verdict: LocalVerdict,
    ) -> Result<Arc<Caller>, Refusal> {
        let now = exchange.arrived_at();
        let checked = match verdict {
            LocalVerdict::Checked(checked) => checked,
            LocalVerdict::ApiKey(site_id) => {
                let app_id = self.checker.app_id();
                Box::pin(api_key::check(&self.store, app_id, now, &site_id)).await?
            }
            LocalVerdict::AskWix(token, client) => {
                let asking = self.access_tokens.ask(token, client, now, &self.metrics);
                Checked::by_wix(Box::pin(asking).await?)
            }
            LocalVerdict::UnknownKey(token) => {
                let looking = self.signing_keys.verify(&self.elevated, &token, now);
                elevated_caller(Box::pin(looking).await?)?
            }
        };
        self.finish(exchange, decision, checked)
    }

    fn finish(
        &self,
        exchange: &mut Exchange,
        decision: &Decision,
        checked: Checked,
    ) -> Result<Arc<Caller>, Refusal> {
        if checked.old_secret {
            self.metrics.old_secret_uses.inc();
        }
        let instance_id = checked.caller.instance_id;
        exchange.caller(&checked.caller, checked.old_secret);
        self.cors.check_instance(decision, instance_id)?;
        if self.activity.note(&checked.caller, exchange.arrived_at()) {
            self.refresh.seen(instance_id);
        }
        Ok(checked.caller)
    }
}
