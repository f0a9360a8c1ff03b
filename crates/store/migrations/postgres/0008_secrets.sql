-- Data keys, wrapped by the master key, which is kept elsewhere.
CREATE TABLE wrapped_keys (
    key_id        text COLLATE "C" NOT NULL PRIMARY KEY,
    wrapped       bytea            NOT NULL,
    created_at_ms bigint           NOT NULL
);

-- Secrets for every instance. sealed is encrypted with the data key of key_id.
CREATE TABLE secrets (
    name          text COLLATE "C" NOT NULL PRIMARY KEY,
    key_id        text COLLATE "C" NOT NULL,
    sealed        bytea            NOT NULL,
    version       bigint           NOT NULL,
    created_at_ms bigint           NOT NULL,
    changed_at_ms bigint           NOT NULL
);

-- Secrets of one instance.
CREATE TABLE instance_secrets (
    instance_id   uuid             NOT NULL,
    name          text COLLATE "C" NOT NULL,
    key_id        text COLLATE "C" NOT NULL,
    sealed        bytea            NOT NULL,
    version       bigint           NOT NULL,
    created_at_ms bigint           NOT NULL,
    changed_at_ms bigint           NOT NULL,
    PRIMARY KEY (instance_id, name)
);

ALTER TABLE instance_secrets ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY one_instance ON instance_secrets
    USING (instance_id = nullif(current_setting('backlot.instance_id', true), '')::uuid);
CREATE POLICY all_instances ON instance_secrets TO CURRENT_USER
    USING (current_setting('backlot.all_instances', true) = 'on');
