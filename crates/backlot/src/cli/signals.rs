//! The signals that end the program.

use backlot_server::Stop;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Both signals, from the moment this is made: a signal that comes before anybody waits is not lost.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// To be made before anybody is told that the program runs.
    pub(super) fn install() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for one. SIGTERM ends well; Ctrl-C (SIGINT) has a person behind it who wants it soon. A
    /// second signal ends at once.
    pub(super) async fn stop(mut self) -> Stop {
        let stop = self.next().await;
        tokio::spawn(async move {
            self.next().await;
            std::process::exit(130);
        });
        stop
    }

    async fn next(&mut self) -> Stop {
        tokio::select! {
            _ = self.terminate.recv() => Stop::Well,
            _ = self.interrupt.recv() => Stop::Soon,
        }
    }
}
