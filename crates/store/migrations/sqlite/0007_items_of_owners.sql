-- What one member has written, in the order of insertion: lists of one's own items need not pass by
-- those of all others.
CREATE INDEX items_of_owners ON items (instance_id, collection, owner);
