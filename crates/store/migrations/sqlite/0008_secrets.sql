-- Data keys, wrapped by the master key, which is kept elsewhere.
CREATE TABLE wrapped_keys (
    key_id        TEXT    NOT NULL PRIMARY KEY,
    wrapped       BLOB    NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Secrets for every instance. sealed is encrypted with the data key of key_id.
CREATE TABLE secrets (
    name          TEXT    NOT NULL PRIMARY KEY,
    key_id        TEXT    NOT NULL,
    sealed        BLOB    NOT NULL,
    version       INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    changed_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Secrets of one instance.
CREATE TABLE instance_secrets (
    instance_id   BLOB    NOT NULL,
    name          TEXT    NOT NULL,
    key_id        TEXT    NOT NULL,
    sealed        BLOB    NOT NULL,
    version       INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    changed_at_ms INTEGER NOT NULL,
    PRIMARY KEY (instance_id, name)
) STRICT, WITHOUT ROWID;
