//! What the address of a page tells: whose page it is, and whether it is let in.

use backlot_server::error::Code;
use backlot_wix::PageOrigin;
use url::Url;

use super::Story;
use super::knowledge::Knowledge;

/// A page's address, or its origin alone.
pub(super) struct Page {
    origin: String,
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

pub(super) fn tell(story: &mut Story, page: &Page, knowledge: Option<&Knowledge>) {
    let origin = &*page.origin;
    let whose = PageOrigin::of(origin);
    story.say("This is the address of a page.");
    story.field("origin", origin);
    let unknown = "Nothing of it tells whose page it is; if it is a site that has the app, it is let in by cors.installed_sites.";
    story.say(whose.sentence().unwrap_or(unknown));
    let Some(knowledge) = knowledge else { return };
    if let PageOrigin::FirstCli(id) = whose {
        let app_id = knowledge.app_id.to_string();
        if id != app_id {
            story.say(&format!("It is another app's: yours is {app_id}."));
        }
    }
    let (serve, dev) = (&knowledge.cors, &knowledge.cors_of_dev);
    for (command, policy) in [("serve", serve), ("dev", dev)] {
        if policy.allows(origin) {
            story.passed(command, "let in");
        } else {
            story.failed(command, "refused");
        }
    }
    if !serve.allows(origin) {
        let code = Code::OriginNotAllowed;
        story.say(&format!("{}: {}", code.name(), code.remedy()));
    }
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
