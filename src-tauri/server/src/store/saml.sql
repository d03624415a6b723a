CREATE TABLE saml_request (
    handle BLOB PRIMARY KEY,
    application TEXT NOT NULL,
    id TEXT NOT NULL,
    relay_state TEXT,
    force_authn INTEGER NOT NULL,
    is_passive INTEGER NOT NULL,
    received INTEGER NOT NULL,
    ends INTEGER NOT NULL
) STRICT;

CREATE TABLE saml_seen (
    party TEXT NOT NULL,
    id TEXT NOT NULL,
    ends INTEGER NOT NULL,
    PRIMARY KEY (party, id)
) STRICT;
