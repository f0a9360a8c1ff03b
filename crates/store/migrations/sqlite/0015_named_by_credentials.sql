-- What credentials say of an instance: the plan of the last signed instance, empty for none, and the site.
ALTER TABLE instances ADD COLUMN plan TEXT;
ALTER TABLE instances ADD COLUMN site_id TEXT;
