//! `auth = { hmac = { … } }`: requests that are signed by HMAC.
//!
//! What is signed, and the headers that carry the signature, are written as templates:
//! `{timestamp}.{method}.{path}.{body}` with `x-signature: t={timestamp},v1={signature}`, for example. Every third party
//! has its own scheme; the placeholders are the same.

use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::credential::{ApplyCredential, UnsignedRequest};
use super::{
    AuthMethod, Credential, CredentialError, SecretSource, SecretSources, SecretString, text,
};

/// A signature of each request.
#[derive(Debug, Clone)]
pub struct HmacAuth {
    /// What is signed, and which headers carry the signature.
    pub template: SignatureTemplate,
    /// The key.
    pub key: SecretSource,
}

impl AuthMethod for HmacAuth {
    fn secrets(&self) -> SecretSources<'_> {
        [Some(&self.key), None]
    }

    fn credential(&self, secrets: &[SecretString]) -> Result<Credential, CredentialError> {
        let key = text(secrets, 0);
        let credential = HmacCredential(self.template.clone(), Zeroizing::new(key.to_owned()));
        Ok(Credential::new(credential, key))
    }

    fn needs_body(&self) -> bool {
        self.template.needs_body()
    }

    fn noun(&self) -> &'static str {
        "the key that signs"
    }

    fn remedy(&self) -> Option<&'static str> {
        Some("check the key, `sign`, `headers` and this server's clock")
    }
}

struct HmacCredential(SignatureTemplate, Zeroizing<String>);

impl ApplyCredential for HmacCredential {
    fn apply(
        &self,
        request: &UnsignedRequest<'_>,
        headers: &mut HeaderMap,
    ) -> Result<PathAndQuery, CredentialError> {
        let Self(template, key) = self;
        if request.body.is_none() && template.needs_body() {
            return Err(CredentialError::NeedsBody);
        }
        for (name, value) in template.sign(key, request)? {
            headers.insert(name, value);
        }
        Ok(request.target.clone())
    }
}

/// What is signed, and which headers carry the signature.
#[derive(Debug, Clone)]
pub struct SignatureTemplate {
    hash: HmacHash,
    pub(super) encoding: SignatureEncoding,
    pub(super) signed: Vec<Piece>,
    pub(super) headers: Vec<(HeaderName, Vec<Piece>)>,
}

/// The hash of an HMAC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HmacHash {
    /// SHA-1, for third parties that offer nothing better.
    Sha1,
    /// SHA-256.
    #[default]
    Sha256,
    /// SHA-512.
    Sha512,
}

/// The encoding of a signature.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignatureEncoding {
    /// Lower-case hexadecimal digits.
    #[default]
    Hex,
    /// Base64 with padding.
    Base64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    Placeholder(Placeholder),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placeholder {
    Method,
    Path,
    Query,
    Target,
    Host,
    Timestamp,
    TimestampMilliseconds,
    Date,
    Body,
    BodySha256,
    Signature,
}

impl Placeholder {
    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "method" => Self::Method,
            "path" => Self::Path,
            "query" => Self::Query,
            "target" => Self::Target,
            "host" => Self::Host,
            "timestamp" => Self::Timestamp,
            "timestamp_ms" => Self::TimestampMilliseconds,
            "date" => Self::Date,
            "body" => Self::Body,
            "body_sha256" => Self::BodySha256,
            "signature" => Self::Signature,
            _ => return None,
        })
    }
}

/// A template that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// An unknown placeholder.
    #[error(
        "there is no placeholder {{{0}}}; there are {{method}}, {{path}}, {{query}}, {{target}}, {{host}}, {{timestamp}}, {{timestamp_ms}}, {{date}}, {{body}}, {{body_sha256}}, and in headers {{signature}}"
    )]
    UnknownPlaceholder(String),
    /// A brace is not closed.
    #[error("a brace is not closed; write {{{{ for a brace itself")]
    Unclosed,
    /// The signature signs itself.
    #[error("what is signed cannot hold {{signature}}")]
    SignsItself,
    /// No header says what the signature is.
    #[error("no header holds {{signature}}")]
    NoSignature,
    /// A whole body in a header.
    #[error("a header cannot hold {{body}}; {{body_sha256}} is its hash")]
    BodyInHeader,
    /// The signature of a received request covers a time that no header has.
    #[error("what is signed holds a time, but no header does")]
    NoTime,
    /// The signature of a received request does not cover its body.
    #[error(
        "what is signed holds neither {{body}} nor {{body_sha256}}, so the signature would prove nothing about the body"
    )]
    BodyNotSigned,
    /// Two placeholders in a header of a received request, with nothing between them.
    #[error("a header has two placeholders with nothing between them, which cannot be told apart")]
    Adjacent,
}

