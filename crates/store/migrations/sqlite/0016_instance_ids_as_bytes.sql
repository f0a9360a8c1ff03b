-- An instance id is 16 bytes in every table. A row whose id is no GUID, which no statement could read, is left out.
CREATE TABLE instances_with_bytes (
    instance_id      BLOB    NOT NULL PRIMARY KEY,
    first_seen_ms    INTEGER NOT NULL,
    last_seen_ms     INTEGER NOT NULL,
    visitor_requests INTEGER NOT NULL,
    member_requests  INTEGER NOT NULL,
    owner_requests   INTEGER NOT NULL,
    app_requests     INTEGER NOT NULL,
    plan             TEXT,
    site_id          TEXT
) STRICT, WITHOUT ROWID;

INSERT INTO instances_with_bytes
SELECT unhex(instance_id, '-'), first_seen_ms, last_seen_ms, visitor_requests, member_requests, owner_requests,
       app_requests, plan, site_id
FROM instances WHERE length(unhex(instance_id, '-')) = 16;

DROP TABLE instances;
ALTER TABLE instances_with_bytes RENAME TO instances;
CREATE INDEX instances_by_last_seen ON instances (last_seen_ms DESC);

CREATE TABLE instance_details_with_bytes (
    instance_id   BLOB    NOT NULL PRIMARY KEY,
    site_origin   TEXT,
    answer        TEXT    NOT NULL,
    fetched_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO instance_details_with_bytes
SELECT unhex(instance_id, '-'), site_origin, answer, fetched_at_ms
FROM instance_details WHERE length(unhex(instance_id, '-')) = 16;

DROP TABLE instance_details;
ALTER TABLE instance_details_with_bytes RENAME TO instance_details;
CREATE INDEX instance_details_by_site ON instance_details (json_extract(answer, '$.site.siteId'))
    WHERE json_extract(answer, '$.site.siteId') IS NOT NULL;

CREATE TABLE instance_refusals_with_bytes (
    instance_id   BLOB    NOT NULL PRIMARY KEY,
    status        INTEGER NOT NULL,
    reason        TEXT    NOT NULL,
    refused_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO instance_refusals_with_bytes
SELECT unhex(instance_id, '-'), status, reason, refused_at_ms
FROM instance_refusals WHERE length(unhex(instance_id, '-')) = 16;

DROP TABLE instance_refusals;
ALTER TABLE instance_refusals_with_bytes RENAME TO instance_refusals;
