//! Step 4: whether a verified payload is accepted here and now.
//!
//! Age: `expirationDate` if present, else `signDate` against a maximum. Clocks may differ by
//! [`Policy::clock_skew`], both ways. The app must be ours where the payload names one, and the
//! instance id must be a GUID.

use jiff::{SignedDuration, Timestamp};

use super::payload::Payload;
use super::roles::present;
use crate::caller::CredentialKind;
use crate::{AppId, Caller, InstanceId};

/// What is accepted.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// The app that this backend belongs to.
    pub app_id: AppId,
    /// How old `signDate` may be when there is no `expirationDate`.
    pub maximum_age: SignedDuration,
    /// How far Wix's clock and ours may be apart.
    pub clock_skew: SignedDuration,
}

impl Policy {
    /// The age that Wix's documentation names: one day.
    pub const DEFAULT_MAXIMUM_AGE: SignedDuration = SignedDuration::from_hours(24);
    /// Five minutes.
    pub const DEFAULT_CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);
}

/// Why a payload with a right signature is refused all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RejectReason {
    /// `instanceId` is no GUID.
    #[error("its instanceId is not a GUID")]
    InstanceIdNotAGuid,
    /// Signed for another app.
    #[error("it belongs to another app")]
    WrongApp,
    /// A date that is no ISO 8601 instant.
    #[error("its {0} is not a date")]
    BadDate(&'static str),
    /// Signed further in the future than clocks may differ.
    #[error("it was signed in the future ({0})")]
    FromTheFuture(Timestamp),
    /// Past `expirationDate`, or older than the maximum.
    #[error("it expired at {0}")]
    Expired(Timestamp),
}

impl Policy {
    /// Admits the payload as a caller, or says why not.
    ///
    /// # Errors
    ///
    /// Fails if the payload belongs to another app, has expired, is too old, or is from the future.
    pub fn admit(&self, payload: &Payload<'_>, now: Timestamp) -> Result<Caller, RejectReason> {
        let instance_id: InstanceId = payload
            .instance_id
            .parse()
            .map_err(|_| RejectReason::InstanceIdNotAGuid)?;
        let app_id = match present(payload.app_def_id.as_ref()) {
            Some(text) => Some(self.our_app(text)?),
            None => None,
        };
        let signed_at = date("signDate", &payload.sign_date)?;
        let expires_at = self.expiry(payload, signed_at)?;
        self.check_dates(signed_at, expires_at, now)?;
        let (role, user_id) = payload.role_and_user();
        Ok(Caller {
            instance_id,
            role,
            user_id: user_id.map(Into::into),
            app_id,
            site_id: present(payload.meta_site_id.as_ref()).map(Into::into),
            site_owner_id: present(payload.site_owner_id.as_ref()).map(Into::into),
            plan: present(payload.vendor_product_id.as_ref()).map(Into::into),
            demo_mode: payload.demo_mode.unwrap_or(false),
            origin_instance_id: present(payload.origin_instance_id.as_ref()).map(Into::into),
            credential: CredentialKind::SignedInstance,
            signed_at,
            expires_at,
        })
    }

    fn our_app(&self, text: &str) -> Result<AppId, RejectReason> {
        text.parse()
            .ok()
            .filter(|app_id| *app_id == self.app_id)
            .ok_or(RejectReason::WrongApp)
    }

    /// `expirationDate`, or the maximum age from `signDate` on.
    fn expiry(
        &self,
        payload: &Payload<'_>,
        signed_at: Timestamp,
    ) -> Result<Timestamp, RejectReason> {
        match present(payload.expiration_date.as_ref()) {
            Some(text) => date("expirationDate", text),
            None => Ok(signed_at
                .saturating_add(self.maximum_age)
                .unwrap_or(Timestamp::MAX)),
        }
    }

    /// Whether a caller that was admitted before still would be: nothing but the time has changed.
    ///
    /// # Errors
    ///
    /// Fails if the caller's credential has expired, is too old, or is from the future.
    pub fn check_age(&self, caller: &Caller, now: Timestamp) -> Result<(), RejectReason> {
        self.check_dates(caller.signed_at, caller.expires_at, now)
    }

    fn check_dates(
        &self,
        signed_at: Timestamp,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), RejectReason> {
        if now.duration_until(signed_at) > self.clock_skew {
            return Err(RejectReason::FromTheFuture(signed_at));
        }
        if expires_at.duration_until(now) > self.clock_skew {
            return Err(RejectReason::Expired(expires_at));
        }
        Ok(())
    }
}

fn date(field: &'static str, text: &str) -> Result<Timestamp, RejectReason> {
    text.parse().map_err(|_| RejectReason::BadDate(field))
}
