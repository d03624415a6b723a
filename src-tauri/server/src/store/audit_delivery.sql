-- Log files that were planned before they were written, so that after a crash the same file is written again;
-- and the digest files over them.
CREATE TABLE audit_file (
    first INTEGER PRIMARY KEY,
    last INTEGER NOT NULL,
    object TEXT NOT NULL,
    hash TEXT,
    digest INTEGER
) STRICT;

CREATE TABLE audit_digest (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    began INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    object TEXT NOT NULL,
    hash TEXT,
    signature TEXT
) STRICT;
