-- In which sign-in an application's tokens were begun; they end with it. NULL: a trusted issuer said who it is.
ALTER TABLE application_token ADD COLUMN session_id TEXT;
