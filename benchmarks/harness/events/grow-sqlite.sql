-- 1,000,000 events, the last 150,000 of which wait in a lane each: half of the lanes belong to one instance, and each of the
-- others to another. All are copies of the one event that Backlot has stored and delivered, with other ids.
-- harness/events/growth.py drops the indexes before, and makes them again afterwards.
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA temp_store = MEMORY;
PRAGMA cache_size = -262144;
BEGIN;
CREATE TEMP TABLE event AS SELECT * FROM events LIMIT 1;
CREATE TEMP TABLE delivery AS SELECT * FROM deliveries LIMIT 1;
CREATE TEMP TABLE attempt AS SELECT * FROM delivery_attempts LIMIT 1;
CREATE TEMP TABLE instances (number INTEGER PRIMARY KEY, id BLOB NOT NULL);
INSERT INTO instances
WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < 76000)
SELECT n, randomblob(16) FROM numbers;

INSERT INTO events (sequence, instance_id, source, event_id, event_type, entity_id, entity_sequence, occurred_at_us,
                    received_at_ms, identity, details, is_echo, data)
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1000000),
     named AS (
         SELECT n, CASE WHEN n <= 850000 THEN 1 + n % 1000 WHEN n <= 925000 THEN 0 ELSE n - 924000 END AS instance,
                lower(hex(randomblob(4))) || '-' || lower(hex(randomblob(2))) || '-4' || substr(lower(hex(randomblob(2))), 2)
                || '-a' || substr(lower(hex(randomblob(2))), 2) || '-' || lower(hex(randomblob(6))) AS id
         FROM numbers
     )
SELECT event.sequence + n, instances.id, source, named.id, event_type, named.id, entity_sequence, occurred_at_us,
       received_at_ms, identity, details, is_echo, data
FROM named CROSS JOIN instances ON instances.number = named.instance CROSS JOIN event;

INSERT INTO deliveries (subscription, instance_id, lane, position, event_time_us, event_sequence, state, attempts, fence, created_at_ms,
                        finished_at_ms, last_status, last_error)
SELECT subscription, events.instance_id, replace(lane, event.entity_id, events.entity_id), position, event_time_us, events.sequence,
       CASE WHEN waits THEN 'WAITING' ELSE state END, CASE WHEN waits THEN 0 ELSE attempts END,
       CASE WHEN waits THEN 0 ELSE fence END, created_at_ms, CASE WHEN waits THEN NULL ELSE finished_at_ms END,
       CASE WHEN waits THEN NULL ELSE last_status END, last_error
FROM (SELECT sequence, instance_id, entity_id, sequence > 850000 + (SELECT sequence FROM event) AS waits FROM events) AS events
CROSS JOIN event CROSS JOIN delivery
WHERE events.sequence > event.sequence;

INSERT INTO delivery_attempts (instance_id, delivery_id, fence, number, started_at_ms, duration_ms, status, error, response)
SELECT deliveries.instance_id, deliveries.delivery_id, attempt.fence, attempt.number, started_at_ms, duration_ms, status,
       error, response
FROM deliveries CROSS JOIN attempt
WHERE state = 'DELIVERED' AND deliveries.delivery_id > attempt.delivery_id;

INSERT INTO delivery_lanes (subscription, instance_id, lane, run_at_ms, is_leased)
SELECT subscription, instance_id, lane, created_at_ms, 0 FROM deliveries WHERE state = 'WAITING';

INSERT INTO delivery_turns (subscription, instance_id, due_at_ms, is_ready, turn)
SELECT subscription, instance_id, min(run_at_ms), 1, min(run_at_ms) * 1000 + row_number() OVER (ORDER BY instance_id)
FROM delivery_lanes GROUP BY subscription, instance_id;
COMMIT;
