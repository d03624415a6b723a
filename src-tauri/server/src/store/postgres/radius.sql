-- SQLite's radius.sql.
CREATE TABLE radius_source (
    "only" BIGINT PRIMARY KEY CHECK ("only" = 1),
    settings TEXT COLLATE "C" NOT NULL,
    secret BYTEA NOT NULL,
    changed BIGINT NOT NULL
);

ALTER TABLE half_sign_in ADD COLUMN radius TEXT COLLATE "C";
