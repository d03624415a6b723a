-- When the person proved who they are, where that was before the session began: the external identity provider may
-- have remembered them.
ALTER TABLE sign_in_session ADD COLUMN authenticated INTEGER;
-- When the provider was asked to make them prove it anew, if it was.
ALTER TABLE external_sign_in ADD COLUMN anew INTEGER;
