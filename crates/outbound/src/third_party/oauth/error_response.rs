//! Errors of a token endpoint.
//!
//! Some come with a status of 200. The error code is the standard's or the provider's own: `bad_refresh_token`, a status
//! such as `BAD_REFRESH_TOKEN`, or a sentence ("Refresh token is invalid or expired"). Only known codes are returned to
//! the caller.

use http::StatusCode;
use serde_json::{Map, Value};

use super::token_response::{TokenResponse, field};

/// Why no token was issued.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TokenRequestError {
    /// The provider refused. Another request ends the same.
    #[error("the provider refused with status {status}: {code}")]
    Refused {
        /// The status.
        status: u16,
        /// The error code, such as RFC 6749's `invalid_grant`.
        code: String,
        /// Whether the code or refresh token has ended.
        is_over: bool,
    },
    /// There was no usable response. Another request may help.
    #[error("the provider gave no answer that can be used: {0}")]
    Unavailable(String),
}

impl TokenRequestError {
    /// Returns whether the grant has ended: the owner revoked it, or it was used.
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Refused { is_over: true, .. })
    }
}

/// Error codes that are returned to the caller. Any other could be anything that was sent.
const KNOWN_CODES: &str = "access_denied account_inactive account_selection_required application_suspended authorization_pending \
    bad_refresh_token bad_verification_code consent_required expired_token incorrect_client_credentials \
    interaction_required invalid_client invalid_client_id invalid_code invalid_grant invalid_refresh_token \
    invalid_request invalid_scope invalid_target invalid_token login_required redirect_uri_mismatch \
    refresh_token_expired refresh_token_invalid refresh_token_revoked server_error slow_down \
    temporarily_unavailable token_expired token_revoked unauthorized_client unsupported_grant_type \
    unsupported_response_type user_cancelled_authorize";

/// Error codes that end a refresh token.
const FINAL_CODES: &str = "account_inactive bad_refresh_token consent_required expired_refresh_token expired_token interaction_required \
    invalid_code invalid_grant invalid_refresh_token invalid_token login_required refresh_token_expired \
    refresh_token_invalid refresh_token_not_found refresh_token_revoked revoked_token token_expired \
    token_revoked";

/// Error codes about the client or the moment, whatever else the response says.
const CLIENT_CODES: &str = "incorrect_client_credentials invalid_client invalid_client_id invalid_scope redirect_uri_mismatch \
    server_error slow_down temporarily_unavailable unauthorized_client unsupported_grant_type";

/// What sentences about a refresh token say if it has ended.
const FINAL_PHRASES: &str = "already used|bad|been used|consumed|deactivated|disabled|does not exist|doesn't exist|expired|has been used|\
    inactive|invalid|isn't valid|malformed|no longer|not active|not exist|not found|not recognized|not valid|\
    reused|revoked|unknown|wrong";
/// What sentences about the request say.
const REQUEST_PHRASES: &str = "missing|required|must be";

/// Fields of error messages, in lower case without `_`.
const ERROR_FIELDS: &str = "code description detail details err errcode errmsg error errorcode errordescription errorid errormessage \
    errorreason errors errortype fault field message msg reason resource status subcode title type";
/// Fields that only error responses have.
const ERROR_MARKERS: &str = "error errors error_code errcode err";

/// The most texts that are looked at, and the depth at which they may lie.
const MAX_TEXTS: usize = 64;
const MAX_DEPTH: usize = 4;

/// Returns a provider's error code if it is known, or else "another reason".
pub fn known_error_code(word: Option<&str>) -> String {
    let known = word.map(as_word);
    let known = known.and_then(|word| KNOWN_CODES.split(' ').find(|known| *known == word));
    known.unwrap_or("another reason").to_owned()
}

impl TokenResponse {
    /// Returns the error that the response is, if it is one.
    pub(super) fn error(&self, status: StatusCode) -> Option<TokenRequestError> {
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
    let says = |name: &str| field(object, name).is_some_and(is_complaint);
    is_false("ok") || is_false("success") || ERROR_MARKERS.split(' ').any(says)
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
        if !is_container && !ERROR_FIELDS.split(' ').any(|field| field == name) {
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

fn refused(status: StatusCode, texts: &[String]) -> TokenRequestError {
    let is_meant = status.is_client_error() && !matches!(status.as_u16(), 408 | 425 | 429);
    // Some refuse with 200.
    if !is_meant && !status.is_success() {
        return TokenRequestError::Unavailable(format!(
            "it answered with status {}",
            status.as_u16()
        ));
    }
    let mut known = texts.iter().filter(|text| is_known(text));
    TokenRequestError::Refused {
        status: status.as_u16(),
        code: known_error_code(known.next().map(String::as_str)),
        is_over: is_over(texts),
    }
}

fn is_known(text: &str) -> bool {
    let word = as_word(text);
    KNOWN_CODES.split(' ').any(|code| code == word)
}

/// Whether it is said that a refresh token is over.
fn is_over(texts: &[String]) -> bool {
    let words: Vec<String> = texts.iter().map(|text| as_word(text)).collect();
    let is_any = |codes: &str| {
        words
            .iter()
            .any(|word| codes.split(' ').any(|code| code == word))
    };
    !is_any(CLIENT_CODES)
        && (is_any(FINAL_CODES) || texts.iter().any(|text| is_over_in_words(text)))
}

fn is_over_in_words(text: &str) -> bool {
    let plain = as_word(text).replace('_', " ");
    let plain = plain.replace("refreshtoken", "refresh token");
    // Its own word for requests of any kind says nothing of the token.
    let plain = plain.replace("invalid request", "");
    let has_any = |phrases: &str| phrases.split('|').any(|phrase| plain.contains(phrase));
    plain.contains("refresh token") && has_any(FINAL_PHRASES) && !has_any(REQUEST_PHRASES)
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
