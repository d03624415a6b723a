-- Roles of accounts that are assumed, not assigned. All of them are the organisation document's.
CREATE TABLE iam_role (arn TEXT PRIMARY KEY, role TEXT NOT NULL) STRICT, WITHOUT ROWID;
