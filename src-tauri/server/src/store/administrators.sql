-- Who may use the administration's pages.
CREATE TABLE administrator (
    user_id TEXT PRIMARY KEY REFERENCES user (id) ON DELETE CASCADE,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
