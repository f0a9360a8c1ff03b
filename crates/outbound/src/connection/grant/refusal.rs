//! What a provider says instead of granting something.
//!
//! It may say so with a status of 200. Its word is the standard's, or its own: `bad_refresh_token`, a status such as
//! `BAD_REFRESH_TOKEN`, or a sentence ("Refresh token is invalid or expired"). Only known words are handed on: any other
//! could be anything that was sent.

use http::StatusCode;
use serde_json::{Map, Value};

use super::token_response::{TokenResponse, field};

/// Why nothing was granted.
#[derive(Debug, Clone, thiserror::Error)]
pub enum GrantError {
    /// The provider means it: asking again changes nothing.
    #[error("the provider refused with status {status}: {code}")]
    Refused {
        /// The status.
        status: u16,
        /// Its word, such as RFC 6749's `invalid_grant`; its other words are left out.
        code: String,
        /// The code or refresh token is over, for good.
        is_over: bool,
    },
    /// There was no answer that can be used; asking again may help.
    #[error("the provider gave no answer that can be used: {0}")]
    Unavailable(String),
}

impl GrantError {
    /// Whether the grant itself has come to its end: the owner took it back, or it was used up.
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Refused { is_over: true, .. })
    }
}

/// Words for refusals that are handed on.
const KNOWN: [&str; 34] = [
    "access_denied",
    "account_inactive",
    "account_selection_required",
    "application_suspended",
    "authorization_pending",
    "bad_refresh_token",
    "bad_verification_code",
    "consent_required",
    "expired_token",
    "incorrect_client_credentials",
    "interaction_required",
    "invalid_client",
    "invalid_client_id",
    "invalid_code",
    "invalid_grant",
    "invalid_refresh_token",
    "invalid_request",
    "invalid_scope",
    "invalid_target",
    "invalid_token",
    "login_required",
    "redirect_uri_mismatch",
    "refresh_token_expired",
    "refresh_token_invalid",
    "refresh_token_revoked",
    "server_error",
    "slow_down",
    "temporarily_unavailable",
    "token_expired",
    "token_revoked",
    "unauthorized_client",
    "unsupported_grant_type",
    "unsupported_response_type",
    "user_cancelled_authorize",
];

/// Words by which a refresh token is over: another one must be asked of the owner.
const OVER: [&str; 18] = [
    "account_inactive",
    "bad_refresh_token",
    "consent_required",
    "expired_refresh_token",
    "expired_token",
    "interaction_required",
    "invalid_code",
    "invalid_grant",
    "invalid_refresh_token",
    "invalid_token",
    "login_required",
    "refresh_token_expired",
    "refresh_token_invalid",
    "refresh_token_not_found",
    "refresh_token_revoked",
    "revoked_token",
    "token_expired",
    "token_revoked",
];

/// Words that speak of the client or the moment, whatever else is said beside them.
const NOT_OVER: [&str; 10] = [
    "incorrect_client_credentials",
    "invalid_client",
    "invalid_client_id",
    "invalid_scope",
    "redirect_uri_mismatch",
    "server_error",
    "slow_down",
    "temporarily_unavailable",
    "unauthorized_client",
    "unsupported_grant_type",
];

/// What sentences about a refresh token say when it is over.
const OVER_IN_WORDS: [&str; 24] = [
    "already used",
    "bad",
    "been used",
    "consumed",
    "deactivated",
    "disabled",
    "does not exist",
    "doesn't exist",
    "expired",
    "has been used",
    "inactive",
    "invalid",
    "isn't valid",
    "malformed",
    "no longer",
    "not active",
    "not exist",
    "not found",
    "not recognized",
    "not valid",
    "reused",
    "revoked",
    "unknown",
    "wrong",
];
/// What sentences say that complain of the request.
const OF_THE_REQUEST: [&str; 3] = ["missing", "required", "must be"];

/// Fields in which a provider says what is wrong, in small letters alone.
const SAID_IN: [&str; 25] = [
    "code",
    "description",
    "detail",
    "details",
    "err",
    "errcode",
    "errmsg",
    "error",
    "errorcode",
    "errordescription",
    "errorid",
    "errormessage",
    "errorreason",
    "errors",
    "errortype",
    "fault",
    "field",
    "message",
    "msg",
    "reason",
    "resource",
    "status",
    "subcode",
    "title",
    "type",
];
/// Those whose mere presence says that something is wrong.
const COMPLAINTS: [&str; 5] = ["error", "errors", "error_code", "errcode", "err"];

/// The most texts that are looked at, and the depth at which they may lie.
const MAX_TEXTS: usize = 64;
const MAX_DEPTH: usize = 4;

/// A provider's word for a refusal, if it is a known one.
pub fn known_word(word: Option<&str>) -> String {
    let known = word.map(as_word);
    let known = known.and_then(|word| KNOWN.into_iter().find(|known| *known == word));
    known.unwrap_or("another reason").to_owned()
}

