//! A connection with a slowest pace for writes, and turns for reads and writes.
//!
//! While the system takes no more bytes, the time counts against the slowest pace. Past it, the write fails and the
//! connection ends. While there is nothing to write, no time counts, so an event stream or a WebSocket may be quiet.
//! After some bytes in a row, reads and writes are pending once, so that other tasks have their turn.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper_util::client::legacy::connect::{Connected, Connection};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::body::{PaceLimits, PaceTimer};

/// A stream that can be broken off.
pub trait BreakOff {
    /// Makes dropping it throw away what was written and not taken.
    fn break_off(&self);
}

impl BreakOff for TcpStream {
    fn break_off(&self) {
        // Otherwise the system keeps megabytes for a side that has stopped reading.
        let _ = self.set_zero_linger();
    }
}

/// A stream whose writes fail if the other side reads too slowly, and that yields to other tasks.
pub struct PacedStream<S> {
    stream: S,
    pace: PaceTimer,
    is_waiting: bool,
    /// Bytes read and written since others had their turn.
    in_a_row: usize,
}

/// Bytes that are read and written before other tasks have their turn: the runtime counts operations, and a large body
/// makes many megabytes of them.
const MAX_IN_A_ROW: usize = 64 * 1024;

impl<S> PacedStream<S> {
    /// Limits how slowly the other side may read.
    pub const fn new(stream: S, limits: PaceLimits) -> Self {
        Self {
            stream,
            pace: PaceTimer::new(limits),
            is_waiting: false,
            in_a_row: 0,
        }
    }

    /// Pending once after so many bytes.
    fn poll_turn(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.in_a_row < MAX_IN_A_ROW {
            return Poll::Ready(());
        }
        self.in_a_row = 0;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<S: BreakOff> PacedStream<S> {
    fn written(
        &mut self,
        written: Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        match written {
            Poll::Pending => {
                self.is_waiting = true;
                ready!(self.pace.poll_too_slow(context));
                self.stream.break_off();
                let stopped = "the other side stopped reading";
                Poll::Ready(Err(io::Error::new(ErrorKind::TimedOut, stopped)))
            }
            Poll::Ready(result) => {
                self.in_a_row += *result.as_ref().unwrap_or(&0);
                if self.is_waiting {
                    self.is_waiting = false;
                    self.pace.moved(*result.as_ref().unwrap_or(&0));
                }
                Poll::Ready(result)
            }
        }
    }
}

impl<S: Connection> Connection for PacedStream<S> {
    fn connected(&self) -> Connected {
        self.stream.connected()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for PacedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        ready!(this.poll_turn(context));
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        this.in_a_row += buffer.filled().len() - before;
        read
    }
}

impl<S: AsyncWrite + BreakOff + Unpin> AsyncWrite for PacedStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        ready!(this.poll_turn(context));
        let bytes = &bytes[..bytes.len().min(MAX_IN_A_ROW - this.in_a_row)];
        let written = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.written(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        ready!(this.poll_turn(context));
        let written = Pin::new(&mut this.stream).poll_write_vectored(context, pieces);
        this.written(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
    use tokio::time::Instant;

    use super::*;

    const LIMITS: PaceLimits = PaceLimits {
        timeout: Duration::from_secs(10),
        bytes_per_second: NonZeroU32::new(100).unwrap(),
    };

    impl BreakOff for DuplexStream {
        fn break_off(&self) {}
    }

    fn pair() -> (PacedStream<DuplexStream>, DuplexStream) {
        let (ours, theirs) = duplex(1000);
        (PacedStream::new(ours, LIMITS), theirs)
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_that_nobody_reads_fails() {
        let (mut ours, _theirs) = pair();
        let begun = Instant::now();
        let error = ours.write_all(&[0; 2000]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert_eq!(begun.elapsed().as_secs(), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_below_the_rate_is_cut_and_one_above_it_is_not() {
        for (bytes, is_cut) in [(10, true), (150, false)] {
            let (mut ours, mut theirs) = pair();
            let reading = tokio::spawn(async move {
                let mut buffer = vec![0; bytes];
                while theirs.read_exact(&mut buffer).await.is_ok() {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            });
            let written = ours.write_all(&vec![0; 20_000]).await;
            assert_eq!(written.is_err(), is_cut, "{bytes}");
            reading.abort();
        }
    }

    #[tokio::test]
    async fn a_large_write_lets_others_have_their_turn() {
        let (ours, mut theirs) = duplex(4 * MAX_IN_A_ROW);
        let mut ours = PacedStream::new(ours, LIMITS);
        let bytes = vec![0; 2 * MAX_IN_A_ROW];
        let mut polls = 0;
        let mut writing = Box::pin(async {
            ours.write_all(&bytes[..MAX_IN_A_ROW]).await.unwrap();
            ours.write_all(&bytes[MAX_IN_A_ROW..]).await.unwrap();
        });
        std::future::poll_fn(|context| {
            polls += 1;
            writing.as_mut().poll(context)
        })
        .await;
        assert_eq!(polls, 2);
        theirs
            .read_exact(&mut vec![0; 2 * MAX_IN_A_ROW])
            .await
            .unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_quiet_connection_has_no_time_running() {
        let (mut ours, mut theirs) = pair();
        for _ in 0..10 {
            ours.write_all(&[0; 10]).await.unwrap();
            tokio::time::sleep(Duration::from_hours(1)).await;
            theirs.read_exact(&mut [0; 10]).await.unwrap();
        }
    }
}
