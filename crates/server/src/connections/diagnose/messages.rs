//! What a trial says: of the credential in the words of its kind, and nothing of it that no call has shown.

use backlot_outbound::third_party::SecretSource;

use super::{CheckResult, Diagnosis};
use crate::connections::Connection;
use crate::connections::remedies::OF_A_SECRET;
use crate::error::{ApiError, ErrorCode, ErrorKind};

impl Diagnosis {
    fn noun(&self) -> &'static str {
        self.settings.auth.noun()
    }

    /// Returns a remedy for an API that refuses the credential.
    fn after_a_refusal(&self) -> String {
        let (name, auth) = (&self.settings.name, &self.settings.auth);
        if let Some(remedy) = auth.remedy() {
            return remedy.to_owned();
        }
        if auth.account().is_some() {
            return format!("connect the account again at /connections/{name}/authorize");
        }
        if auth.instance_secret().is_some() {
            return format!("the owner types another one in: PUT /connections/{name}/key");
        }
        let mut secrets = auth.secrets().into_iter().flatten();
        match secrets.find_map(SecretSource::shared_name) {
            Some(secret) => {
                let flags = &self.settings.command_flags;
                format!("put another one in its place: backlot secret rotate {secret}{flags}")
            }
            None => "correct it where `auth` has it from".to_owned(),
        }
    }

    /// Returns what is found of a credential that no call was made with.
    pub(crate) fn untried(&self) -> CheckResult {
        let message = if self.has_credential() {
            format!("{} is there, and no call was made with it", self.noun())
        } else {
            "the connection has none".to_owned()
        };
        CheckResult::left_out("credential", message)
    }

    pub(crate) fn has_credential(&self) -> bool {
        !self.settings.auth.is_none()
    }

    /// Compares a call with the credential to the same call with none.
    pub(crate) fn verdict(&self, status: u16, without: Option<u16>) -> CheckResult {
        let noun = self.noun();
        if !self.has_credential() {
            return self.untried();
        }
        let (is_right, message) = match (status, without) {
            (401, _) => {
                let remedy = self.after_a_refusal();
                (Some(false), format!("the API refuses {noun}; {remedy}"))
            }
            (status, Some(without)) if is_success(status) && is_success(without) => (
                None,
                format!(
                    "the API also answers the call below when {noun} is missing, so it cannot be verified; name one \
                     that needs it with --path"
                ),
            ),
            (status, _) if is_success(status) => (Some(true), format!("the API takes {noun}")),
            _ => (
                None,
                format!("the answer to the call below does not say whether {noun} is right"),
            ),
        };
        CheckResult {
            step: "credential",
            works: is_right,
            message,
        }
    }

    /// Whether a call with this status works, and what it says of the connection.
    pub(crate) fn meaning(&self, status: u16) -> (bool, String) {
        let noun = self.noun();
        match status {
            401 if self.has_credential() => (false, format!(": {noun} is refused")),
            403 if self.has_credential() => (
                false,
                format!(": {noun} is refused, or may not make this call"),
            ),
            401 | 403 => (
                false,
                ": it wants a credential, and auth has none".to_owned(),
            ),
            404 | 410 => (
                true,
                ": it answers, but has nothing there; check base_url and the path".to_owned(),
            ),
            300..=399 => (
                true,
                ": it redirects; check base_url, or allow redirects".to_owned(),
            ),
            500.. => (false, ": it fails".to_owned()),
            _ => (true, String::new()),
        }
    }
}

pub(crate) const fn is_success(status: u16) -> bool {
    status >= 200 && status < 300
}

pub(crate) fn in_words(connection: &Connection, refusal: ApiError) -> String {
    let refusal = connection.explain(refusal);
    let cause = refusal.cause();
    let secret = cause
        .as_deref()
        .and_then(|cause| cause.strip_prefix(OF_A_SECRET));
    let remedy = match (refusal.code(), secret) {
        (ErrorKind::Own(ErrorCode::SecretMissing), Some(secret)) => {
            let flags = &connection.settings.command_flags;
            format!("Put it there: `backlot secret set {secret}{flags}`.")
        }
        // Its remedy is this trial, or a log that there is none of.
        (
            ErrorKind::Own(ErrorCode::ConnectionUnavailable | ErrorCode::ConnectionUnreachable),
            _,
        ) => String::new(),
        _ if refusal.remedy().starts_with("Look for the request id") => String::new(),
        _ => refusal.remedy().to_owned(),
    };
    let cause = cause.map(|cause| format!(" ({cause})"));
    let message = format!(
        "{}: {}{} {remedy}",
        refusal.code().name(),
        refusal.sentence(),
        cause.unwrap_or_default()
    );
    message.trim_end().to_owned()
}
