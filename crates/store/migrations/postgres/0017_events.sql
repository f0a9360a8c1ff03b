-- Events, once by source and id. The instance with the nil id has those of no known instance.
CREATE TABLE events (
    sequence        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    instance_id     uuid    NOT NULL,
    source          text COLLATE "C"    NOT NULL,
    event_id        text COLLATE "C"    NOT NULL,
    event_type      text COLLATE "C"    NOT NULL,
    entity_id       text COLLATE "C",
    entity_sequence bigint,
    occurred_at_ms  bigint,
    received_at_ms  bigint NOT NULL,
    identity        text,
    details         text    NOT NULL,
    is_echo         boolean NOT NULL,
    data            text    NOT NULL
);

CREATE UNIQUE INDEX events_by_id ON events (event_id, source, instance_id);
CREATE INDEX events_by_instance ON events (instance_id, sequence);
CREATE INDEX events_by_type ON events (event_type, sequence);

-- An event for a subscription. The fence grows with each claim. The position is the sequence of the entity; that of an event
-- without one is the sequence before it in time, or -1.
CREATE TABLE deliveries (
    delivery_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subscription   text COLLATE "C"    NOT NULL,
    instance_id    uuid    NOT NULL,
    lane           text COLLATE "C"    NOT NULL,
    position       bigint NOT NULL,
    event_time_us  bigint NOT NULL,
    event_sequence bigint NOT NULL,
    state          text COLLATE "C"    NOT NULL,
    attempts       integer NOT NULL,
    fence          bigint NOT NULL,
    created_at_ms  bigint NOT NULL,
    finished_at_ms bigint,
    last_status    integer,
    last_error     text
);

CREATE INDEX deliveries_waiting ON deliveries (subscription, instance_id, lane, position, event_time_us, delivery_id)
    WHERE state = 'WAITING';
CREATE INDEX deliveries_dead ON deliveries (subscription, delivery_id) WHERE state = 'DEAD';
CREATE INDEX deliveries_by_event ON deliveries (event_sequence);
CREATE INDEX deliveries_by_instance ON deliveries (instance_id, delivery_id);

CREATE TABLE delivery_attempts (
    instance_id   uuid    NOT NULL,
    delivery_id   bigint NOT NULL,
    fence         bigint NOT NULL,
    number        integer NOT NULL,
    started_at_ms bigint NOT NULL,
    duration_ms   integer NOT NULL,
    status        integer,
    error         text,
    response      text,
    PRIMARY KEY (delivery_id, fence)
);

-- Lanes with waiting deliveries. A claim moves run_at_ms to the end of its lease.
CREATE TABLE delivery_lanes (
    subscription text COLLATE "C"    NOT NULL,
    instance_id  uuid    NOT NULL,
    lane         text COLLATE "C"    NOT NULL,
    run_at_ms    bigint NOT NULL,
    is_leased    boolean NOT NULL,
    PRIMARY KEY (subscription, instance_id, lane)
);

CREATE INDEX delivery_lanes_due ON delivery_lanes (subscription, instance_id, run_at_ms, lane);

-- Instances with lanes. Those that are ready take turns, the lowest number first.
CREATE TABLE delivery_turns (
    subscription text COLLATE "C"    NOT NULL,
    instance_id  uuid    NOT NULL,
    due_at_ms    bigint NOT NULL,
    is_ready     boolean NOT NULL,
    turn         bigint NOT NULL,
    PRIMARY KEY (subscription, instance_id)
);

CREATE INDEX delivery_turns_ready ON delivery_turns (subscription, turn) WHERE is_ready;
CREATE INDEX delivery_turns_due ON delivery_turns (subscription, due_at_ms) WHERE NOT is_ready;

ALTER TABLE events ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY one_instance ON events
    USING (instance_id = nullif(current_setting('backlot.instance_id', true), '')::uuid);
CREATE POLICY all_instances ON events TO CURRENT_USER
    USING (current_setting('backlot.all_instances', true) = 'on');

ALTER TABLE deliveries ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY one_instance ON deliveries
    USING (instance_id = nullif(current_setting('backlot.instance_id', true), '')::uuid);
CREATE POLICY all_instances ON deliveries TO CURRENT_USER
    USING (current_setting('backlot.all_instances', true) = 'on');

ALTER TABLE delivery_attempts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY one_instance ON delivery_attempts
    USING (instance_id = nullif(current_setting('backlot.instance_id', true), '')::uuid);
CREATE POLICY all_instances ON delivery_attempts TO CURRENT_USER
    USING (current_setting('backlot.all_instances', true) = 'on');

ALTER TABLE delivery_lanes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY one_instance ON delivery_lanes
    USING (instance_id = nullif(current_setting('backlot.instance_id', true), '')::uuid);
CREATE POLICY all_instances ON delivery_lanes TO CURRENT_USER
    USING (current_setting('backlot.all_instances', true) = 'on');

ALTER TABLE delivery_turns ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY one_instance ON delivery_turns
    USING (instance_id = nullif(current_setting('backlot.instance_id', true), '')::uuid);
CREATE POLICY all_instances ON delivery_turns TO CURRENT_USER
    USING (current_setting('backlot.all_instances', true) = 'on');
