//! The signals that end the program.

use backlot_server::Stop;
use tokio::signal::unix::{SignalKind, signal};

/// Waits for one. SIGTERM ends well; Ctrl-C (SIGINT) has a person behind it who wants it soon. A
/// second signal ends at once.
pub(super) async fn stop() -> Stop {
    let stop = first().await;
    tokio::spawn(async {
        first().await;
        std::process::exit(130);
    });
    stop
}

async fn first() -> Stop {
    let (Ok(mut terminate), Ok(mut interrupt)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => Stop::Well,
        _ = interrupt.recv() => Stop::Soon,
    }
}
