-- The organisation, which changes while it is served. `declared` marks what the organisation's document brought,
-- and what it takes away when it no longer names it; everything else belongs to the administrators.
CREATE TABLE organisation (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    name TEXT NOT NULL,
    region TEXT NOT NULL,
    management_account TEXT NOT NULL,
    session_seconds INTEGER NOT NULL
) STRICT;

CREATE TABLE user (
    id TEXT PRIMARY KEY,
    username TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    email TEXT NOT NULL,
    email_verified INTEGER NOT NULL,
    enabled INTEGER NOT NULL,
    profile TEXT NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    declared INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX user_declared ON user (username) WHERE declared;

-- What can be typed at sign-in, in lower case: user names and email addresses, each one person's alone.
CREATE TABLE login (
    name TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX login_user ON login (user_id);

CREATE TABLE password (
    user_id TEXT PRIMARY KEY REFERENCES user (id) ON DELETE CASCADE,
    hash TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('CHOSEN', 'MUST_CHANGE', 'ONE_TIME')),
    changed INTEGER NOT NULL,
    -- The document's own hash, when it was taken from there: one that stands in it unchanged does not replace
    -- the password that the person has chosen since.
    declared_hash TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE user_group (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    declared INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX group_declared ON user_group (name) WHERE declared;

CREATE TABLE membership (
    user_id TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    group_id TEXT NOT NULL REFERENCES user_group (id) ON DELETE CASCADE,
    id TEXT NOT NULL UNIQUE,
    declared INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id, group_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX membership_group ON membership (group_id, user_id);

-- A tree; `path` is the names from below the root on, joined by slashes.
CREATE TABLE organizational_unit (
    id TEXT PRIMARY KEY,
    parent_id TEXT REFERENCES organizational_unit (id),
    name TEXT NOT NULL,
    path TEXT NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;
CREATE INDEX organizational_unit_parent ON organizational_unit (parent_id);

CREATE TABLE account (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    ou_id TEXT NOT NULL REFERENCES organizational_unit (id),
    declared INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX account_ou ON account (ou_id);

CREATE TABLE permission_set (
    arn TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    relay_state TEXT,
    session_seconds INTEGER NOT NULL,
    tags TEXT NOT NULL,
    policies TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created INTEGER NOT NULL,
    declared INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE assignment (
    principal_id TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    permission_set TEXT NOT NULL REFERENCES permission_set (arn) ON DELETE CASCADE,
    principal_type TEXT NOT NULL CHECK (principal_type IN ('USER', 'GROUP')),
    created INTEGER NOT NULL,
    declared INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (principal_id, account_id, permission_set)
) STRICT, WITHOUT ROWID;
CREATE INDEX assignment_account ON assignment (account_id, permission_set, principal_id);
CREATE INDEX assignment_permission_set ON assignment (permission_set, account_id);

-- A permission set as the roles of an account have it: an edit acts there when it is provisioned.
CREATE TABLE provisioned (
    account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    permission_set TEXT NOT NULL REFERENCES permission_set (arn) ON DELETE CASCADE,
    revision INTEGER NOT NULL,
    session_seconds INTEGER NOT NULL,
    PRIMARY KEY (account_id, permission_set)
) STRICT, WITHOUT ROWID;
CREATE INDEX provisioned_permission_set ON provisioned (permission_set, account_id);

CREATE TABLE access_request (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('CREATE_ASSIGNMENT', 'DELETE_ASSIGNMENT', 'PROVISION')),
    status TEXT NOT NULL CHECK (status IN ('IN_PROGRESS', 'SUCCEEDED', 'FAILED')),
    permission_set TEXT NOT NULL,
    -- All accounts it is provisioned to, for a PROVISION without one.
    account_id TEXT,
    principal_type TEXT,
    principal_id TEXT,
    created INTEGER NOT NULL,
    failure TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX access_request_list ON access_request (kind, created, id);
CREATE INDEX access_request_open ON access_request (created, id) WHERE status = 'IN_PROGRESS';

CREATE TABLE access_control_attribute (
    key TEXT PRIMARY KEY,
    sources TEXT NOT NULL,
    declared INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE application (
    id TEXT PRIMARY KEY,
    instance_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    url TEXT,
    saml TEXT,
    created INTEGER NOT NULL,
    declared INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE application_assignment (
    principal_id TEXT NOT NULL,
    application_id TEXT NOT NULL REFERENCES application (id) ON DELETE CASCADE,
    principal_type TEXT NOT NULL CHECK (principal_type IN ('USER', 'GROUP')),
    declared INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (principal_id, application_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX application_assignment_application ON application_assignment (application_id, principal_id);

-- Sessions begun before there were ids get theirs when the document is applied.
ALTER TABLE sign_in_session ADD COLUMN user_id TEXT NOT NULL DEFAULT '';
CREATE INDEX sign_in_session_user ON sign_in_session (user_id);

ALTER TABLE role_credentials ADD COLUMN user_id TEXT NOT NULL DEFAULT '';
ALTER TABLE role_credentials ADD COLUMN tags TEXT NOT NULL DEFAULT '{}';
