//! Periodic background tasks: writing activity and the usage of connections, looking for new signing
//! keys, evicting idle rate limits and abandoned authorizations.

mod takeover;

use std::sync::Arc;

use backlot_store::portability::forget_unfinished;
use tokio::sync::watch;

use crate::auth::elevated_token::RELOAD_SECONDS;
use crate::background::takeover::Takeover;
use crate::error::Chain;
use crate::events::delete_old;
use crate::instances::activity;
use crate::service::Service;
use crate::state::AppState;

/// Runs until the server has stopped.
pub(crate) async fn run(service: Arc<Service>, mut stopped: watch::Receiver<bool>) {
    let Service {
        state,
        auth,
        router,
        ..
    } = &*service;
    let mut tick = tokio::time::interval(activity::INTERVAL);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut ticks: u64 = 0;
    let mut takeover = Takeover::new();
    takeover.look(&service).await;
    forget_unfinished_imports(state).await;
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            _ = stopped.wait_for(|stopped| *stopped) => return,
        }
        takeover.look(&service).await;
        auth.activity.write().await;
        state.connections.usage.write().await;
        ticks += 1;
        if ticks.is_multiple_of(RELOAD_SECONDS) {
            auth.signing_keys.reload(&auth.elevated).await;
        }
        if ticks.is_multiple_of(60) {
            router.api.forget_idle();
            router.data.limiters().forget_idle();
            auth.access_tokens.forget_idle();
            state.connections.forget_idle();
            state.connections.accounts.forget_old().await;
            state.echo_marks.delete_expired().await;
            forget_unfinished_imports(state).await;
            let (clock, subscriptions) = (&state.shared.clock, &state.intake.subscriptions);
            delete_old(&state.store, clock, state.events, subscriptions).await;
        }
    }
}

/// Of imports that were killed, whose data was never visible.
async fn forget_unfinished_imports(state: &AppState) {
    match forget_unfinished(&state.store, state.shared.clock.now()).await {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "removed the remains of interrupted imports"),
        Err(error) => tracing::warn!(error = %Chain(&error), "failed to list interrupted imports"),
    }
}
