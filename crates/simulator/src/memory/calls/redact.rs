//! Removes credentials from recorded calls: by the name they go by, by the shape they have, and the
//! app's secret by its value.

#[cfg(test)]
mod tests;

use backlot_wix::Credential;
use serde_json::Value;
use url::form_urlencoded;

/// The replacement for a secret.
const HIDDEN: &str = "…";

/// Names whose values are secret, whatever they look like.
const SECRET_NAMES: [&str; 9] = [
    "client_secret",
    "clientsecret",
    "access_token",
    "accesstoken",
    "refresh_token",
    "refreshtoken",
    "token",
    "instance",
    "signedinstance",
];

/// Of those, the ones that stand out in any text.
const NAMES_IN_TEXT: [&str; 6] = [
    "client_secret",
    "clientsecret",
    "access_token",
    "accesstoken",
    "refresh_token",
    "refreshtoken",
];

/// Parts of header names that are left out altogether.
const SECRET_HEADERS: [&str; 8] = [
    "authorization",
    "wix-instance",
    "cookie",
    "token",
    "secret",
    "password",
    "api-key",
    "signature",
];

pub(super) struct Redactor<'secret> {
    pub(super) secret: &'secret str,
}

impl Redactor<'_> {
    /// A header's value, `None` for one that is not kept at all.
    pub(super) fn header(&self, name: &str, value: &str) -> Option<String> {
        let hidden = SECRET_HEADERS.iter().any(|part| name.contains(part));
        (!hidden).then(|| self.text(value))
    }

    /// A query, or the body of a form.
    pub(super) fn pairs(&self, text: &str) -> String {
        let is_harmless = form_urlencoded::parse(text.as_bytes())
            .all(|(name, value)| !is_secret(&name) && self.text(&value) == value);
        if is_harmless {
            return self.text(text);
        }
        let mut out = form_urlencoded::Serializer::new(String::new());
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            if is_secret(&name) {
                out.append_pair(&name, HIDDEN);
            } else {
                out.append_pair(&name, &self.text(&value));
            }
        }
        out.finish().replace("%E2%80%A6", HIDDEN)
    }

    /// Text of a kind that is not known. It is kept only where no secret goes by its name in it.
    pub(super) fn unknown(&self, text: &str) -> String {
        let lower = text.to_ascii_lowercase();
        if NAMES_IN_TEXT.iter().any(|name| lower.contains(name)) {
            return format!("({} bytes with a secret in them)", text.len());
        }
        self.text(text)
    }

    /// Whether anything had to be taken out.
    pub(super) fn json(&self, value: &mut Value) -> bool {
        match value {
            Value::String(text) => {
                let clean = self.text(text);
                let changed = clean != *text;
                *text = clean;
                changed
            }
            Value::Array(items) => items
                .iter_mut()
                .fold(false, |changed, item| self.json(item) | changed),
            Value::Object(fields) => fields.iter_mut().fold(false, |changed, (name, field)| {
                if is_secret(name) && !field.is_object() && !field.is_null() {
                    *field = HIDDEN.into();
                    return true;
                }
                self.json(field) | changed
            }),
            _ => false,
        }
    }

    /// Any text: each run of characters that a credential can consist of is looked at.
    pub(super) fn text(&self, text: &str) -> String {
        let text = if self.secret.is_empty() {
            text.to_owned()
        } else {
            text.replace(self.secret, HIDDEN)
        };
        let fits = |letter: char| letter.is_ascii_alphanumeric() || "-._".contains(letter);
        let mut out = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let run = rest.find(|letter| !fits(letter)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(run);
            let plain = Credential::classify(word) == Credential::Unknown;
            out.push_str(if plain { word } else { HIDDEN });
            let gap = after.find(fits).unwrap_or(after.len());
            out.push_str(&after[..gap]);
            rest = &after[gap..];
        }
        out
    }
}

fn is_secret(name: &str) -> bool {
    SECRET_NAMES
        .iter()
        .any(|secret| secret.eq_ignore_ascii_case(name))
}
