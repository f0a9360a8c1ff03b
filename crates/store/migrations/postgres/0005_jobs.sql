CREATE TABLE jobs (
    instance_id   uuid             NOT NULL,
    job_id        text COLLATE "C" NOT NULL,
    collection    text COLLATE "C" NOT NULL,
    work          text             NOT NULL,
    status        text COLLATE "C" NOT NULL,
    done          bigint           NOT NULL,
    position      bigint           NOT NULL,
    created_at_ms bigint           NOT NULL,
    PRIMARY KEY (instance_id, job_id)
);

CREATE INDEX jobs_unfinished ON jobs (created_at_ms) WHERE status IN ('INITIALIZED', 'PROCESSING');

ALTER TABLE jobs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY one_instance ON jobs
    USING (instance_id = nullif(current_setting('backlot.instance_id', true), '')::uuid);
CREATE POLICY all_instances ON jobs TO CURRENT_USER
    USING (current_setting('backlot.all_instances', true) = 'on');
