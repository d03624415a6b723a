-- What SQLite's first 27 migrations make (`../mod.rs`), as PostgreSQL has it. Text is compared byte by byte, as there:
-- pages go on after the last name of the one before. Forward only: what changes is a migration of its own.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- Counts the changes that may take away or alter what somebody found before (`writer.rs`).
CREATE TABLE revision (
    "only" BIGINT PRIMARY KEY CHECK ("only" = 1),
    value BIGINT NOT NULL,
    -- The number of the migration that came last, and of the one that a server must know to work with the schema.
    schema BIGINT NOT NULL,
    least BIGINT NOT NULL
);
INSERT INTO revision ("only", value, schema, least) VALUES (1, 0, 0, 0);

-- How much came from where, as `limits.rs` counts it. A crash of the database forgets it.
CREATE UNLOGGED TABLE limit_owed (
    name TEXT COLLATE "C" PRIMARY KEY,
    until BIGINT NOT NULL
);

CREATE TABLE meta (
    name TEXT COLLATE "C" PRIMARY KEY,
    value TEXT COLLATE "C" NOT NULL
);

CREATE TABLE client (
    id TEXT COLLATE "C" PRIMARY KEY,
    secret BYTEA NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    scopes TEXT COLLATE "C" NOT NULL,
    redirect_uris TEXT COLLATE "C" NOT NULL,
    grant_types TEXT COLLATE "C" NOT NULL,
    ends BIGINT NOT NULL
);

CREATE TABLE sign_in_session (
    id TEXT COLLATE "C" PRIMARY KEY,
    cookie BYTEA NOT NULL UNIQUE,
    username TEXT COLLATE "C" NOT NULL,
    began BIGINT NOT NULL,
    ends BIGINT NOT NULL,
    ended BIGINT,
    wrong_codes BIGINT NOT NULL DEFAULT 0,
    user_id TEXT COLLATE "C" NOT NULL DEFAULT '',
    factor BOOLEAN NOT NULL DEFAULT FALSE,
    tags TEXT COLLATE "C" NOT NULL DEFAULT '{}'
);

CREATE TABLE consent (
    session_id TEXT COLLATE "C" NOT NULL REFERENCES sign_in_session (id) ON DELETE CASCADE,
    client_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (session_id, client_id)
);

CREATE TABLE device_grant (
    code BYTEA PRIMARY KEY,
    user_code BYTEA NOT NULL UNIQUE,
    client_id TEXT COLLATE "C" NOT NULL,
    scopes TEXT COLLATE "C" NOT NULL,
    ends BIGINT NOT NULL,
    polls_due BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('pending', 'approved', 'rejected', 'exchanged')),
    session_id TEXT COLLATE "C"
);

CREATE TABLE authorization_code (
    code BYTEA PRIMARY KEY,
    client_id TEXT COLLATE "C" NOT NULL,
    redirect_uri TEXT COLLATE "C" NOT NULL,
    challenge TEXT COLLATE "C" NOT NULL,
    scopes TEXT COLLATE "C" NOT NULL,
    session_id TEXT COLLATE "C" NOT NULL,
    family_id TEXT COLLATE "C" NOT NULL,
    ends BIGINT NOT NULL,
    spent BIGINT
);

CREATE TABLE token_family (
    id TEXT COLLATE "C" PRIMARY KEY,
    client_id TEXT COLLATE "C" NOT NULL,
    session_id TEXT COLLATE "C" NOT NULL REFERENCES sign_in_session (id) ON DELETE CASCADE,
    scopes TEXT COLLATE "C" NOT NULL,
    generation BIGINT NOT NULL,
    rotated BIGINT,
    seen BOOLEAN NOT NULL DEFAULT FALSE,
    revoked BIGINT
);

CREATE TABLE access_token (
    token BYTEA PRIMARY KEY,
    family_id TEXT COLLATE "C" NOT NULL REFERENCES token_family (id) ON DELETE CASCADE,
    generation BIGINT NOT NULL,
    ends BIGINT NOT NULL
);

CREATE TABLE refresh_token (
    token BYTEA PRIMARY KEY,
    family_id TEXT COLLATE "C" NOT NULL REFERENCES token_family (id) ON DELETE CASCADE,
    generation BIGINT NOT NULL
);

