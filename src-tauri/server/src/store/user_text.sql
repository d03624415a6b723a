-- What a search looks at beside the number that the trigrams lead to, in the order of user names: who has letters in
-- common with what is searched for is told apart there, without a look at each of them in `user`.
ALTER TABLE user_number ADD COLUMN text TEXT NOT NULL DEFAULT '';
UPDATE user_number SET text = (
    SELECT lower(u.username || char(10) || u.display_name || char(10) || u.email) FROM user u WHERE u.id = user_id
);

DROP TRIGGER user_search_added;
CREATE TRIGGER user_search_added AFTER INSERT ON user BEGIN
    INSERT INTO user_number (user_id, text)
        VALUES (new.id, lower(new.username || char(10) || new.display_name || char(10) || new.email));
    INSERT INTO user_search (rowid, words)
        SELECT number, new.username || char(10) || new.display_name || char(10) || new.email
        FROM user_number WHERE user_id = new.id;
END;

DROP TRIGGER user_search_changed;
CREATE TRIGGER user_search_changed AFTER UPDATE OF username, display_name, email ON user
WHEN (old.username, old.display_name, old.email) IS NOT (new.username, new.display_name, new.email) BEGIN
    INSERT INTO user_search (user_search, rowid, words)
        SELECT 'delete', number, old.username || char(10) || old.display_name || char(10) || old.email
        FROM user_number WHERE user_id = old.id;
    UPDATE user_number SET text = lower(new.username || char(10) || new.display_name || char(10) || new.email)
        WHERE user_id = new.id;
    INSERT INTO user_search (rowid, words)
        SELECT number, new.username || char(10) || new.display_name || char(10) || new.email
        FROM user_number WHERE user_id = new.id;
END;
