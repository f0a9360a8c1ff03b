-- Sources say when an event happened in microseconds.
ALTER TABLE events RENAME COLUMN occurred_at_ms TO occurred_at_us;
UPDATE events SET occurred_at_us = occurred_at_us * 1000 WHERE occurred_at_us IS NOT NULL;
