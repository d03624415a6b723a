-- What people are searched by in the administration's pages (`searches.rs`): all that is looked at, in the order of
-- user names; and every three letters that follow each other in it. The text itself stays in `user`.
CREATE INDEX user_text ON user (username, display_name, email);
CREATE TABLE user_number (number INTEGER PRIMARY KEY, user_id TEXT NOT NULL UNIQUE) STRICT;
CREATE VIRTUAL TABLE user_search USING fts5 (words, tokenize = 'trigram', content = '', detail = 'none', columnsize = 0);

INSERT INTO user_number (user_id) SELECT id FROM user ORDER BY id;
INSERT INTO user_search (rowid, words)
    SELECT n.number, u.username || char(10) || u.display_name || char(10) || u.email
    FROM user_number n JOIN user u ON u.id = n.user_id;

CREATE TRIGGER user_search_added AFTER INSERT ON user BEGIN
    INSERT INTO user_number (user_id) VALUES (new.id);
    INSERT INTO user_search (rowid, words)
        SELECT number, new.username || char(10) || new.display_name || char(10) || new.email
        FROM user_number WHERE user_id = new.id;
END;

CREATE TRIGGER user_search_changed AFTER UPDATE OF username, display_name, email ON user
WHEN (old.username, old.display_name, old.email) IS NOT (new.username, new.display_name, new.email) BEGIN
    INSERT INTO user_search (user_search, rowid, words)
        SELECT 'delete', number, old.username || char(10) || old.display_name || char(10) || old.email
        FROM user_number WHERE user_id = old.id;
    INSERT INTO user_search (rowid, words)
        SELECT number, new.username || char(10) || new.display_name || char(10) || new.email
        FROM user_number WHERE user_id = new.id;
END;

CREATE TRIGGER user_search_removed AFTER DELETE ON user BEGIN
    INSERT INTO user_search (user_search, rowid, words)
        SELECT 'delete', number, old.username || char(10) || old.display_name || char(10) || old.email
        FROM user_number WHERE user_id = old.id;
    DELETE FROM user_number WHERE user_id = old.id;
END;
