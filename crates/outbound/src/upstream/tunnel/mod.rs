//! After both sides switched to WebSocket: bytes both ways until one side ends, or until the tunnel is to end; then
//! each side gets a close frame.
//!
//! Frames are followed, not read: only their borders matter, since a close frame fits between two of them alone.

mod frames;

use std::io;
use std::time::Duration;

use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf, split};
use tokio::sync::watch;
use tokio::time::timeout;

use frames::{FrameBorders, Sender, close_frame};

/// How long a side may take to come to the end of a frame, and to answer a close frame.
const CLOSE_TIME: Duration = Duration::from_secs(1);
/// How long one side goes on after the other has gone.
const ALONE_TIME: Duration = Duration::from_secs(5);
/// Read at a time, each way.
const BUFFER_BYTES: usize = 8 * 1024;

/// Two ends that are about to be joined. Dropping it closes both.
pub struct Tunnel {
    client: OnUpgrade,
    upstream: OnUpgrade,
}

impl Tunnel {
    pub(super) const fn new(client: OnUpgrade, upstream: OnUpgrade) -> Self {
        Self { client, upstream }
    }

    /// Carries bytes until one side ends, or until `leave` says why the tunnel is to end. The client's end is there only
    /// once the response with status 101 has been written, so this must run beside the response, not before it.
    pub async fn run(self, leave: impl Future<Output = &'static str>) -> io::Result<()> {
        let mut leave = std::pin::pin!(leave);
        let both = async { tokio::try_join!(self.client, self.upstream) };
        let (client, upstream) = tokio::select! {
            both = both => both.map_err(io::Error::other)?,
            _ = leave.as_mut() => return Ok(()),
        };
        let (from_client, to_client) = split(TokioIo::new(client));
        let (from_upstream, to_upstream) = split(TokioIo::new(upstream));
        let (why, leaving) = watch::channel(None);
        let up = Way {
            from: from_client,
            to: to_upstream,
            sender: Sender::Client,
            leaving: leaving.clone(),
        };
        let down = Way {
            from: from_upstream,
            to: to_client,
            sender: Sender::Server,
            leaving,
        };
        let mut carrying = std::pin::pin!(carry_both(up, down));
        tokio::select! {
            result = carrying.as_mut() => return result,
            reason = leave => {
                why.send_replace(Some(reason));
            }
        }
        timeout(CLOSE_TIME, carrying).await.unwrap_or(Ok(()))
    }
}

/// Both ways, until both have ended, or one has for a while.
async fn carry_both(up: Way, down: Way) -> io::Result<()> {
    let (mut up, mut down) = (std::pin::pin!(up.carry()), std::pin::pin!(down.carry()));
    tokio::select! {
        result = up.as_mut() => {
            result?;
            timeout(ALONE_TIME, down).await.unwrap_or(Ok(()))
        }
        result = down.as_mut() => {
            result?;
            timeout(ALONE_TIME, up).await.unwrap_or(Ok(()))
        }
    }
}

/// One direction.
struct Way {
    from: ReadHalf<TokioIo<Upgraded>>,
    to: WriteHalf<TokioIo<Upgraded>>,
    /// Whose frames they are.
    sender: Sender,
    /// Why the tunnel is to end, once it is.
    leaving: watch::Receiver<Option<&'static str>>,
}

impl Way {
    async fn carry(mut self) -> io::Result<()> {
        let mut borders = FrameBorders::default();
        let mut buffer = vec![0; BUFFER_BYTES];
        let reason = loop {
            let reason = *self.leaving.borrow_and_update();
            if reason.is_some() && borders.is_between() {
                break reason;
            }
            let bytes = tokio::select! {
                count = self.from.read(&mut buffer) => &buffer[..count?],
                // Why, is read above.
                _ = self.leaving.changed() => continue,
            };
            if bytes.is_empty() {
                // A server that disconnects without a close frame is going away, too; its clients get one.
                break (self.sender == Sender::Server).then_some("the server has gone");
            }
            if reason.is_none() {
                borders.pass(bytes);
                self.to.write_all(bytes).await?;
            } else {
                let until = borders.pass_to_border(bytes);
                self.to.write_all(&bytes[..until]).await?;
            }
        };
        if let Some(reason) = reason
            && borders.is_between()
            && !borders.has_closed()
        {
            self.to.write_all(&close_frame(self.sender, reason)).await?;
            self.to.flush().await?;
        }
        if reason.is_some() {
            // What is still said is not for the other side any more; its answer is waited for, so that it arrives.
            while !borders.has_closed() {
                let count = self.from.read(&mut buffer).await?;
                if count == 0 {
                    break;
                }
                borders.pass(&buffer[..count]);
            }
        }
        self.to.shutdown().await
    }
}
