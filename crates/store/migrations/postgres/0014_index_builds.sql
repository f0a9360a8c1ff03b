-- Indexes that do not serve queries: their keys are being cleared or built in pieces, or could not be built. An index
-- without a row is ready. The position is the place of the last item whose keys are there.
CREATE TABLE index_builds (
    instance_id uuid             NOT NULL,
    collection  text COLLATE "C" NOT NULL,
    index_id    bigint           NOT NULL,
    state       text COLLATE "C" NOT NULL,
    position    bigint           NOT NULL,
    failure     text,
    PRIMARY KEY (instance_id, collection, index_id)
);

CREATE INDEX index_builds_by_collection ON index_builds (collection);
CREATE INDEX index_builds_unfinished ON index_builds (instance_id) WHERE state IN ('CLEARING', 'BUILDING');

ALTER TABLE index_builds ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY one_instance ON index_builds
    USING (instance_id = nullif(current_setting('backlot.instance_id', true), '')::uuid);
CREATE POLICY all_instances ON index_builds TO CURRENT_USER
    USING (current_setting('backlot.all_instances', true) = 'on');

-- Whether some instance may have a row for one of the collection's indexes, which other instances do not see.
ALTER TABLE declared_collections ADD COLUMN has_builds boolean NOT NULL DEFAULT false;
