-- The provider's own id of a connected account, which its webhooks name.
ALTER TABLE accounts ADD COLUMN external_id text COLLATE "C";
CREATE INDEX accounts_by_external_id ON accounts (connection, external_id) WHERE external_id IS NOT NULL;

-- Addresses at which the webhooks of one source are those of one instance. The key is in the address; here is its
-- SHA-256.
CREATE TABLE webhook_addresses (
    key_hash      bytea            NOT NULL PRIMARY KEY,
    instance_id   uuid             NOT NULL,
    source        text COLLATE "C" NOT NULL,
    address_id    text COLLATE "C" NOT NULL,
    created_at_ms bigint           NOT NULL
);

CREATE UNIQUE INDEX webhook_addresses_of_instances ON webhook_addresses (instance_id, source, address_id);

ALTER TABLE webhook_addresses ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY one_instance ON webhook_addresses
    USING (instance_id = nullif(current_setting('backlot.instance_id', true), '')::uuid);
CREATE POLICY all_instances ON webhook_addresses TO CURRENT_USER
    USING (current_setting('backlot.all_instances', true) = 'on');
