CREATE TABLE assumed_role (
    access_key_id TEXT PRIMARY KEY REFERENCES role_credentials ON DELETE CASCADE,
    username TEXT NOT NULL,
    tags TEXT NOT NULL,
    transitive TEXT NOT NULL
) STRICT;
