CREATE TABLE signing_keys (
    key_id        TEXT    NOT NULL PRIMARY KEY,
    private_key   BLOB    NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
