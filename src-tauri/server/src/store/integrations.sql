-- Issuers whose tokens are believed.
CREATE TABLE trusted_token_issuer (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    issuer_url TEXT NOT NULL UNIQUE,
    claim_path TEXT NOT NULL,
    attribute_path TEXT NOT NULL,
    created INTEGER NOT NULL
) STRICT;

-- What an application of OAuth 2.0 may do: its grants, how it proves itself, its scopes. The value is JSON.
CREATE TABLE application_permission (
    application_id TEXT NOT NULL REFERENCES application (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('GRANT', 'AUTHENTICATION', 'SCOPE')),
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (application_id, kind, name)
) STRICT;

-- What such applications got. A refresh token counts once: its row is gone with it.
CREATE TABLE application_token (
    access BLOB PRIMARY KEY,
    refresh BLOB UNIQUE,
    application_id TEXT NOT NULL REFERENCES application (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    scopes TEXT NOT NULL,
    access_ends INTEGER NOT NULL,
    ends INTEGER NOT NULL
) STRICT;
CREATE INDEX application_token_application ON application_token (application_id);

-- Tokens of trusted issuers that were exchanged.
CREATE TABLE exchanged_token (
    issuer_id TEXT NOT NULL,
    id TEXT NOT NULL,
    ends INTEGER NOT NULL,
    PRIMARY KEY (issuer_id, id)
) STRICT;
