-- What was let in by a session, which goes on with the one that takes its place.
CREATE INDEX token_family_session ON token_family (session_id);
CREATE INDEX device_grant_approved ON device_grant (session_id) WHERE state = 'approved';
CREATE INDEX authorization_code_fresh ON authorization_code (session_id) WHERE spent IS NULL;
