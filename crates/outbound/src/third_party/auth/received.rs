//! Checking signatures of requests that third parties send, by the template that signs requests to them.

use aws_lc_rs::constant_time;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, Method, Uri};
use jiff::Timestamp;

use super::UnsignedRequest;
use super::hmac::{
    HmacHash, Piece, Placeholder, SignatureEncoding, SignatureTemplate, TemplateError,
};

/// A request that a third party has sent.
#[derive(Debug, Clone, Copy)]
pub struct ReceivedRequest<'request> {
    /// The method.
    pub method: &'request Method,
    /// The address that it was sent to, as the third party knows it.
    pub url: &'request Uri,
    /// The headers.
    pub headers: &'request HeaderMap,
    /// The body.
    pub body: &'request Bytes,
}

/// Why a signature does not prove where a request comes from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceivedSignatureError {
    /// A header is absent.
    #[error("the header {0} is missing")]
    Missing(HeaderName),
    /// A header is not as the template writes it, or is repeated.
    #[error("the header {0} does not match the template")]
    Malformed(HeaderName),
    /// The signature does not belong to the request and any of the keys.
    #[error("the signature does not belong to this request and these keys")]
    Mismatch,
}

impl SignatureTemplate {
    /// Reads a template for requests that are received: what is signed, and the headers with the signature and its
    /// time.
    ///
    /// # Errors
    /// If a placeholder is unknown or stands where it cannot, or the parts of a header cannot be told apart.
    pub fn for_received(
        hash: HmacHash,
        encoding: SignatureEncoding,
        signed: &str,
        headers: Vec<(HeaderName, String)>,
    ) -> Result<Self, TemplateError> {
        let template = Self::new(hash, encoding, signed, headers)?;
        let signs_time = template.signed.iter().any(Piece::is_time);
        let mut in_headers = template.headers.iter().flat_map(|(_, pieces)| pieces);
        if signs_time && !in_headers.any(Piece::is_time) {
            return Err(TemplateError::NoTime);
        }
        let is_of_body = |piece: &Piece| {
            let body = [Placeholder::Body, Placeholder::BodySha256];
            piece.placeholder().is_some_and(|it| body.contains(&it))
        };
        if !template.signed.iter().any(is_of_body) {
            return Err(TemplateError::BodyNotSigned);
        }
        let is_adjacent = |pair: &[Piece]| pair.iter().all(|piece| piece.placeholder().is_some());
        let mut headers = template.headers.iter();
        if headers.any(|(_, pieces)| pieces.windows(2).any(is_adjacent)) {
            return Err(TemplateError::Adjacent);
        }
        Ok(template)
    }

    /// Returns whether the host or the scheme's port is signed, so that the public address has to be known.
    pub fn needs_url(&self) -> bool {
        self.all_placeholders().any(|it| {
            matches!(
                it,
                Placeholder::Host | Placeholder::Path | Placeholder::Target
            )
        })
    }

