//! Reading a reply whole, up to a cap.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;

use super::WixBody;
use crate::body::ResponseBodyError;

/// The most that is read of a token, or of what Wix says of one: real ones are a kilobyte.
pub(super) const MAX_OF_A_TOKEN: usize = 64 * 1024;

/// What came of reading a body.
pub(super) enum Collected {
    /// All of it.
    Whole(Bytes),
    /// It is larger than the cap: what has been read, and the rest.
    TooLarge(WixBody),
}

/// Reads until the end or the cap.
pub(super) async fn collect(mut body: WixBody, cap: usize) -> Result<Collected, ResponseBodyError> {
    let mut pieces: VecDeque<Bytes> = VecDeque::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let Ok(bytes) = frame?.into_data() else {
            continue;
        };
        length += bytes.len();
        pieces.push_back(bytes);
        if length > cap {
            return Ok(Collected::TooLarge(body.with_first(pieces)));
        }
    }
    Ok(Collected::Whole(join(pieces, length)))
}

fn join(mut pieces: VecDeque<Bytes>, length: usize) -> Bytes {
    if pieces.len() <= 1 {
        return pieces.pop_front().unwrap_or_default();
    }
    let mut all = BytesMut::with_capacity(length);
    for piece in pieces {
        all.extend_from_slice(&piece);
    }
    all.freeze()
}
