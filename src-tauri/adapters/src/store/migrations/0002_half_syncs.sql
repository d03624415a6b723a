-- What a sync that is not complete knows, read and written whole.
CREATE TABLE half_syncs (
    org  TEXT PRIMARY KEY REFERENCES organisations (id) ON DELETE CASCADE,
    body TEXT NOT NULL
) STRICT;
