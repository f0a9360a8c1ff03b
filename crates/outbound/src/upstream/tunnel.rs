//! After both sides switched to another protocol (WebSocket): bytes both ways until one side ends.

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional;

/// Two ends that are about to be joined. Dropping it closes both.
pub struct Tunnel {
    client: OnUpgrade,
    upstream: OnUpgrade,
}

impl Tunnel {
    pub(super) const fn new(client: OnUpgrade, upstream: OnUpgrade) -> Self {
        Self { client, upstream }
    }

    /// Carries bytes until one side ends. The client's end is there only once the reply with
    /// status 101 has been written, so this must run beside the reply, not before it.
    pub async fn run(self) -> std::io::Result<()> {
        let (client, upstream) =
            tokio::try_join!(self.client, self.upstream).map_err(std::io::Error::other)?;
        copy_bidirectional(&mut TokioIo::new(client), &mut TokioIo::new(upstream)).await?;
        Ok(())
    }
}
