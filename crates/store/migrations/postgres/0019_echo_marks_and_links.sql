-- Writes that are expected to cause an event of an entity, until the event comes or the mark expires.
CREATE TABLE echo_marks (
    instance_id   uuid             NOT NULL,
    mark_id       bytea            NOT NULL,
    kind          text COLLATE "C" NOT NULL,
    entity_id     text COLLATE "C" NOT NULL,
    expires_at_ms bigint           NOT NULL,
    PRIMARY KEY (instance_id, mark_id)
);

CREATE INDEX echo_marks_by_entity ON echo_marks (instance_id, kind, entity_id, expires_at_ms);
CREATE INDEX echo_marks_by_expiry ON echo_marks (expires_at_ms);

-- Pairs of ids: an entity of another system, and the app's own.
CREATE TABLE entity_links (
    instance_id   uuid             NOT NULL,
    collection    text COLLATE "C" NOT NULL,
    external      text COLLATE "C" NOT NULL,
    internal      text COLLATE "C" NOT NULL,
    hash          text COLLATE "C",
    updated_at_ms bigint           NOT NULL,
    PRIMARY KEY (instance_id, collection, external)
);

CREATE UNIQUE INDEX entity_links_by_internal ON entity_links (instance_id, collection, internal);

ALTER TABLE echo_marks ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY one_instance ON echo_marks
    USING (instance_id = nullif(current_setting('backlot.instance_id', true), '')::uuid);
CREATE POLICY all_instances ON echo_marks TO CURRENT_USER
    USING (current_setting('backlot.all_instances', true) = 'on');

ALTER TABLE entity_links ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY one_instance ON entity_links
    USING (instance_id = nullif(current_setting('backlot.instance_id', true), '')::uuid);
CREATE POLICY all_instances ON entity_links TO CURRENT_USER
    USING (current_setting('backlot.all_instances', true) = 'on');
