-- Writes that are expected to cause an event of an entity, until the event comes or the mark expires.
CREATE TABLE echo_marks (
    instance_id   BLOB    NOT NULL,
    mark_id       BLOB    NOT NULL,
    kind          TEXT    NOT NULL,
    entity_id     TEXT    NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    PRIMARY KEY (instance_id, mark_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX echo_marks_by_entity ON echo_marks (instance_id, kind, entity_id, expires_at_ms);
CREATE INDEX echo_marks_by_expiry ON echo_marks (expires_at_ms);

-- Pairs of ids: an entity of another system, and the app's own.
CREATE TABLE entity_links (
    instance_id   BLOB    NOT NULL,
    collection    TEXT    NOT NULL,
    external      TEXT    NOT NULL,
    internal      TEXT    NOT NULL,
    hash          TEXT,
    updated_at_ms INTEGER NOT NULL,
    PRIMARY KEY (instance_id, collection, external)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX entity_links_by_internal ON entity_links (instance_id, collection, internal);
