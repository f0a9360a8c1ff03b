-- The provider's own id of a connected account, which its webhooks name.
ALTER TABLE accounts ADD COLUMN external_id TEXT;
CREATE INDEX accounts_by_external_id ON accounts (connection, external_id) WHERE external_id IS NOT NULL;

-- Addresses at which the webhooks of one source are those of one instance. The key is in the address; here is its
-- SHA-256.
CREATE TABLE webhook_addresses (
    key_hash      BLOB    NOT NULL PRIMARY KEY,
    instance_id   BLOB    NOT NULL,
    source        TEXT    NOT NULL,
    address_id    TEXT    NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX webhook_addresses_of_instances ON webhook_addresses (instance_id, source, address_id);
