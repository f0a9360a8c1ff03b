-- Which instance is on a site: what an API key names is a site.
CREATE INDEX instance_details_by_site ON instance_details (((answer::jsonb) #>> '{site,siteId}'))
    WHERE ((answer::jsonb) #>> '{site,siteId}') IS NOT NULL;
