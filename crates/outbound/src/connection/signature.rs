//! Requests that are signed by HMAC: what is signed, and which headers say so, is written as a template.
//!
//! `{timestamp}.{method}.{path}.{body}` with `x-signature: t={timestamp},v1={signature}`, say. Every
//! third party has its own way; the places are the same.

use std::fmt::Write as _;

use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue};
use jiff::Timestamp;

use super::credential::{CredentialFault, Unsigned};

/// A way to sign.
#[derive(Debug)]
pub struct SignatureTemplate {
    hash: Hash,
    encoding: Encoding,
    signed: Vec<Piece>,
    headers: Vec<(HeaderName, Vec<Piece>)>,
}

/// The hash that the HMAC is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// SHA-1, for third parties that know no better.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

/// How the signature is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Lower-case hexadecimal digits.
    Hexadecimal,
    /// Base64 with padding.
    Base64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Place(Place),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
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

const PLACES: [(&str, Place); 11] = [
    ("method", Place::Method),
    ("path", Place::Path),
    ("query", Place::Query),
    ("target", Place::Target),
    ("host", Place::Host),
    ("timestamp", Place::Timestamp),
    ("timestamp_ms", Place::TimestampMilliseconds),
    ("date", Place::Date),
    ("body", Place::Body),
    ("body_sha256", Place::BodySha256),
    ("signature", Place::Signature),
];

/// A template that says nothing that can be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// An unknown place.
    #[error(
        "there is no place {{{0}}}; there are {{method}}, {{path}}, {{query}}, {{target}}, {{host}}, {{timestamp}}, {{timestamp_ms}}, {{date}}, {{body}}, {{body_sha256}}, and in headers {{signature}}"
    )]
    UnknownPlace(String),
    /// A brace that is not closed.
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
}

impl SignatureTemplate {
    /// Reads a template: what is signed, and the headers with the signature.
    pub fn new(
        hash: Hash,
        encoding: Encoding,
        signed: &str,
        headers: Vec<(HeaderName, String)>,
    ) -> Result<Self, TemplateError> {
        let signed = parse(signed)?;
        if signed.contains(&Piece::Place(Place::Signature)) {
            return Err(TemplateError::SignsItself);
        }
        let read = |(name, text): (HeaderName, String)| Ok((name, parse(&text)?));
        let headers = headers
            .into_iter()
            .map(read)
            .collect::<Result<Vec<_>, _>>()?;
        let mut pieces = headers.iter().flat_map(|(_, pieces)| pieces);
        if pieces
            .clone()
            .any(|piece| *piece == Piece::Place(Place::Body))
        {
            return Err(TemplateError::BodyInHeader);
        }
        if !pieces.any(|piece| *piece == Piece::Place(Place::Signature)) {
            return Err(TemplateError::NoSignature);
        }
        Ok(Self {
            hash,
            encoding,
            signed,
            headers,
        })
    }

    /// Whether it signs the body.
    pub fn needs_body(&self) -> bool {
        let mut all = self
            .headers
            .iter()
            .flat_map(|(_, pieces)| pieces)
            .chain(&self.signed);
        all.any(|piece| matches!(piece, Piece::Place(Place::Body | Place::BodySha256)))
    }

