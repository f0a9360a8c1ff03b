//! Wix access tokens as callers. Only Wix can check one, so it is asked, and what it says is kept.
//!
//! - An answer that admits is kept under the SHA-256 of the token until the token expires, but for no
//!   longer than a ceiling: until then a token that Wix has revoked is still accepted.
//! - A refusal is kept for seconds.
//! - However many requests come with one new token, Wix is asked once.
//! - If Wix does not answer, the caller gets a 503 with `Retry-After`.
//! - A client that sends tokens that Wix refuses may have only so many more verified (`suspects`), so that
//!   garbage neither floods Wix nor crowds others out; and what says of itself that it is of no use
//!   here is refused without asking.
//!
//! Tokens are bearer secrets: nothing here keeps, logs or repeats one.

mod cache;
mod introspect;
mod outcome;
mod throttle;

use std::sync::Arc;
use std::time::Duration;

use backlot_outbound::resilience::SingleFlight;
use backlot_outbound::wix::{TokenInfoResponse, WixClient};
use backlot_wix::token_info::{TokenPolicy, TokenRejection};
use backlot_wix::{Caller, Credential};
use jiff::Timestamp;

use crate::error::{ApiError, ErrorCode};
use crate::instances::InstanceDirectory;
use crate::policy::{Limiter, RateKey, RateLimit};
use crate::telemetry::metrics::{Metrics, TokenCheck};
use cache::{Known, TokenHash};
pub use introspect::ask_wix_once;
use outcome::Verdict;
use throttle::Suspects;

/// How answers about tokens are kept, and how many are asked for.
#[derive(Debug, Clone, Copy)]
pub struct AccessTokenSettings {
    /// The longest that an answer which admits is kept.
    pub ceiling: Duration,
    /// How long a refusal is kept.
    pub refusal_kept: Duration,
    /// The most questions to Wix, from all callers together.
    pub questions: RateLimit,
}

/// Checks access tokens by asking Wix.
pub(crate) struct AccessTokens {
    policy: TokenPolicy,
    wix: WixClient,
    directory: InstanceDirectory,
    known: Arc<Known>,
    flights: SingleFlight<TokenHash, Verdict>,
    suspects: Suspects,
    questions: Limiter,
}

impl AccessTokens {
    pub(crate) fn new(
        policy: TokenPolicy,
        settings: AccessTokenSettings,
        wix: WixClient,
        directory: InstanceDirectory,
    ) -> Self {
        Self {
            policy,
            wix,
            directory,
            known: Arc::new(Known::new(settings.ceiling, settings.refusal_kept)),
            flights: SingleFlight::default(),
            suspects: Suspects::new(),
            questions: Limiter::new(settings.questions),
        }
    }

    /// The caller, if Wix was asked not long ago. Microseconds, no I/O.
    pub(crate) fn known(&self, token: &str, now: Timestamp) -> Option<Arc<Caller>> {
        self.known.admitted(&TokenHash::new(token), now)
    }

    /// The caller, or the refusal with the one code of its cause. `client` is whose questions are
    /// counted when its tokens turn out to be no good.
    pub(crate) async fn ask(
        &self,
        token: String,
        client: RateKey,
        now: Timestamp,
        metrics: &Metrics,
    ) -> Result<Arc<Caller>, ApiError> {
        if !matches!(Credential::classify(&token), Credential::AccessToken(_)) {
            return Err(ErrorCode::CredentialMalformed.into());
        }
        self.policy.look_at(&token, now)?;
        let hash = TokenHash::new(&token);
        if let Some(unfit) = self.known.refused(&hash) {
            return Err(unfit.into());
        }
        self.suspects.check(client)?;

        let known = || self.known.verdict(&hash, now);
        let work = || self.work(hash, token, client, now);
        let outcome = self.flights.run(&hash, known, work);
        match outcome.await.unwrap_or_else(Verdict::failed_here) {
            Verdict::Admitted(caller) => {
                metrics.token_check(TokenCheck::Admitted);
                Ok(caller)
            }
            Verdict::Refused(unfit) => {
                metrics.token_check(TokenCheck::Refused);
                self.suspects.note(client);
                Err(unfit.into())
            }
            Verdict::NoAnswer(error) => {
                metrics.token_check(TokenCheck::NoAnswer);
                Err(ApiError::from(error))
            }
            Verdict::TooManyQuestions(refusal) => Err(refusal),
        }
    }

    pub(crate) fn forget_idle(&self) {
        self.suspects.forget_idle();
    }

    /// The question to Wix. What comes of it is known before the work ends.
    fn work(
        &self,
        hash: TokenHash,
        token: String,
        client: RateKey,
        now: Timestamp,
    ) -> impl Future<Output = Verdict> + Send + use<> {
        let turn = self.questions.take(RateKey::EVERYBODY);
        let places = self.suspects.places(client);
        let (wix, policy) = (self.wix.clone(), self.policy);
        let (known, directory) = (Arc::clone(&self.known), self.directory.clone());
        async move {
            if let Err(wait) = turn {
                return Verdict::too_many_questions(wait);
            }
            let _place = places.acquire().await;
            let admitted = match wix.token_info(&token).await {
                Ok(TokenInfoResponse::Known(info)) => policy.admit(&info, now),
                Ok(TokenInfoResponse::Dead(_)) => Err(TokenRejection::Inactive),
                Err(error) => return Verdict::NoAnswer(error),
            };
            match admitted {
                Ok(mut caller) => {
                    // Tokens name no plan. Where Wix has said it before, it is said.
                    let details = directory.kept(caller.instance_id).await;
                    caller.plan = details.and_then(|it| it.answer.plan().map(Into::into));
                    let caller = Arc::new(caller);
                    known.admit(hash, &caller);
                    Verdict::Admitted(caller)
                }
                Err(unfit) => {
                    known.refuse(hash, unfit);
                    Verdict::Refused(unfit)
                }
            }
        }
    }
}
