//! Links between entities of two systems in SQLite.

use super::SqliteStore;
use super::statement::{execute, query};
use crate::StoreError;
use crate::entity_links::{
    EntityLink, EntityLinkUpsert, INSERT_LINK, UPDATE_LINK, link_columns, present, read_link,
};
use crate::sql::bind;

// One search for each index.
const FIND: &str = concat!(
    link_columns!(),
    "WHERE instance_id = $1 AND collection = $2 AND external = $3 UNION ",
    link_columns!(),
    "WHERE instance_id = $1 AND collection = $2 AND internal = $4"
);

impl SqliteStore {
    pub(crate) async fn upsert_entity_link(
        &self,
        link: EntityLink,
    ) -> Result<EntityLinkUpsert, StoreError> {
        self.write_for(link.instance_id, move |connection| {
            let (id, collection) = (link.instance_id, &link.collection);
            let values = bind![id, collection, &link.external, &link.internal];
            let found = query(connection, FIND, &values, read_link)?;
            let hash = link.hash.as_deref();
            match present(found, &link) {
                None => {
                    let (external, internal) = (&link.external, &link.internal);
                    let values = bind![id, collection, external, internal, hash, link.updated_at];
                    execute(connection, INSERT_LINK, &values)?;
                    Ok(EntityLinkUpsert::Inserted)
                }
                Some(EntityLinkUpsert::Updated(before)) => {
                    let values = bind![
                        &link.external,
                        &link.internal,
                        hash,
                        link.updated_at,
                        id,
                        collection,
                        &before.external,
                    ];
                    execute(connection, UPDATE_LINK, &values)?;
                    Ok(EntityLinkUpsert::Updated(before))
                }
                Some(conflict) => Ok(conflict),
            }
        })
        .await
    }

    pub(crate) async fn insert_entity_links(
        &self,
        links: Vec<EntityLink>,
    ) -> Result<(), StoreError> {
        let Some(instance_id) = links.first().map(|link| link.instance_id) else {
            return Ok(());
        };
        self.write_for(instance_id, move |connection| {
            for link in &links {
                let values = bind![
                    link.instance_id,
                    &link.collection,
                    &link.external,
                    &link.internal,
                    link.hash.as_deref(),
                    link.updated_at,
                ];
                execute(connection, INSERT_LINK, &values)?;
            }
            Ok(())
        })
        .await
    }
}
