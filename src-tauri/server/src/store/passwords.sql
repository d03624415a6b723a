-- Passwords that people set themselves, or that an administrator gave them for once. The organisation file's
-- count for everybody else.
CREATE TABLE own_password (
    user_id TEXT PRIMARY KEY,
    hash TEXT NOT NULL,
    -- Hashes of the passwords before it, the newest first, joined by spaces.
    earlier TEXT NOT NULL,
    must_change INTEGER NOT NULL,
    changed INTEGER NOT NULL
) STRICT;

CREATE TABLE password_link (token BLOB PRIMARY KEY, user_id TEXT NOT NULL, ends INTEGER NOT NULL) STRICT;
CREATE INDEX password_link_user ON password_link (user_id);

-- Mail that waits to be sent. The letter is sealed: it may hold a link.
CREATE TABLE mail (
    id INTEGER PRIMARY KEY,
    letter BLOB NOT NULL,
    written INTEGER NOT NULL,
    due INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0
) STRICT;

ALTER TABLE half_sign_in ADD COLUMN must_change INTEGER NOT NULL DEFAULT 0;