impl SignatureTemplate {
    /// Reads a template: what is signed, and the headers with the signature.
    ///
    /// # Errors
    /// If a placeholder is unknown, or stands where it cannot.
    pub fn new(
        hash: HmacHash,
        encoding: SignatureEncoding,
        signed: &str,
        headers: Vec<(HeaderName, String)>,
    ) -> Result<Self, TemplateError> {
        let signed = parse(signed)?;
        let headers = headers.into_iter();
        let headers = headers.map(|(name, text)| Ok((name, parse(&text)?)));
        let template = Self {
            hash,
            encoding,
            signed,
            headers: headers.collect::<Result<_, _>>()?,
        };
        let is_in_headers = |placeholder| template.in_headers().any(|it| it == placeholder);
        if placeholders(&template.signed).any(|it| it == Placeholder::Signature) {
            Err(TemplateError::SignsItself)
        } else if is_in_headers(Placeholder::Body) {
            Err(TemplateError::BodyInHeader)
        } else if !is_in_headers(Placeholder::Signature) {
            Err(TemplateError::NoSignature)
        } else {
            Ok(template)
        }
    }

    fn in_headers(&self) -> impl Iterator<Item = Placeholder> {
        self.headers
            .iter()
            .flat_map(|(_, pieces)| placeholders(pieces))
    }

    /// Returns whether the body is signed.
    pub fn needs_body(&self) -> bool {
        let mut all = self.all_placeholders();
        all.any(|it| matches!(it, Placeholder::Body | Placeholder::BodySha256))
    }

    pub(super) fn all_placeholders(&self) -> impl Iterator<Item = Placeholder> {
        self.in_headers().chain(placeholders(&self.signed))
    }

    /// Returns the HMAC of what is signed.
    pub(super) fn tag(&self, key: &str, request: &UnsignedRequest<'_>) -> hmac::Tag {
        let algorithm = match self.hash {
            HmacHash::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            HmacHash::Sha256 => hmac::HMAC_SHA256,
            HmacHash::Sha512 => hmac::HMAC_SHA512,
        };
        let mut context = hmac::Context::with_key(&hmac::Key::new(algorithm, key.as_bytes()));
        for piece in &self.signed {
            match piece {
                Piece::Placeholder(Placeholder::Body) => context.update(body(request)),
                other => context.update(request.text(other, "").as_bytes()),
            }
        }
        context.sign()
    }

    fn sign(
        &self,
        key: &str,
        request: &UnsignedRequest<'_>,
    ) -> Result<Vec<(HeaderName, HeaderValue)>, CredentialError> {
        let tag = self.tag(key, request);
        let signature = match self.encoding {
            SignatureEncoding::Hex => const_hex::encode(tag),
            SignatureEncoding::Base64 => STANDARD.encode(tag),
        };
        let header = |(name, pieces): &(HeaderName, Vec<Piece>)| {
            let text = pieces.iter().map(|it| request.text(it, &signature));
            let value = HeaderValue::from_str(&text.collect::<String>());
            let value = value.map_err(|_| CredentialError::NotForAHeader)?;
            Ok((name.clone(), value))
        };
        self.headers.iter().map(header).collect()
    }
}

fn placeholders(pieces: &[Piece]) -> impl Iterator<Item = Placeholder> {
    pieces.iter().filter_map(|piece| match piece {
        Piece::Text(_) => None,
        Piece::Placeholder(placeholder) => Some(*placeholder),
    })
}

fn body<'call>(request: &UnsignedRequest<'call>) -> &'call [u8] {
    request.body.map_or(&[], |body| body)
}

