//! What is needed to say more than what a value looks like: the app's secret, this server's keys, and
//! whom to ask about access tokens.

use std::sync::Arc;

use backlot_outbound::upstream::Address;
use backlot_server::auth::elevated_token::{
    ElevatedTokens, KeySet, TokenLimits, list_signing_keys,
};
use backlot_server::cors::Policy;
use backlot_server::error::{ApiError, ErrorCode};
use backlot_server::{Clock, Verification, Verifier, WixAccess, ask_wix_once};
use backlot_simulator::access_token::{AccessTokens, Dead};
use backlot_wix::signed_instance;
use backlot_wix::token_info::{TokenPolicy, TokenRejection};
use backlot_wix::{AppId, AppSecrets, Caller, Credential};
use jiff::Timestamp;

use crate::cli::arguments::ConfigArgs;
use crate::cli::known_app::{KnownApp, known_app};
use crate::cli::runtime;
use crate::config::{Resolved, WIX};
use crate::secrets::open_signing_keys;

pub(super) struct Knowledge {
    pub(super) app_id: AppId,
    pub(super) secrets: AppSecrets,
    pub(super) policy: signed_instance::Policy,
    /// The origins that `backlot serve` allows.
    pub(super) cors: Policy,
    /// The same for `backlot dev`.
    pub(super) cors_of_dev: Policy,
    /// Sites that have the app.
    pub(super) sites: Sites,
    pub(super) elevated: ElevatedTokens,
    /// Why the keys of elevated tokens could not be read.
    keys_fault: Option<String>,
    /// Where no address of Wix is configured: then the simulator's tokens are judged here.
    simulated_tokens: Option<AccessTokens>,
    /// `None` where the app is the simulator's: Wix has never heard of it.
    wix: Option<WixAccess>,
}

/// The origins of sites that are allowed.
pub(super) enum Sites {
    /// None: `cors.installed_sites` is off.
    AreNotLetIn,
    /// Those that the database knows.
    CachedCaller {
        origins: Vec<String>,
        database: String,
    },
    /// The database does not say.
    Unreadable(String),
}

impl Sites {
    async fn find(resolved: &Resolved) -> Self {
        if !resolved.settings.installed_sites {
            return Self::AreNotLetIn;
        }
        let database = resolved.database.to_string();
        if !resolved.database.exists() {
            return Self::Unreadable(format!(
                "there is no database yet: {database} does not exist"
            ));
        }
        if resolved.database.is_of_an_earlier_program() {
            return Self::Unreadable(format!(
                "the database {database} is of an earlier version, and the next start brings it up to this one"
            ));
        }
        let found = async { resolved.database.open().await?.list_site_origins().await };
        match found.await {
            Ok(found) => Self::CachedCaller {
                origins: found.into_iter().map(|(_, origin)| origin).collect(),
                database,
            },
            Err(error) => {
                Self::Unreadable(format!("the database {database} cannot be read: {error}"))
            }
        }
    }
}

impl Knowledge {
    /// As far as it is at hand.
    pub(super) fn gather(config: &ConfigArgs) -> anyhow::Result<Self> {
        let known = known_app(config)?;
        let sites = runtime()?.block_on(Sites::find(&known.resolved));
        let keys = runtime()?.block_on(signing_keys(&known.resolved));
        let (keys, keys_fault) = match keys {
            Ok(keys) => (keys, None),
            Err(error) => (None, Some(format!("{error:#}"))),
        };
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
            sites,
            keys_fault,
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
    ) -> anyhow::Result<Result<Arc<Caller>, ApiError>> {
        if let (Some(fault), Credential::Jwt(_)) = (&self.keys_fault, Credential::classify(value)) {
            return Err(anyhow::anyhow!("{fault}"));
        }
        let checker = Verifier::new(self.secrets.clone(), self.policy);
        Ok(match checker.check(value, &self.elevated, now) {
            Ok(Verification::VerifiedCaller(proven)) => Ok(proven.caller),
            Ok(Verification::AccessToken(token)) => self.check_token(token, now)?,
            Ok(Verification::UnknownKey(_)) => Err(ErrorCode::ElevatedTokenInvalid.into()),
            Err(refusal) => Err(refusal),
        })
    }

    /// The simulator's tokens are verified locally, because its address is not known, or whether it runs.
    fn check_token(
        &self,
        token: &str,
        now: Timestamp,
    ) -> anyhow::Result<Result<Arc<Caller>, ApiError>> {
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
            (Some(Err(Dead::Expired(at))), _) => TokenRejection::Expired(at),
            (_, Some(wix)) => {
                let settings = (wix, &self.secrets, &self.policy);
                return Ok(runtime()?.block_on(ask_wix_once(token, settings, now)));
            }
            (_, None) => policy
                .look_at(token, now)
                .err()
                .unwrap_or(TokenRejection::Inactive),
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
