//! What `Content-Encoding` says.
//!
//! Some write there what is none: a character set (`UTF-8`), `none`, `binary`. Browsers and curl take such a body as it is,
//! and so it is taken here. What is known to be an encoding and cannot be decoded is refused, since nothing could be found
//! in it.

use http::HeaderMap;
use http::header::CONTENT_ENCODING;

/// What to say in `Accept-Encoding` to get only what can be decoded.
pub const ACCEPTED: &str = "gzip, deflate, br";

/// The most encodings of one body, one over the other.
const MAX_ENCODINGS: usize = 2;

/// The encodings of a body, in the order in which they were put on it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Encodings(Vec<Encoding>);

/// Encodings, registered or in use, that are not decoded.
const UNREADABLE: &str = "aes128gcm bzip2 compress dcb dcz exi lz4 lzma pack200-gzip sdch snappy x-bzip2 x-compress x-lzma x-snappy \
    x-xz xz zip zstd";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Gzip,
    Deflate,
    Brotli,
}

/// A body whose encodings are unknown, or too many.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the encoding of the body is not one that can be decoded: {said}")]
pub struct UnknownEncoding {
    /// The beginning of what the header said.
    pub said: String,
}

impl Encodings {
    /// Reads the encodings of the body that comes with `headers`.
    pub fn from_headers(headers: &HeaderMap) -> Result<Self, UnknownEncoding> {
        let mut encodings = Vec::new();
        for value in headers.get_all(CONTENT_ENCODING) {
            let said = String::from_utf8_lossy(value.as_bytes());
            for name in said.split(',').map(str::trim) {
                let name = name.split(';').next().unwrap_or_default();
                match name.trim().to_ascii_lowercase().as_str() {
                    "gzip" | "x-gzip" => encodings.push(Encoding::Gzip),
                    "deflate" => encodings.push(Encoding::Deflate),
                    "br" => encodings.push(Encoding::Brotli),
                    name if UNREADABLE.split(' ').any(|it| it == name) => {
                        return Err(unknown(&said));
                    }
                    _ => continue,
                }
                if encodings.len() > MAX_ENCODINGS {
                    return Err(unknown(&said));
                }
            }
        }
        Ok(Self(encodings))
    }

    /// True when there are none.
    pub fn is_identity(&self) -> bool {
        self.0.is_empty()
    }

    /// In the order in which they come off.
    pub(super) fn outermost_first(&self) -> impl Iterator<Item = Encoding> {
        self.0.iter().rev().copied()
    }
}

fn unknown(said: &str) -> UnknownEncoding {
    UnknownEncoding {
        said: said.chars().take(64).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_headers_say() {
        use Encoding::{Brotli, Deflate, Gzip};
        let of = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(CONTENT_ENCODING, value.parse().unwrap());
            }
            Encodings::from_headers(&headers).map(|it| it.0)
        };
        assert_eq!(of(&[]), Ok(vec![]));
        assert_eq!(of(&["identity", ""]), Ok(vec![]));
        assert_eq!(of(&["GZip"]), Ok(vec![Gzip]));
        assert_eq!(of(&["br, x-gzip"]), Ok(vec![Brotli, Gzip]));
        assert_eq!(of(&["deflate", "br"]), Ok(vec![Deflate, Brotli]));
        assert!(of(&["gzip, gzip, gzip"]).is_err());
        assert!(of(&["gzip", "gzip", "gzip"]).is_err());
        assert_eq!(of(&["gzip;q=1"]), Ok(vec![Gzip]));
        let error = of(&[&format!("zstd, {}", "x".repeat(1000))]).unwrap_err();
        assert_eq!(error.said.len(), 64);
        for unreadable in ["zstd", "compress", "gzip, ZSTD", "x-compress;q=1", "dcb"] {
            assert!(of(&[unreadable]).is_err(), "{unreadable}");
        }
    }

    #[test]
    fn what_is_no_encoding_says_nothing() {
        let of = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.append(CONTENT_ENCODING, value.parse().unwrap());
            Encodings::from_headers(&headers).map(|it| it.0)
        };
        for none in [
            "UTF-8",
            "utf8",
            "none",
            "binary",
            "8bit",
            "iso-8859-1",
            "text/html",
            "aws-chunked",
            "*",
            ";",
        ] {
            assert_eq!(of(none), Ok(vec![]), "{none}");
        }
        assert_eq!(of("utf-8, gzip"), Ok(vec![Encoding::Gzip]));
        assert_eq!(of("aws-chunked,br"), Ok(vec![Encoding::Brotli]));
    }
}
