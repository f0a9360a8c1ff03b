//! Which encoding, how large the pieces are, and any bytes as a body in it: decoded within its limits, to an end.

use backlot_outbound::decode::{DecodeError, DecodeLimits, DecodedBody, Encodings};
use bytes::Bytes;
use futures_util::FutureExt as _;
use http::header::{CONTENT_ENCODING, HeaderMap, HeaderValue};
use http_body::{Body as _, Frame};
use http_body_util::{BodyExt as _, StreamBody};

const NAMES: [&str; 6] = [
    "gzip",
    "deflate",
    "br",
    "gzip, br",
    "br, deflate",
    "identity",
];
const LIMITS: DecodeLimits = DecodeLimits {
    bytes: 64 * 1024,
    ratio: 50,
};

pub(crate) fn run(data: &[u8]) {
    let [name, piece, encoded @ ..] = data else {
        return;
    };
    let name = NAMES[usize::from(*name) % NAMES.len()];
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static(name));
    let Ok(encodings) = Encodings::from_headers(&headers) else {
        panic!("{name} is an encoding");
    };
    let pieces = encoded.chunks(usize::from(*piece).max(1));
    let frames =
        pieces.map(|piece| Ok::<_, DecodeError>(Frame::data(Bytes::copy_from_slice(piece))));
    let body = StreamBody::new(futures_util::stream::iter(frames));
    let mut body = DecodedBody::new(body, &encodings, LIMITS);
    let mut plain = 0;
    loop {
        let Some(frame) = body.frame().now_or_never() else {
            panic!("all bytes are here, and it waits");
        };
        match frame {
            Some(Ok(frame)) => plain += frame.data_ref().map_or(0, Bytes::len) as u64,
            Some(Err(_)) => assert!(body.is_end_stream()),
            None => break,
        }
    }
    assert!(encodings.is_identity() || plain <= LIMITS.bytes);
}
