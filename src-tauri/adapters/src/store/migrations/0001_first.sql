-- Times are epoch milliseconds. JSON columns hold values that are read and written whole.

CREATE TABLE organisations (
    id    TEXT PRIMARY KEY,
    added INTEGER NOT NULL,
    body  TEXT NOT NULL
) STRICT;

CREATE TABLE portals (
    org  TEXT PRIMARY KEY REFERENCES organisations (id) ON DELETE CASCADE,
    body TEXT NOT NULL
) STRICT;

CREATE TABLE sign_ins (
    org   TEXT PRIMARY KEY REFERENCES organisations (id) ON DELETE CASCADE,
    user  TEXT,
    since INTEGER NOT NULL,
    ends  INTEGER
) STRICT;

-- One row for each thing to seal; the user is part of the seal, not of the name, so that another
-- person's sign-in replaces the row.
CREATE TABLE sealed (
    org    TEXT NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
    kind   TEXT NOT NULL,
    name   TEXT NOT NULL,
    user   TEXT NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (org, kind, name)
) STRICT;

CREATE TABLE kept (
    profile TEXT PRIMARY KEY,
    org     TEXT NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
    body    TEXT NOT NULL
) STRICT;

CREATE TABLE favourites (
    org     TEXT NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
    account TEXT NOT NULL,
    role    TEXT NOT NULL,
    place   INTEGER NOT NULL,
    PRIMARY KEY (org, account, role)
) STRICT;

CREATE TABLE labels (
    org         TEXT NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
    account     TEXT NOT NULL,
    environment TEXT NOT NULL,
    PRIMARY KEY (org, account)
) STRICT;

CREATE TABLE launches (
    id      INTEGER PRIMARY KEY,
    org     TEXT NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
    account TEXT NOT NULL,
    role    TEXT NOT NULL,
    at      INTEGER NOT NULL
) STRICT;
CREATE INDEX launches_by_time ON launches (at);

-- What was done stays when an organisation goes, so that there is no reference here. Numbers are never
-- used twice: they are the places of a list that is read in pages.
CREATE TABLE history (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    at    INTEGER NOT NULL,
    by    TEXT NOT NULL,
    event TEXT NOT NULL
) STRICT;
CREATE INDEX history_by_time ON history (at);

CREATE TABLE notices (
    key TEXT PRIMARY KEY,
    at  INTEGER NOT NULL
) STRICT;

-- Single values: `installed` (epoch milliseconds), `pause` (JSON).
CREATE TABLE facts (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
