-- A chain (`audit_chain.rs`), and what events are looked up by. What stands in the event itself is not stored
-- twice: it could be changed apart.
ALTER TABLE audit ADD COLUMN mac BLOB;
ALTER TABLE audit ADD COLUMN event_id TEXT GENERATED ALWAYS AS (event ->> '$.eventID') VIRTUAL;
ALTER TABLE audit ADD COLUMN username TEXT GENERATED ALWAYS AS
    (coalesce(event ->> '$.userIdentity.userName', event ->> '$.additionalEventData.UserName')) VIRTUAL;
ALTER TABLE audit ADD COLUMN access_key_id TEXT GENERATED ALWAYS AS
    (event ->> '$.userIdentity.accessKeyId') VIRTUAL;
ALTER TABLE audit ADD COLUMN read_only INTEGER GENERATED ALWAYS AS (event ->> '$.readOnly') VIRTUAL;

CREATE INDEX audit_event_id ON audit (event_id);
CREATE INDEX audit_username ON audit (username, moment);
CREATE INDEX audit_name ON audit (name, moment);
CREATE INDEX audit_source ON audit (source, moment);
CREATE INDEX audit_access_key ON audit (access_key_id, moment);

CREATE TABLE audit_resource (
    name TEXT NOT NULL,
    moment INTEGER NOT NULL,
    audit INTEGER NOT NULL REFERENCES audit (id) ON DELETE CASCADE,
    type TEXT NOT NULL,
    PRIMARY KEY (name, moment, audit, type)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_resource_of ON audit_resource (audit);
CREATE INDEX audit_resource_type ON audit_resource (type, moment, audit);

CREATE TABLE audit_end (
    which TEXT PRIMARY KEY CHECK (which IN ('anchor', 'head')),
    id INTEGER NOT NULL,
    mac BLOB NOT NULL,
    seal BLOB NOT NULL
) STRICT;