    /// Checks a signature by any of the keys. Returns the time that it was made at, if a header has it; the caller
    /// decides how old it may be.
    ///
    /// # Errors
    /// If a header is absent or does not match the template, or no key has made the signature.
    pub fn verify(
        &self,
        keys: &[&str],
        received: &ReceivedRequest<'_>,
    ) -> Result<Option<Timestamp>, ReceivedSignatureError> {
        let mut captures = Vec::new();
        for (name, pieces) in &self.headers {
            let text = single(received.headers, name)?;
            let malformed = || ReceivedSignatureError::Malformed(name.clone());
            let found = capture(pieces, text).ok_or_else(malformed)?;
            captures.extend(found.into_iter().map(|(it, text)| (name, it, text)));
        }
        let mut signed_at = None;
        let mut signatures = Vec::new();
        for (name, placeholder, text) in &captures {
            let malformed = || ReceivedSignatureError::Malformed((*name).clone());
            if placeholder.is_time() {
                signed_at = Some(placeholder.read_time(text).ok_or_else(malformed)?);
            } else if *placeholder == Placeholder::Signature {
                signatures.push(self.decode(text).ok_or_else(malformed)?);
            }
        }
        let default = PathAndQuery::from_static("/");
        let target = received.url.path_and_query().unwrap_or(&default);
        let authority = received.url.authority();
        let request = UnsignedRequest {
            method: received.method,
            target,
            full_target: target,
            host: authority.map_or("", |authority| authority.as_str()),
            body: Some(received.body),
            now: signed_at.unwrap_or(Timestamp::UNIX_EPOCH),
        };
        // A header that repeats a part of the request has to be right, and a time has to be written as it is signed.
        for (_, placeholder, text) in &captures {
            let is_signature = *placeholder == Placeholder::Signature;
            if !is_signature && request.text(&Piece::Placeholder(*placeholder), "") != *text {
                return Err(ReceivedSignatureError::Mismatch);
            }
        }
        let mut is_proven = false;
        for key in keys {
            let tag = self.tag(key, &request);
            for signature in &signatures {
                let compared = constant_time::verify_slices_are_equal(tag.as_ref(), signature);
                is_proven |= compared.is_ok();
            }
        }
        if is_proven {
            Ok(signed_at)
        } else {
            Err(ReceivedSignatureError::Mismatch)
        }
    }

    fn decode(&self, text: &str) -> Option<Vec<u8>> {
        match self.encoding {
            SignatureEncoding::Hex => const_hex::decode(text).ok(),
            SignatureEncoding::Base64 => STANDARD.decode(text).ok(),
        }
    }
}

impl Piece {
    const fn placeholder(&self) -> Option<Placeholder> {
        match self {
            Self::Text(_) => None,
            Self::Placeholder(placeholder) => Some(*placeholder),
        }
    }

    fn is_time(&self) -> bool {
        self.placeholder().is_some_and(Placeholder::is_time)
    }
}

impl Placeholder {
    const fn is_time(self) -> bool {
        matches!(
            self,
            Self::Timestamp | Self::TimestampMilliseconds | Self::Date
        )
    }

    fn read_time(self, text: &str) -> Option<Timestamp> {
        match self {
            Self::Timestamp => Timestamp::from_second(text.parse().ok()?).ok(),
            Self::TimestampMilliseconds => Timestamp::from_millisecond(text.parse().ok()?).ok(),
            _ => text.parse().ok(),
        }
    }
}

fn single<'headers>(
    headers: &'headers HeaderMap,
    name: &HeaderName,
) -> Result<&'headers str, ReceivedSignatureError> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Err(ReceivedSignatureError::Missing(name.clone())),
        (Some(value), None) => value
            .to_str()
            .map(str::trim)
            .map_err(|_| ReceivedSignatureError::Malformed(name.clone())),
        (Some(_), Some(_)) => Err(ReceivedSignatureError::Malformed(name.clone())),
    }
}

