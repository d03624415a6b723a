-- Roles of which somebody said, in this session, that they are not to be asked again for a while.
CREATE TABLE confirmation (
    session_id TEXT NOT NULL REFERENCES sign_in_session (id) ON DELETE CASCADE,
    account_id TEXT NOT NULL,
    permission_set TEXT NOT NULL REFERENCES permission_set (arn) ON DELETE CASCADE,
    ends INTEGER NOT NULL,
    PRIMARY KEY (session_id, account_id, permission_set)
) STRICT, WITHOUT ROWID;
CREATE INDEX confirmation_permission_set ON confirmation (permission_set);
