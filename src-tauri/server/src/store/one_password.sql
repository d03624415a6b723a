-- One password for each person: that of the organisation file, one that was given for once, or their own, whichever
-- came last.
CREATE TABLE one_password (
    -- Databases from before there were users name people who come with the organisation file.
    user_id TEXT PRIMARY KEY,
    hash TEXT NOT NULL,
    -- Hashes of the passwords before it, the newest first, joined by spaces.
    earlier TEXT NOT NULL,
    -- Good for nothing but setting another.
    must_change INTEGER NOT NULL CHECK (must_change IN (0, 1)),
    changed INTEGER NOT NULL,
    -- The hash that the organisation file gave last: while it stands there unchanged it does not replace the password
    -- that the person has chosen since.
    declared_hash TEXT
) STRICT, WITHOUT ROWID;

INSERT INTO one_password (user_id, hash, earlier, must_change, changed, declared_hash)
    SELECT user_id, own.hash, own.earlier, own.must_change, own.changed, given.declared_hash
    FROM own_password own LEFT JOIN password given USING (user_id);
INSERT INTO one_password (user_id, hash, earlier, must_change, changed, declared_hash)
    SELECT user_id, hash, '', state <> 'CHOSEN', changed, declared_hash
    FROM password WHERE user_id NOT IN (SELECT user_id FROM own_password);

DROP TABLE own_password;
DROP TABLE password;
ALTER TABLE one_password RENAME TO password;
