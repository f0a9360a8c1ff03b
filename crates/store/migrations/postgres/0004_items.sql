-- Collections that the configuration declares: every instance has them.
CREATE TABLE declared_collections (
    id         text COLLATE "C" NOT NULL PRIMARY KEY,
    definition text             NOT NULL,
    revision   bigint           NOT NULL
);

-- Collections of one instance.
CREATE TABLE collections (
    instance_id uuid             NOT NULL,
    id          text COLLATE "C" NOT NULL,
    definition  text             NOT NULL,
    revision    bigint           NOT NULL,
    PRIMARY KEY (instance_id, id)
);

-- Items, in the order of insertion. data is the whole item; a date in it is {"$date": milliseconds}.
CREATE TABLE items (
    instance_id uuid             NOT NULL,
    collection  text COLLATE "C" NOT NULL,
    item_id     text COLLATE "C" NOT NULL,
    sequence    bigint           NOT NULL GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME items_sequence),
    owner       text COLLATE "C",
    data        jsonb            NOT NULL,
    PRIMARY KEY (instance_id, collection, item_id)
);

-- "POSIX" is "C" by another name. This way a statement says which of the two indexes it means: with both on
-- "C", a server that has no statistics yet takes them for equally good, whatever is asked.
CREATE UNIQUE INDEX items_in_order ON items (instance_id, collection COLLATE "POSIX", sequence);

-- What indexes of collections hold: a key for each item, or for each element of a list.
CREATE TABLE item_keys (
    instance_id uuid   NOT NULL,
    index_id    bigint NOT NULL,
    key         bytea  NOT NULL,
    sequence    bigint NOT NULL,
    PRIMARY KEY (instance_id, index_id, key, sequence)
);

-- The same for unique indexes: a key stands here only once.
CREATE TABLE item_unique_keys (
    instance_id uuid   NOT NULL,
    index_id    bigint NOT NULL,
    key         bytea  NOT NULL,
    sequence    bigint NOT NULL,
    PRIMARY KEY (instance_id, index_id, key)
);

-- Indexes in which some item does not sort as its one key does: it holds a list, or something long.
CREATE TABLE inexact_indexes (
    instance_id uuid   NOT NULL,
    index_id    bigint NOT NULL,
    PRIMARY KEY (instance_id, index_id)
);

-- What multi-reference fields hold, in the order in which it was linked.
CREATE TABLE item_links (
    instance_id           uuid             NOT NULL,
    collection            text COLLATE "C" NOT NULL,
    field                 text COLLATE "C" NOT NULL,
    item_id               text COLLATE "C" NOT NULL,
    referenced_id         text COLLATE "C" NOT NULL,
    referenced_collection text COLLATE "C" NOT NULL,
    sequence              bigint           NOT NULL GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (instance_id, collection, field, item_id, referenced_id)
);

CREATE UNIQUE INDEX item_links_in_order
    ON item_links (instance_id, collection, field, item_id, sequence);
CREATE INDEX item_links_backwards
    ON item_links (instance_id, referenced_collection, referenced_id);

-- The database repeats the tenant check: whoever reaches these tables sees one instance's rows, the one
-- that the connection named. The owner of the tables, and nobody else, may ask for all (for
-- jobs of any instance, and for keys of a collection that every instance has).
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['collections', 'items', 'item_keys', 'item_unique_keys',
                                'inexact_indexes', 'item_links']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY one_instance ON %I
            USING (instance_id = nullif(current_setting(''backlot.instance_id'', true), '''')::uuid)',
            name);
        EXECUTE format('CREATE POLICY all_instances ON %I TO CURRENT_USER
            USING (current_setting(''backlot.all_instances'', true) = ''on'')', name);
    END LOOP;
END
$$;

-- Writers lock the row of the definition that they were built on, and change nothing in it.
ALTER TABLE declared_collections ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody_reads ON declared_collections FOR SELECT USING (true);
CREATE POLICY everybody_locks ON declared_collections FOR UPDATE USING (true) WITH CHECK (false);
