-- One insert as Backlot sends it: the instance's name and the statement, in one flight. :none is an
-- empty list: the collection has no index.
-- crates/store/src/postgres/tenant.rs (NAME) and crates/store/src/postgres/items/insert.rs (INSERT_DECLARED)
\set number random(1000000, 9000000000000000000)
\startpipeline
SELECT set_config('backlot.instance_id', :instance, false);
WITH guard AS MATERIALIZED (
    SELECT 1 FROM declared_collections WHERE id = :collection AND revision = :revision FOR KEY SHARE
), taken AS MATERIALIZED (
    SELECT wanted.index_id
    FROM unnest(:none::bigint[], :none::bytea[]) WITH ORDINALITY AS wanted(index_id, key, place)
    CROSS JOIN LATERAL (
        SELECT 1 FROM item_unique_keys AS k
        WHERE k.instance_id = :instance AND k.index_id = wanted.index_id AND k.key = wanted.key
        LIMIT 1
    ) AS found
    ORDER BY wanted.place LIMIT 1
), item AS (
    INSERT INTO items (instance_id, collection, item_id, owner, data, field_order)
    SELECT :instance, :collection, :number, :owner, :data, :order FROM guard WHERE NOT EXISTS (SELECT 1 FROM taken)
    ON CONFLICT (instance_id, collection, item_id) DO NOTHING
    RETURNING sequence
), keys AS (
    INSERT INTO item_keys (instance_id, index_id, key, sequence)
    SELECT :instance, new.index_id, new.key, item.sequence
    FROM item, unnest(:none::bigint[], :none::bytea[]) AS new(index_id, key)
), unique_keys AS (
    INSERT INTO item_unique_keys (instance_id, index_id, key, sequence)
    SELECT :instance, new.index_id, new.key, item.sequence
    FROM item, unnest(:none::bigint[], :none::bytea[]) AS new(index_id, key)
    ORDER BY 2, 3
    RETURNING 1
), inexact AS (
    INSERT INTO inexact_indexes (instance_id, index_id)
    SELECT :instance, index_id
    FROM item, (SELECT count(*) FROM unique_keys) AS before, unnest(:none::bigint[]) AS new(index_id)
    ON CONFLICT DO NOTHING
)
SELECT EXISTS (SELECT 1 FROM guard), (SELECT index_id FROM taken), (SELECT sequence FROM item),
       EXISTS (SELECT 1 FROM taken) AND EXISTS (
           SELECT 1 FROM items WHERE instance_id = :instance AND collection = :collection AND item_id = :number);
\endpipeline
