//! A trial of one connection: what works and what does not, step by step.

use std::sync::Arc;
use std::time::Duration;

use backlot_outbound::body::CallBody;
use backlot_outbound::connection::{Call, CallError, Credential, RedirectPolicy, Redirected};
use backlot_outbound::redact::Needles;
use backlot_store::Store;
use backlot_wix::InstanceId;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method};

use super::{
    CallPlace, Connection, ConnectionSettings, Connections, ConnectionsSettings, CredentialSettings,
};
use crate::admission::PlainPath;
use crate::clock::Clock;
use crate::error::{Code, Reason, Refusal};
use crate::vault::Vault;

/// How long the API may take.
const LONGEST: Duration = Duration::from_secs(10);

/// What was found in one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which step.
    pub step: &'static str,
    /// Whether it works; `None` where it was left out.
    pub works: Option<bool>,
    /// In words, and what to do. Never a secret.
    pub words: String,
}

/// How a connection is tried.
pub struct Trial {
    /// The connection.
    pub settings: ConnectionSettings,
    /// The secrets.
    pub vault: Option<Vault>,
    /// The accounts.
    pub store: Store,
    /// With this instance's own account or key.
    pub instance_id: Option<InstanceId>,
    /// What to ask for; the first call of the list that reads and leaves nothing open, without it.
    pub path: Option<String>,
}

impl Trial {
    /// Tries the address, the credential, and a call.
    pub async fn run(self) -> std::io::Result<Vec<Finding>> {
        let mut settings = self.settings.clone();
        // Somebody waits for it.
        settings.timeout = settings.timeout.min(LONGEST);
        settings.retries = 0;
        let list = vec![settings];
        let clock = Clock::System;
        let all = ConnectionsSettings {
            list,
            ..ConnectionsSettings::default()
        };
        let all = Connections::new(all, self.vault.clone(), &self.store, &clock, "")?;
        let Some(connection) = all.get(&self.settings.name).cloned() else {
            return Ok(Vec::new());
        };
        let address = self.address(&connection).await;
        let answers = address.works == Some(true);
        let mut findings = vec![address];
        let credential = self.credential(&all, &connection).await;
        let credential = match credential {
            Ok((credential, finding)) => {
                findings.push(finding);
                credential
            }
            Err(finding) => {
                findings.push(finding);
                return Ok(findings);
            }
        };
        findings.push(if answers {
            self.call(&connection, &credential).await
        } else {
            Finding {
                step: "call",
                works: None,
                words: "the address does not answer".to_owned(),
            }
        });
        Ok(findings)
    }

    /// Any reply at all says that name, network, certificate and protocol work.
    async fn address(&self, connection: &Connection) -> Finding {
        let reply = send(
            connection,
            PathAndQuery::from_static("/"),
            &Credential::none(),
        )
        .await;
        let (answers, words) = match reply {
            Ok(status) => (
                true,
                format!("it answers (status {status} to GET / without a credential)"),
            ),
            Err(CallError::Redirected(_)) => (true, "it answers, with a redirect".to_owned()),
            Err(error) => (false, in_words(&error.into())),
        };
        Finding {
            step: "address",
            works: Some(answers),
            words,
        }
    }

    async fn credential(
        &self,
        all: &Connections,
        connection: &Arc<Connection>,
    ) -> Result<(Credential, Finding), Finding> {
        let finding = |works, words: String| Finding {
            step: "credential",
            works,
            words,
        };
        let settings = &connection.settings.credential;
        let is_own =
            matches!(settings, CredentialSettings::Account(_)) || settings.own_secret().is_some();
        if is_own && self.instance_id.is_none() {
            let words = "each instance has its own; name one with --instance";
            return Err(finding(None, words.to_owned()));
        }
        let chosen = all
            .credential(connection, self.instance_id.unwrap_or_else(nobody))
            .await;
        match chosen {
            Ok(chosen) => Ok((
                chosen.credential,
                finding(Some(true), "it is there".to_owned()),
            )),
            Err(refusal) => Err(finding(Some(false), in_words(&refusal))),
        }
    }

