//! What a token endpoint says, in the manners that endpoints have.
//!
//! RFC 6749 has one: an object of JSON. Others answer as a form, in JSON under another content type, within a call
//! (`callback({…})`), or in an object within another (`data`, `authed_user`). So the content type says nothing, names
//! count in any spelling (`access_token`, `accessToken`), and numbers may be texts.

use std::collections::VecDeque;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::{lifetime, scopes};

/// How deep the object with the token may lie in others.
const MAX_DEPTH: usize = 3;
/// The most objects that are looked through for it.
const MAX_OBJECTS: usize = 64;

/// Kinds of tokens that prove nothing by themselves. Any other is sent as it is: some providers call theirs by
/// different names.
const NEED_PROOF: [&str; 3] = ["mac", "dpop", "pop"];
/// What some write where there is nothing.
const NOTHING: [&str; 4] = ["null", "none", "undefined", "nil"];
/// Fields with the length of a token's life, or its end, the surest first: where a provider has `expires_in_sec`, its
/// `expires_in` counts milliseconds.
const LIFETIMES: &str = "expires_in_sec expires_in_seconds expires_in access_token_expires_in expires expires_at expires_on \
    access_token_expires_at expiry expiration expires_date";
const SCOPES: [&str; 4] = ["scope", "scopes", "granted_scopes", "permissions"];
/// Fields that say whose account it is, each at a provider that has it.
const SUBJECTS: &str = "sub authed_user.id stripe_user_id account_id user_id userid open_id openid user.id athlete.id \
    associated_user.id";

/// An answer. It holds tokens, so it cannot be printed.
pub(super) struct TokenResponse {
    /// All of it.
    root: Map<String, Value>,
    /// The object with the token, if that is another one.
    within: Option<Map<String, Value>>,
}

impl TokenResponse {
    pub(super) fn read(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let root = object(&text).unwrap_or_default();
        let within = if holds_token(&root) {
            None
        } else {
            find(&root)
        };
        Self { root, within }
    }

    pub(super) const fn root(&self) -> &Map<String, Value> {
        &self.root
    }

    /// The access token, if it can be sent as one.
    pub(super) fn access_token(&self) -> Option<Zeroizing<String>> {
        if self.needs_proof() {
            return None;
        }
        // Where nothing is called so, a text called `token` is meant.
        let token = self.get("access_token").or_else(|| self.get("token"));
        token.and_then(usable)
    }

    pub(super) fn refresh_token(&self) -> Option<Zeroizing<String>> {
        self.get("refresh_token").and_then(usable)
    }

    /// Whether the token proves nothing by itself.
    pub(super) fn needs_proof(&self) -> bool {
        let kind = self.get("token_type").and_then(Value::as_str);
        let kind = kind.unwrap_or_default().trim();
        NEED_PROOF.iter().any(|it| kind.eq_ignore_ascii_case(it))
    }

    pub(super) fn lifetime(&self, now: Timestamp) -> Option<Duration> {
        let mut said = LIFETIMES.split(' ').filter_map(|name| self.get(name));
        said.find_map(|value| lifetime::read(value, now))
    }

    pub(super) fn scopes(&self) -> Option<Vec<String>> {
        let mut said = SCOPES.into_iter().filter_map(|name| self.get(name));
        said.find_map(scopes::read)
    }