impl UnsignedRequest<'_> {
    pub(super) fn text(&self, piece: &Piece, signature: &str) -> String {
        let placeholder = match piece {
            Piece::Text(text) => return text.clone(),
            Piece::Placeholder(placeholder) => placeholder,
        };
        match placeholder {
            Placeholder::Method => self.method.to_string(),
            Placeholder::Path => self.full_target.path().to_owned(),
            Placeholder::Query => self.full_target.query().unwrap_or_default().to_owned(),
            Placeholder::Target => self.full_target.to_string(),
            Placeholder::Host => self.host.to_owned(),
            Placeholder::Timestamp => self.now.as_second().to_string(),
            Placeholder::TimestampMilliseconds => self.now.as_millisecond().to_string(),
            Placeholder::Date => date(self.now),
            Placeholder::Body => String::new(),
            Placeholder::BodySha256 => {
                const_hex::encode(digest::digest(&digest::SHA256, body(self)))
            }
            Placeholder::Signature => signature.to_owned(),
        }
    }
}

/// `2026-11-27T01:02:03Z`
fn date(now: Timestamp) -> String {
    let seconds = Timestamp::from_second(now.as_second());
    seconds.unwrap_or(now).to_string()
}

fn parse(text: &str) -> Result<Vec<Piece>, TemplateError> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(at);
        literal.push_str(before);
        if let Some(after) = from.strip_prefix("{{") {
            literal.push('{');
            rest = after;
        } else if let Some(after) = from.strip_prefix("}}") {
            literal.push('}');
            rest = after;
        } else if let Some(inner) = from.strip_prefix('{') {
            let (name, after) = inner.split_once('}').ok_or(TemplateError::Unclosed)?;
            let placeholder = Placeholder::from_name(name);
            let unknown = || TemplateError::UnknownPlaceholder(name.to_owned());
            let placeholder = placeholder.ok_or_else(unknown)?;
            if !literal.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut literal)));
            }
            pieces.push(Piece::Placeholder(placeholder));
            rest = after;
        } else {
            return Err(TemplateError::Unclosed);
        }
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        pieces.push(Piece::Text(literal));
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    fn header() -> HeaderName {
        HeaderName::from_static("x-signature")
    }

    fn template(signed: &str, header_text: &str) -> Result<SignatureTemplate, TemplateError> {
        let headers = vec![(header(), header_text.to_owned())];
        SignatureTemplate::new(HmacHash::Sha256, SignatureEncoding::Hex, signed, headers)
    }

    #[test]
    fn what_is_signed_and_what_says_so() {
        let target = PathAndQuery::from_static("/v1/things?a=1");
        let body = bytes::Bytes::from_static(b"what do ya want for nothing?");
        let request = UnsignedRequest {
            method: &Method::POST,
            target: &target,
            full_target: &target,
            host: "api.example.com",
            body: Some(&body),
            now: Timestamp::from_second(1_700_000_000).unwrap(),
        };
        // RFC 4231, test case 2.
        let ours = template("{body}", "t={timestamp},v1={signature}").unwrap();
        let headers = ours.sign("Jefe", &request).unwrap();
        assert_eq!(
            headers[0].1,
            "t=1700000000,v1=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert!(ours.needs_body());
        let whole =
            "{method} {host} {path} {query} {target} {timestamp_ms} {date} {{}} {body_sha256}";
        let pieces = parse(whole).unwrap();
        let text: String = pieces.iter().map(|piece| request.text(piece, "")).collect();
        assert_eq!(
            text,
            "POST api.example.com /v1/things a=1 /v1/things?a=1 1700000000000 2023-11-14T22:13:20Z {} \
             b381e7fec653fc3ab9b178272366b8ac87fed8d31cb25ed1d0e1f3318644c89c"
        );
    }

    #[test]
    fn templates_that_cannot_be() {
        for (signed, header_text, error) in [
            (
                "{nonsense}",
                "{signature}",
                TemplateError::UnknownPlaceholder("nonsense".to_owned()),
            ),
            ("{body", "{signature}", TemplateError::Unclosed),
            ("body}", "{signature}", TemplateError::Unclosed),
            ("{signature}", "{signature}", TemplateError::SignsItself),
            ("{body}", "fixed", TemplateError::NoSignature),
            ("{path}", "{signature}{body}", TemplateError::BodyInHeader),
        ] {
            assert_eq!(
                template(signed, header_text).unwrap_err(),
                error,
                "{signed}"
            );
        }
    }
}
