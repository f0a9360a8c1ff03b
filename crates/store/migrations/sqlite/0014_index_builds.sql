-- Indexes that do not serve queries: their keys are being cleared or built in pieces, or could not be built. An index
-- without a row is ready. The position is the place of the last item whose keys are there.
CREATE TABLE index_builds (
    instance_id BLOB    NOT NULL,
    collection  TEXT    NOT NULL,
    index_id    INTEGER NOT NULL,
    state       TEXT    NOT NULL,
    position    INTEGER NOT NULL,
    failure     TEXT,
    PRIMARY KEY (instance_id, collection, index_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX index_builds_by_collection ON index_builds (collection);
CREATE INDEX index_builds_unfinished ON index_builds (instance_id) WHERE state IN ('CLEARING', 'BUILDING');
