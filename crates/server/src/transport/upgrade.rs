//! Connections that left HTTP (WebSocket): carried beside the requests until they end by
//! themselves, until their credential does, or until the server shuts down.
//!
//! Both sides of a tunnel whose time is over get a close frame (1001, "going away") with the reason, and a second to
//! answer it. Sockets of a mounted router are not carried here; its handler has the caller's `expires_at`, and they end
//! with the program.

use std::sync::Arc;

use backlot_outbound::upstream::Tunnel;
use backlot_wix::Caller;
use backlot_wix::caller::CredentialKind;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{mpsc, watch};

use crate::clock::Clock;
use crate::transport::Peer;

/// Starts tunnels and knows when none is left.
pub(crate) struct UpgradedConnections {
    close: watch::Receiver<bool>,
    open: mpsc::WeakSender<()>,
    clock: Clock,
    limits: UpgradeLimits,
}

/// How long a tunnel may last.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UpgradeLimits {
    /// The longest, whatever the credential is.
    pub(crate) max_lifetime: Option<SignedDuration>,
    /// How much longer than it says a credential of Wix's is accepted.
    pub(crate) clock_skew: SignedDuration,
}

impl UpgradeLimits {
    /// When a tunnel that is opened now has to end.
    fn end(self, caller: Option<&Caller>, now: Timestamp) -> Option<Timestamp> {
        let longest = self.max_lifetime.map(|lifetime| later(now, lifetime));
        let credentials = caller.and_then(|caller| self.credentials_end(caller));
        longest.into_iter().chain(credentials).min()
    }

    /// From when on a request with the same credential would be refused.
    fn credentials_end(self, caller: &Caller) -> Option<Timestamp> {
        match caller.credential {
            CredentialKind::SignedInstance | CredentialKind::AccessToken => {
                Some(later(caller.expires_at, self.clock_skew))
            }
            // It does not end by itself.
            CredentialKind::ApiKey => None,
            _ => Some(caller.expires_at),
        }
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

impl UpgradedConnections {
    /// `close` turns true when every tunnel must end; each holds `open` while it runs.
    pub(crate) fn new(
        close: watch::Receiver<bool>,
        open: &mpsc::Sender<()>,
        clock: Clock,
        limits: UpgradeLimits,
    ) -> Self {
        Self {
            close,
            open: open.downgrade(),
            clock,
            limits,
        }
    }

    /// `connection` keeps the connection's place taken while the tunnel runs.
    pub(crate) fn spawn(&self, tunnel: Tunnel, caller: Option<&Caller>, connection: Arc<Peer>) {
        let mut close = self.close.clone();
        let open = self.open.upgrade();
        let clock = self.clock.clone();
        let end = self.limits.end(caller, clock.now());
        tokio::spawn(async move {
            let _held = (open, connection);
            let leave = async {
                let is_over = async {
                    match end {
                        Some(end) => clock.reaches(end).await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    () = is_over => {
                        tracing::debug!("closing a WebSocket whose lifetime is over");
                        "the credential has ended"
                    }
                    _ = close.wait_for(|close| *close) => "the server is going away",
                }
            };
            if let Err(error) = tunnel.run(leave).await {
                tracing::debug!(%error, "WebSocket ended with an error");
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earlier_end_counts() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let id = "2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e60";
        let (instance, app) = (id.parse().unwrap(), id.parse().unwrap());
        let caller = |credential, expires_at| {
            let mut caller = Caller::app(instance, app, at(0), expires_at);
            caller.credential = credential;
            caller
        };
        let limits = |max_lifetime: Option<i64>| UpgradeLimits {
            max_lifetime: max_lifetime.map(SignedDuration::from_secs),
            clock_skew: SignedDuration::from_secs(30),
        };
        for (credential, expires_at, max_lifetime, end) in [
            (CredentialKind::SignedInstance, at(500), None, Some(530)),
            (CredentialKind::AccessToken, at(500), None, Some(530)),
            (CredentialKind::ElevatedToken, at(500), None, Some(500)),
            (CredentialKind::ElevatedToken, at(500), Some(60), Some(160)),
            (
                CredentialKind::SignedInstance,
                at(500),
                Some(999),
                Some(530),
            ),
            (CredentialKind::ApiKey, at(100), None, None),
            (CredentialKind::ApiKey, at(100), Some(60), Some(160)),
        ] {
            let caller = caller(credential, expires_at);
            let found = limits(max_lifetime).end(Some(&caller), at(100));
            assert_eq!(found, end.map(at), "{credential:?} {max_lifetime:?}");
        }
        let endless = caller(CredentialKind::AccessToken, Timestamp::MAX);
        let found = limits(None).end(Some(&endless), at(100));
        assert_eq!(found, Some(Timestamp::MAX));
        assert_eq!(limits(None).end(None, at(100)), None);
        assert_eq!(limits(Some(60)).end(None, at(100)), Some(at(160)));
        let for_ever = Some(i64::MAX);
        assert_eq!(limits(for_ever).end(None, at(100)), Some(Timestamp::MAX));
    }
}
