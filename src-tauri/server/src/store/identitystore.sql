-- What the identity store's API knows of users and groups besides: attributes that nothing here reads, and a count
-- of changes, whoever makes them.
ALTER TABLE user ADD COLUMN more TEXT NOT NULL DEFAULT '{}';
ALTER TABLE user ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;
ALTER TABLE user_group ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;
CREATE TRIGGER user_revision AFTER UPDATE OF username, display_name, email, enabled, profile ON user
WHEN NEW.revision = OLD.revision BEGIN
    UPDATE user SET revision = revision + 1 WHERE id = NEW.id;
END;
CREATE TRIGGER user_group_revision AFTER UPDATE OF name, description ON user_group
WHEN NEW.revision = OLD.revision BEGIN
    UPDATE user_group SET revision = revision + 1 WHERE id = NEW.id;
END;

-- Tags of the instance and of applications; permission sets carry their own.
CREATE TABLE tag (
    resource TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (resource, key)
) STRICT, WITHOUT ROWID;

-- An application that is not enabled cannot be used, one that is not visible is not listed, and one that requires
-- no assignment is everybody's.
ALTER TABLE application ADD COLUMN enabled INTEGER NOT NULL DEFAULT 1;
ALTER TABLE application ADD COLUMN visible INTEGER NOT NULL DEFAULT 1;
ALTER TABLE application ADD COLUMN assignment_required INTEGER NOT NULL DEFAULT 1;
CREATE INDEX application_everybody ON application (assignment_required, id);
