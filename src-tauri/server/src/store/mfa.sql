-- Second factors. A device belongs to the id that the identity store gives its owner.
CREATE TABLE mfa_device (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('totp', 'security_key', 'built_in')),
    credential BLOB UNIQUE,
    data BLOB NOT NULL,
    last_step INTEGER,
    drift INTEGER NOT NULL DEFAULT 0,
    added INTEGER NOT NULL,
    last_used INTEGER
) STRICT;
CREATE INDEX mfa_device_user ON mfa_device (user_id);

-- Browsers and networks in which a person proved a second factor.
CREATE TABLE mfa_context (
    user_id TEXT NOT NULL,
    browser BLOB NOT NULL,
    network BLOB NOT NULL,
    ends INTEGER NOT NULL,
    PRIMARY KEY (user_id, browser, network)
) STRICT;

-- Sign-ins whose password was right and which are not over yet.
CREATE TABLE half_sign_in (
    cookie BLOB PRIMARY KEY,
    workflow TEXT NOT NULL,
    username TEXT NOT NULL,
    user_id TEXT NOT NULL,
    proved TEXT NOT NULL,
    counter BLOB NOT NULL,
    network BLOB NOT NULL,
    back TEXT NOT NULL,
    ceremony TEXT,
    ends INTEGER NOT NULL
) STRICT;

-- Challenges that were answered, so that no answer counts twice.
CREATE TABLE spent_challenge (challenge BLOB PRIMARY KEY, ends INTEGER NOT NULL) STRICT;

CREATE INDEX sign_in_session_username ON sign_in_session (username);