CREATE TABLE role_credentials (
    access_key_id TEXT COLLATE "C" PRIMARY KEY,
    session_token BYTEA NOT NULL,
    account_id TEXT COLLATE "C" NOT NULL,
    permission_set TEXT COLLATE "C" NOT NULL,
    role_name TEXT COLLATE "C" NOT NULL,
    role_id TEXT COLLATE "C" NOT NULL,
    session_name TEXT COLLATE "C" NOT NULL,
    ends BIGINT NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL DEFAULT '',
    tags TEXT COLLATE "C" NOT NULL DEFAULT '{}'
);

CREATE TABLE signin_token (
    token BYTEA PRIMARY KEY,
    access_key_id TEXT COLLATE "C" NOT NULL,
    ends BIGINT NOT NULL,
    session_ends BIGINT NOT NULL
);

CREATE TABLE console_session (
    cookie BYTEA PRIMARY KEY,
    access_key_id TEXT COLLATE "C" NOT NULL,
    ends BIGINT NOT NULL
);

CREATE TABLE lockout (
    name BYTEA PRIMARY KEY,
    failures BIGINT NOT NULL,
    last BIGINT NOT NULL,
    until BIGINT NOT NULL
);

CREATE TABLE audit (
    id BIGINT PRIMARY KEY,
    moment BIGINT NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    event TEXT COLLATE "C" NOT NULL,
    mac BYTEA
);

CREATE TABLE saml_request (
    handle BYTEA PRIMARY KEY,
    application TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    relay_state TEXT COLLATE "C",
    force_authn BOOLEAN NOT NULL,
    is_passive BOOLEAN NOT NULL,
    received BIGINT NOT NULL,
    ends BIGINT NOT NULL
);

CREATE TABLE saml_seen (
    party TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    ends BIGINT NOT NULL,
    PRIMARY KEY (party, id)
);

CREATE TABLE mfa_device (
    id TEXT COLLATE "C" PRIMARY KEY,
    user_id TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('totp', 'security_key', 'built_in')),
    credential BYTEA UNIQUE,
    data BYTEA NOT NULL,
    last_step BIGINT,
    drift BIGINT NOT NULL DEFAULT 0,
    added BIGINT NOT NULL,
    last_used BIGINT
);

CREATE TABLE mfa_context (
    user_id TEXT COLLATE "C" NOT NULL,
    browser BYTEA NOT NULL,
    network BYTEA NOT NULL,
    ends BIGINT NOT NULL,
    PRIMARY KEY (user_id, browser, network)
);

CREATE TABLE half_sign_in (
    cookie BYTEA PRIMARY KEY,
    workflow TEXT COLLATE "C" NOT NULL,
    username TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    proved TEXT COLLATE "C" NOT NULL,
    counter BYTEA NOT NULL,
    network BYTEA NOT NULL,
    back TEXT COLLATE "C" NOT NULL,
    ceremony TEXT COLLATE "C",
    ends BIGINT NOT NULL,
    must_change BOOLEAN NOT NULL DEFAULT FALSE
);

CREATE TABLE spent_challenge (
    challenge BYTEA PRIMARY KEY,
    ends BIGINT NOT NULL
);

CREATE TABLE password_link (
    token BYTEA PRIMARY KEY,
    user_id TEXT COLLATE "C" NOT NULL,
    ends BIGINT NOT NULL
);

