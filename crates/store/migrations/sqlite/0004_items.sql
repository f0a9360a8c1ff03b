-- Collections that the configuration declares: every instance has them.
CREATE TABLE declared_collections (
    id         TEXT    NOT NULL PRIMARY KEY,
    definition TEXT    NOT NULL,
    revision   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Collections of one instance.
CREATE TABLE collections (
    instance_id BLOB    NOT NULL,
    id          TEXT    NOT NULL,
    definition  TEXT    NOT NULL,
    revision    INTEGER NOT NULL,
    PRIMARY KEY (instance_id, id)
) STRICT, WITHOUT ROWID;

-- Items, in the order of insertion. data is the whole item as it goes over the wire.
CREATE TABLE items (
    sequence    INTEGER NOT NULL PRIMARY KEY,
    instance_id BLOB    NOT NULL,
    collection  TEXT    NOT NULL,
    item_id     TEXT    NOT NULL,
    owner       TEXT,
    data        TEXT    NOT NULL
) STRICT;

CREATE UNIQUE INDEX items_by_id ON items (instance_id, collection, item_id);
CREATE INDEX items_in_order ON items (instance_id, collection);

-- What indexes of collections hold: a key for each item, or for each element of a list.
CREATE TABLE item_keys (
    instance_id BLOB    NOT NULL,
    index_id    INTEGER NOT NULL,
    key         BLOB    NOT NULL,
    sequence    INTEGER NOT NULL,
    PRIMARY KEY (instance_id, index_id, key, sequence)
) STRICT, WITHOUT ROWID;

-- The same for unique indexes: a key stands here only once.
CREATE TABLE item_unique_keys (
    instance_id BLOB    NOT NULL,
    index_id    INTEGER NOT NULL,
    key         BLOB    NOT NULL,
    sequence    INTEGER NOT NULL,
    PRIMARY KEY (instance_id, index_id, key)
) STRICT, WITHOUT ROWID;

-- Indexes in which some item does not sort as its one key does: it holds a list, or something long.
CREATE TABLE inexact_indexes (
    instance_id BLOB    NOT NULL,
    index_id    INTEGER NOT NULL,
    PRIMARY KEY (instance_id, index_id)
) STRICT, WITHOUT ROWID;

-- What multi-reference fields hold.
CREATE TABLE item_links (
    instance_id           BLOB    NOT NULL,
    collection            TEXT    NOT NULL,
    field                 TEXT    NOT NULL,
    item_id               TEXT    NOT NULL,
    referenced_id         TEXT    NOT NULL,
    referenced_collection TEXT    NOT NULL,
    sequence              INTEGER NOT NULL,
    PRIMARY KEY (instance_id, collection, field, item_id, referenced_id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX item_links_in_order
    ON item_links (instance_id, collection, field, item_id, sequence);
CREATE INDEX item_links_backwards
    ON item_links (instance_id, referenced_collection, referenced_id);
