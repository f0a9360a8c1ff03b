//! Markers in PostgreSQL.

use super::PostgresStore;
use super::failure::{Failure, attempt};
use crate::StoreError;

const ONE: &str = "SELECT value FROM markers WHERE name = $1";

const BEGINNING: &str =
    "SELECT name, value FROM markers WHERE left(name, length($1)) = $1 ORDER BY name";

const SET: &str = "
    INSERT INTO markers (name, value) VALUES ($1, $2)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value";

const REMOVE: &str = "DELETE FROM markers WHERE name = $1";

impl PostgresStore {
    pub(crate) async fn marker(&self, name: &str) -> Result<Option<String>, StoreError> {
        let rows = attempt!(reading: self.ask(ONE, &[&name]))?;
        let value = rows.first().map(|row| row.try_get(0));
        Ok(value.transpose().map_err(Failure::from)?)
    }

    pub(crate) async fn markers(
        &self,
        beginning: &str,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let rows = attempt!(reading: self.ask(BEGINNING, &[&beginning]))?;
        let pair = |row: &tokio_postgres::Row| Ok((row.try_get(0)?, row.try_get(1)?));
        Ok(rows.iter().map(pair).collect::<Result<_, Failure>>()?)
    }

    pub(crate) async fn set_marker(
        &self,
        name: &str,
        value: Option<String>,
    ) -> Result<(), StoreError> {
        let changed = if let Some(value) = value {
            attempt!(writing: self.change(SET, &[&name, &value]))
        } else {
            attempt!(writing: self.change(REMOVE, &[&name]))
        };
        changed.map(drop)
    }
}
