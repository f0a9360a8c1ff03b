//! What must be done now and then: writing the register and what connections used, looking for new signing
//! keys, forgetting idle rate limits and authorizations that nobody ended.

use std::sync::Arc;

use tokio::sync::watch;

use crate::elevated::RELOAD_SECONDS;
use crate::house::House;
use crate::registry;

/// Runs until the server has stopped.
pub(crate) async fn run(house: Arc<House>, mut stopped: watch::Receiver<bool>) {
    let mut tick = tokio::time::interval(registry::INTERVAL);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut ticks: u64 = 0;
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            _ = stopped.wait_for(|stopped| *stopped) => return,
        }
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
        }
    }
}
