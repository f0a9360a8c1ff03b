//! The address of a page: what it belongs to, and whether its origin is allowed.

use backlot_server::cors::Policy;
use backlot_server::error::{ApiError, ErrorCode};
use backlot_wix::PageOrigin;
use url::Url;

use super::Story;
use super::knowledge::{Knowledge, Sites};

/// A page's address, or its origin alone.
pub(super) struct Page {
    pub(super) origin: String,
    /// What stands behind `instance=`, where Wix puts the page's credential.
    pub(super) instance: Option<String>,
}

/// Reads `http://…` or `https://…`. `None` for anything else.
pub(super) fn read(value: &str) -> Option<Page> {
    let url = Url::parse(value).ok()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let mut pairs = url.query_pairs();
    let instance = pairs.find(|(name, _)| name == "instance");
    Some(Page {
        origin: url.origin().ascii_serialization(),
        instance: instance.map(|(_, value)| value.into_owned()),
    })
}

/// Says what an origin belongs to, and whether it is allowed. Returns whether `backlot serve` allows it, or `None` if that is
/// not known.
pub(super) fn tell(
    story: &mut Story,
    page: &Page,
    knowledge: Option<&Knowledge>,
) -> Option<Result<(), ApiError>> {
    let origin = &*page.origin;
    let whose = PageOrigin::new(origin);
    story.say("This is the address of a page.");
    story.field("origin", origin);
    let unknown = "It is not known what this origin belongs to. If it is a site that has the app installed, cors.installed_sites allows it.";
    story.say(whose.sentence().unwrap_or(unknown));
    let knowledge = knowledge?;
    if let PageOrigin::FirstCli(id) = whose {
        let app_id = knowledge.app_id.to_string();
        if id != app_id {
            story.say(&format!("It is another app's: yours is {app_id}."));
        }
    }
    let (serve, dev) = (&knowledge.cors, &knowledge.cors_of_dev);
    let by_serve = told(story, "serve", lets_in(serve, &knowledge.sites, origin));
    told(story, "dev", lets_in(dev, &knowledge.sites, origin));
    let outcome = by_serve.map(|is_let_in| {
        if is_let_in {
            Ok(())
        } else {
            Err(ApiError::from(ErrorCode::OriginNotAllowed))
        }
    });
    match &outcome {
        Some(Ok(())) => story.say("\nVerdict: allowed by `backlot serve`."),
        Some(Err(refusal)) => story.refused("refused by `backlot serve`", refusal),
        None => story.say("\nNo verdict: it depends on the sites that have the app, and the database was not read."),
    }
    outcome
}

/// Returns whether an origin is allowed, and a description.
fn lets_in(policy: &Policy, sites: &Sites, origin: &str) -> (Option<bool>, String) {
    match sites {
        _ if policy.allows(origin) => (Some(true), "allowed".to_owned()),
        Sites::AreNotLetIn => (Some(false), "refused".to_owned()),
        Sites::CachedCaller { origins, database } if origins.iter().any(|it| it == origin) => (
            Some(true),
            format!(
                "allowed, for the instance of its site only (cors.installed_sites; found in {database})"
            ),
        ),
        Sites::CachedCaller { database, .. } => (
            Some(false),
            format!(
                "refused; it is no site's that has the app, either (cors.installed_sites; looked in {database})"
            ),
        ),
        Sites::Unreadable(cause) => (
            None,
            format!(
                "allowed if it is a site that has the app installed (cors.installed_sites): {cause}"
            ),
        ),
    }
}

fn told(
    story: &mut Story,
    command: &str,
    (is_let_in, words): (Option<bool>, String),
) -> Option<bool> {
    match is_let_in {
        Some(true) => story.passed(command, &words),
        Some(false) => story.failed(command, &words),
        None => story.unknown(command, &words),
    }
    is_let_in
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pages_address_is_taken_apart() {
        let page = read("https://My-App.wix-host.com/_wix/x?locale=en&instance=a.b%2Dc").unwrap();
        assert_eq!(page.origin, "https://my-app.wix-host.com");
        assert_eq!(page.instance.as_deref(), Some("a.b-c"));
        assert!(read("http://localhost:4321").unwrap().instance.is_none());
        for value in ["a.b", "OauthNG.JWS.a.b.c", "ftp://a.example", "instance=a"] {
            assert!(read(value).is_none(), "{value}");
        }
    }
}
