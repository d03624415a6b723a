-- What was planned and delivered is sealed under the instance's key, as the trail itself: a row of somebody else's
-- could say that events were delivered which never were. Rows of before have no seal and count no more.
ALTER TABLE audit_file ADD COLUMN seal BLOB;
ALTER TABLE audit_digest ADD COLUMN seal BLOB;
