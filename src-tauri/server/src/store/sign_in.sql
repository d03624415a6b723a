-- Marks of a browser are renewed together, and sign-ins under way end with those of before.
CREATE INDEX mfa_context_browser ON mfa_context (browser);
CREATE INDEX half_sign_in_user ON half_sign_in (user_id);

-- Whether a second factor was proved for a session, or in it.
ALTER TABLE sign_in_session ADD COLUMN factor INTEGER NOT NULL DEFAULT 0;
