//! A body with `*` in place of credentials.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

use super::{Redactor, SecretPatterns};

/// A body with `*` in place of credentials, as long as it was.
pub struct RedactedBody<B> {
    inner: B,
    redactor: Redactor,
    patterns: SecretPatterns,
    /// How many the trailers had.
    found_after: u64,
    /// What comes after the last bytes.
    trailers: Option<HeaderMap>,
    ended: bool,
}

impl<B> RedactedBody<B> {
    /// Searches `inner` for `patterns`.
    pub fn new(inner: B, patterns: SecretPatterns) -> Self {
        Self {
            inner,
            redactor: Redactor::new(patterns.clone()),
            patterns,
            found_after: 0,
            trailers: None,
            ended: false,
        }
    }

    /// How many were found so far.
    pub const fn found(&self) -> u64 {
        self.redactor.found() + self.found_after
    }

    /// The last bytes, if any were held back, and then the trailers.
    fn rest(&mut self) -> Option<Frame<Bytes>> {
        self.ended = true;
        let rest = self.redactor.finish();
        if rest.is_empty() {
            self.trailers.take().map(Frame::trailers)
        } else {
            Some(Frame::data(rest))
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for RedactedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = &mut *self;
        while !this.ended {
            let frame = match ready!(Pin::new(&mut this.inner).poll_frame(context)) {
                None => break,
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(frame)) => frame,
            };
            match frame.into_data() {
                Ok(piece) => {
                    if this.inner.is_end_stream() {
                        this.ended = true;
                        let rest = this.redactor.push_last(piece);
                        return Poll::Ready((!rest.is_empty()).then(|| Ok(Frame::data(rest))));
                    }
                    let certain = this.redactor.push(piece);
                    if !certain.is_empty() {
                        return Poll::Ready(Some(Ok(Frame::data(certain))));
                    }
                }
                Err(frame) => {
                    let mut trailers = frame.into_trailers().unwrap_or_default();
                    this.found_after += this.patterns.redact_headers(&mut trailers);
                    this.trailers = Some(trailers);
                    break;
                }
            }
        }
        Poll::Ready(this.rest().map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream() && self.redactor.held_back() == 0 && self.trailers.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let held = self.redactor.held_back();
        let inner = self.inner.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower() + held);
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper + held);
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use http_body_util::{BodyExt as _, StreamBody};

    use super::*;

    #[tokio::test]
    async fn a_body_is_searched_across_its_frames_and_in_its_trailers() {
        let mut trailers = HeaderMap::new();
        trailers.insert("x-echo", "sk_live_1234".parse().unwrap());
        let frames = [
            Frame::data(Bytes::from_static(b"key=sk_li")),
            Frame::data(Bytes::from_static(b"ve_1234, sk_li")),
            Frame::trailers(trailers),
        ];
        let frames = futures(frames.map(Ok::<_, Infallible>));
        let mut body = RedactedBody::new(
            StreamBody::new(frames),
            SecretPatterns::new(b"sk_live_1234"),
        );
        let whole = (&mut body).collect().await.unwrap();
        assert_eq!(body.found(), 2);
        assert_eq!(whole.trailers().unwrap()["x-echo"], "************");
        assert_eq!(whole.to_bytes(), "key=************, sk_li");
    }

    fn futures<T>(
        items: impl IntoIterator<Item = T>,
    ) -> impl futures_util::Stream<Item = T> + Unpin {
        futures_util::stream::iter(items)
    }

    #[tokio::test]
    async fn the_announced_length_stays_true() {
        let text = Bytes::from_static(b"key=sk_live_1234, sk_li");
        let length = text.len() as u64;
        let inner = http_body_util::Full::new(text);
        let mut body = RedactedBody::new(inner, SecretPatterns::new(b"sk_live_1234"));
        let mut left = length;
        loop {
            assert_eq!(body.size_hint().exact(), Some(left));
            assert_eq!(body.is_end_stream(), left == 0);
            let Some(frame) = body.frame().await else {
                break;
            };
            left -= frame.unwrap().data_ref().unwrap().len() as u64;
        }
        assert_eq!(left, 0);
    }
}
