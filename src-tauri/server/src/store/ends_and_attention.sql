-- What ends when somebody is put out.
CREATE INDEX application_token_user ON application_token (user_id);
-- A role that cannot be looked at needs attention, too.
DROP INDEX aws_role_attention;
CREATE INDEX aws_role_attention ON aws_role (account_id, permission_set)
    WHERE state <> 'APPLIED' OR drift <> '[]' OR failure IS NOT NULL;
