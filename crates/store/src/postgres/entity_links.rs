//! Links between entities of two systems in PostgreSQL.

use backlot_wix::InstanceId;

use super::PostgresStore;
use super::failure::{Failure, attempt};
use super::tenant::{Bound, Isolation, transaction, uuid};
use crate::StoreError;
use crate::entity_links::{
    EntityLink, EntityLinkUpsert, INSERT_LINK, UPDATE_LINK, link_columns, present, read_link,
};
use crate::sql::Row;

const FIND: &str = concat!(
    link_columns!(),
    "WHERE instance_id = $1 AND collection = $2 AND (external = $3 OR internal = $4)
     ORDER BY external FOR UPDATE"
);

const INSERT_ALL: &str = "
    INSERT INTO entity_links (instance_id, collection, external, internal, hash, updated_at_ms)
    SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])";

impl PostgresStore {
    pub(crate) async fn upsert_entity_link(
        &self,
        link: EntityLink,
    ) -> Result<EntityLinkUpsert, StoreError> {
        // Of two nodes that insert an id at once, one violates a unique index, and looks again.
        attempt!(writing: self.upsert_link_once(&link))
    }

    async fn upsert_link_once(&self, link: &EntityLink) -> Result<EntityLinkUpsert, Failure> {
        let lease = self.tenants().await?;
        let work = async {
            let client = lease.client()?;
            let (id, at) = (uuid(link.instance_id), link.updated_at.as_millisecond());
            let (external, internal) = (&link.external, &link.internal);
            let find = client.prepare_cached(FIND).await?;
            let sides: [Bound<'_>; 4] = [&id, &link.collection, external, internal];
            let rows = client.query(&find, &sides).await?;
            let found: Result<Vec<_>, _> = rows
                .iter()
                .map(|row| read_link(&Row::Postgres(row)))
                .collect();
            match present(found?, link) {
                None => {
                    let values: [Bound<'_>; 6] =
                        [&id, &link.collection, external, internal, &link.hash, &at];
                    let insert = client.prepare_cached(INSERT_LINK).await?;
                    client.execute(&insert, &values).await?;
                    Ok(EntityLinkUpsert::Inserted)
                }
                Some(EntityLinkUpsert::Updated(before)) => {
                    let values: [Bound<'_>; 7] = [
                        external,
                        internal,
                        &link.hash,
                        &at,
                        &id,
                        &link.collection,
                        &before.external,
                    ];
                    let update = client.prepare_cached(UPDATE_LINK).await?;
                    client.execute(&update, &values).await?;
                    Ok(EntityLinkUpsert::Updated(before))
                }
                Some(conflict) => Ok(conflict),
            }
        };
        let isolation = Isolation::ReadCommitted;
        let outcome = transaction(&lease, link.instance_id, isolation, work).await;
        lease.release(outcome)
    }

    pub(crate) async fn insert_entity_links(
        &self,
        links: Vec<EntityLink>,
    ) -> Result<(), StoreError> {
        let Some(instance_id) = links.first().map(|link| link.instance_id) else {
            return Ok(());
        };
        attempt!(writing: self.insert_links_once(instance_id, &links))
    }

    async fn insert_links_once(
        &self,
        instance_id: InstanceId,
        links: &[EntityLink],
    ) -> Result<(), Failure> {
        macro_rules! column {
            (|$link:ident| $value:expr) => {
                links.iter().map(|$link| $value).collect::<Vec<_>>()
            };
        }
        let lease = self.tenants().await?;
        let work = async {
            let client = lease.client()?;
            let values: [Bound<'_>; 6] = [
                &uuid(instance_id),
                &column!(|it| it.collection.as_str()),
                &column!(|it| it.external.as_str()),
                &column!(|it| it.internal.as_str()),
                &column!(|it| it.hash.as_deref()),
                &column!(|it| it.updated_at.as_millisecond()),
            ];
            let insert = client.prepare_cached(INSERT_ALL).await?;
            client.execute(&insert, &values).await?;
            Ok(())
        };
        let isolation = Isolation::ReadCommitted;
        let outcome = transaction(&lease, instance_id, isolation, work).await;
        lease.release(outcome)
    }
}
