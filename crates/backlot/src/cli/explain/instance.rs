//! A signed instance, check by check.

use backlot_wix::signed_instance::{Payload, RejectReason, Wire};
use jiff::Timestamp;

use super::Story;
use super::knowledge::Knowledge;

pub(super) fn tell(story: &mut Story, value: &str, knowledge: Option<&Knowledge>, now: Timestamp) {
    story.say("This is a signed instance: what Wix puts in a page's ?instance=.\n");
    let wire = match Wire::parse(value) {
        Ok(wire) => wire,
        Err(error) => return story.failed("shape", &error.to_string()),
    };
    story.passed("shape", "a signature, a dot, and a payload");
    let names = wire.decode_unverified().ok();
    let names = names.as_deref().and_then(|it| Payload::from_json(it).ok());
    let names = names.and_then(|it| it.app_def_id.map(|id| id.to_string()));
    if let Some(knowledge) = knowledge {
        signature(story, &wire, knowledge, names.as_deref());
    }
    let bytes = match wire.decode_unverified() {
        Ok(bytes) => bytes,
        Err(error) => return story.failed("payload", &error.to_string()),
    };
    let payload = match Payload::from_json(&bytes) {
        Ok(payload) => payload,
        Err(error) => return story.failed("payload", &error.to_string()),
    };
    story.passed("payload", "a JSON object with the fields of an instance");
    if let Some(knowledge) = knowledge {
        policy(story, &payload, knowledge, now);
    }
    content(story, &payload);
}

fn signature(story: &mut Story, wire: &Wire<'_>, knowledge: &Knowledge, named: Option<&str>) {
    match wire.verify(&knowledge.secrets) {
        Ok(verified) if verified.secret_index() == 0 => {
            story.passed("signature", "made with the app secret");
        }
        Ok(_) => story.passed(
            "signature",
            "made with an older app secret that is still accepted",
        ),
        Err(_) => {
            // The signature is not valid, but the app id is unlikely to be wrong by mistake.
            let own = knowledge.app_id;
            let words = match named {
                Some(id) if id.parse() != Ok(own) => format!(
                    "it is another app's: it names the app {id}, with whose secret it would have to be checked; this is \
                     the app {own}"
                ),
                Some(_) => format!(
                    "it names this app, {own}, so the app secret here is not the one that it was made with (app.secret; \
                     it was renewed, perhaps), or the payload was changed afterwards"
                ),
                None => format!(
                    "not made with the secret of app {own}, or the payload was changed afterwards; it names no app"
                ),
            };
            story.failed("signature", &words);
        }
    }
}

/// Each rule on its own, whatever the others say.
fn policy(story: &mut Story, payload: &Payload<'_>, knowledge: &Knowledge, now: Timestamp) {
    let outcome = knowledge.policy.admit(payload, now);
    match payload.app_def_id.as_deref() {
        None => story.passed("app", "it names no app (instances from before 2019 do not)"),
        Some(id) if id.parse() == Ok(knowledge.app_id) => story.passed("app", "this one"),
        Some(id) => story.failed(
            "app",
            &format!("it is for app {id}, this is {}", knowledge.app_id),
        ),
    }
    match outcome {
        Err(RejectReason::InstanceIdNotAGuid) => story.failed("tenant", "instanceId is not a GUID"),
        _ => story.passed("tenant", "instanceId is a GUID"),
    }
    match outcome {
        Err(
            refusal @ (RejectReason::Expired(_)
            | RejectReason::FromTheFuture(_)
            | RejectReason::BadDate(_)),
        ) => {
            story.failed("age", &format!("{refusal}; it is now {now:.0}"));
        }
        Err(_) => {}
        Ok(caller) => story.passed(
            "age",
            &format!(
                "signed {:.0}, good until {:.0}",
                caller.signed_at, caller.expires_at
            ),
        ),
    }
}

fn content(story: &mut Story, payload: &Payload<'_>) {
    let (role, user) = payload.role_and_user();
    story.say("\nWhat it says:");
    story.field("instanceId", &payload.instance_id);
    story.field("role", role.as_str());
    let fields = [
        ("user", user),
        ("appDefId", payload.app_def_id.as_deref()),
        ("signDate", Some(&*payload.sign_date)),
        ("expirationDate", payload.expiration_date.as_deref()),
        ("permissions", payload.permissions.as_deref()),
        ("vendorProductId", payload.vendor_product_id.as_deref()),
        ("siteOwnerId", payload.site_owner_id.as_deref()),
        ("metaSiteId", payload.meta_site_id.as_deref()),
        ("originInstanceId", payload.origin_instance_id.as_deref()),
    ];
    for (name, value) in fields {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            story.field(name, value);
        }
    }
    if payload.demo_mode == Some(true) {
        story.field("demoMode", "true");
    }
}
