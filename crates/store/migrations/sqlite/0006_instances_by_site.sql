-- Which instance is on a site: what an API key names is a site.
CREATE INDEX instance_details_by_site ON instance_details (json_extract(answer, '$.site.siteId'))
    WHERE json_extract(answer, '$.site.siteId') IS NOT NULL;