    /// A field that is a text or a number. A dot leads into an object.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        let within = self.within.as_ref().and_then(|within| follow(within, path));
        match within.or_else(|| follow(&self.root, path))? {
            Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
            Value::Number(number) => Some(number.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// The text or number at a JSON pointer (RFC 6901): beside the token, or else in the whole answer.
    pub(super) fn at_pointer(&self, pointer: &str) -> Option<String> {
        let mut objects = self.within.iter().chain([&self.root]);
        objects.find_map(|object| {
            let mut names = pointer.strip_prefix('/')?.split('/');
            let unescaped = |name: &str| name.replace("~1", "/").replace("~0", "~");
            let first = object.get(&unescaped(names.next()?))?;
            let found = names.try_fold(first, |value, name| value.get(unescaped(name)))?;
            text_of(found)
        })
    }

    /// Whose account it is: by the ID token, or a field that says so.
    pub(super) fn subject(&self) -> Option<(String, String)> {
        let token = self.text("id_token");
        let claimed = token.and_then(|token| {
            // It came from the provider itself, over TLS, so its signature says nothing more.
            let claims = token.split('.').nth(1)?.trim_end_matches('=');
            let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
            let claims: Map<String, Value> = serde_json::from_slice(&claims).ok()?;
            let sub = claims.get("sub")?.as_str()?.to_owned();
            Some(("sub".to_owned(), sub))
        });
        let named = || {
            let mut said = SUBJECTS
                .split(' ')
                .filter_map(|name| Some((name.to_owned(), self.text(name)?)));
            said.next()
        };
        claimed.or_else(named)
    }

    /// A field beside the token, or else of the whole answer.
    fn get(&self, name: &str) -> Option<&Value> {
        let within = self.within.as_ref().and_then(|within| field(within, name));
        within.or_else(|| field(&self.root, name))
    }
}

/// The object that a text is.
fn object(text: &str) -> Option<Map<String, Value>> {
    let text = text.trim_start_matches('\u{feff}').trim();
    if let Ok(value) = serde_json::from_str(text) {
        return match value {
            Value::Object(object) => Some(object),
            Value::Array(list) => list.into_iter().find_map(|one| match one {
                Value::Object(object) => Some(object),
                _ => None,
            }),
            // JSON, or a form, written as a text of JSON.
            Value::String(inner) if inner.len() < text.len() => object(&inner),
            _ => None,
        };
    }
    // `callback( {…} );`
    let call = text.find("({").map(|at| at + 1).or_else(|| {
        let after = text.find('(')? + 1;
        text[after..].trim_start().starts_with('{').then_some(after)
    });
    let end = text.rfind(')');
    if let (Some(start), Some(end)) = (call, end)
        && let Some(inner) = text.get(start..end)
        && let Ok(Value::Object(object)) = serde_json::from_str(inner.trim())
    {
        return Some(object);
    }
    form(text)
}

/// Names and values as in a form, some with lines for `&`.
fn form(text: &str) -> Option<Map<String, Value>> {
    let is_between = |letter: char| matches!(letter, '&' | '\n' | '\r');
    let parts = text.split(is_between).map(str::trim);
    let parts: Vec<&str> = parts.filter(|part| part.contains('=')).collect();
    let joined = parts.join("&");
    let pairs = url::form_urlencoded::parse(joined.as_bytes());
    let object: Map<String, Value> = pairs
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect();
    (!object.is_empty()).then_some(object)
}

/// Whether two names are the same but for case, `_` and `-`.
fn is_spelled(name: &str, known: &str) -> bool {
    let letters = |text: &str| {
        let letters = text.chars().filter(|letter| !matches!(letter, '_' | '-'));
        letters
            .map(|letter| letter.to_ascii_lowercase())
            .collect::<String>()
    };
    name.len() <= known.len() + 2 && letters(name) == letters(known)
}

/// A field, in the standard's spelling or another.
pub(super) fn field<'response>(
    object: &'response Map<String, Value>,
    name: &str,
) -> Option<&'response Value> {
    let is_said = |value: &&Value| !value.is_null();
    let exact = object.get(name).filter(is_said);
    exact.or_else(|| {
        let mut others = object.iter();
        let other = others.find(|(other, value)| !value.is_null() && is_spelled(other, name));
        other.map(|(_, value)| value)
    })
}

fn follow<'response>(
    object: &'response Map<String, Value>,
    path: &str,
) -> Option<&'response Value> {
    match path.split_once('.') {
        None => object.get(path),
        Some((first, rest)) => follow(object.get(first)?.as_object()?, rest),
    }
}

/// Whether an object has an access token.
fn holds_token(object: &Map<String, Value>) -> bool {
    field(object, "access_token").is_some_and(|token| text_of(token).is_some())
}

/// The first object within another that has an access token, the nearest first.
fn find(root: &Map<String, Value>) -> Option<Map<String, Value>> {
    let mut left: VecDeque<(&Value, usize)> = root.values().map(|value| (value, 1)).collect();
    let mut seen = 0;
    while let Some((value, depth)) = left.pop_front() {
        seen += 1;
        if seen > MAX_OBJECTS {
            return None;
        }
        let inner: Vec<&Value> = match value {
            Value::Object(object) if holds_token(object) => return Some(object.clone()),
            Value::Object(object) => object.values().collect(),
            Value::Array(list) => list.iter().collect(),
            _ => continue,
        };
        if depth < MAX_DEPTH {
            let is_more = |value: &&&Value| value.is_object() || value.is_array();
            left.extend(
                inner
                    .iter()
                    .filter(is_more)
                    .map(|value| (*value, depth + 1)),
            );
        }
    }
    None
}

/// A text, or a number for one; `None` where there is nothing.
fn text_of(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let is_nothing = text.is_empty() || NOTHING.iter().any(|it| text.eq_ignore_ascii_case(it));
    (!is_nothing).then_some(text)
}

/// A token that can be sent.
fn usable(value: &Value) -> Option<Zeroizing<String>> {
    let text = Zeroizing::new(text_of(value)?);
    let is_visible = |byte: u8| byte.is_ascii_graphic();
    text.bytes().all(is_visible).then_some(text)
}
