//! A body whose encodings come off as it arrives.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http_body::{Body, Frame, SizeHint};

use super::begin::BegunBody;
use super::stage::{Stage, Step};
use super::{DecodeError, DecodeLimits, Encodings, UnknownEncoding};

/// A body of plain bytes, whatever it came as.
pub struct DecodedBody<B> {
    /// The encoded body. Without encodings, its first frame may have been read.
    inner: BegunBody<B>,
    /// The encodings, the outermost first. Empty if the body is not encoded.
    stages: Vec<Stage>,
    /// The decoded frames that [`Self::begin`] has read.
    begun: VecDeque<Frame<Bytes>>,
    trailers: Option<HeaderMap>,
    is_over: bool,
}

/// The encodings of the body that comes with `headers`, which from now on tell of the plain one.
pub fn take_encodings(headers: &mut HeaderMap) -> Result<Encodings, UnknownEncoding> {
    let encodings = Encodings::from_headers(headers)?;
    headers.remove(CONTENT_ENCODING);
    if !encodings.is_identity() {
        headers.remove(CONTENT_LENGTH);
    }
    Ok(encodings)
}

impl<B: Body<Data = Bytes> + Unpin> DecodedBody<B> {
    /// Removes `encodings` from `inner`.
    pub fn new(inner: B, encodings: &Encodings, limits: DecodeLimits) -> Self {
        let stages = encodings.outermost_first();
        Self {
            inner: BegunBody::new(inner),
            stages: stages.map(|it| Stage::new(it, limits)).collect(),
            begun: VecDeque::new(),
            trailers: None,
            is_over: false,
        }
    }
}

/// What the last of `stages` has, which the others feed.
fn step(stages: &mut [Stage]) -> Result<Step, DecodeError> {
    let Some((last, before)) = stages.split_last_mut() else {
        return Ok(Step::End);
    };
    loop {
        match last.step()? {
            Step::NeedsInput if !before.is_empty() => {}
            other => return Ok(other),
        }
        match step(before)? {
            Step::Output(piece) => last.feed(piece),
            Step::NeedsInput => return Ok(Step::NeedsInput),
            Step::End => last.feed_no_more(),
        }
    }
}

impl<B> DecodedBody<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: From<DecodeError>,
{
    /// Returns whether the body is encoded.
    pub fn is_encoded(&self) -> bool {
        !self.stages.is_empty()
    }

    /// Waits for this many plain bytes of an encoded body, or its end: one that does not decode so far is known
    /// before its head is handed on. A body that passes untouched is not waited for.
    pub async fn begin(&mut self, bytes: usize) -> Result<(), B::Error> {
        let mut waited_for = 0;
        while !self.is_over && !self.stages.is_empty() && waited_for < bytes {
            let frame = poll_fn(|context| self.poll_plain(context)).await;
            self.is_over |= frame.is_err();
            let Some(frame) = frame? else { break };
            waited_for += frame.data_ref().map_or(0, Bytes::len);
            self.begun.push_back(frame);
        }
        Ok(())
    }

    /// Reads the first frame of a body that is not encoded: waits for it if the head had a `length`, and a moment if it had
    /// none. So a body that is broken from its beginning is known before its head is sent.
    pub async fn begin_untouched(&mut self, length: Option<u64>) -> Result<(), B::Error> {
        if self.stages.is_empty() {
            self.inner.begin(length).await?;
        }
        Ok(())
    }

    /// The next piece of plain bytes.
    fn poll_plain(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Frame<Bytes>>, B::Error>> {
        loop {
            match step(&mut self.stages)? {
                Step::Output(piece) => return Poll::Ready(Ok(Some(Frame::data(piece)))),
                Step::End => {
                    self.is_over = true;
                    return Poll::Ready(Ok(self.trailers.take().map(Frame::trailers)));
                }
                Step::NeedsInput => {}
            }
            let frame = ready!(Pin::new(&mut self.inner).poll_frame(context)).transpose()?;
            let [outermost, ..] = &mut self.stages[..] else {
                return Poll::Ready(Ok(None));
            };
            match frame.map(Frame::into_data) {
                Some(Ok(piece)) => outermost.feed(piece),
                Some(Err(frame)) => {
                    self.trailers = frame.into_trailers().ok();
                    outermost.feed_no_more();
                }
                None => outermost.feed_no_more(),
            }
        }
    }
}

impl<B> Body for DecodedBody<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: From<DecodeError>,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = &mut *self;
        if let Some(frame) = this.begun.pop_front() {
            return Poll::Ready(Some(Ok(frame)));
        }
        if this.stages.is_empty() {
            return Pin::new(&mut this.inner).poll_frame(context);
        }
        if this.is_over {
            return Poll::Ready(None);
        }
        let frame = ready!(this.poll_plain(context));
        this.is_over |= frame.is_err();
        Poll::Ready(frame.transpose())
    }

    fn is_end_stream(&self) -> bool {
        if self.stages.is_empty() {
            self.inner.is_end_stream()
        } else {
            self.is_over && self.begun.is_empty()
        }
    }

    fn size_hint(&self) -> SizeHint {
        if self.stages.is_empty() {
            self.inner.size_hint()
        } else {
            SizeHint::default()
        }
    }
}

#[cfg(test)]
mod tests;
