-- What an identity provider's directory calls people and groups that it provisions (SCIM, `externalId`).
CREATE TABLE user_external_id (
    user_id TEXT PRIMARY KEY REFERENCES user (id) ON DELETE CASCADE,
    external_id TEXT NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;
CREATE TABLE group_external_id (
    group_id TEXT PRIMARY KEY REFERENCES user_group (id) ON DELETE CASCADE,
    external_id TEXT NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;

-- Access tokens of provisioning. Only the digest of a token is kept; one that was revoked stays listed until it ends.
CREATE TABLE scim_token (
    id TEXT PRIMARY KEY,
    token BLOB NOT NULL UNIQUE,
    created INTEGER NOT NULL,
    ends INTEGER NOT NULL,
    revoked INTEGER,
    last_used INTEGER
) STRICT, WITHOUT ROWID;

-- How many there are, for lists that say so: counting a million takes longer than reading a page of them.
CREATE TABLE directory_size (kind TEXT PRIMARY KEY, held INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO directory_size SELECT 'USER', count(*) FROM user;
INSERT INTO directory_size SELECT 'GROUP', count(*) FROM user_group;
CREATE TRIGGER user_counted AFTER INSERT ON user BEGIN
    UPDATE directory_size SET held = held + 1 WHERE kind = 'USER';
END;
CREATE TRIGGER user_uncounted AFTER DELETE ON user BEGIN
    UPDATE directory_size SET held = held - 1 WHERE kind = 'USER';
END;
CREATE TRIGGER group_counted AFTER INSERT ON user_group BEGIN
    UPDATE directory_size SET held = held + 1 WHERE kind = 'GROUP';
END;
CREATE TRIGGER group_uncounted AFTER DELETE ON user_group BEGIN
    UPDATE directory_size SET held = held - 1 WHERE kind = 'GROUP';
END;

-- Whoever is deactivated loses their role credentials too, and what was opened with them.
CREATE INDEX role_credentials_user ON role_credentials (user_id);
CREATE INDEX signin_token_key ON signin_token (access_key_id);
CREATE INDEX console_session_key ON console_session (access_key_id);
