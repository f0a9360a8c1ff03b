-- What Wix said of an instance, as of fetched_at_ms. The answer is JSON, without the owner's address.
CREATE TABLE instance_details (
    instance_id   TEXT    NOT NULL PRIMARY KEY,
    site_origin   TEXT,
    answer        TEXT    NOT NULL,
    fetched_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Instances that Wix gives no token for: most likely the app was removed from the site.
CREATE TABLE instance_refusals (
    instance_id   TEXT    NOT NULL PRIMARY KEY,
    status        INTEGER NOT NULL,
    reason        TEXT    NOT NULL,
    refused_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
