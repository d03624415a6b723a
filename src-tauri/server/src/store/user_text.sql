-- What a search looks at beside the number that the trigrams lead to, in the order of user names: who has letters in
-- common with what is searched for is told apart there, without a look at each of them in `user`. Each of its three
-- lines ends, so that two letters are the beginning of a trigram wherever they stand.
CREATE VIRTUAL TABLE user_trigram USING fts5vocab (user_search, row);
ALTER TABLE user_number ADD COLUMN text TEXT NOT NULL DEFAULT '';
DROP TRIGGER user_search_added;
DROP TRIGGER user_search_changed;
DROP TRIGGER user_search_removed;

UPDATE user_number SET text = (
    SELECT lower(u.username || char(10) || u.display_name || char(10) || u.email || char(10))
    FROM user u WHERE u.id = user_id
);
INSERT INTO user_search (user_search) VALUES ('delete-all');
INSERT INTO user_search (rowid, words) SELECT number, text FROM user_number;

CREATE TRIGGER user_search_added AFTER INSERT ON user BEGIN
    INSERT INTO user_number (user_id, text)
        VALUES (new.id, lower(new.username || char(10) || new.display_name || char(10) || new.email || char(10)));
    INSERT INTO user_search (rowid, words) SELECT number, text FROM user_number WHERE user_id = new.id;
END;

CREATE TRIGGER user_search_changed AFTER UPDATE OF username, display_name, email ON user
WHEN (old.username, old.display_name, old.email) IS NOT (new.username, new.display_name, new.email) BEGIN
    INSERT INTO user_search (user_search, rowid, words)
        SELECT 'delete', number, text FROM user_number WHERE user_id = old.id;
    UPDATE user_number
        SET text = lower(new.username || char(10) || new.display_name || char(10) || new.email || char(10))
        WHERE user_id = new.id;
    INSERT INTO user_search (rowid, words) SELECT number, text FROM user_number WHERE user_id = new.id;
END;

CREATE TRIGGER user_search_removed AFTER DELETE ON user BEGIN
    INSERT INTO user_search (user_search, rowid, words)
        SELECT 'delete', number, text FROM user_number WHERE user_id = old.id;
    DELETE FROM user_number WHERE user_id = old.id;
END;
