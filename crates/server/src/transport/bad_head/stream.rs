//! A connection on which hyper's own answer to a bad head becomes a refusal of ours.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::head::HeadReader;
use super::{Exchanges, RefuseHead};

/// How long the rest of a bad head is waited for, and then the client to have taken the refusal.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(2);
/// How much is read of the rest, and read away after the refusal: otherwise the connection is reset, and the refusal lost.
const MAX_BYTES: usize = 4 * 1024 * 1024;
const READ_AT_ONCE: usize = 8 * 1024;

/// A stream that knows what hyper cannot read.
pub(crate) struct RefusingStream<S> {
    stream: S,
    exchanges: Exchanges,
    refuse: Option<RefuseHead>,
    head: HeadReader,
    refusal: Option<Box<HeadRefusal>>,
}

/// A refusal on its way.
struct HeadRefusal {
    status: StatusCode,
    /// Made when the head is complete, or the wait is over.
    response: Option<Vec<u8>>,
    written: usize,
    is_shut: bool,
    bytes_left: usize,
    wait: Pin<Box<Sleep>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> RefusingStream<S> {
    /// Without `refuse` hyper's own answers go out.
    pub(crate) fn new(stream: S, exchanges: Exchanges, refuse: Option<RefuseHead>) -> Self {
        Self {
            stream,
            exchanges,
            refuse,
            head: HeadReader::default(),
            refusal: None,
        }
    }

    /// Whether what hyper writes answers a head that it could not read.
    fn refuses(&mut self, bytes: &[u8]) -> bool {
        if self.refusal.is_some() {
            return true;
        }
        let status = bytes
            .get(9..12)
            .and_then(|text| StatusCode::from_bytes(text).ok());
        match status {
            Some(status) if self.refuse.is_some() && self.exchanges.are_listening() => {
                self.refusal = Some(Box::new(HeadRefusal {
                    status,
                    response: None,
                    written: 0,
                    is_shut: false,
                    bytes_left: MAX_BYTES,
                    wait: Box::pin(sleep(REFUSAL_TIMEOUT)),
                }));
                true
            }
            _ => false,
        }
    }

    /// Writes the refusal. Ready when all of it is written.
    fn poll_refuse(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (Some(refusal), Some(refuse)) = (&mut self.refusal, &self.refuse) else {
            return Poll::Ready(Ok(()));
        };
        while refusal.response.is_none() {
            // The origin may stand behind what is too large.
            if !self.head.is_complete() && self.head.is_of_http() {
                let head = &mut self.head;
                let more = |bytes: &[u8]| head.read(bytes);
                let read = ready!(refusal.poll_read_on(&mut self.stream, context, more));
                if read {
                    continue;
                }
            }
            refusal.response = Some(refuse(refusal.status, &self.head.take()));
            refusal
                .wait
                .as_mut()
                .reset(tokio::time::Instant::now() + REFUSAL_TIMEOUT);
        }
        let response = refusal.response.as_deref().unwrap_or_default();
        while refusal.written < response.len() {
            let stream = Pin::new(&mut self.stream);
            let count = ready!(stream.poll_write(context, &response[refusal.written..]))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            refusal.written += count;
        }
        Poll::Ready(Ok(()))
    }
}

impl HeadRefusal {
    /// Reads more, and says whether there was any.
    fn poll_read_on<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        context: &mut Context<'_>,
        take: impl FnOnce(&[u8]),
    ) -> Poll<bool> {
        if self.bytes_left == 0 {
            return Poll::Ready(false);
        }
        let mut bytes = [0; READ_AT_ONCE];
        let mut buffer = ReadBuf::new(&mut bytes);
        match Pin::new(stream).poll_read(context, &mut buffer) {
            Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                self.bytes_left = self.bytes_left.saturating_sub(buffer.filled().len());
                take(buffer.filled());
                Poll::Ready(true)
            }
            Poll::Ready(_) => Poll::Ready(false),
            Poll::Pending => self.wait.as_mut().poll(context).map(|()| false),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for RefusingStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buffer.filled().len();
        let result = Pin::new(&mut this.stream).poll_read(context, buffer);
        if this.exchanges.are_listening() && this.refuse.is_some() {
            this.head.read(&buffer.filled()[before..]);
        }
        result
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for RefusingStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.refuses(bytes) {
            ready!(this.poll_refuse(context))?;
            return Poll::Ready(Ok(bytes.len()));
        }
        this.head.forget();
        Pin::new(&mut this.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // It comes when all that hyper had to write is written.
        self.exchanges.written();
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let Some(refusal) = &mut this.refusal else {
            return Pin::new(&mut this.stream).poll_shutdown(context);
        };
        if !refusal.is_shut {
            ready!(Pin::new(&mut this.stream).poll_shutdown(context))?;
            refusal.is_shut = true;
        }
        while ready!(refusal.poll_read_on(&mut this.stream, context, |_| {})) {}
        Poll::Ready(Ok(()))
    }
}
