-- SQLite's aws_accounts.sql.
ALTER TABLE account ADD COLUMN absent_since BIGINT;
ALTER TABLE account ADD COLUMN absence TEXT COLLATE "C";
ALTER TABLE account ADD COLUMN imported BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE access_request ADD COLUMN stage TEXT COLLATE "C";

CREATE TABLE aws_role (
    account_id TEXT COLLATE "C" NOT NULL,
    permission_set TEXT COLLATE "C" NOT NULL,
    role_name TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('APPLIED', 'RETRYING', 'FAILED')),
    revision BIGINT NOT NULL,
    applied TEXT COLLATE "C",
    failure TEXT COLLATE "C",
    attempts BIGINT NOT NULL,
    next_try BIGINT NOT NULL,
    drift TEXT COLLATE "C" NOT NULL,
    checked BIGINT NOT NULL,
    PRIMARY KEY (account_id, permission_set)
);
CREATE INDEX aws_role_checked ON aws_role (checked) WHERE state = 'APPLIED';
CREATE INDEX aws_role_attention ON aws_role (account_id, permission_set) WHERE state <> 'APPLIED' OR drift <> '[]';

CREATE TABLE aws_sync (
    id TEXT COLLATE "C" PRIMARY KEY,
    moment BIGINT NOT NULL,
    came TEXT COLLATE "C" NOT NULL,
    went TEXT COLLATE "C" NOT NULL,
    changed TEXT COLLATE "C" NOT NULL,
    failure TEXT COLLATE "C"
);
CREATE INDEX aws_sync_moment ON aws_sync (moment);

CREATE TABLE aws_signing_key (
    kid TEXT COLLATE "C" PRIMARY KEY,
    sealed BYTEA NOT NULL,
    created BIGINT NOT NULL
);
