-- SQLite's integrations.sql.
CREATE TABLE trusted_token_issuer (
    id TEXT COLLATE "C" PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL UNIQUE,
    issuer_url TEXT COLLATE "C" NOT NULL UNIQUE,
    claim_path TEXT COLLATE "C" NOT NULL,
    attribute_path TEXT COLLATE "C" NOT NULL,
    created BIGINT NOT NULL
);

CREATE TABLE application_permission (
    application_id TEXT COLLATE "C" NOT NULL REFERENCES application (id) ON DELETE CASCADE,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('GRANT', 'AUTHENTICATION', 'SCOPE')),
    name TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (application_id, kind, name)
);

CREATE TABLE application_token (
    access BYTEA PRIMARY KEY,
    refresh BYTEA UNIQUE,
    application_id TEXT COLLATE "C" NOT NULL REFERENCES application (id) ON DELETE CASCADE,
    user_id TEXT COLLATE "C" NOT NULL,
    scopes TEXT COLLATE "C" NOT NULL,
    access_ends BIGINT NOT NULL,
    ends BIGINT NOT NULL
);
CREATE INDEX application_token_application ON application_token (application_id);

CREATE TABLE exchanged_token (
    issuer_id TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    ends BIGINT NOT NULL,
    PRIMARY KEY (issuer_id, id)
);
