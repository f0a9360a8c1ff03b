//! `[[webhook_source]]`: what is accepted, and what a person reads when something is wrong.

use std::fmt::Write as _;

use backlot::config::Mode;
use backlot_server::webhook_sources::{FieldPath, InstanceRule};

use crate::config::{APP, complaint, load};

const SECRET: &str = "secret = { inline = \"s\" }";

/// What is written in the section, and what is said of it. The section's header is line 5.
const MISTAKES: &[(&str, &str)] = &[
    (
        "preset = \"stripe\"",
        "webhook_source[0].name: the webhook source has no name\n  hint: use 1 to 40 lowercase letters",
    ),
    (
        "name = \"Stripe\"",
        "backlot.toml:6: webhook_source[0].name: \"Stripe\" is not a valid name",
    ),
    (
        "name = \"wix\"",
        "backlot.toml:6: webhook_source[0].name: \"wix\" is the source of Wix's own events",
    ),
    (
        "name = \"a\"",
        "webhook_source[0].preset: a webhook source has exactly one of preset, hmac and shared_secret",
    ),
    (
        "name = \"a\"\npreset = \"strpe\"",
        "backlot.toml:7: webhook_source[0].preset: there is no preset \"strpe\"\n  hint: write one of stripe, hubspot,",
    ),
    (
        "name = \"a\"\npreset = \"stripe\"\nshared_secret = { query = \"s\" }",
        "has exactly one of preset, hmac and shared_secret",
    ),
    (
        "name = \"a\"\npreset = \"stripe\"",
        "webhook_source[0].secret: without a secret, events could not be told from forged ones",
    ),
    (
        "name = \"a\"\npreset = \"stripe\"\nsecret = \"whsec_plain\"",
        "backlot.toml:8: webhook_source[0].secret: the secret is in the file itself",
    ),
    (
        "name = \"a\"\npreset = \"stripe\"\nsecret = [{ inline = \"s\" }, \"plain\"]",
        "webhook_source[0].secret[1]: the secret is in the file itself",
    ),
    (
        "name = \"a\"\npreset = \"stripe\"\nsecret = { instance_secret = \"x\" }",
        "an instance_secret is available only in connections",
    ),
    (
        "name = \"a\"\npreset = \"square\"\nsecret = { inline = \"s\" }",
        "webhook_source[0].public_url: the signature covers the address",
    ),
    (
        "name = \"a\"\npreset = \"stripe\"\nsecret = { inline = \"s\" }\ninstance = \"adress\"",
        "backlot.toml:9: webhook_source[0].instance: this does not say which instance an event is for",
    ),
    (
        "name = \"a\"\npreset = \"stripe\"\nsecret = { inline = \"s\" }\ninstance = { connection = \"crm\" }",
        "webhook_source[0].instance.connection: there is no connection named \"crm\"",
    ),
    (
        "name = \"a\"\npreset = \"stripe\"\nsecret = { inline = \"s\" }\ninstance = { field = \"data\" }",
        "webhook_source[0].instance.field: \"data\": this is neither a JSON pointer, nor header:NAME, nor query:NAME",
    ),
    (
        "name = \"a\"\npreset = \"stripe\"\nsecret = { inline = \"s\" }\nid = \"header:\"",
        "backlot.toml:9: webhook_source[0].id: ",
    ),
    (
        "name = \"a\"\nsecret = { inline = \"s\" }\nhmac = { over = \"{timestamp}\", headers = { X-S = \"{signature}\" } }",
        "webhook_source[0].hmac: what is signed holds a time, but no header does\n  hint: write for example over",
    ),
    (
        "name = \"a\"\nsecret = { inline = \"s\" }\nshared_secret = { header = \"X\", query = \"q\" }",
        "it names neither a header nor a parameter of the query, or both",
    ),
    (
        "name = \"a\"\nsecrets = []",
        "backlot.toml:7: webhook_source[0].secrets: unknown key\n  hint: did you mean `secret`?",
    ),
];

