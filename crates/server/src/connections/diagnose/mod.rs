//! A trial of one connection: what works and what does not, step by step.
//!
//! A credential is reported as working only if the API answers differently when it is missing.

mod messages;

use std::sync::Arc;
use std::time::Duration;

use backlot_outbound::body::CallBody;
use backlot_outbound::redact::SecretPatterns;
use backlot_outbound::third_party::{
    ApiBase, CallError, Credential, RedirectPolicy, Redirected, ThirdPartyRequest,
};
use backlot_store::Store;
use backlot_wix::InstanceId;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method};

use super::credentials::ResolvedCredential;
use super::{CallPlace, Connection, ConnectionSettings, Connections, ConnectionsSettings};
use crate::clock::Clock;
use crate::error::{ApiError, ErrorCode};
use crate::policy::PlainPath;
use crate::secrets::Vault;
use messages::{in_words, is_success};

/// How long the API may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

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
    /// The path to request. Defaults to the first call of the list that reads and has no placeholders.
    pub path: Option<String>,
}

impl Trial {
    /// Tries the address, the credential, and a call.
    pub async fn run(self) -> std::io::Result<Vec<Finding>> {
        let mut settings = self.settings.clone();
        // A user waits for the result.
        settings.timeout = settings.timeout.min(CALL_TIMEOUT);
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
        let mut address = match connection.fixed_base() {
            Some(base) => Some(self.address(&connection, base).await),
            None => None,
        };
        let chosen = match self.credential(&all, &connection).await {
            Ok(chosen) => chosen,
            Err(finding) => {
                let unknown = || Finding::left_out("address", "each account has its own");
                return Ok(vec![address.unwrap_or_else(unknown), finding]);
            }
        };
        if address.is_none() {
            let base = Arc::clone(&chosen.base);
            address = Some(self.address(&connection, base).await);
        }
        let answers = address.as_ref().and_then(|it| it.works) == Some(true);
        let (credential, call) = if answers {
            self.call(&connection, &chosen).await
        } else {
            let call = Finding::left_out("call", "the address does not answer");
            (self.untried(), call)
        };
        let mut findings = Vec::from_iter(address);
        findings.extend([credential, call]);
        Ok(findings)
    }

    /// Any reply at all says that name, network, certificate and protocol work.
    async fn address(&self, connection: &Connection, base: Arc<ApiBase>) -> Finding {
        let root = PathAndQuery::from_static("/");
        let response = send(connection, base, root, &Credential::none()).await;
        let (answers, words) = match response {
            Ok(status) => (
                true,
                format!("it answers (status {status} to GET / without a credential)"),
            ),
            Err(CallError::Redirected(_)) => (true, "it answers, with a redirect".to_owned()),
            Err(error) => (false, in_words(connection, error.into())),
        };
        Finding {
            step: "address",
            works: Some(answers),
            words,
        }
    }

    /// The credential, if there is one to be tried.
    async fn credential(
        &self,
        all: &Connections,
        connection: &Arc<Connection>,
    ) -> Result<ResolvedCredential, Finding> {
        if self.settings.auth.is_per_instance() && self.instance_id.is_none() {
            let words = "each instance has its own; name one with --instance";
            return Err(Finding::left_out("credential", words));
        }
        let instance_id = self.instance_id.unwrap_or_else(no_instance);
        let chosen = all.credential(connection, instance_id).await;
        chosen.map_err(|refusal| Finding {
            step: "credential",
            works: Some(false),
            words: in_words(connection, refusal),
        })
    }

    /// Makes a call, and says what it tells of the credential.
    async fn call(
        &self,
        connection: &Connection,
        chosen: &ResolvedCredential,
    ) -> (Finding, Finding) {
        let failed = |words: String| Finding {
            step: "call",
            works: Some(false),
            words,
        };
        let calls = &connection.settings.calls;
        let plain = || calls.iter().find_map(|call| call.pattern.plain_get());
        let Some(path) = self.path.clone().or_else(plain) else {
            let words = "no call of the list is safe to try: each writes, or leaves a part of its path open; \
                         name one that reads with --path";
            return (self.untried(), Finding::left_out("call", words));
        };
        let (plain, query) = path.split_once('?').unwrap_or((&path, ""));
        let allowed = PlainPath::with_slash(plain).is_some_and(|plain| {
            let mut calls = calls.iter();
            calls.any(|call| {
                call.pattern.allows(&Method::GET, &plain) && call.query.refused(query).is_none()
            })
        });
        let target: Option<PathAndQuery> = path.parse().ok().filter(|_| allowed);
        let Some(target) = target else {
            let refusal = ErrorCode::ConnectionCallNotAllowed.into();
            return (self.untried(), failed(in_words(connection, refusal)));
        };
        let base = || Arc::clone(&chosen.base);
        let sent = send(connection, base(), target.clone(), &chosen.credential).await;
        let status = match sent {
            Ok(status) => status,
            Err(error) => {
                return (self.untried(), failed(in_words(connection, error.into())));
            }
        };
        let without = if self.has_credential() && is_success(status) {
            send(connection, base(), target, &Credential::none())
                .await
                .ok()
        } else {
            None
        };
        let (works, meaning) = self.meaning(status);
        let call = Finding {
            step: "call",
            works: Some(works),
            words: format!("GET {plain}: status {status}{meaning}"),
        };
        (self.verdict(status, without), call)
    }
}

impl Finding {
    fn left_out(step: &'static str, words: impl Into<String>) -> Self {
        Self {
            step,
            works: None,
            words: words.into(),
        }
    }
}

async fn send(
    connection: &Connection,
    base: Arc<ApiBase>,
    target: PathAndQuery,
    credential: &Credential,
) -> Result<u16, CallError> {
    let mut call = ThirdPartyRequest {
        base,
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
    let response = connection
        .third_party
        .send(&mut call, credential, no_instance(), now, &policy)
        .await?;
    Ok(response.status().as_u16())
}

/// Permits redirects to any call of the list.
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
        let code = |refusal: ApiError| refusal.code().name();
        let listed = self.connection.deciders(&place).map(drop).map_err(code);
        let whole = if query.is_empty() {
            path.to_owned()
        } else {
            format!("{path}?{query}")
        };
        let target = whole.parse().map_err(|_| ErrorCode::PathNotAllowed.name());
        Box::pin(std::future::ready(listed.and(target)))
    }

    fn secrets(&self) -> &SecretPatterns {
        self.credential.secret_patterns()
    }
}

/// Returns the instance id if none is named.
const fn no_instance() -> InstanceId {
    InstanceId::from_bytes([0; 16])
}
