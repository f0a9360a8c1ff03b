//! `backlot connection test`: what it tries, and what it says of it.

use std::sync::Arc;

use backlot_outbound::third_party::{AuthMethod, BasicAuth, BearerAuth, SecretSource};
use backlot_server::connections::{CheckResult, ConnectionSettings, Diagnosis};
use backlot_server::secrets::{MasterKey, Vault};
use backlot_wix::Role;

use crate::harness::{INSTANCE_ID, MASTER_KEY, TestServer, ThirdParty};

const OWNER: &[Role] = &[Role::Owner];

async fn tried(
    server: &TestServer,
    settings: ConnectionSettings,
    path: Option<&str>,
) -> Vec<CheckResult> {
    let master = MasterKey::parse(MASTER_KEY).unwrap();
    let vault = Vault::unlock(server.store.clone(), server.clock.clone(), &master).await;
    let trial = Diagnosis {
        settings,
        vault: Some(vault.unwrap()),
        store: server.store.clone(),
        instance_id: Some(INSTANCE_ID.parse().unwrap()),
        path: path.map(str::to_owned),
    };
    trial.run().await.unwrap()
}

fn verdicts(findings: &[CheckResult]) -> Vec<(&str, Option<bool>)> {
    findings.iter().map(|it| (it.step, it.works)).collect()
}

#[tokio::test]
async fn a_credential_that_no_call_was_made_with_is_not_called_right() {
    let party = ThirdParty::start().await;
    let server = TestServer::start(vec![]).await;
    let lines = [
        ("POST /things", OWNER),
        ("GET /things/{id}", OWNER),
        ("DELETE /all", OWNER),
    ];
    let settings = party.connection("", &lines);
    let findings = tried(&server, settings.clone(), None).await;
    let expected = [
        ("address", Some(true)),
        ("credential", None),
        ("call", None),
    ];
    assert_eq!(verdicts(&findings), expected);
    assert_eq!(party.asked(), ["GET /"], "nothing else is safe to try");
    assert!(
        findings[1].message.contains("no call was made with it"),
        "{findings:?}"
    );
    assert!(
        findings[2]
            .message
            .contains("no call of the list is safe to try"),
        "{findings:?}"
    );
    // A call that is not on the list is none to try.
    party.forget();
    let findings = tried(&server, settings.clone(), Some("/others")).await;
    assert_eq!(
        verdicts(&findings)[1..],
        [("credential", None), ("call", Some(false))]
    );
    assert_eq!(party.asked(), ["GET /"]);
    // One that anybody may make says nothing of it.
    let findings = tried(&server, settings.clone(), Some("/things/7")).await;
    assert_eq!(
        verdicts(&findings)[1..],
        [("credential", None), ("call", Some(true))]
    );
    assert!(
        findings[1].message.contains("so it cannot be verified"),
        "{findings:?}"
    );
    for (status, credential, call) in [
        (404, None, true),
        (500, None, false),
        (403, None, false),
        (401, Some(false), false),
    ] {
        party.on("/things/7", status, &[], "");
        let findings = tried(&server, settings.clone(), Some("/things/7")).await;
        assert_eq!(
            verdicts(&findings)[1..],
            [("credential", credential), ("call", Some(call))],
            "{status}"
        );
    }
}

#[tokio::test]
async fn its_words_fit_the_kind_of_credential() {
    let party = ThirdParty::start().await;
    let server = TestServer::start(vec![]).await;
    party.on("/me", 401, &[], "");
    let plain = |text: &str| SecretSource::Plain(text.into());
    let basic = BasicAuth {
        user: plain("user"),
        password: plain("pass"),
    };
    let auths: [(Arc<dyn AuthMethod>, &str); 2] = [
        (Arc::new(BearerAuth(plain("a-key"))), "the key"),
        (Arc::new(basic), "user and password"),
    ];
    for (auth, noun) in auths {
        let mut settings = party.connection("", &[("GET /me", OWNER)]);
        settings.auth = auth;
        let findings = tried(&server, settings, None).await;
        assert_eq!(
            verdicts(&findings)[1..],
            [("credential", Some(false)), ("call", Some(false))]
        );
        assert!(
            findings[1].message.contains(&format!("refuses {noun};")),
            "{findings:?}"
        );
    }
    let mut own = party.connection("", &[("GET /me", OWNER)]);
    own.auth = Arc::new(BearerAuth(SecretSource::OfInstance("own".into())));
    for (settings, there, elsewhere) in [
        (own, "PUT /connections/x/key", "authorize"),
        (party.accounts(), "/connections/x/authorize", "PUT"),
    ] {
        let findings = tried(&server, settings, None).await;
        let words = &findings[1].message;
        assert_eq!(findings[1].works, Some(false));
        assert!(
            words.contains(there) && !words.contains(elsewhere),
            "{words}"
        );
    }
    let mut missing = party.connection("", &[("GET /me", OWNER)]);
    missing.auth = Arc::new(BearerAuth(SecretSource::Shared("mail-key".into())));
    let findings = tried(&server, missing, None).await;
    assert!(
        findings[1].message.contains("backlot secret set mail-key"),
        "{findings:?}"
    );
}