#[test]
fn mistakes_are_named_with_their_remedy() {
    for (lines, expected) in MISTAKES {
        let said = complaint(&format!("[[webhook_source]]\n{lines}\n"));
        assert!(said.contains(expected), "{lines}:\n{said}");
    }
    let twice =
        format!("[[webhook_source]]\nname = \"a\"\npreset = \"github\"\n{SECRET}\n").repeat(2);
    let said = complaint(&twice);
    let expected = "webhook_source[1].name: another webhook source is named a";
    assert!(said.contains(expected), "{said}");
}

#[test]
fn sources_are_resolved() {
    let text = format!(
        "{APP}
        [server]
        public_url = \"https://backend.example.com\"
        [[connection]]
        name = \"hubspot\"
        base_url = \"https://api.hubapi.com\"
        calls = [\"GET /crm/**\"]
        allow = [\"owner\"]
        auth = {{ oauth = {{ authorize_url = \"https://app.hubspot.com/oauth/authorize\", token_url = \"https://api.hubapi.com/oauth/v1/token\", client_id = \"c\", client_secret = {{ inline = \"s\" }}, account_id = \"/hub_id\" }} }}
        [[webhook_source]]
        name = \"hubspot\"
        preset = \"hubspot\"
        secret = [{{ secret = \"hubspot-client\" }}, {{ inline = \"old\" }}]
        instance = {{ connection = \"hubspot\" }}
        [[webhook_source]]
        name = \"list\"
        preset = \"mailchimp\"
        instance = \"address\"
        [[webhook_source]]
        name = \"other\"
        hmac = {{ over = \"{{timestamp}}.{{body}}\", headers = {{ X-Signature = \"t={{timestamp}},v1={{signature}}\" }}, hash = \"sha512\", encoding = \"base64\", tolerance = \"1m\" }}
        {SECRET}
        id = \"header:X-Event-Id\"
        "
    );
    let resolved = load(&text, Mode::Serve, &[]).unwrap_or_else(|error| panic!("{error}"));
    let sources = resolved.settings.webhook_sources.list;
    assert_eq!(sources.len(), 3);
    assert_eq!(sources[0].secrets.len(), 2);
    assert_eq!(
        sources[0].instance,
        InstanceRule::Account {
            connection: "hubspot".into(),
            account: vec![FieldPath::Pointer("/portalId".into())],
        }
    );
    assert_eq!(sources[1].instance, InstanceRule::Address);
    assert_eq!(sources[2].instance, InstanceRule::Unassigned);
    assert!(sources[2].fields.id.is_some());
    let without = text.replace(", account_id = \"/hub_id\"", "");
    let said = load(&without, Mode::Serve, &[]).err().unwrap();
    assert!(
        said.contains("have no id of the provider's\n  hint: set account_id"),
        "{said}"
    );
}

/// The examples of the guide, each in a configuration with the connections that it names.
#[test]
fn the_examples_of_the_guide_are_accepted() {
    let guide = include_str!("../../../../docs/webhook-sources.md");
    let blocks = guide.split("```toml\n").skip(1);
    let blocks = blocks.map(|rest| rest.split("```").next().unwrap());
    let mut tested = 0;
    for block in blocks.filter(|block| block.contains("[[webhook_source]]")) {
        let mut text = format!("{APP}[server]\npublic_url = \"https://backend.example.com\"\n");
        for name in ["stripe", "hubspot", "github", "slack", "square"] {
            let _ = write!(
                text,
                "[[connection]]\nname = \"{name}\"\nbase_url = \"https://api.example.com\"\ncalls = [\"GET /**\"]\n\
                 allow = [\"owner\"]\nauth = {{ oauth = {{ authorize_url = \"https://example.com/authorize\", \
                 token_url = \"https://example.com/token\", client_id = \"c\", client_secret = {{ inline = \"s\" }}, \
                 account_id = \"/id\" }} }}\n"
            );
        }
        text += block;
        let resolved = load(&text, Mode::Serve, &[]);
        let resolved = resolved.unwrap_or_else(|error| panic!("{block}\n{error}"));
        assert_eq!(resolved.settings.webhook_sources.list.len(), 1, "{block}");
        tested += 1;
    }
    assert_eq!(tested, 12);
}
