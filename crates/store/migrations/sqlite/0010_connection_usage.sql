-- How much each instance has called each connection in a month (202611).
CREATE TABLE connection_usage (
    instance_id    BLOB    NOT NULL,
    month          INTEGER NOT NULL,
    connection     TEXT    NOT NULL,
    calls          INTEGER NOT NULL,
    errors         INTEGER NOT NULL,
    bytes_sent     INTEGER NOT NULL,
    bytes_received INTEGER NOT NULL,
    milliseconds   INTEGER NOT NULL,
    PRIMARY KEY (instance_id, month, connection)
) STRICT, WITHOUT ROWID;

CREATE INDEX connection_usage_by_month ON connection_usage (month);
