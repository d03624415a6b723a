-- What the app signs in with beside the browser (`NATIVE.md`).

-- Browsers that took over a sign-in of the app: further cookies of its session.
CREATE TABLE session_cookie (
    cookie BLOB PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sign_in_session (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX session_cookie_session ON session_cookie (session_id);

-- One-use tickets that give a browser a session of the app.
CREATE TABLE sign_in_ticket (
    ticket BLOB PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sign_in_session (id) ON DELETE CASCADE,
    source_ip TEXT NOT NULL,
    back TEXT NOT NULL,
    ends INTEGER NOT NULL,
    spent INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_ticket_session ON sign_in_ticket (session_id);

-- When a second factor was proved anew in a session.
CREATE TABLE session_proof (
    session_id TEXT PRIMARY KEY REFERENCES sign_in_session (id) ON DELETE CASCADE,
    proved INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Roles that were opened by touching a security key. The holder is a token family, or the session's browsers.
CREATE TABLE step_up (
    holder TEXT NOT NULL,
    session_id TEXT NOT NULL REFERENCES sign_in_session (id) ON DELETE CASCADE,
    account_id TEXT NOT NULL,
    permission_set TEXT NOT NULL REFERENCES permission_set (arn) ON DELETE CASCADE,
    ends INTEGER NOT NULL,
    PRIMARY KEY (holder, account_id, permission_set)
) STRICT, WITHOUT ROWID;
CREATE INDEX step_up_session ON step_up (session_id);
CREATE INDEX step_up_permission_set ON step_up (permission_set);

-- Roles of such a set are given out only after a touch of a security key.
ALTER TABLE permission_set ADD COLUMN requires_key INTEGER NOT NULL DEFAULT 0;
