-- What Wix said of an instance, as of fetched_at_ms. The answer is JSON, without the owner's address.
CREATE TABLE instance_details (
    instance_id   uuid   NOT NULL PRIMARY KEY,
    site_origin   text,
    answer        text   NOT NULL,
    fetched_at_ms bigint NOT NULL
);

-- Instances that Wix gives no token for: most likely the app was removed from the site.
CREATE TABLE instance_refusals (
    instance_id   uuid    NOT NULL PRIMARY KEY,
    status        integer NOT NULL,
    reason        text    NOT NULL,
    refused_at_ms bigint  NOT NULL
);