CREATE TABLE mail (
    id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    letter BYTEA NOT NULL,
    written BIGINT NOT NULL,
    due BIGINT NOT NULL,
    tries BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE audit_end (
    which TEXT COLLATE "C" PRIMARY KEY CHECK (which IN ('anchor', 'head')),
    id BIGINT NOT NULL,
    mac BYTEA NOT NULL,
    seal BYTEA NOT NULL
);

CREATE TABLE administrator_key (
    access_key_id TEXT COLLATE "C" PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    created BIGINT NOT NULL,
    disabled BIGINT
);

CREATE TABLE audit_file (
    first BIGINT PRIMARY KEY,
    last BIGINT NOT NULL,
    object TEXT COLLATE "C" NOT NULL,
    hash TEXT COLLATE "C",
    digest BIGINT,
    seal BYTEA
);

CREATE TABLE audit_digest (
    id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    began BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    object TEXT COLLATE "C" NOT NULL,
    hash TEXT COLLATE "C",
    signature TEXT COLLATE "C",
    seal BYTEA
);

CREATE TABLE organisation (
    "only" BIGINT PRIMARY KEY CHECK ("only" = 1),
    name TEXT COLLATE "C" NOT NULL,
    region TEXT COLLATE "C" NOT NULL,
    management_account TEXT COLLATE "C" NOT NULL,
    session_seconds BIGINT NOT NULL,
    session_declared BOOLEAN NOT NULL DEFAULT FALSE
);

CREATE TABLE "user" (
    id TEXT COLLATE "C" PRIMARY KEY,
    username TEXT COLLATE "C" NOT NULL UNIQUE,
    display_name TEXT COLLATE "C" NOT NULL,
    email TEXT COLLATE "C" NOT NULL,
    email_verified BOOLEAN NOT NULL,
    enabled BOOLEAN NOT NULL,
    profile TEXT COLLATE "C" NOT NULL,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    declared BOOLEAN NOT NULL DEFAULT FALSE,
    more TEXT COLLATE "C" NOT NULL DEFAULT '{}',
    revision BIGINT NOT NULL DEFAULT 1
);

CREATE TABLE login (
    name TEXT COLLATE "C" PRIMARY KEY,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES "user" (id) ON DELETE CASCADE
);

CREATE TABLE user_group (
    id TEXT COLLATE "C" PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL UNIQUE,
    description TEXT COLLATE "C" NOT NULL,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    declared BOOLEAN NOT NULL DEFAULT FALSE,
    revision BIGINT NOT NULL DEFAULT 1
);

CREATE TABLE membership (
    user_id TEXT COLLATE "C" NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
    group_id TEXT COLLATE "C" NOT NULL REFERENCES user_group (id) ON DELETE CASCADE,
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    declared BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (user_id, group_id)
);

CREATE TABLE organizational_unit (
    id TEXT COLLATE "C" PRIMARY KEY,
    parent_id TEXT COLLATE "C" REFERENCES organizational_unit (id),
    name TEXT COLLATE "C" NOT NULL,
    path TEXT COLLATE "C" NOT NULL UNIQUE
);

CREATE TABLE account (
    id TEXT COLLATE "C" PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    email TEXT COLLATE "C" NOT NULL,
    ou_id TEXT COLLATE "C" NOT NULL REFERENCES organizational_unit (id),
    declared BOOLEAN NOT NULL DEFAULT FALSE
);

CREATE TABLE permission_set (
    arn TEXT COLLATE "C" PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL UNIQUE,
    description TEXT COLLATE "C" NOT NULL,
    relay_state TEXT COLLATE "C",
    session_seconds BIGINT NOT NULL,
    tags TEXT COLLATE "C" NOT NULL,
    policies TEXT COLLATE "C" NOT NULL,
    revision BIGINT NOT NULL,
    created BIGINT NOT NULL,
    declared BOOLEAN NOT NULL DEFAULT FALSE,
    requires_key BOOLEAN NOT NULL DEFAULT FALSE
);

CREATE TABLE assignment (
    principal_id TEXT COLLATE "C" NOT NULL,
    account_id TEXT COLLATE "C" NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    permission_set TEXT COLLATE "C" NOT NULL REFERENCES permission_set (arn) ON DELETE CASCADE,
    principal_type TEXT COLLATE "C" NOT NULL CHECK (principal_type IN ('USER', 'GROUP')),
    created BIGINT NOT NULL,
    declared BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (principal_id, account_id, permission_set)
);

CREATE TABLE provisioned (
    account_id TEXT COLLATE "C" NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    permission_set TEXT COLLATE "C" NOT NULL REFERENCES permission_set (arn) ON DELETE CASCADE,
    revision BIGINT NOT NULL,
    session_seconds BIGINT NOT NULL,
    PRIMARY KEY (account_id, permission_set)
);

CREATE TABLE access_request (
    id TEXT COLLATE "C" PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('CREATE_ASSIGNMENT', 'DELETE_ASSIGNMENT', 'PROVISION')),
    status TEXT COLLATE "C" NOT NULL CHECK (status IN ('IN_PROGRESS', 'SUCCEEDED', 'FAILED')),
    permission_set TEXT COLLATE "C" NOT NULL,
    account_id TEXT COLLATE "C",
    principal_type TEXT COLLATE "C",
    principal_id TEXT COLLATE "C",
    created BIGINT NOT NULL,
    failure TEXT COLLATE "C"
);

