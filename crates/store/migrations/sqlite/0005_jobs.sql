CREATE TABLE jobs (
    instance_id   BLOB    NOT NULL,
    job_id        TEXT    NOT NULL,
    collection    TEXT    NOT NULL,
    work          TEXT    NOT NULL,
    status        TEXT    NOT NULL,
    done          INTEGER NOT NULL,
    position      INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    PRIMARY KEY (instance_id, job_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX jobs_unfinished ON jobs (created_at_ms) WHERE status IN ('INITIALIZED', 'PROCESSING');
