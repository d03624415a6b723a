-- Keys that assertions are signed with, each sealed under the instance's key.
CREATE TABLE saml_certificate (
    id TEXT PRIMARY KEY,
    application TEXT NOT NULL,
    sealed BLOB NOT NULL,
    not_before INTEGER NOT NULL,
    not_after INTEGER NOT NULL,
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    made INTEGER NOT NULL
) STRICT;

CREATE INDEX saml_certificate_of ON saml_certificate (application);
CREATE UNIQUE INDEX saml_certificate_active ON saml_certificate (application) WHERE active = 1;
