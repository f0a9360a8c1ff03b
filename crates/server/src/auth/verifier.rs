//! Checking a credential: microseconds, no I/O. What only Wix can check is left to `access_tokens`.

use std::sync::Arc;

use backlot_wix::credential::{begins_like_an_access_token, strip_bearer};
use backlot_wix::signed_instance::{Payload, Policy, RejectReason, Wire};
use backlot_wix::{AppId, AppSecrets, Caller, Credential};
use jiff::Timestamp;

use super::verified_cache::{CachedCaller, VerifiedCache};
use crate::auth::elevated_token::{ElevatedTokens, TokenFault};
use crate::error::{ApiError, ErrorCode};

/// Checks every kind of credential that this server accepts.
pub struct Verifier {
    secrets: AppSecrets,
    policy: Policy,
    recent: VerifiedCache,
}

/// The result of the local part of a verification.
pub enum Verification<'value> {
    /// To its end.
    VerifiedCaller(VerifiedCaller),
    /// It looks like an access token; only Wix can say more.
    AccessToken(&'value str),
    /// An elevated token that names a signing key which is not known; the database may have it by now.
    UnknownKey(&'value str),
}

/// A checked caller.
pub struct VerifiedCaller {
    /// Who it is.
    pub caller: Arc<Caller>,
    /// The instance was signed with a secret that is being rotated out.
    pub old_secret: bool,
}

impl Verifier {
    /// Accepts what these secrets signed and the policy admits.
    pub fn new(secrets: AppSecrets, policy: Policy) -> Self {
        Self {
            secrets,
            policy,
            recent: VerifiedCache::new(),
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
    ) -> Result<Verification<'value>, ApiError> {
        let value = strip_bearer(value);
        if begins_like_an_access_token(value) {
            return Ok(Verification::AccessToken(value));
        }
        self.check_here(value, elevated, now)
    }

    /// The local part.
    fn check_here<'value>(
        &self,
        value: &'value str,
        elevated: &ElevatedTokens,
        now: Timestamp,
    ) -> Result<Verification<'value>, ApiError> {
        if let Some(known) = self.recent.find(value) {
            self.policy.check_age(&known.caller, now).map_err(explain)?;
            return Ok(Verification::VerifiedCaller(known.into()));
        }
        match Credential::classify(value) {
            Credential::SignedInstance(instance) => Ok(Verification::VerifiedCaller(
                self.verify(instance, now)?.into(),
            )),
            Credential::Jwt(token) => match elevated.verify(token, now) {
                Err(TokenFault::UnknownKey) => Ok(Verification::UnknownKey(token)),
                verdict => elevated_caller(verdict).map(Verification::VerifiedCaller),
            },
            Credential::VeloInstance => Err(ErrorCode::VeloInstanceRefused.into()),
            Credential::ApiKey => Err(ErrorCode::ApiKeyRefused.into()),
            Credential::AccessToken(_) | Credential::Unknown => {
                Err(ErrorCode::CredentialMalformed.into())
            }
        }
    }

    /// Takes an instance apart, and remembers it if it is good.
    fn verify(&self, instance: &str, now: Timestamp) -> Result<CachedCaller, ApiError> {
        let wire = Wire::parse(instance).map_err(|_| ErrorCode::CredentialMalformed)?;
        let verified = wire
            .verify(&self.secrets)
            .map_err(|_| ErrorCode::SignatureInvalid)?;
        let bytes = verified.decode().map_err(|_| ErrorCode::InstanceInvalid)?;
        let payload = Payload::from_json(&bytes)
            .map_err(|error| ApiError::from(ErrorCode::InstanceInvalid).with_source(error))?;
        let known = CachedCaller {
            caller: Arc::new(self.policy.admit(&payload, now).map_err(explain)?),
            old_secret: verified.secret_index() > 0,
        };
        self.recent.keep(instance, known.clone());
        Ok(known)
    }
}

/// What comes of an elevated token.
pub(crate) fn elevated_caller(
    verdict: Result<Caller, TokenFault>,
) -> Result<VerifiedCaller, ApiError> {
    match verdict {
        Ok(caller) => Ok(VerifiedCaller {
            caller: Arc::new(caller),
            old_secret: false,
        }),
        Err(TokenFault::Expired) => Err(ErrorCode::ElevatedTokenExpired.into()),
        Err(TokenFault::NotOurs | TokenFault::UnknownKey) => {
            Err(ErrorCode::ElevatedTokenInvalid.into())
        }
    }
}

impl VerifiedCaller {
    /// A caller whose credential Wix has checked.
    pub(crate) const fn by_wix(caller: Arc<Caller>) -> Self {
        Self {
            caller,
            old_secret: false,
        }
    }
}

impl From<CachedCaller> for VerifiedCaller {
    fn from(known: CachedCaller) -> Self {
        Self {
            caller: known.caller,
            old_secret: known.old_secret,
        }
    }
}

/// Only a value that Wix signed gets this far, so its dates and faults may be named.
fn explain(unfit: RejectReason) -> ApiError {
    let code = match unfit {
        RejectReason::InstanceIdNotAGuid | RejectReason::BadDate(_) => ErrorCode::InstanceInvalid,
        RejectReason::WrongApp => return ErrorCode::InstanceWrongApp.into(),
        RejectReason::FromTheFuture(_) => ErrorCode::InstanceFromFuture,
        RejectReason::Expired(_) => ErrorCode::InstanceExpired,
    };
    let mut sentence = unfit.to_string();
    if let Some(first) = sentence.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    ApiError::from(code).with_detail(format!("{sentence}."))
}
