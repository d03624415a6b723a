-- Certificates belong to an application by its id: its name may change, and another may get it later.
CREATE TABLE saml_certificate_by_id (
    id TEXT PRIMARY KEY,
    application_id TEXT NOT NULL REFERENCES application (id) ON DELETE CASCADE,
    sealed BLOB NOT NULL,
    not_before INTEGER NOT NULL,
    not_after INTEGER NOT NULL,
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    made INTEGER NOT NULL
) STRICT;

-- Those of applications that are gone go, too.
INSERT INTO saml_certificate_by_id (id, application_id, sealed, not_before, not_after, active, made)
SELECT c.id, a.id, c.sealed, c.not_before, c.not_after, c.active, c.made
FROM saml_certificate c JOIN application a ON a.name = c.application;

DROP TABLE saml_certificate;
ALTER TABLE saml_certificate_by_id RENAME TO saml_certificate;
CREATE INDEX saml_certificate_of ON saml_certificate (application_id);
CREATE UNIQUE INDEX saml_certificate_active ON saml_certificate (application_id) WHERE active = 1;

-- Sign-ins that are under way begin anew.
DELETE FROM saml_request;
