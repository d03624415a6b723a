-- The directory that people may sign in with, set up before it is the source; the connector account's password is
-- sealed.
CREATE TABLE ldap_source (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    settings TEXT NOT NULL,
    secret BLOB NOT NULL,
    changed INTEGER NOT NULL
) STRICT;

-- What the last sync did, whether one is wanted now, and until when one is under way.
CREATE TABLE ldap_sync (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    report TEXT,
    wanted INTEGER NOT NULL,
    claimed INTEGER NOT NULL
) STRICT;
INSERT INTO ldap_sync (only, report, wanted, claimed) VALUES (1, NULL, 0, 0);
