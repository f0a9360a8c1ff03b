-- The order in which an item's fields were written, which jsonb does not keep. Without it, an item of an earlier
-- program: its fields come in the order that jsonb has.
ALTER TABLE items ADD COLUMN field_order bytea;
