CREATE TABLE instances (
    instance_id      uuid   NOT NULL PRIMARY KEY,
    first_seen_ms    bigint NOT NULL,
    last_seen_ms     bigint NOT NULL,
    visitor_requests bigint NOT NULL,
    member_requests  bigint NOT NULL,
    owner_requests   bigint NOT NULL,
    app_requests     bigint NOT NULL
);

CREATE INDEX instances_by_last_seen ON instances (last_seen_ms DESC, instance_id);
