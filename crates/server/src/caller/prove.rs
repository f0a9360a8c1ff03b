//! The proof of a request: found, checked here as far as that goes, and by Wix where only Wix can.
//!
//! In two steps, because the first needs the request and waits for nobody, and the second may wait and
//! needs no more of it.

use std::sync::Arc;

use backlot_outbound::body::RequestBody;
use backlot_wix::Caller;
use http::Request;

use super::api_key;
use super::check::{Checked, Proof, elevated_caller};
use super::find;
use crate::admission::RateKey;
use crate::cors::Decision;
use crate::error::Refusal;
use crate::exchange::Exchange;
use crate::house::House;

/// How far the proof comes without asking anybody.
pub(crate) enum Looked {
    Checked(Checked),
    /// The account's API key, about this site.
    ApiKey(String),
    /// An access token that was not seen of late, and whose questions are counted.
    AskWix(String, RateKey),
    /// An elevated token whose signing key has to be looked for.
    UnknownKey(String),
}

/// Finds the credential and checks it as far as that can be done here.
pub(crate) fn look(
    house: &House,
    exchange: &Exchange,
    request: &Request<RequestBody>,
) -> Result<Looked, Refusal> {
    let own = &house.instance_headers;
    let found = find(request.method(), request.uri(), request.headers(), own)?;
    let now = exchange.arrived_at();
    let token = match house.checker.check(&found, &house.elevated, now)? {
        Proof::Checked(checked) => return Ok(Looked::Checked(checked)),
        Proof::UnknownKey(token) => return Ok(Looked::UnknownKey(token.to_owned())),
        Proof::AccessToken(token) => token,
    };
    if let Some(caller) = house.access_tokens.known(token, now) {
        return Ok(Looked::Checked(Checked::by_wix(caller)));
    }
    let headers = request.headers();
    let client = exchange.peer().client_ip(headers, &house.trusted_proxies);
    Ok(Looked::AskWix(token.to_owned(), RateKey::from(client)))
}

/// The same, where the account's API key is a credential, too.
pub(crate) fn look_for_api_key_too(
    house: &House,
    exchange: &Exchange,
    request: &Request<RequestBody>,
) -> Result<Looked, Refusal> {
    let headers = request.headers();
    if api_key::is_sent(house, headers) {
        api_key::check_alone(request.uri(), headers, &house.instance_headers)?;
        return api_key::site_id(headers).map(Looked::ApiKey);
    }
    look(house, exchange, request)
}

/// Brings the proof to its end, sees that the page is one of the caller's, and registers the instance.
///
/// Nearly every proof is checked by now, so the question to Wix lies on the heap and the request's own
/// state machine stays small.
pub(crate) async fn prove(
    house: &House,
    exchange: &mut Exchange,
    decision: &Decision,
    looked: Looked,
) -> Result<Arc<Caller>, Refusal> {
    let checked = match looked {
        Looked::Checked(checked) => checked,
        Looked::ApiKey(site_id) => Box::pin(api_key::check(house, exchange, &site_id)).await?,
        Looked::AskWix(token, client) => {
            let now = exchange.arrived_at();
            let asking = house.access_tokens.ask(token, client, now, &house.metrics);
            Checked::by_wix(Box::pin(asking).await?)
        }
        Looked::UnknownKey(token) => {
            let now = exchange.arrived_at();
            let looking = house.signing_keys.verify(&house.elevated, &token, now);
            elevated_caller(Box::pin(looking).await?)?
        }
    };
    settle(house, exchange, decision, checked)
}

fn settle(
    house: &House,
    exchange: &mut Exchange,
    decision: &Decision,
    checked: Checked,
) -> Result<Arc<Caller>, Refusal> {
    if checked.old_secret {
        house.metrics.old_secret_uses.inc();
    }
    let instance_id = checked.caller.instance_id;
    exchange.caller(&checked.caller, checked.old_secret);
    house.cors.check_instance(decision, instance_id)?;
    if house.registry.note(&checked.caller, exchange.arrived_at()) {
        house.schedule.seen(instance_id);
    }
    Ok(checked.caller)
}
