CREATE TABLE signing_keys (
    key_id        text COLLATE "C" NOT NULL PRIMARY KEY,
    private_key   bytea            NOT NULL,
    created_at_ms bigint           NOT NULL
);
