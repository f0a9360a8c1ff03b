-- Accounts at third parties that owners of instances have connected. sealed holds the tokens, encrypted with
-- the data key of key_id; until claimed_until_ms somebody is renewing them.
CREATE TABLE accounts (
    instance_id      BLOB    NOT NULL,
    connection       TEXT    NOT NULL,
    key_id           TEXT    NOT NULL,
    sealed           BLOB    NOT NULL,
    version          INTEGER NOT NULL,
    scopes           TEXT    NOT NULL,
    connected_by     TEXT,
    connected_at_ms  INTEGER NOT NULL,
    expires_at_ms    INTEGER,
    broken           INTEGER NOT NULL,
    claimed_until_ms INTEGER,
    PRIMARY KEY (instance_id, connection)
) STRICT, WITHOUT ROWID;

-- Authorizations that are under way at a provider. The state comes back with the answer; here is its SHA-256.
CREATE TABLE pending_authorizations (
    state_hash    BLOB    NOT NULL PRIMARY KEY,
    instance_id   BLOB    NOT NULL,
    connection    TEXT    NOT NULL,
    key_id        TEXT    NOT NULL,
    sealed        BLOB    NOT NULL,
    expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX pending_authorizations_of_instances ON pending_authorizations (instance_id, expires_at_ms);
CREATE INDEX pending_authorizations_by_end ON pending_authorizations (expires_at_ms);