CREATE TABLE access_control_attribute (
    key TEXT COLLATE "C" PRIMARY KEY,
    sources TEXT COLLATE "C" NOT NULL,
    declared BOOLEAN NOT NULL DEFAULT FALSE
);

CREATE TABLE application (
    id TEXT COLLATE "C" PRIMARY KEY,
    instance_id TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT COLLATE "C" NOT NULL UNIQUE,
    description TEXT COLLATE "C" NOT NULL,
    url TEXT COLLATE "C",
    saml TEXT COLLATE "C",
    created BIGINT NOT NULL,
    declared BOOLEAN NOT NULL DEFAULT FALSE,
    enabled BOOLEAN NOT NULL DEFAULT TRUE,
    visible BOOLEAN NOT NULL DEFAULT TRUE,
    assignment_required BOOLEAN NOT NULL DEFAULT TRUE
);

CREATE TABLE application_assignment (
    principal_id TEXT COLLATE "C" NOT NULL,
    application_id TEXT COLLATE "C" NOT NULL REFERENCES application (id) ON DELETE CASCADE,
    principal_type TEXT COLLATE "C" NOT NULL CHECK (principal_type IN ('USER', 'GROUP')),
    declared BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (principal_id, application_id)
);

CREATE TABLE assumed_role (
    access_key_id TEXT COLLATE "C" PRIMARY KEY REFERENCES role_credentials ON DELETE CASCADE,
    username TEXT COLLATE "C" NOT NULL,
    tags TEXT COLLATE "C" NOT NULL,
    transitive TEXT COLLATE "C" NOT NULL
);

CREATE TABLE iam_role (
    arn TEXT COLLATE "C" PRIMARY KEY,
    role TEXT COLLATE "C" NOT NULL
);

CREATE TABLE tag (
    resource TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (resource, key)
);

CREATE TABLE administrator (
    user_id TEXT COLLATE "C" PRIMARY KEY REFERENCES "user" (id) ON DELETE CASCADE,
    since BIGINT NOT NULL
);

CREATE TABLE saml_certificate (
    id TEXT COLLATE "C" PRIMARY KEY,
    application_id TEXT COLLATE "C" NOT NULL REFERENCES application (id) ON DELETE CASCADE,
    sealed BYTEA NOT NULL,
    not_before BIGINT NOT NULL,
    not_after BIGINT NOT NULL,
    active BOOLEAN NOT NULL,
    made BIGINT NOT NULL
);

CREATE TABLE user_number (
    number BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    user_id TEXT COLLATE "C" NOT NULL UNIQUE,
    text TEXT COLLATE "C" NOT NULL DEFAULT ''
);

CREATE TABLE session_cookie (
    cookie BYTEA PRIMARY KEY,
    session_id TEXT COLLATE "C" NOT NULL REFERENCES sign_in_session (id) ON DELETE CASCADE
);

CREATE TABLE sign_in_ticket (
    ticket BYTEA PRIMARY KEY,
    session_id TEXT COLLATE "C" NOT NULL REFERENCES sign_in_session (id) ON DELETE CASCADE,
    source_ip TEXT COLLATE "C" NOT NULL,
    back TEXT COLLATE "C" NOT NULL,
    ends BIGINT NOT NULL,
    spent BIGINT
);

CREATE TABLE session_proof (
    session_id TEXT COLLATE "C" PRIMARY KEY REFERENCES sign_in_session (id) ON DELETE CASCADE,
    proved BIGINT NOT NULL
);

CREATE TABLE step_up (
    holder TEXT COLLATE "C" NOT NULL,
    session_id TEXT COLLATE "C" NOT NULL REFERENCES sign_in_session (id) ON DELETE CASCADE,
    account_id TEXT COLLATE "C" NOT NULL,
    permission_set TEXT COLLATE "C" NOT NULL REFERENCES permission_set (arn) ON DELETE CASCADE,
    ends BIGINT NOT NULL,
    PRIMARY KEY (holder, account_id, permission_set)
);

CREATE TABLE password (
    user_id TEXT COLLATE "C" PRIMARY KEY,
    hash TEXT COLLATE "C" NOT NULL,
    earlier TEXT COLLATE "C" NOT NULL,
    must_change BOOLEAN NOT NULL,
    changed BIGINT NOT NULL,
    declared_hash TEXT COLLATE "C"
);

