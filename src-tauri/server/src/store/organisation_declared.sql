-- Whether the organisation file names how long sign-ins last; if not, administrators do.
ALTER TABLE organisation ADD COLUMN session_declared INTEGER NOT NULL DEFAULT 0 CHECK (session_declared IN (0, 1));
