-- Access keys of administrators. Their secrets are derived from the instance's key and stored nowhere.
CREATE TABLE administrator_key (
    access_key_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    created INTEGER NOT NULL,
    disabled INTEGER
) STRICT;