CREATE TABLE confirmation (
    session_id TEXT COLLATE "C" NOT NULL REFERENCES sign_in_session (id) ON DELETE CASCADE,
    account_id TEXT COLLATE "C" NOT NULL,
    permission_set TEXT COLLATE "C" NOT NULL REFERENCES permission_set (arn) ON DELETE CASCADE,
    ends BIGINT NOT NULL,
    PRIMARY KEY (session_id, account_id, permission_set)
);

CREATE TABLE user_external_id (
    user_id TEXT COLLATE "C" PRIMARY KEY REFERENCES "user" (id) ON DELETE CASCADE,
    external_id TEXT COLLATE "C" NOT NULL UNIQUE
);

CREATE TABLE group_external_id (
    group_id TEXT COLLATE "C" PRIMARY KEY REFERENCES user_group (id) ON DELETE CASCADE,
    external_id TEXT COLLATE "C" NOT NULL UNIQUE
);

CREATE TABLE scim_token (
    id TEXT COLLATE "C" PRIMARY KEY,
    token BYTEA NOT NULL UNIQUE,
    created BIGINT NOT NULL,
    ends BIGINT NOT NULL,
    revoked BIGINT,
    last_used BIGINT
);

CREATE TABLE directory_size (
    kind TEXT COLLATE "C" PRIMARY KEY,
    held BIGINT NOT NULL
);

CREATE TABLE identity_source (
    "only" BIGINT PRIMARY KEY CHECK ("only" = 1),
    kind TEXT COLLATE "C" NOT NULL,
    since BIGINT NOT NULL
);

CREATE TABLE external_provider (
    "only" BIGINT PRIMARY KEY CHECK ("only" = 1),
    entity_id TEXT COLLATE "C" NOT NULL,
    sign_in_url TEXT COLLATE "C" NOT NULL,
    certificates TEXT COLLATE "C" NOT NULL,
    changed BIGINT NOT NULL
);

CREATE TABLE external_sign_in (
    relay BYTEA PRIMARY KEY,
    request_id TEXT COLLATE "C" NOT NULL,
    owner TEXT COLLATE "C" NOT NULL,
    back TEXT COLLATE "C" NOT NULL,
    ends BIGINT NOT NULL,
    handle BYTEA UNIQUE,
    proved TEXT COLLATE "C"
);

CREATE TABLE audit_term (
    field TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    last BIGINT NOT NULL,
    rows BYTEA NOT NULL,
    PRIMARY KEY (field, value, last)
);

CREATE TABLE audit_order (
    "only" BIGINT PRIMARY KEY CHECK ("only" = 1),
    latest BIGINT NOT NULL,
    behind BIGINT NOT NULL
);

CREATE INDEX mfa_device_user ON mfa_device (user_id);
CREATE INDEX sign_in_session_username ON sign_in_session (username);
CREATE INDEX password_link_user ON password_link (user_id);
CREATE INDEX user_declared ON "user" (username) WHERE declared;
CREATE INDEX login_user ON login (user_id);
CREATE INDEX group_declared ON user_group (name) WHERE declared;
CREATE UNIQUE INDEX membership_group ON membership (group_id, user_id);
CREATE INDEX organizational_unit_parent ON organizational_unit (parent_id);
CREATE INDEX account_ou ON account (ou_id);
CREATE INDEX assignment_account ON assignment (account_id, permission_set, principal_id);
CREATE INDEX assignment_permission_set ON assignment (permission_set, account_id);
CREATE INDEX provisioned_permission_set ON provisioned (permission_set, account_id);
CREATE INDEX access_request_list ON access_request (kind, created, id);
CREATE INDEX access_request_open ON access_request (created, id) WHERE status = 'IN_PROGRESS';
CREATE INDEX application_assignment_application ON application_assignment (application_id, principal_id);
CREATE INDEX sign_in_session_user ON sign_in_session (user_id);
CREATE INDEX application_everybody ON application (assignment_required, id);
CREATE INDEX mfa_context_browser ON mfa_context (browser);
CREATE INDEX half_sign_in_user ON half_sign_in (user_id);
CREATE INDEX saml_certificate_of ON saml_certificate (application_id);
CREATE UNIQUE INDEX saml_certificate_active ON saml_certificate (application_id) WHERE active;
CREATE INDEX session_cookie_session ON session_cookie (session_id);
CREATE INDEX sign_in_ticket_session ON sign_in_ticket (session_id);
CREATE INDEX step_up_session ON step_up (session_id);
CREATE INDEX step_up_permission_set ON step_up (permission_set);
CREATE INDEX confirmation_permission_set ON confirmation (permission_set);
CREATE INDEX token_family_session ON token_family (session_id);
CREATE INDEX device_grant_approved ON device_grant (session_id) WHERE state = 'approved';
CREATE INDEX authorization_code_fresh ON authorization_code (session_id) WHERE spent IS NULL;
CREATE INDEX role_credentials_user ON role_credentials (user_id);
CREATE INDEX signin_token_key ON signin_token (access_key_id);
CREATE INDEX console_session_key ON console_session (access_key_id);
CREATE INDEX audit_term_last ON audit_term (last);
CREATE INDEX user_text ON "user" (username, display_name, email);
CREATE INDEX user_number_trigrams ON user_number USING gin (text gin_trgm_ops);

