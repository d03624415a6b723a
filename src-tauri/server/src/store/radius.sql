-- The RADIUS servers that codes of people of the LDAP directory are of; the shared secret is sealed.
CREATE TABLE radius_source (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    settings TEXT NOT NULL,
    secret BLOB NOT NULL,
    changed INTEGER NOT NULL
) STRICT;

-- What such a server wants to be typed, as JSON, while it is waited for.
ALTER TABLE half_sign_in ADD COLUMN radius TEXT;
