-- Most events have none.
DROP INDEX audit_access_key;
CREATE INDEX audit_access_key ON audit (access_key_id, moment) WHERE access_key_id IS NOT NULL;