    pub(super) fn sign(
        &self,
        secret: &str,
        request: &Signed<'_>,
    ) -> Result<Vec<(HeaderName, HeaderValue)>, CredentialFault> {
        let algorithm = match self.hash {
            Hash::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Hash::Sha256 => hmac::HMAC_SHA256,
            Hash::Sha512 => hmac::HMAC_SHA512,
        };
        let key = hmac::Key::new(algorithm, secret.as_bytes());
        let mut bytes = Vec::new();
        for piece in &self.signed {
            match piece {
                Piece::Place(Place::Body) => bytes.extend(request.body),
                other => bytes.extend(request.text(other, "").into_bytes()),
            }
        }
        let tag = hmac::sign(&key, &bytes);
        let signature = match self.encoding {
            Encoding::Hexadecimal => hexadecimal(tag.as_ref()),
            Encoding::Base64 => STANDARD.encode(tag.as_ref()),
        };
        let header = |(name, pieces): &(HeaderName, Vec<Piece>)| {
            let text: String = pieces
                .iter()
                .map(|it| request.text(it, &signature))
                .collect();
            let value = HeaderValue::from_str(&text);
            Ok((
                name.clone(),
                value.map_err(|_| CredentialFault::NotForAHeader)?,
            ))
        };
        self.headers.iter().map(header).collect()
    }
}

/// A request that is being signed.
pub(super) struct Signed<'call> {
    request: &'call Unsigned<'call>,
    body: &'call [u8],
}

impl<'call> Signed<'call> {
    pub(super) const fn new(request: &'call Unsigned<'call>, body: &'call [u8]) -> Self {
        Self { request, body }
    }

    fn text(&self, piece: &Piece, signature: &str) -> String {
        let Unsigned {
            method,
            seen_as: target,
            host,
            now,
            ..
        } = self.request;
        let place = match piece {
            Piece::Text(text) => return text.clone(),
            Piece::Place(place) => place,
        };
        match place {
            Place::Method => method.to_string(),
            Place::Path => target.path().to_owned(),
            Place::Query => target.query().unwrap_or_default().to_owned(),
            Place::Target => target.to_string(),
            Place::Host => (*host).to_owned(),
            Place::Timestamp => now.as_second().to_string(),
            Place::TimestampMilliseconds => now.as_millisecond().to_string(),
            Place::Date => date(*now),
            Place::Body => String::new(),
            Place::BodySha256 => hexadecimal(digest::digest(&digest::SHA256, self.body).as_ref()),
            Place::Signature => signature.to_owned(),
        }
    }
}

/// `2026-11-27T01:02:03Z`
fn date(now: Timestamp) -> String {
    Timestamp::from_second(now.as_second())
        .unwrap_or(now)
        .to_string()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
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
            let place = PLACES.iter().find(|(known, _)| *known == name);
            let (_, place) = place.ok_or_else(|| TemplateError::UnknownPlace(name.to_owned()))?;
            if !literal.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut literal)));
            }
            pieces.push(Piece::Place(*place));
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
    use http::uri::PathAndQuery;

    use super::*;

    fn header() -> HeaderName {
        HeaderName::from_static("x-signature")
    }

    fn template(signed: &str, header_text: &str) -> Result<SignatureTemplate, TemplateError> {
        let headers = vec![(header(), header_text.to_owned())];
        SignatureTemplate::new(Hash::Sha256, Encoding::Hexadecimal, signed, headers)
    }

    #[test]
    fn what_is_signed_and_what_says_so() {
        let target = PathAndQuery::from_static("/v1/things?a=1");
        let body = bytes::Bytes::from_static(b"what do ya want for nothing?");
        let request = Unsigned {
            method: &Method::POST,
            target: &target,
            seen_as: &target,
            host: "api.example.com",
            body: Some(&body),
            now: Timestamp::from_second(1_700_000_000).unwrap(),
        };
        let signed = Signed::new(&request, &body);
        // RFC 4231, test case 2.
        let ours = template("{body}", "t={timestamp},v1={signature}").unwrap();
        let headers = ours.sign("Jefe", &signed).unwrap();
        assert_eq!(
            headers[0].1,
            "t=1700000000,v1=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert!(ours.needs_body());
        let whole =
            "{method} {host} {path} {query} {target} {timestamp_ms} {date} {{}} {body_sha256}";
        let pieces = parse(whole).unwrap();
        let text: String = pieces.iter().map(|piece| signed.text(piece, "")).collect();
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
                TemplateError::UnknownPlace("nonsense".to_owned()),
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
