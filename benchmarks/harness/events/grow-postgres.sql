-- 1,000,000 events, the last 150,000 of which wait in a lane each: half of the lanes belong to one instance, and each of the
-- others to another. All are copies of the one event that Backlot has stored and delivered, with other ids.
SET search_path = backlot;
SET backlot.all_instances = 'on';
SET synchronous_commit = off;
SET client_min_messages = warning;
BEGIN;
CREATE TEMP TABLE event AS SELECT * FROM events LIMIT 1;
CREATE TEMP TABLE delivery AS SELECT * FROM deliveries LIMIT 1;
CREATE TEMP TABLE attempt AS SELECT * FROM delivery_attempts LIMIT 1;
CREATE TEMP TABLE instances AS SELECT number, gen_random_uuid() AS id FROM generate_series(0, 76000) AS number;
ANALYZE instances;

INSERT INTO events (sequence, instance_id, source, event_id, event_type, entity_id, entity_sequence, occurred_at_us,
                    received_at_ms, identity, details, is_echo, data)
OVERRIDING SYSTEM VALUE
SELECT event.sequence + n, instances.id, source, named.id, event_type, named.id, entity_sequence, occurred_at_us,
       received_at_ms, identity, details, is_echo, data
FROM (
    SELECT n, CASE WHEN n <= 850000 THEN 1 + n % 1000 WHEN n <= 925000 THEN 0 ELSE n - 924000 END AS instance,
           gen_random_uuid()::text AS id
    FROM generate_series(1, 1000000) AS n
) AS named JOIN instances ON instances.number = named.instance CROSS JOIN event;
SELECT setval(pg_get_serial_sequence('events', 'sequence'), max(sequence)) FROM events;

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
SELECT subscription, instance_id, lane, created_at_ms, false FROM deliveries WHERE state = 'WAITING';

INSERT INTO delivery_turns (subscription, instance_id, due_at_ms, is_ready, turn)
SELECT subscription, instance_id, min(run_at_ms), true, min(run_at_ms) * 1000 + row_number() OVER (ORDER BY instance_id)
FROM delivery_lanes GROUP BY subscription, instance_id;
COMMIT;
VACUUM ANALYZE events, deliveries, delivery_attempts, delivery_lanes, delivery_turns;
