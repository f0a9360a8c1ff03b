-- private_key is encrypted with the data key of sealed_with; NULL is a key in the clear, of before, which a server
-- seals at its start. A key signs from signs_from_ms on, and verifies until ends_at_ms.
ALTER TABLE signing_keys
    ADD COLUMN sealed_with   text COLLATE "C",
    ADD COLUMN signs_from_ms bigint NOT NULL DEFAULT 0,
    ADD COLUMN ends_at_ms    bigint;