INSERT INTO identity_source ("only", kind, since) VALUES (1, 'DIRECTORY', 0);
INSERT INTO directory_size VALUES ('USER', 0), ('GROUP', 0);

-- SQLite's function of that name.
CREATE AGGREGATE json_group_array (TEXT) (
    SFUNC = array_append, STYPE = TEXT[], INITCOND = '{}', FINALFUNC = array_to_json
);

-- What an event says of itself. It stands nowhere twice: each is read as a column of the row, `a.username`.
CREATE FUNCTION event_id(audit) RETURNS TEXT LANGUAGE sql IMMUTABLE
AS $$ SELECT $1.event::jsonb ->> 'eventID' $$;
CREATE FUNCTION username(audit) RETURNS TEXT LANGUAGE sql IMMUTABLE
AS $$ SELECT coalesce($1.event::jsonb #>> '{userIdentity,userName}',
                      $1.event::jsonb #>> '{additionalEventData,UserName}') $$;
CREATE FUNCTION access_key_id(audit) RETURNS TEXT LANGUAGE sql IMMUTABLE
AS $$ SELECT $1.event::jsonb #>> '{userIdentity,accessKeyId}' $$;
CREATE FUNCTION read_only(audit) RETURNS BOOLEAN LANGUAGE sql IMMUTABLE
AS $$ SELECT ($1.event::jsonb ->> 'readOnly')::boolean $$;

CREATE FUNCTION next_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.revision = OLD.revision THEN
        NEW.revision := OLD.revision + 1;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER user_revision BEFORE UPDATE OF username, display_name, email, enabled, profile ON "user"
FOR EACH ROW EXECUTE FUNCTION next_revision();
CREATE TRIGGER user_group_revision BEFORE UPDATE OF name, description ON user_group
FOR EACH ROW EXECUTE FUNCTION next_revision();

CREATE FUNCTION count_directory() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE directory_size SET held = held + CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END WHERE kind = TG_ARGV[0];
    RETURN NULL;
END $$;
CREATE TRIGGER user_counted AFTER INSERT OR DELETE ON "user"
FOR EACH ROW EXECUTE FUNCTION count_directory('USER');
CREATE TRIGGER group_counted AFTER INSERT OR DELETE ON user_group
FOR EACH ROW EXECUTE FUNCTION count_directory('GROUP');

-- What a search looks at: lower case letters of ASCII's, in lines, as `searches.rs` has them.
CREATE FUNCTION searched_by(username TEXT, display_name TEXT, email TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE
AS $$ SELECT lower((username || E'\n' || display_name || E'\n' || email || E'\n') COLLATE "C") $$;
CREATE FUNCTION index_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO user_number (user_id, text)
            VALUES (NEW.id, searched_by(NEW.username, NEW.display_name, NEW.email));
    ELSIF TG_OP = 'DELETE' THEN
        DELETE FROM user_number WHERE user_id = OLD.id;
    ELSE
        UPDATE user_number SET text = searched_by(NEW.username, NEW.display_name, NEW.email)
            WHERE user_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER user_search_kept AFTER INSERT OR DELETE OR UPDATE OF username, display_name, email ON "user"
FOR EACH ROW EXECUTE FUNCTION index_user();
