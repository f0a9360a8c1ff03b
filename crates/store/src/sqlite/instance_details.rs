//! What Wix says of instances, in SQLite.

use rusqlite::Connection;

use super::SqliteStore;
use super::statement::execute;
use crate::StoreError;
use crate::instance_details::{Details, UPSERT};
use crate::sql::bind;

impl SqliteStore {
    pub(crate) async fn upsert_details(&self, details: Details) -> Result<(), StoreError> {
        let answer = details.to_json()?;
        self.write_with(move |connection| {
            upsert(connection, &details, &answer)?;
            let delete = "DELETE FROM instance_refusals WHERE instance_id = ?1";
            execute(connection, delete, &bind![details.instance_id]).map(drop)
        })
        .await
    }
}

pub(super) fn upsert(
    connection: &Connection,
    details: &Details,
    answer: &str,
) -> Result<(), StoreError> {
    let origin = details.answer.site.origin();
    let values = bind![
        details.instance_id,
        origin.as_deref(),
        answer,
        details.fetched_at,
    ];
    execute(connection, UPSERT, &values).map(drop)
}
