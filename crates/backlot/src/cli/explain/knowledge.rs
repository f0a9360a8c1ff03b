//! What is needed to say more than what a value looks like: the app's secret, this server's keys, and
//! whom to ask about access tokens.

use std::sync::Arc;

use backlot_outbound::upstream::Address;
use backlot_server::cors::Policy;
use backlot_server::elevated::{ElevatedTokens, KeySet, TokenLimits, list_signing_keys};
use backlot_server::error::{Code, Refusal};
use backlot_server::{Checker, Clock, Proof, WixAccess, ask_wix_once};
use backlot_simulator::access_token::{AccessTokens, Dead};
use backlot_wix::signed_instance;
use backlot_wix::token_info::{TokenPolicy, Unfit};
use backlot_wix::{AppId, AppSecrets, Caller};
use jiff::Timestamp;

use crate::cli::arguments::Place;
use crate::cli::known_app::{KnownApp, known_app};
use crate::cli::runtime;
use crate::config::{Resolved, WIX};
use crate::secrets::open_signing_keys;

pub(super) struct Knowledge {
    pub(super) app_id: AppId,
    pub(super) secrets: AppSecrets,
    pub(super) policy: signed_instance::Policy,
    /// Which pages are let in, as `backlot serve` does.
    pub(super) cors: Policy,
    /// The same for `backlot dev`.
    pub(super) cors_of_dev: Policy,
    pub(super) elevated: ElevatedTokens,
    /// Where no address of Wix is configured: then the simulator's tokens are judged here.
    simulated_tokens: Option<AccessTokens>,
    /// `None` where the app is the simulator's: Wix has never heard of it.
    wix: Option<WixAccess>,
}

impl Knowledge {
    /// As far as it is at hand.
    pub(super) fn gather(place: &Place) -> anyhow::Result<Self> {
        let known = known_app(place)?;
        let keys = runtime()?.block_on(signing_keys(&known.resolved))?;
        let wix = whom_to_ask(&known)?;
        let is_elsewhere = !known.resolved.wix_is_the_simulator;
        let cors = known.origins_of_production;
        let settings = known.resolved.settings;
        let app_id = settings.policy.app_id;
        let limits = TokenLimits {
            lifetime: settings.elevated_lifetime,
            clock_skew: settings.policy.clock_skew,
        };
        Ok(Self {
            app_id,
            elevated: ElevatedTokens::new(app_id, limits, keys.unwrap_or_default()),
            secrets: settings.secrets,
            policy: settings.policy,
            cors,
            cors_of_dev: settings.cors,
            simulated_tokens: known.simulated_tokens.filter(|_| !is_elsewhere),
            wix,
        })
    }

    /// Whether the simulator of this data folder made an access token.
    pub(super) fn is_simulated(&self, token: &str, now: Timestamp) -> bool {
        let verify = |tokens: &AccessTokens| tokens.verify(token, now);
        let outcome = self.simulated_tokens.as_ref().map(verify);
        matches!(outcome, Some(Ok(_) | Err(Dead::Expired(_))))
    }

    /// What the server would say; where only Wix knows, Wix is asked.
    pub(super) fn check(
        &self,
        value: &str,
        now: Timestamp,
    ) -> anyhow::Result<Result<Arc<Caller>, Refusal>> {
        let checker = Checker::new(self.secrets.clone(), self.policy);
        Ok(match checker.check(value, &self.elevated, now) {
            Ok(Proof::Checked(proven)) => Ok(proven.caller),
            Ok(Proof::AccessToken(token)) => self.check_token(token, now)?,
            Ok(Proof::UnknownKey(_)) => Err(Code::ElevatedTokenInvalid.into()),
            Err(refusal) => Err(refusal),
        })
    }

    /// The simulator's tokens are judged without it: nobody has said where it is, or if it runs.
    fn check_token(
        &self,
        token: &str,
        now: Timestamp,
    ) -> anyhow::Result<Result<Arc<Caller>, Refusal>> {
        let policy = TokenPolicy {
            app_id: self.policy.app_id,
            clock_skew: self.policy.clock_skew,
        };
        let simulated = self.simulated_tokens.as_ref();
        let unfit = match (simulated.map(|tokens| tokens.verify(token, now)), &self.wix) {
            (Some(Ok(subject)), _) => match policy.admit(&subject.token_info(), now) {
                Ok(caller) => return Ok(Ok(Arc::new(caller))),
                Err(unfit) => unfit,
            },
            (Some(Err(Dead::Expired(at))), _) => Unfit::Expired(at),
            (_, Some(wix)) => {
                let settings = (wix, &self.secrets, &self.policy);
                return Ok(runtime()?.block_on(ask_wix_once(token, settings, now)));
            }
            (_, None) => policy.look_at(token, now).err().unwrap_or(Unfit::Inactive),
        };
        Ok(Err(unfit.into()))
    }
}

/// The signing keys that are sealed, if there are any and the master key is at hand. Nothing is made or changed.
async fn signing_keys(resolved: &Resolved) -> anyhow::Result<Option<KeySet>> {
    if !resolved.database.exists() || !resolved.master_key.is_present() {
        return Ok(None);
    }
    let store = resolved.database.open().await?;
    let keys = list_signing_keys(&store, Clock::System.now()).await?;
    if keys.is_empty() || keys.iter().any(|key| !key.is_sealed) {
        return Ok(None);
    }
    let lifetime = resolved.settings.elevated_lifetime;
    let Ok(keys) = open_signing_keys(&store, &resolved.master_key, lifetime).await else {
        return Ok(None);
    };
    Ok(keys.load().await.ok())
}

/// The simulator in Wix's place is for `backlot dev` alone; here a real app is asked about at Wix.
fn whom_to_ask(known: &KnownApp) -> anyhow::Result<Option<WixAccess>> {
    let mut wix = known.resolved.settings.wix.clone();
    if known.resolved.wix_is_the_simulator {
        if known.is_make_believe {
            return Ok(None);
        }
        wix.base = Address::parse(WIX, false)?;
    }
    Ok(Some(wix))
}
