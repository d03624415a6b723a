-- SQLite's ldap.sql.
CREATE TABLE ldap_source (
    "only" BIGINT PRIMARY KEY CHECK ("only" = 1),
    settings TEXT COLLATE "C" NOT NULL,
    secret BYTEA NOT NULL,
    changed BIGINT NOT NULL
);

CREATE TABLE ldap_sync (
    "only" BIGINT PRIMARY KEY CHECK ("only" = 1),
    report TEXT COLLATE "C",
    wanted BOOLEAN NOT NULL,
    claimed BIGINT NOT NULL
);
INSERT INTO ldap_sync ("only", report, wanted, claimed) VALUES (1, NULL, FALSE, 0);