impl TokenResponse {
    /// The refusal that this is, if it is one.
    pub(super) fn refusal(&self, status: StatusCode) -> Option<GrantError> {
        let objects = [Some(self.root()), inner(self.root())];
        let complains = objects.into_iter().flatten().any(complains);
        let holds_token = self.access_token().is_some() || self.refresh_token().is_some();
        let mut texts = Vec::new();
        gather(self.root(), 0, &mut texts);
        // A field such as `status` may say anything: beside a token, or without a known word, it is no refusal.
        let is_told = !holds_token && (texts.iter().any(|text| is_known(text)) || is_over(&texts));
        let is_refusal = !status.is_success() || complains || is_told;
        is_refusal.then(|| refused(status, &texts))
    }
}

/// Some put all of it into an object: `{ "data": { "error_code": 10010 } }`.
fn inner(root: &Map<String, Value>) -> Option<&Map<String, Value>> {
    root.get("data").and_then(Value::as_object)
}

/// Whether an object says that something is wrong.
fn complains(object: &Map<String, Value>) -> bool {
    let is_false = |name: &str| object.get(name) == Some(&Value::Bool(false));
    let says = |name: &&str| field(object, name).is_some_and(is_complaint);
    is_false("ok") || is_false("success") || COMPLAINTS.iter().any(says)
}

fn is_complaint(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(is_wrong) => *is_wrong,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => {
            let text = text.trim().to_ascii_lowercase();
            !matches!(
                &*text,
                "" | "0" | "ok" | "success" | "none" | "null" | "false"
            )
        }
        Value::Array(list) => !list.is_empty(),
        Value::Object(object) => !object.is_empty(),
    }
}

/// What an object says of what is wrong, each text by itself, and those of one object together.
fn gather(object: &Map<String, Value>, depth: usize, texts: &mut Vec<String>) {
    let mut together = String::new();
    for (name, value) in object {
        let name = as_word(name).replace('_', "");
        let is_container = value.is_object() && (name == "data" || depth > 0);
        if !is_container && !SAID_IN.contains(&&*name) {
            continue;
        }
        if let Some(text) = one(value, depth, texts) {
            together.push_str(&text);
            together.push(' ');
        }
    }
    if depth > 0 && !together.is_empty() && texts.len() < MAX_TEXTS {
        texts.push(together);
    }
}

/// Adds what a value says; its text, if it is one.
fn one(value: &Value, depth: usize, texts: &mut Vec<String>) -> Option<String> {
    if depth > MAX_DEPTH || texts.len() >= MAX_TEXTS {
        return None;
    }
    match value {
        Value::String(text) => {
            texts.push(text.clone());
            Some(text.clone())
        }
        Value::Array(list) => {
            for value in list {
                one(value, depth + 1, texts);
            }
            None
        }
        Value::Object(object) => {
            gather(object, depth + 1, texts);
            None
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn refused(status: StatusCode, texts: &[String]) -> GrantError {
    let is_meant = status.is_client_error() && !matches!(status.as_u16(), 408 | 425 | 429);
    // Some refuse with 200.
    if !is_meant && !status.is_success() {
        return GrantError::Unavailable(format!("it answered with status {}", status.as_u16()));
    }
    let mut known = texts.iter().filter(|text| is_known(text));
    GrantError::Refused {
        status: status.as_u16(),
        code: known_word(known.next().map(String::as_str)),
        is_over: is_over(texts),
    }
}

fn is_known(text: &str) -> bool {
    let word = as_word(text);
    KNOWN.contains(&&*word)
}

/// Whether it is said that a refresh token is over.
fn is_over(texts: &[String]) -> bool {
    let words: Vec<String> = texts.iter().map(|text| as_word(text)).collect();
    let is_any = |list: &[&str]| words.iter().any(|word| list.contains(&&**word));
    !is_any(&NOT_OVER) && (is_any(&OVER) || texts.iter().any(|text| is_over_in_words(text)))
}

fn is_over_in_words(text: &str) -> bool {
    let plain = as_word(text).replace('_', " ");
    let plain = plain.replace("refreshtoken", "refresh token");
    // Its own word for requests of any kind says nothing of the token.
    let plain = plain.replace("invalid request", "");
    let has_any = |list: &[&str]| list.iter().any(|words| plain.contains(words));
    plain.contains("refresh token") && has_any(&OVER_IN_WORDS) && !has_any(&OF_THE_REQUEST)
}

/// Letters in lower case, with `_` for what stands between words.
fn as_word(text: &str) -> String {
    let mut word = String::with_capacity(text.len().min(256));
    for letter in text.chars().take(256) {
        let letter = letter.to_ascii_lowercase();
        if letter.is_ascii_alphanumeric() || letter == '\'' {
            word.push(letter);
        } else if !word.ends_with('_') && !word.is_empty() {
            word.push('_');
        }
    }
    word.trim_end_matches('_').to_owned()
}
