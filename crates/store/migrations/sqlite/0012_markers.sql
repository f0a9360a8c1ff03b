-- What is to be known of the database as a whole: which backup was put back last, what was begun and has not ended.
CREATE TABLE markers (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
