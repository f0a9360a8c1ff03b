//! Verification of credentials, and their subjects.

use backlot_wix::signed_instance::{Payload, Policy, Wire};
use backlot_wix::{AppSecrets, Credential, Role};
use jiff::SignedDuration;

use crate::Stage;
use crate::access_token::Subject;

/// An access token or a signed instance.
pub(crate) fn subject(stage: &Stage, credential: &str) -> Option<Subject> {
    match Credential::classify(credential) {
        Credential::SignedInstance(text) => of_instance(stage, text),
        _ => of_token(stage, credential),
    }
}

/// An access token. One of another app is good too: Wix knows them all.
pub(super) fn of_token(stage: &Stage, token: &str) -> Option<Subject> {
    let subject = stage.tokens.verify(token, (stage.now)()).ok()?;
    is_good(stage, token, &subject).then_some(subject)
}

/// Signed with the app's secret and not too old.
fn of_instance(stage: &Stage, text: &str) -> Option<Subject> {
    let secrets = AppSecrets::new(vec![stage.secret.clone()])?;
    let bytes = Wire::parse(text)
        .ok()?
        .verify(&secrets)
        .ok()?
        .decode()
        .ok()?;
    let policy = Policy {
        app_id: stage.world.app.id,
        maximum_age: Policy::DEFAULT_MAXIMUM_AGE,
        // It was signed by this same clock, and after revocations a little ahead of it.
        clock_skew: SignedDuration::from_millis(10),
    };
    let payload = Payload::from_json(&bytes).ok()?;
    let caller = policy.admit(&payload, (stage.now)()).ok()?;
    let named = caller.site_id.map(String::from);
    let known = || stage.sites().find(caller.instance_id);
    let site_id = named.or_else(|| known().map(|it| it.site.site_id));
    let subject = Subject {
        app_id: policy.app_id,
        instance_id: caller.instance_id,
        site_id: site_id.unwrap_or_default(),
        role: caller.role,
        user_id: caller.user_id.map(String::from),
        signed_at: caller.signed_at,
        expires_at: caller.expires_at,
    };
    is_good(stage, text, &subject).then_some(subject)
}

fn is_good(stage: &Stage, text: &str, subject: &Subject) -> bool {
    let revocations = stage.memory.revocations.lock();
    let is_revoked = revocations.has_token(text)
        || revocations.has_instance(subject.instance_id, subject.signed_at);
    drop(revocations);
    !is_revoked && !is_uninstalled(stage, subject)
}

fn is_uninstalled(stage: &Stage, subject: &Subject) -> bool {
    let faults = stage.memory.faults.lock();
    faults.uninstalled.contains(&subject.instance_id)
}

/// The app itself, rather than one of its people.
pub(super) fn is_app(subject: &Subject) -> bool {
    subject.role == Role::App
}
