//! A connection whose other side may response and close before it has read everything.
//!
//! A server that refuses a large body does so. Closing with bytes unread resets the connection, so writing the rest fails,
//! most often before the response has been read that lies ready in the system's buffer. Here a write that fails in this way
//! counts as done, and the response, or its absence, is found by reading (RFC 9112, section 9.6). A response that is ended
//! only by the connection's end may end by the reset (`upstream::ResponseStream`).

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::{Connected, Connection};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream whose writes go nowhere once the other side has closed it.
pub struct EarlyResponse<S> {
    stream: S,
    is_reset: bool,
}

impl<S> EarlyResponse<S> {
    /// Nothing has been written yet.
    pub const fn new(stream: S) -> Self {
        Self {
            stream,
            is_reset: false,
        }
    }

    /// What is written to a connection that was reset counts as written.
    fn written(
        &mut self,
        result: Poll<io::Result<usize>>,
        bytes: usize,
    ) -> Poll<io::Result<usize>> {
        match result {
            Poll::Ready(Err(error)) if is_reset(&error) => {
                self.is_reset = true;
                Poll::Ready(Ok(bytes))
            }
            result => result,
        }
    }
}

fn is_reset(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted
    )
}

impl<S: Connection> Connection for EarlyResponse<S> {
    fn connected(&self) -> Connected {
        self.stream.connected()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for EarlyResponse<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for EarlyResponse<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_reset {
            return Poll::Ready(Ok(bytes.len()));
        }
        let result = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(result, bytes.len())
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let bytes = pieces.iter().map(|piece| piece.len()).sum();
        if self.is_reset {
            return Poll::Ready(Ok(bytes));
        }
        let result = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.written(result, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_reset {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_reset {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// A stream that says what a test wants it to.
    struct Scripted {
        reads: VecDeque<io::Result<&'static [u8]>>,
        write: ErrorKind,
    }

    impl AsyncRead for Scripted {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            let read = self.reads.pop_front().unwrap_or(Ok(b""));
            Poll::Ready(read.map(|bytes| buffer.put_slice(bytes)))
        }
    }

    impl AsyncWrite for Scripted {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &[u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Err(self.write.into()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Err(ErrorKind::NotConnected.into()))
        }
    }

    #[tokio::test]
    async fn what_was_said_before_a_reset_is_heard() {
        let reads = [Ok(&b"413"[..]), Ok(b"")];
        let write = ErrorKind::BrokenPipe;
        let mut stream = EarlyResponse::new(Scripted {
            reads: reads.into(),
            write,
        });
        stream.write_all(&[0; 10_000]).await.unwrap();
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).await.unwrap();
        assert_eq!(heard, b"413");
        stream.shutdown().await.unwrap();
    }

    #[tokio::test]
    async fn other_faults_are_faults() {
        let reads = [Err(ErrorKind::ConnectionReset.into())];
        let write = ErrorKind::TimedOut;
        let mut stream = EarlyResponse::new(Scripted {
            reads: reads.into(),
            write,
        });
        let error = stream.write_all(b"x").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        let error = stream.read_u8().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }
}
