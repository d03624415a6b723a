-- What events are looked up by (`audit_index.rs`), taken from them a moment after they were written: the request that
-- is recorded does not wait for it, and what many events have in common stands there once for all of them.
DROP TABLE audit_resource;
DROP INDEX audit_moment;
DROP INDEX audit_event_id;
DROP INDEX audit_username;
DROP INDEX audit_name;
DROP INDEX audit_source;
DROP INDEX audit_access_key;

CREATE TABLE audit_term (
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    last INTEGER NOT NULL,
    rows BLOB NOT NULL,
    PRIMARY KEY (field, value, last)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_term_last ON audit_term (last);

CREATE TABLE audit_order (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    latest INTEGER NOT NULL,
    behind INTEGER NOT NULL
) STRICT;
