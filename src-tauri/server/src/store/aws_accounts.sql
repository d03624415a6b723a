-- Real AWS accounts. An account that AWS Organizations no longer has is kept, and nothing in it is acted on.
ALTER TABLE account ADD COLUMN absent_since INTEGER;
ALTER TABLE account ADD COLUMN absence TEXT;
ALTER TABLE account ADD COLUMN imported INTEGER NOT NULL DEFAULT 0;

-- A request whose part in this database is done waits for its roles.
ALTER TABLE access_request ADD COLUMN stage TEXT;

-- What became of each role at AWS. A row outlives what it is made for until the role is gone; what is neither an
-- account's nor a permission set's any more is still to be removed, so that nothing is referred to.
CREATE TABLE aws_role (
    account_id TEXT NOT NULL,
    permission_set TEXT NOT NULL,
    role_name TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('APPLIED', 'RETRYING', 'FAILED')),
    -- The permission set's revision that was tried last, and the role as it was made last.
    revision INTEGER NOT NULL,
    applied TEXT,
    failure TEXT,
    attempts INTEGER NOT NULL,
    next_try INTEGER NOT NULL,
    drift TEXT NOT NULL,
    checked INTEGER NOT NULL,
    PRIMARY KEY (account_id, permission_set)
) STRICT, WITHOUT ROWID;
CREATE INDEX aws_role_checked ON aws_role (checked) WHERE state = 'APPLIED';
CREATE INDEX aws_role_attention ON aws_role (account_id, permission_set) WHERE state <> 'APPLIED' OR drift <> '[]';

-- What came and went with each look at AWS Organizations that found anything.
CREATE TABLE aws_sync (
    id TEXT PRIMARY KEY,
    moment INTEGER NOT NULL,
    came TEXT NOT NULL,
    went TEXT NOT NULL,
    changed TEXT NOT NULL,
    failure TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX aws_sync_moment ON aws_sync (moment);

-- Keys that web identity tokens are signed with, sealed under the instance's key.
CREATE TABLE aws_signing_key (
    kid TEXT PRIMARY KEY,
    sealed BLOB NOT NULL,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