/// The texts that stand in a header for the placeholders of its template. `None` if the header is written in another way.
fn capture<'text>(
    pieces: &[Piece],
    mut text: &'text str,
) -> Option<Vec<(Placeholder, &'text str)>> {
    let mut captures = Vec::new();
    let mut open = None;
    for piece in pieces {
        match (piece, open.take()) {
            (Piece::Text(literal), None) => text = text.strip_prefix(&**literal)?,
            (Piece::Text(literal), Some(placeholder)) => {
                let (before, after) = text.split_once(&**literal)?;
                captures.push((placeholder, before));
                text = after;
            }
            (Piece::Placeholder(placeholder), _) => open = Some(*placeholder),
        }
    }
    match open {
        Some(placeholder) => captures.push((placeholder, text)),
        None if !text.is_empty() => return None,
        None => {}
    }
    Some(captures)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const SIGNATURE: HeaderName = HeaderName::from_static("x-signature");
    const TIME: HeaderName = HeaderName::from_static("x-time");

    fn template(
        encoding: SignatureEncoding,
        signed: &str,
        headers: &[(HeaderName, &str)],
    ) -> Result<SignatureTemplate, TemplateError> {
        let headers = headers.iter();
        let headers = headers.map(|(name, text)| (name.clone(), (*text).to_owned()));
        SignatureTemplate::for_received(HmacHash::Sha256, encoding, signed, headers.collect())
    }

    fn verify(
        template: &SignatureTemplate,
        headers: &[(HeaderName, &str)],
        body: &'static str,
    ) -> Result<Option<Timestamp>, ReceivedSignatureError> {
        let headers = headers.iter();
        let headers =
            headers.map(|(name, text)| (name.clone(), HeaderValue::from_str(text).unwrap()));
        let headers: HeaderMap = headers.collect();
        let received = ReceivedRequest {
            method: &Method::POST,
            url: &Uri::from_static("https://backend.example.com/webhooks/a?b=c"),
            headers: &headers,
            body: &Bytes::from_static(body.as_bytes()),
        };
        template.verify(&["another", "Jefe"], &received)
    }

    /// RFC 4231, test case 2.
    const BODY: &str = "what do ya want for nothing?";
    const HEX: &str = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

    #[test]
    fn a_signature_with_a_prefix_or_a_time() {
        let hex = SignatureEncoding::Hex;
        let prefixed = template(hex, "{body}", &[(SIGNATURE, "sha256={signature}")]).unwrap();
        let with_prefix = |text: &str| {
            let header = format!("sha256={text}");
            verify(&prefixed, &[(SIGNATURE, &header)], BODY)
        };
        assert_eq!(with_prefix(HEX), Ok(None));
        assert_eq!(with_prefix(&HEX.to_uppercase()), Ok(None));
        let zeros = "00".repeat(32);
        assert_eq!(with_prefix(&zeros), Err(ReceivedSignatureError::Mismatch));
        let malformed = Err(ReceivedSignatureError::Malformed(SIGNATURE));
        assert_eq!(with_prefix("not hex"), malformed);
        assert_eq!(verify(&prefixed, &[(SIGNATURE, HEX)], BODY), malformed);
        let missing = Err(ReceivedSignatureError::Missing(SIGNATURE));
        assert_eq!(verify(&prefixed, &[], BODY), missing);
        let twice = [(SIGNATURE, "sha256=00"), (SIGNATURE, "sha256=00")];
        assert_eq!(verify(&prefixed, &twice, BODY), malformed);
    }

    #[test]
    fn a_time_is_returned_as_it_was_signed() {
        let base64 = SignatureEncoding::Base64;
        let headers = [(SIGNATURE, "t={timestamp},v1={signature}")];
        let signed = "{timestamp}.{method}.{target}.{host}.{body}";
        let template_of = template(base64, signed, &headers).unwrap();
        assert!(template_of.needs_url());
        let text = format!("1700000000.POST./webhooks/a?b=c.backend.example.com.{BODY}");
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, b"Jefe");
        let tag = STANDARD.encode(aws_lc_rs::hmac::sign(&key, text.as_bytes()));
        let verify = |time: &str| {
            let header = format!("t={time},v1={tag}");
            verify(&template_of, &[(SIGNATURE, &header)], BODY)
        };
        let time = Timestamp::from_second(1_700_000_000).unwrap();
        assert_eq!(verify("1700000000"), Ok(Some(time)));
        for other in ["1700000001", "01700000000", "+1700000000"] {
            assert_eq!(
                verify(other),
                Err(ReceivedSignatureError::Mismatch),
                "{other}"
            );
        }
        assert!(verify("now").is_err());
    }

    #[test]
    fn templates_that_cannot_be_checked() {
        let hex = SignatureEncoding::Hex;
        let error = |signed, headers: &[_]| template(hex, signed, headers).unwrap_err();
        let only = [(SIGNATURE, "{signature}")];
        assert_eq!(error("{timestamp}.{body}", &only), TemplateError::NoTime);
        let adjacent = [(SIGNATURE, "{timestamp}{signature}")];
        assert_eq!(error("{body}", &adjacent), TemplateError::Adjacent);
        let both = [(SIGNATURE, "{signature}"), (TIME, "{timestamp_ms}")];
        assert!(template(hex, "{timestamp_ms}{body}", &both).is_ok());
    }
}
