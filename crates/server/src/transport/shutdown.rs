//! Ending well.
//!
//! After the signal the server goes on accepting for a moment, while every response asks its client to
//! close the connection: clients that keep theirs busy leave by themselves, and a load balancer has
//! the time to look at `/readyz`. Then it stops accepting, idle connections are closed, tunnels are ended, and
//! what is still being answered is waited for.

use std::time::Duration;

use tokio::sync::{mpsc, watch};

/// How far shutting down has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Not at all.
    Open,
    /// Accepting, but asking clients to leave.
    Lingering,
    /// No new connections; idle ones are closed.
    Closing,
}

/// Tells listeners and connections how far shutting down has come, and knows when all have ended.
pub(crate) struct Drain {
    phase: watch::Sender<Phase>,
    close_tunnels: watch::Sender<bool>,
    alive: mpsc::Sender<()>,
    ended: mpsc::Receiver<()>,
}

impl Drain {
    pub(crate) fn new() -> Self {
        let (alive, ended) = mpsc::channel(1);
        Self {
            phase: watch::Sender::new(Phase::Open),
            close_tunnels: watch::Sender::new(false),
            alive,
            ended,
        }
    }

    pub(crate) fn phase(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    pub(crate) fn close_tunnels(&self) -> watch::Receiver<bool> {
        self.close_tunnels.subscribe()
    }

    /// To be held by whatever must have ended before the server has.
    pub(crate) const fn alive(&self) -> &mpsc::Sender<()> {
        &self.alive
    }

    /// Goes on accepting for `linger`.
    pub(crate) async fn linger(&self, linger: Duration) {
        self.phase.send_replace(Phase::Lingering);
        tokio::time::sleep(linger).await;
    }

    /// Stops accepting and waits for requests in flight. False when that took longer than `timeout` and what
    /// was left had to be cut.
    pub(crate) async fn close(mut self, timeout: Duration) -> bool {
        self.phase.send_replace(Phase::Closing);
        // They would never end by themselves.
        self.close_tunnels.send_replace(true);
        drop(self.alive);
        tokio::time::timeout(timeout, self.ended.recv())
            .await
            .is_ok()
    }
}
