//! The diagnosis of one connection: what works and what does not, step by step.
//!
//! A credential works only if a call succeeds with it and fails when it is missing.

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
use super::{Connection, ConnectionSettings, Connections, ConnectionsSettings, ThirdPartyCall};
use crate::clock::Clock;
use crate::error::{ApiError, ErrorCode};
use crate::policy::PlainPath;
use crate::secrets::Vault;
use messages::{in_words, is_success};

/// How long the API may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// The result of one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckResult {
    /// The step.
    pub step: &'static str,
    /// Whether it works. `None` if it was skipped.
    pub works: Option<bool>,
    /// The result and the remedy, without secrets.
    pub message: String,
}

/// The diagnosis of a connection.
pub struct Diagnosis {
    /// The connection.
    pub settings: ConnectionSettings,
    /// The secrets.
    pub vault: Option<Vault>,
    /// The accounts.
    pub store: Store,
    /// The instance whose account or key is used.
    pub instance_id: Option<InstanceId>,
    /// The path to request. Defaults to the first call of the list that reads and has no placeholders.
    pub path: Option<String>,
}

impl Diagnosis {
    /// Checks the address, the credential, and a call.
    pub async fn run(self) -> std::io::Result<Vec<CheckResult>> {
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
                let unknown = || CheckResult::left_out("address", "each account has its own");
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
            let call = CheckResult::left_out("call", "the address does not answer");
            (self.untried(), call)
        };
        let mut results = Vec::from_iter(address);
        results.extend([credential, call]);
        Ok(results)
    }

    /// Checks the address. Any response shows that name, network, certificate and protocol work.
    async fn address(&self, connection: &Connection, base: Arc<ApiBase>) -> CheckResult {
        let root = PathAndQuery::from_static("/");
        let response = send(connection, base, root, &Credential::none()).await;
        let (answers, message) = match response {
            Ok(status) => (
                true,
                format!("it answers (status {status} to GET / without a credential)"),
            ),
            Err(CallError::Redirected(_)) => (true, "it answers, with a redirect".to_owned()),
            Err(error) => (false, in_words(connection, error.into())),
        };
        CheckResult {
            step: "address",
            works: Some(answers),
            message,
        }
    }

    /// Resolves the credential, if there is one.
    async fn credential(
        &self,
        all: &Connections,
        connection: &Arc<Connection>,
    ) -> Result<ResolvedCredential, CheckResult> {
        if self.settings.auth.is_per_instance() && self.instance_id.is_none() {
            let message = "each instance has its own; name one with --instance";
            return Err(CheckResult::left_out("credential", message));
        }
        let instance_id = self.instance_id.unwrap_or_else(no_instance);
        let chosen = all.credential(connection, instance_id).await;
        chosen.map_err(|refusal| CheckResult {
            step: "credential",
            works: Some(false),
            message: in_words(connection, refusal),
        })
    }

    /// Makes a call, and returns what it shows of the credential.
    async fn call(
        &self,
        connection: &Connection,
        chosen: &ResolvedCredential,
    ) -> (CheckResult, CheckResult) {
        let failed = |message: String| CheckResult {
            step: "call",
            works: Some(false),
            message,
        };
        let calls = &connection.settings.calls;
        let plain = || calls.iter().find_map(|call| call.pattern.plain_get());
        let Some(path) = self.path.clone().or_else(plain) else {
            let message = "no call of the list is safe to try: each writes, or leaves a part of its path open; \
                         name one that reads with --path";
            return (self.untried(), CheckResult::left_out("call", message));
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
        let call = CheckResult {
            step: "call",
            works: Some(works),
            message: format!("GET {plain}: status {status}{meaning}"),
        };
        (self.verdict(status, without), call)
    }
}

impl CheckResult {
    fn left_out(step: &'static str, message: impl Into<String>) -> Self {
        Self {
            step,
            works: None,
            message: message.into(),
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
        let call = ThirdPartyCall {
            method,
            path,
            query: &query,
        };
        let code = |refusal: ApiError| refusal.code().name();
        let listed = self.connection.deciders(&call).map(drop).map_err(code);
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
