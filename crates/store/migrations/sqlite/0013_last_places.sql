-- The highest places that items and links had that are gone since. No place is given twice: a cursor, which is a
-- place, would pass over whatever gets it the second time.
CREATE TABLE last_places (
    kind  TEXT    NOT NULL PRIMARY KEY,
    place INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO last_places (kind, place) VALUES ('items', 0), ('item_links', 0);

CREATE TRIGGER items_gone AFTER DELETE ON items
WHEN NOT EXISTS (SELECT 1 FROM items WHERE sequence > OLD.sequence)
BEGIN
    UPDATE last_places SET place = max(place, OLD.sequence) WHERE kind = 'items';
END;

CREATE TRIGGER item_links_gone AFTER DELETE ON item_links
WHEN OLD.sequence > (SELECT place FROM last_places WHERE kind = 'item_links')
BEGIN
    UPDATE last_places SET place = OLD.sequence WHERE kind = 'item_links';
END;
