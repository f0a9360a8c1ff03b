//! Checking a credential: microseconds, no I/O. What only Wix can check is left to `access_tokens`.

use std::sync::Arc;

use backlot_wix::credential::{begins_like_an_access_token, strip_bearer};
use backlot_wix::signed_instance::{Payload, Policy, Refusal as Unfit, Wire};
use backlot_wix::{AppId, AppSecrets, Caller, Credential};
use jiff::Timestamp;

use super::verified_cache::{Known, Recent};
use crate::auth::elevated_token::{ElevatedTokens, TokenFault};
use crate::error::{Code, Refusal};

/// Checks every kind of credential that this server accepts.
pub struct Checker {
    secrets: AppSecrets,
    policy: Policy,
    recent: Recent,
}

/// How far a check came without asking anybody.
pub enum Proof<'value> {
    /// To its end.
    Checked(Checked),
    /// It looks like an access token; only Wix can say more.
    AccessToken(&'value str),
    /// An elevated token that names a signing key which is not known; the database may have it by now.
    UnknownKey(&'value str),
}

/// A checked caller.
pub struct Checked {
    /// Who it is.
    pub caller: Arc<Caller>,
    /// The instance was signed with a secret that is being rotated out.
    pub old_secret: bool,
}

impl Checker {
    /// Accepts what these secrets signed and the policy admits.
    pub fn new(secrets: AppSecrets, policy: Policy) -> Self {
        Self {
            secrets,
            policy,
            recent: Recent::new(),
        }
    }

    pub(crate) const fn app_id(&self) -> AppId {
        self.policy.app_id
    }

    /// The caller behind a credential, or the refusal with the one code of its cause.
    pub fn check<'value>(
        &self,
        value: &'value str,
        elevated: &ElevatedTokens,
        now: Timestamp,
    ) -> Result<Proof<'value>, Refusal> {
        let value = strip_bearer(value);
        if begins_like_an_access_token(value) {
            return Ok(Proof::AccessToken(value));
        }
        self.check_here(value, elevated, now)
    }

    /// Everything that needs nobody else.
    fn check_here<'value>(
        &self,
        value: &'value str,
        elevated: &ElevatedTokens,
        now: Timestamp,
    ) -> Result<Proof<'value>, Refusal> {
        if let Some(known) = self.recent.find(value) {
            self.policy.check_age(&known.caller, now).map_err(explain)?;
            return Ok(Proof::Checked(known.into()));
        }
        match Credential::classify(value) {
            Credential::SignedInstance(instance) => {
                Ok(Proof::Checked(self.verify(instance, now)?.into()))
            }
            Credential::Jwt(token) => match elevated.verify(token, now) {
                Err(TokenFault::UnknownKey) => Ok(Proof::UnknownKey(token)),
                verdict => elevated_caller(verdict).map(Proof::Checked),
            },
            Credential::VeloInstance => Err(Code::VeloInstanceRefused.into()),
            Credential::ApiKey => Err(Code::ApiKeyRefused.into()),
            Credential::AccessToken(_) | Credential::Unknown => {
                Err(Code::CredentialMalformed.into())
            }
        }
    }

    /// Takes an instance apart, and remembers it if it is good.
    fn verify(&self, instance: &str, now: Timestamp) -> Result<Known, Refusal> {
        let wire = Wire::parse(instance).map_err(|_| Code::CredentialMalformed)?;
        let verified = wire
            .verify(&self.secrets)
            .map_err(|_| Code::SignatureInvalid)?;
        let bytes = verified.decode().map_err(|_| Code::InstanceInvalid)?;
        let payload = Payload::from_json(&bytes)
            .map_err(|error| Refusal::from(Code::InstanceInvalid).because(error))?;
        let known = Known {
            caller: Arc::new(self.policy.admit(&payload, now).map_err(explain)?),
            old_secret: verified.secret_index() > 0,
        };
        self.recent.keep(instance, known.clone());
        Ok(known)
    }
}

/// What comes of an elevated token.
pub(crate) fn elevated_caller(verdict: Result<Caller, TokenFault>) -> Result<Checked, Refusal> {
    match verdict {
        Ok(caller) => Ok(Checked {
            caller: Arc::new(caller),
            old_secret: false,
        }),
        Err(TokenFault::Expired) => Err(Code::ElevatedTokenExpired.into()),
        Err(TokenFault::NotOurs | TokenFault::UnknownKey) => Err(Code::ElevatedTokenInvalid.into()),
    }
}

impl Checked {
    /// A caller whose credential Wix has checked.
    pub(crate) const fn by_wix(caller: Arc<Caller>) -> Self {
        Self {
            caller,
            old_secret: false,
        }
    }
}

impl From<Known> for Checked {
    fn from(known: Known) -> Self {
        Self {
            caller: known.caller,
            old_secret: known.old_secret,
        }
    }
}

/// Only a value that Wix signed gets this far, so its dates and faults may be named.
fn explain(unfit: Unfit) -> Refusal {
    let code = match unfit {
        Unfit::InstanceIdNotAGuid | Unfit::BadDate(_) => Code::InstanceInvalid,
        Unfit::WrongApp => return Code::InstanceWrongApp.into(),
        Unfit::FromTheFuture(_) => Code::InstanceFromFuture,
        Unfit::Expired(_) => Code::InstanceExpired,
    };
    let mut sentence = unfit.to_string();
    if let Some(first) = sentence.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    Refusal::from(code).detail(format!("{sentence}."))
}
