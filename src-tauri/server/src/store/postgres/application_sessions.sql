-- SQLite's application_sessions.sql.
ALTER TABLE application_token ADD COLUMN session_id TEXT COLLATE "C";
