-- How much each instance has called each connection in a month (202611).
CREATE TABLE connection_usage (
    instance_id    uuid             NOT NULL,
    month          integer          NOT NULL,
    connection     text COLLATE "C" NOT NULL,
    calls          bigint           NOT NULL,
    errors         bigint           NOT NULL,
    bytes_sent     bigint           NOT NULL,
    bytes_received bigint           NOT NULL,
    milliseconds   bigint           NOT NULL,
    PRIMARY KEY (instance_id, month, connection)
);

CREATE INDEX connection_usage_by_month ON connection_usage (month);

ALTER TABLE connection_usage ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY one_instance ON connection_usage
    USING (instance_id = nullif(current_setting('backlot.instance_id', true), '')::uuid);
CREATE POLICY all_instances ON connection_usage TO CURRENT_USER
    USING (current_setting('backlot.all_instances', true) = 'on');