    /// Whether a call with this status works, and what it says of the connection.
    const fn meaning(&self, status: u16) -> (bool, &'static str) {
        let has_credential = !matches!(self.settings.credential, CredentialSettings::None);
        match status {
            401 | 403 if has_credential => (false, ": the credential is refused"),
            401 | 403 => (false, ": it wants a credential, and auth has none"),
            404 | 410 => (
                true,
                ": it answers, but has nothing there; check base_url and the path",
            ),
            300..=399 => (true, ": it redirects; check base_url, or allow redirects"),
            500.. => (false, ": it fails"),
            _ => (true, ""),
        }
    }

    async fn call(&self, connection: &Connection, credential: &Credential) -> Finding {
        let finding = |works, words: String| Finding {
            step: "call",
            works,
            words,
        };
        let path = match &self.path {
            Some(path) => Some(path.clone()),
            None => connection
                .settings
                .calls
                .iter()
                .find_map(|call| call.pattern.plain_get()),
        };
        let Some(path) = path else {
            let words = "no call of the list reads and leaves nothing open; name one with --path";
            return finding(None, words.to_owned());
        };
        let (plain, query) = path.split_once('?').unwrap_or((&path, ""));
        let allowed = PlainPath::with_slash(plain).is_some_and(|plain| {
            let mut calls = connection.settings.calls.iter();
            calls.any(|call| {
                call.pattern.allows(&Method::GET, &plain) && call.query.refused(query).is_none()
            })
        });
        let Some(target) = path.parse().ok().filter(|_| allowed) else {
            return finding(
                Some(false),
                in_words(&Code::ConnectionCallNotAllowed.into()),
            );
        };
        match send(connection, target, credential).await {
            Ok(status) => {
                let (works, meaning) = self.meaning(status);
                finding(
                    Some(works),
                    format!("GET {plain}: status {status}{meaning}"),
                )
            }
            Err(error) => finding(Some(false), in_words(&error.into())),
        }
    }
}

async fn send(
    connection: &Connection,
    target: PathAndQuery,
    credential: &Credential,
) -> Result<u16, CallError> {
    let mut call = Call {
        base: connection.fixed_base().ok_or(CallError::BadPath)?,
        method: Method::GET,
        target,
        headers: HeaderMap::new(),
        body: CallBody::Ready(bytes::Bytes::new()),
        is_public: false,
    };
    let now = Clock::System.now();
    let policy = AnyListed {
        connection,
        credential,
    };
    let reply = connection
        .third_party
        .send(&mut call, credential, nobody(), now, &policy)
        .await?;
    Ok(reply.status().as_u16())
}

/// Redirects to any call of the list: whoever tries a connection has the configuration.
struct AnyListed<'call> {
    connection: &'call Connection,
    credential: &'call Credential,
}

impl RedirectPolicy for AnyListed<'_> {
    fn target<'call>(
        &'call self,
        method: &'call Method,
        path: &'call str,
        query: &'call str,
    ) -> Redirected<'call> {
        let query = self.connection.without_ours(query);
        let place = CallPlace {
            method,
            path,
            query: &query,
        };
        let code = |refusal: Refusal| refusal.code().name();
        let listed = self.connection.deciders(&place).map(drop).map_err(code);
        let whole = if query.is_empty() {
            path.to_owned()
        } else {
            format!("{path}?{query}")
        };
        let target = whole.parse().map_err(|_| Code::PathNotAllowed.name());
        Box::pin(std::future::ready(listed.and(target)))
    }

    fn secrets(&self) -> &Needles {
        self.credential.needles()
    }
}

/// In the place of an instance, where none is named.
const fn nobody() -> InstanceId {
    InstanceId::from_bytes([0; 16])
}

fn in_words(refusal: &Refusal) -> String {
    let cause = refusal.cause().map(|cause| format!(" ({cause})"));
    let code = refusal.code();
    let remedy = match code {
        // Its remedy is this trial.
        Reason::Own(Code::ConnectionUnavailable | Code::ConnectionUnreachable)
        | Reason::Data(_) => "",
        Reason::Own(code) => code.remedy(),
    };
    let words = format!(
        "{}: {}{} {remedy}",
        code.name(),
        refusal.sentence(),
        cause.unwrap_or_default()
    );
    words.trim_end().to_owned()
}
