//! What must be done now and then: writing the register and what connections used, looking for new signing
//! keys, forgetting idle rate limits and authorizations that nobody ended.

use std::sync::Arc;

use backlot_store::transfer::forget_unfinished;
use tokio::sync::watch;

use crate::elevated::RELOAD_SECONDS;
use crate::house::House;
use crate::registry;
use crate::takeover::Takeover;

/// Runs until the server has stopped.
pub(crate) async fn run(house: Arc<House>, mut stopped: watch::Receiver<bool>) {
    let mut tick = tokio::time::interval(registry::INTERVAL);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut ticks: u64 = 0;
    let mut takeover = Takeover::new();
    takeover.look(&house).await;
    forget_unfinished_imports(&house).await;
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            _ = stopped.wait_for(|stopped| *stopped) => return,
        }
        takeover.look(&house).await;
        house.registry.write().await;
        house.connections.usage.write().await;
        ticks += 1;
        if ticks.is_multiple_of(RELOAD_SECONDS) {
            house.signing_keys.reload(&house.elevated).await;
        }
        if ticks.is_multiple_of(60) {
            house.routes.api.forget_idle();
            house.routes.data_limiters.forget_idle();
            house.access_tokens.forget_idle();
            house.connections.forget_idle();
            house.connections.accounts.forget_old().await;
            forget_unfinished_imports(&house).await;
        }
    }
}

/// Of imports that were killed; nobody has seen anything of them.
async fn forget_unfinished_imports(house: &House) {
    match forget_unfinished(&house.store, house.clock.now()).await {
        Ok(0) => {}
        Ok(count) => tracing::info!(
            count,
            "removed what was left of imports that were broken off"
        ),
        Err(error) => tracing::warn!(%error, "failed to look for imports that were broken off"),
    }
}
