//! Which kind of credential an `Authorization` value (or `?instance=`) is.
//!
//! The rule looks at the shape alone and decides which check comes next; nothing is verified here.
//! Wix's clients send every kind without a scheme word; many people add `Bearer `, so both
//! spellings are taken.

use std::fmt;

/// The longest credential that is looked at, in bytes. Real ones stay under 2,000.
pub const MAX_CREDENTIAL_BYTES: usize = 8 * 1024;

/// A credential sorted by shape, borrowed from the value it came in.
///
/// The credential itself cannot be printed: `Debug` shows the kind only.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Credential<'value> {
    /// One dot with 43 base64url characters before it: checked with the app secret.
    SignedInstance(&'value str),
    /// `OauthNG.`, `OAUTH2.`, `JWS.` or `JWT.`: only Wix can check it.
    AccessToken(&'value str),
    /// Three dot-separated parts starting with a JOSE header (`eyJ`): a JWT, such as the elevated
    /// token that this server makes.
    Jwt(&'value str),
    /// `wixcode-…`: signed for Velo with a key that no app has.
    VeloInstance,
    /// `IST.…`: an account's API key. It has no business in a browser.
    ApiKey,
    /// Nothing that Wix hands out.
    Unknown,
}

impl<'value> Credential<'value> {
    /// Sorts `value`. Values longer than [`MAX_CREDENTIAL_BYTES`] are [`Credential::Unknown`].
    pub fn classify(value: &'value str) -> Self {
        let value = strip_bearer(value);
        if value.len() > MAX_CREDENTIAL_BYTES {
            return Self::Unknown;
        }
        if value.starts_with("IST.") {
            return Self::ApiKey;
        }
        if value.starts_with("wixcode-") {
            return Self::VeloInstance;
        }
        if looks_like_an_access_token(value) {
            return Self::AccessToken(value);
        }
        match memchr::memchr_iter(b'.', value.as_bytes()).take(3).count() {
            1 if looks_like_a_signature(value) => Self::SignedInstance(value),
            2 if value.starts_with("eyJ") => Self::Jwt(value),
            _ => Self::Unknown,
        }
    }

    /// The kind in words, for people.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::SignedInstance(_) => "signed instance",
            Self::AccessToken(_) => "Wix access token",
            Self::Jwt(_) => "JSON Web Token",
            Self::VeloInstance => "Velo instance",
            Self::ApiKey => "API key",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Debug for Credential<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Credential({})", self.name())
    }
}

/// Takes off one `Bearer ` in any case, and the white space around what is left.
pub fn strip_bearer(value: &str) -> &str {
    let value = value.trim_matches([' ', '\t']);
    match value.split_at_checked(7) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("bearer ") => {
            rest.trim_matches([' ', '\t'])
        }
        _ => value,
    }
}

/// One of the prefixes of Wix's access tokens.
fn after_token_prefix(value: &str) -> Option<&str> {
    ["OauthNG.", "OAUTH2.", "JWS.", "JWT."]
        .iter()
        .find_map(|prefix| value.strip_prefix(prefix))
}

/// Whether a value that is not `Bearer …` begins as access tokens do. For a quick look only:
/// [`Credential::classify`] looks at the rest, too.
pub fn begins_like_an_access_token(value: &str) -> bool {
    after_token_prefix(value).is_some()
}

/// A prefix, then characters that a token can have (RFC 6750, section 2.1).
fn looks_like_an_access_token(value: &str) -> bool {
    after_token_prefix(value).is_some_and(|rest| {
        !rest.is_empty()
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte))
    })
}

/// 43 characters of base64url before the dot. A `=` after them is tolerated: it is what a padded
/// encoder would have written, and it changes nothing.
fn looks_like_a_signature(value: &str) -> bool {
    let Some((signature, _)) = value.split_once('.') else {
        return false;
    };
    let signature = signature.strip_suffix('=').unwrap_or(signature);
    signature.len() == 43
        && signature
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        let signature = "j1fmK96XstJqAsgXpxz_I8aHR17QK5wlgZTORKQsuoE";
        let instance = format!("{signature}.e30");
        assert_eq!(
            Credential::classify(&format!("bEaReR  {instance} ")),
            Credential::SignedInstance(&instance)
        );
        assert!(matches!(
            Credential::classify("OauthNG.JWS.a.b.c"),
            Credential::AccessToken(_)
        ));
        assert!(matches!(
            Credential::classify("eyJh.eyJi.c"),
            Credential::Jwt(_)
        ));
        assert_eq!(
            Credential::classify("wixcode-pub.0f.e30"),
            Credential::VeloInstance
        );
        assert_eq!(Credential::classify("IST.eyJ.a.b"), Credential::ApiKey);
        let dots = ".".repeat(10_000);
        let long = format!("{signature}.{}", "a".repeat(MAX_CREDENTIAL_BYTES));
        for unknown in [
            "",
            "Bearer ",
            "bearer",
            "abc",
            "a.b",
            "é.ü",
            "OauthNG.",
            "OauthNG.a b",
            "JWS.\u{e9}",
            &dots,
            &long,
        ] {
            assert_eq!(
                Credential::classify(unknown),
                Credential::Unknown,
                "{unknown}"
            );
        }
    }

    #[test]
    fn debug_never_shows_the_value() {
        assert_eq!(
            format!("{:?}", Credential::classify("OauthNG.JWS.secret")),
            "Credential(Wix access token)"
        );
    }
}
