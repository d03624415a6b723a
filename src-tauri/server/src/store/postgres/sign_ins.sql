-- SQLite's native_families.sql, authenticated.sql and family_ends.sql.
ALTER TABLE authorization_code ADD COLUMN native BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE token_family ADD COLUMN native BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE sign_in_session ADD COLUMN authenticated BIGINT;
ALTER TABLE external_sign_in ADD COLUMN anew BIGINT;
ALTER TABLE token_family ADD COLUMN until BIGINT;
