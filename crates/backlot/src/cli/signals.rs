//! The signals that end the program, and those that must not.

use backlot_server::Shutdown;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Listens for all signals whose default action would end the program during requests. A signal that arrives
/// before [`Self::next`] is called is not lost.
pub(super) struct Signals {
    terminate: Signal,
    quit: Signal,
    interrupt: Signal,
    /// `None` if it was ignored from the start, as under `nohup`.
    hang_up: Option<Signal>,
    user: [Signal; 2],
}

/// The meaning of a signal.
enum Wish {
    Shutdown(Shutdown),
    /// The terminal was closed.
    HangUp,
    Nothing(&'static str),
}

impl Signals {
    /// Must be created before the program reports that it is ready.
    pub(super) fn install() -> std::io::Result<Self> {
        let hang_up = SignalKind::hangup();
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            quit: signal(SignalKind::quit())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: if is_ignored(hang_up) {
                None
            } else {
                Some(signal(hang_up)?)
            },
            user: [
                signal(SignalKind::user_defined1())?,
                signal(SignalKind::user_defined2())?,
            ],
        })
    }

    /// Waits for a signal. SIGTERM, SIGQUIT and SIGHUP shut down gracefully, and Ctrl-C (SIGINT) immediately. A second signal
    /// ends the program, unless it is SIGHUP. SIGUSR1 and SIGUSR2 are ignored.
    pub(super) async fn stop(mut self) -> Shutdown {
        let stop = loop {
            match self.next().await {
                Wish::Shutdown(stop) => break stop,
                Wish::HangUp => break Shutdown::Graceful,
                Wish::Nothing(name) => tracing::info!("{name} means nothing here, and is ignored"),
            }
        };
        tokio::spawn(async move {
            loop {
                if matches!(self.next().await, Wish::Shutdown(_)) {
                    std::process::exit(130);
                }
            }
        });
        stop
    }

    async fn next(&mut self) -> Wish {
        let [first, second] = &mut self.user;
        let hang_up = async {
            match &mut self.hang_up {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.terminate.recv() => Wish::Shutdown(Shutdown::Graceful),
            _ = self.quit.recv() => Wish::Shutdown(Shutdown::Graceful),
            _ = self.interrupt.recv() => Wish::Shutdown(Shutdown::Immediate),
            _ = hang_up => Wish::HangUp,
            _ = first.recv() => Wish::Nothing("SIGUSR1"),
            _ = second.recv() => Wish::Nothing("SIGUSR2"),
        }
    }
}

/// Returns whether this program was started with a signal ignored. Known on Linux only; elsewhere, signals count as handled.
fn is_ignored(kind: SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    ignored_signals(&status).is_some_and(|mask| (mask >> (kind.as_raw_value() - 1)) & 1 == 1)
}

/// One bit for each signal.
fn ignored_signals(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_is_found() {
        let status = "Name:\tx\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\n";
        assert_eq!(ignored_signals(status), Some(0x1001));
        assert_eq!(ignored_signals("Name:\tx\n"), None);
    }
}
