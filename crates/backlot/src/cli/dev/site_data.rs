//! What the make-believe sites keep at Wix: the data API's own code, on a database beside the app's.

use std::path::PathBuf;
use std::sync::Arc;

use axum::body::Body;
use backlot_server::{Clock, DataCaller, DataService};
use backlot_simulator::SiteData;
use backlot_simulator::world::App;
use backlot_store::Address;
use backlot_store::sqlite::Durability;

/// Opens the database at `path`, or makes it.
pub(super) async fn open(path: PathBuf, app: &App) -> anyhow::Result<DataService> {
    let durability = Durability::Relaxed;
    let store = Address::Sqlite { path, durability }.open().await?;
    let secret = app.private_key.as_bytes();
    Ok(DataService::new(store, Clock::System, app.id, secret))
}

/// The same as what the simulator mounts.
pub(super) fn mounted(service: &DataService) -> SiteData {
    let service = service.clone();
    Arc::new(move |call| {
        let service = service.clone();
        Box::pin(async move {
            let caller = DataCaller {
                instance_id: call.instance_id,
                role: call.role,
                user_id: call.user_id,
            };
            service.answer(caller, call.request).await.map(Body::new)
        })
    })
}
