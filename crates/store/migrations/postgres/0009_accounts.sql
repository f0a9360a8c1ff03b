-- Accounts at third parties that owners of instances have connected. sealed holds the tokens, encrypted with
-- the data key of key_id; until claimed_until_ms somebody is renewing them.
CREATE TABLE accounts (
    instance_id      uuid             NOT NULL,
    connection       text COLLATE "C" NOT NULL,
    key_id           text COLLATE "C" NOT NULL,
    sealed           bytea            NOT NULL,
    version          bigint           NOT NULL,
    scopes           text             NOT NULL,
    connected_by     text COLLATE "C",
    connected_at_ms  bigint           NOT NULL,
    expires_at_ms    bigint,
    broken           boolean          NOT NULL,
    claimed_until_ms bigint,
    PRIMARY KEY (instance_id, connection)
);

-- Authorizations that are under way at a provider. The state comes back with the answer; here is its SHA-256.
CREATE TABLE pending_authorizations (
    state_hash    bytea            NOT NULL PRIMARY KEY,
    instance_id   uuid             NOT NULL,
    connection    text COLLATE "C" NOT NULL,
    key_id        text COLLATE "C" NOT NULL,
    sealed        bytea            NOT NULL,
    expires_at_ms bigint           NOT NULL
);

CREATE INDEX pending_authorizations_of_instances ON pending_authorizations (instance_id, expires_at_ms);
CREATE INDEX pending_authorizations_by_end ON pending_authorizations (expires_at_ms);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['accounts', 'pending_authorizations']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY one_instance ON %I
            USING (instance_id = nullif(current_setting(''backlot.instance_id'', true), '''')::uuid)',
            name);
        EXECUTE format('CREATE POLICY all_instances ON %I TO CURRENT_USER
            USING (current_setting(''backlot.all_instances'', true) = ''on'')', name);
    END LOOP;
END
$$;
