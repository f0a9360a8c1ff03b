-- Events, once by source and id. The instance of 16 zero bytes has those of no known instance.
CREATE TABLE events (
    sequence        INTEGER NOT NULL PRIMARY KEY,
    instance_id     BLOB    NOT NULL,
    source          TEXT    NOT NULL,
    event_id        TEXT    NOT NULL,
    event_type      TEXT    NOT NULL,
    entity_id       TEXT,
    entity_sequence INTEGER,
    occurred_at_ms  INTEGER,
    received_at_ms  INTEGER NOT NULL,
    identity        TEXT,
    details         TEXT    NOT NULL,
    is_echo         INTEGER NOT NULL,
    data            TEXT    NOT NULL
) STRICT;

CREATE UNIQUE INDEX events_by_id ON events (event_id, source, instance_id);
CREATE INDEX events_by_instance ON events (instance_id, sequence);
CREATE INDEX events_by_type ON events (event_type, sequence);

-- An event for a subscription. The fence grows with each claim. The position is the sequence of the entity; that of an event
-- without one is the sequence before it in time, or -1.
CREATE TABLE deliveries (
    delivery_id    INTEGER NOT NULL PRIMARY KEY,
    subscription   TEXT    NOT NULL,
    instance_id    BLOB    NOT NULL,
    lane           TEXT    NOT NULL,
    position       INTEGER NOT NULL,
    event_time_us  INTEGER NOT NULL,
    event_sequence INTEGER NOT NULL,
    state          TEXT    NOT NULL,
    attempts       INTEGER NOT NULL,
    fence          INTEGER NOT NULL,
    created_at_ms  INTEGER NOT NULL,
    finished_at_ms INTEGER,
    last_status    INTEGER,
    last_error     TEXT
) STRICT;

CREATE INDEX deliveries_waiting ON deliveries (subscription, instance_id, lane, position, event_time_us, delivery_id)
    WHERE state = 'WAITING';
CREATE INDEX deliveries_dead ON deliveries (subscription, delivery_id) WHERE state = 'DEAD';
CREATE INDEX deliveries_by_event ON deliveries (event_sequence);
CREATE INDEX deliveries_by_instance ON deliveries (instance_id, delivery_id);

CREATE TABLE delivery_attempts (
    instance_id   BLOB    NOT NULL,
    delivery_id   INTEGER NOT NULL,
    fence         INTEGER NOT NULL,
    number        INTEGER NOT NULL,
    started_at_ms INTEGER NOT NULL,
    duration_ms   INTEGER NOT NULL,
    status        INTEGER,
    error         TEXT,
    response      TEXT,
    PRIMARY KEY (delivery_id, fence)
) STRICT, WITHOUT ROWID;

-- Lanes with waiting deliveries. A claim moves run_at_ms to the end of its lease.
CREATE TABLE delivery_lanes (
    subscription TEXT    NOT NULL,
    instance_id  BLOB    NOT NULL,
    lane         TEXT    NOT NULL,
    run_at_ms    INTEGER NOT NULL,
    is_leased    INTEGER NOT NULL,
    PRIMARY KEY (subscription, instance_id, lane)
) STRICT, WITHOUT ROWID;

CREATE INDEX delivery_lanes_due ON delivery_lanes (subscription, instance_id, run_at_ms);

-- Instances with lanes. Those that are ready take turns, the lowest number first.
CREATE TABLE delivery_turns (
    subscription TEXT    NOT NULL,
    instance_id  BLOB    NOT NULL,
    due_at_ms    INTEGER NOT NULL,
    is_ready     INTEGER NOT NULL,
    turn         INTEGER NOT NULL,
    PRIMARY KEY (subscription, instance_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX delivery_turns_ready ON delivery_turns (subscription, turn) WHERE is_ready = 1;
CREATE INDEX delivery_turns_due ON delivery_turns (subscription, due_at_ms) WHERE is_ready = 0;
