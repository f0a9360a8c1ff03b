//! Links between entities of two systems.

use backlot_wix::InstanceId;

use super::Store;
use crate::StoreError;
use crate::entity_links::{EntityLink, EntityLinkUpsert, LinkSide, link_columns, read_link};
use crate::sql::{Scope, bind};

const FIND_BY_EXTERNAL: &str = concat!(
    link_columns!(),
    "WHERE instance_id = $1 AND collection = $2 AND external = $3"
);

const FIND_BY_INTERNAL: &str = concat!(
    link_columns!(),
    "WHERE instance_id = $1 AND collection = $2 AND internal = $3"
);

const LIST: &str = concat!(
    link_columns!(),
    "WHERE instance_id = $1 AND collection = $2 AND external > $3 ORDER BY external LIMIT $4"
);

const LIST_ALL: &str = concat!(
    link_columns!(),
    "WHERE instance_id = $1 AND (collection, external) > ($2, $3) ORDER BY collection, external LIMIT $4"
);

const DELETE_BY_EXTERNAL: &str = "
    DELETE FROM entity_links WHERE instance_id = $1 AND collection = $2 AND external = $3
    RETURNING instance_id, collection, external, internal, hash, updated_at_ms";

const DELETE_BY_INTERNAL: &str = "
    DELETE FROM entity_links WHERE instance_id = $1 AND collection = $2 AND internal = $3
    RETURNING instance_id, collection, external, internal, hash, updated_at_ms";

repository! {
    /// Inserts a link, or replaces the one that has one of its ids. Two links that have one each stay as they are.
    async fn upsert_entity_link(&self, link: EntityLink) -> Result<EntityLinkUpsert, StoreError>;

    /// Inserts links of one instance that has none with their ids, in one transaction.
    async fn insert_entity_links(&self, links: Vec<EntityLink>) -> Result<(), StoreError>;
}

impl Store {
    /// Finds a link by one of its sides.
    pub async fn find_entity_link(
        &self,
        instance_id: InstanceId,
        collection: &str,
        side: LinkSide<'_>,
    ) -> Result<Option<EntityLink>, StoreError> {
        let (sql, id) = match side {
            LinkSide::External(id) => (FIND_BY_EXTERNAL, id),
            LinkSide::Internal(id) => (FIND_BY_INTERNAL, id),
        };
        let values = bind![instance_id, collection, id];
        self.query_one_short(Scope::Tenant(instance_id), sql, &values, read_link)
            .await
    }

    /// Lists links by their external ids, those after the given one.
    pub async fn list_entity_links(
        &self,
        instance_id: InstanceId,
        collection: &str,
        after: &str,
        limit: u32,
    ) -> Result<Vec<EntityLink>, StoreError> {
        let values = bind![instance_id, collection, after, limit];
        self.query(Scope::Tenant(instance_id), LIST, &values, read_link)
            .await
    }

    /// Lists links of all collections, those after the given one.
    pub async fn list_entity_links_of_instance(
        &self,
        instance_id: InstanceId,
        after: Option<&EntityLink>,
        limit: u32,
    ) -> Result<Vec<EntityLink>, StoreError> {
        let (collection, external) = after.map_or(("", ""), |it| (&it.collection, &it.external));
        let values = bind![instance_id, collection, external, limit];
        self.query(Scope::Tenant(instance_id), LIST_ALL, &values, read_link)
            .await
    }

    /// Deletes a link by one of its sides, and returns it.
    pub async fn delete_entity_link(
        &self,
        instance_id: InstanceId,
        collection: &str,
        side: LinkSide<'_>,
    ) -> Result<Option<EntityLink>, StoreError> {
        let (sql, id) = match side {
            LinkSide::External(id) => (DELETE_BY_EXTERNAL, id),
            LinkSide::Internal(id) => (DELETE_BY_INTERNAL, id),
        };
        let values = bind![instance_id, collection, id];
        let scope = Scope::Tenant(instance_id);
        let deleted = self
            .execute_returning(scope, sql, &values, read_link)
            .await?;
        Ok(deleted.into_iter().next())
    }
}
