-- Moments are epoch milliseconds. Whatever a stranger could present as a secret is kept as its SHA-256.
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

CREATE TABLE client (
    id TEXT PRIMARY KEY,
    secret BLOB NOT NULL,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    redirect_uris TEXT NOT NULL,
    grant_types TEXT NOT NULL,
    ends INTEGER NOT NULL
) STRICT;

CREATE TABLE sign_in_session (
    id TEXT PRIMARY KEY,
    cookie BLOB NOT NULL UNIQUE,
    username TEXT NOT NULL,
    began INTEGER NOT NULL,
    ends INTEGER NOT NULL,
    ended INTEGER,
    wrong_codes INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE consent (
    session_id TEXT NOT NULL REFERENCES sign_in_session (id) ON DELETE CASCADE,
    client_id TEXT NOT NULL,
    PRIMARY KEY (session_id, client_id)
) STRICT;

CREATE TABLE device_grant (
    code BLOB PRIMARY KEY,
    user_code BLOB NOT NULL UNIQUE,
    client_id TEXT NOT NULL,
    scopes TEXT NOT NULL,
    ends INTEGER NOT NULL,
    polls_due INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'rejected', 'exchanged')),
    session_id TEXT
) STRICT;

CREATE TABLE authorization_code (
    code BLOB PRIMARY KEY,
    client_id TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    challenge TEXT NOT NULL,
    scopes TEXT NOT NULL,
    session_id TEXT NOT NULL,
    family_id TEXT NOT NULL,
    ends INTEGER NOT NULL,
    spent INTEGER
) STRICT;

CREATE TABLE token_family (
    id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL,
    session_id TEXT NOT NULL REFERENCES sign_in_session (id) ON DELETE CASCADE,
    scopes TEXT NOT NULL,
    generation INTEGER NOT NULL,
    rotated INTEGER,
    seen INTEGER NOT NULL DEFAULT 0,
    revoked INTEGER
) STRICT;

CREATE TABLE access_token (
    token BLOB PRIMARY KEY,
    family_id TEXT NOT NULL REFERENCES token_family (id) ON DELETE CASCADE,
    generation INTEGER NOT NULL,
    ends INTEGER NOT NULL
) STRICT;

CREATE TABLE refresh_token (
    token BLOB PRIMARY KEY,
    family_id TEXT NOT NULL REFERENCES token_family (id) ON DELETE CASCADE,
    generation INTEGER NOT NULL
) STRICT;

CREATE TABLE role_credentials (
    access_key_id TEXT PRIMARY KEY,
    session_token BLOB NOT NULL,
    account_id TEXT NOT NULL,
    permission_set TEXT NOT NULL,
    role_name TEXT NOT NULL,
    role_id TEXT NOT NULL,
    session_name TEXT NOT NULL,
    ends INTEGER NOT NULL
) STRICT;

CREATE TABLE signin_token (
    token BLOB PRIMARY KEY,
    access_key_id TEXT NOT NULL,
    ends INTEGER NOT NULL,
    session_ends INTEGER NOT NULL
) STRICT;

CREATE TABLE console_session (
    cookie BLOB PRIMARY KEY,
    access_key_id TEXT NOT NULL,
    ends INTEGER NOT NULL
) STRICT;

CREATE TABLE lockout (
    name BLOB PRIMARY KEY,
    failures INTEGER NOT NULL,
    last INTEGER NOT NULL,
    until INTEGER NOT NULL
) STRICT;

CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    moment INTEGER NOT NULL,
    source TEXT NOT NULL,
    name TEXT NOT NULL,
    event TEXT NOT NULL
) STRICT;
CREATE INDEX audit_moment ON audit (moment);
