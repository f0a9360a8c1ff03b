CREATE TABLE instances (
    instance_id      TEXT    NOT NULL PRIMARY KEY,
    first_seen_ms    INTEGER NOT NULL,
    last_seen_ms     INTEGER NOT NULL,
    visitor_requests INTEGER NOT NULL,
    member_requests  INTEGER NOT NULL,
    owner_requests   INTEGER NOT NULL,
    app_requests     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX instances_by_last_seen ON instances (last_seen_ms DESC);
