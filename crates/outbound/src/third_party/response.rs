//! The response of a third party: limited in size, and decoded.

use http::Response;

use crate::body::{LimitedBody, ResponseBodyError};
use crate::decode::{DecodeLimits, DecodedBody, take_encodings};
use crate::upstream::ResponseStream;

/// The most decoded bytes for each encoded one. More is a decompression bomb.
const MAX_RATIO: u64 = 200;

/// The body of a response, limited and decoded.
pub type PlainBody = DecodedBody<LimitedBody<ResponseStream>>;

/// Limits a response to `limit` bytes, encoded and decoded, and decodes it.
///
/// # Errors
/// If its encoding is unknown, or its announced length is over the limit.
pub fn decode_response(
    response: Response<ResponseStream>,
    limit: u64,
) -> Result<Response<PlainBody>, ResponseBodyError> {
    let (mut parts, body) = response.into_parts();
    let encodings = take_encodings(&mut parts.headers)?;
    let limits = DecodeLimits {
        bytes: limit,
        ratio: MAX_RATIO,
    };
    let body = DecodedBody::new(LimitedBody::new(body, limit)?, &encodings, limits);
    Ok(Response::from_parts(parts, body))
}
