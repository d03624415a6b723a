-- Where people sign in: one source at a time.
CREATE TABLE identity_source (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    kind TEXT NOT NULL,
    since INTEGER NOT NULL
) STRICT;
INSERT INTO identity_source (only, kind, since) VALUES (1, 'DIRECTORY', 0);

-- The external identity provider, set up before it is the source. One certificate that it signs with, or two.
CREATE TABLE external_provider (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    entity_id TEXT NOT NULL,
    sign_in_url TEXT NOT NULL,
    certificates TEXT NOT NULL,
    changed INTEGER NOT NULL
) STRICT;

-- Sign-ins that are under way there. The handle brings the browser, which made the request, back to the answer.
CREATE TABLE external_sign_in (
    relay BLOB PRIMARY KEY,
    request_id TEXT NOT NULL,
    owner TEXT NOT NULL,
    back TEXT NOT NULL,
    ends INTEGER NOT NULL,
    handle BLOB UNIQUE,
    proved TEXT
) STRICT, WITHOUT ROWID;

-- Session tags that the provider's assertion brought.
ALTER TABLE sign_in_session ADD COLUMN tags TEXT NOT NULL DEFAULT '{}';
