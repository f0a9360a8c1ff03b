-- What one member has written, in the order of insertion: lists of one's own items need not pass by
-- those of all others. The owner comes before the collection, so that a server without statistics does not
-- take this index for one that serves statements about everybody's items.
CREATE INDEX items_of_owners ON items (instance_id, owner, collection COLLATE "POSIX", sequence);
