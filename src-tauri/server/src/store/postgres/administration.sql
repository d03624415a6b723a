-- SQLite's administration.sql.
ALTER TABLE password_link ADD COLUMN mailed_to TEXT COLLATE "C";
CREATE INDEX access_request_failed ON access_request (created, id) WHERE status = 'FAILED';
