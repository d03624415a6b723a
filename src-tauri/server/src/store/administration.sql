-- The address that a link to set a password went to by mail, which whoever uses it reads. None for one that was handed
-- over in another way, and for those from before.
ALTER TABLE password_link ADD COLUMN mailed_to TEXT;

-- Requests for access that failed, among the many that did not.
CREATE INDEX access_request_failed ON access_request (created, id) WHERE status = 'FAILED';
