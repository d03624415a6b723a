-- Activity as a chain: each line carries the MAC of itself and of the line before it. `late` is 1 for a line
-- that was stored before it could be sealed. What was there before is sealed when the key is at hand.
ALTER TABLE history ADD COLUMN mac BLOB;
ALTER TABLE history ADD COLUMN late INTEGER NOT NULL DEFAULT 0;

-- Where the chain begins (the line before the first one that is still here) and where it ends, each under a
-- seal of its own.
CREATE TABLE record_chain (
    name TEXT PRIMARY KEY CHECK (name IN ('anchor', 'head')),
    id   INTEGER NOT NULL,
    mac  BLOB NOT NULL,
    seal BLOB NOT NULL
) STRICT;
