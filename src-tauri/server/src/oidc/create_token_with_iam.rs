//! CreateTokenWithIAM (SSO-OIDC API): POST `/token?aws_iam=t`, signed with SigV4. An application of OAuth 2.0 gets
//! tokens for a person whose identity it has from elsewhere: a trusted issuer, another application, or before.
//!
//! The order of refusals: is it signed, by whom, is there such an application, may they be it, may it have this grant
//! and these scopes, is what it gives good, and is the person one who may use it.

use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    identity_token::Identity,
    trusted,
    wire::{self, Kind, OidcError},
};
use crate::{
    admin::{application_arn_prefix, keys as administrator_keys},
    audit::{self, Administrator, Event},
    domain::{
        actor_policy::{self, Actor},
        integration::{
            AUTHORIZATION_CODE, GRANTS, IAM, JWT_BEARER, MOST_SCOPES, REFRESH_TOKEN, TOKEN_EXCHANGE,
        },
    },
    instance::{Instance, Shared},
    issuing::IssuingError,
    ldap::access::has_put_out,
    organisation::{Application, User},
    secret::{Digest, Token},
    sigv4::{Claim, Refusal, SignedRequest},
    store::{
        AdministratorKey, ApplicationToken, IssuedKey, NewApplicationToken, Permission, PresentedCode, Spent,
        StoreError, TrustedIssuer,
    },
};

const ACCESS_TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:access_token";
const REFRESH_TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:refresh_token";
/// What every answer of this operation is good for (IAM Identity Center User Guide, trusted identity propagation).
const ALWAYS: [&str; 3] = ["aws", "openid", "sts:identity_context"];
/// Access tokens last an hour, as the portal's do.
const ACCESS: SignedDuration = SignedDuration::from_hours(1);

/// What an application sends.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    client_id: String,
    grant_type: String,
    code: Option<String>,
    redirect_uri: Option<String>,
    code_verifier: Option<String>,
    refresh_token: Option<String>,
    assertion: Option<String>,
    #[serde(default)]
    scope: Vec<String>,
    subject_token: Option<String>,
    subject_token_type: Option<String>,
    requested_token_type: Option<String>,
}

/// What it gets; `expiresIn` in seconds.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    access_token: String,
    token_type: &'static str,
    expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    id_token: String,
    issued_token_type: &'static str,
    scope: Vec<String>,
    aws_additional_details: Details,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    identity_context: String,
}

/// With whose key a request is signed.
enum Signer {
    Administrator(AdministratorKey),
    Person(IssuedKey),
}

impl Signer {
    fn actor(&self, instance: &Instance) -> Actor {
        match self {
            Self::Administrator(key) => {
                let account = instance.settings().management_account.clone();
                let arn = format!("arn:aws:iam::{account}:user/{}", key.name);
                Actor::User { account, arn }
            }
            Self::Person(key) => Actor::Session {
                account: key.account_id.clone(),
                role: key.role_name.clone(),
                arn: key.session_arn(),
            },
        }
    }
}

/// What tokens end with.
struct Of<'t> {
    /// A sign-in, also before its time.
    session: Option<&'t str>,
    ends: Timestamp,
}

impl<'t> Of<'t> {
    /// With what those end that this is one of.
    fn token(known: &'t ApplicationToken) -> Self {
        Self { session: known.session_id.as_deref(), ends: known.ends }
    }
}

/// A request of an application that may make it.
struct Asked {
    request: Request,
    signer: Signer,
    actor: Actor,
    application: Application,
    application_arn: String,
    scopes: Vec<String>,
    /// For the assertion of a trusted issuer: whose it is, and for whom it may be.
    issuer: Option<(TrustedIssuer, Vec<String>)>,
}

/// Answers a signed request.
pub async fn answer(instance: Shared, request: SignedRequest) -> Response {
    wire::respond(create_token_with_iam(instance, request).await)
}

async fn create_token_with_iam(instance: Shared, request: SignedRequest) -> Result<Answer, OidcError> {
    let asked = Shared::clone(&instance).run(move |instance| Asked::read(instance, &request)).await?;
    let keys = match (&asked.issuer, &asked.request.assertion) {
        (Some((issuer, _)), Some(assertion)) => {
            match trusted::keys_of(&instance, &issuer.issuer_url, assertion).await {
                Ok(keys) => Some(keys),
                Err(untrusted) => {
                    let error = Kind::InvalidGrant.because(untrusted.to_string());
                    return instance.run(move |instance| Err(asked.refused(instance, error))).await;
                }
            }
        }
        _ => None,
    };
    instance
        .run(move |instance| {
            let keys = keys.as_ref().map_or(&[][..], |keys| keys.as_slice());
            asked.exchange(instance, keys).map_err(|error| asked.refused(instance, error))
        })
        .await
}

impl From<IssuingError> for OidcError {
    fn from(error: IssuingError) -> Self {
        tracing::error!(%error, "a key could not be looked up");
        Kind::InternalServer.because("Internal server error")
    }
}

impl From<Refusal> for OidcError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Missing => Kind::MissingAuthenticationToken.because("Missing Authentication Token"),
            Refusal::Incomplete(words) => Kind::IncompleteSignature.because(words),
            Refusal::Refused(words) => Kind::InvalidSignature.because(words),
        }
    }
}

/// The order is AWS's, as at the other doors.
fn signer(instance: &Instance, request: &SignedRequest) -> Result<Signer, OidcError> {
    let unknown =
        || Kind::UnrecognizedClient.because("The security token included in the request is invalid.");
    let mismatch = || {
        let words = "The request signature we calculated does not match the signature you provided. Check your AWS \
                     Secret Access Key and signing method. Consult the service documentation for details.";
        Kind::InvalidSignature.because(words)
    };
    let claim = Claim::read(request, "sso-oauth")?;
    if claim.is_in_query() {
        // Such an address would be good for a week, for whoever comes by it.
        return Err(Kind::IncompleteSignature.because("The signature must be in the Authorization header"));
    }
    let now = instance.now();
    let Some(token) = &claim.session_token else {
        let key = instance.store.administrator_key(&claim.access_key_id)?;
        let key = key.filter(|key| key.disabled.is_none()).ok_or_else(unknown)?;
        claim.check_moment(now)?;
        let secret = administrator_keys::secret_access_key(&instance.key, &key.access_key_id);
        return if claim.is_signed_with(request, &secret) {
            Ok(Signer::Administrator(key))
        } else {
            Err(mismatch())
        };
    };
    let key = instance.issuer.find_presented(&claim.access_key_id, token)?.ok_or_else(unknown)?;
    claim.check_moment(now)?;
    if now >= key.ends {
        return Err(
            Kind::ExpiredSecurityToken.because("The security token included in the request is expired")
        );
    }
    let signed = |secret: &Token| claim.is_signed_with(request, secret);
    if !instance.issuer.secret_passes(&key, &signed) {
        return Err(mismatch());
    }
    if has_put_out(instance, &key.user_id)? {
        return Err(unknown());
    }
    Ok(Signer::Person(key))
}

impl Asked {
    fn read(instance: &Instance, signed: &SignedRequest) -> Result<Self, OidcError> {
        let signer = signer(instance, signed)?;
        let request: Request = wire::read(&signed.body)?;
        let actor = signer.actor(instance);
        // Who is nobody's application does not learn which there are.
        let unknown =
            || Kind::InvalidClient.because("The application is not known, or this caller may not act as it");
        let id = request.client_id.strip_prefix(&application_arn_prefix(instance));
        let record = id.map(|id| instance.store.application_record(id)).transpose()?.flatten();
        let record = record.filter(|record| record.enabled && record.application.saml.is_none());
        let application = record.ok_or_else(unknown)?.application;
        let application_arn = request.client_id.clone();
        let mut asked =
            Self { request, signer, actor, application, application_arn, scopes: Vec::new(), issuer: None };
        match asked.permit(instance, unknown) {
            Ok(()) => Ok(asked),
            Err(error) => Err(asked.refused(instance, error)),
        }
    }

    fn permission(
        &self,
        instance: &Instance,
        permission: Permission,
        name: &str,
    ) -> Result<Option<serde_json::Value>, StoreError> {
        instance.store.application_permission(&self.application.id, permission, name)
    }

    /// Whether this caller may be the application, and the application ask for this.
    fn permit(&mut self, instance: &Instance, unknown: impl Fn() -> OidcError) -> Result<(), OidcError> {
        let method = self.permission(instance, Permission::Authentication, IAM)?;
        let allowed = method.is_some_and(|method| {
            actor_policy::allows(&method["Iam"]["ActorPolicy"], &self.actor, &self.application_arn)
        });
        if !allowed {
            return Err(unknown());
        }
        let grant_type = self.request.grant_type.clone();
        if !GRANTS.iter().any(|(name, _)| *name == grant_type) {
            return Err(Kind::UnsupportedGrantType.because("Grant type is not supported"));
        }
        let grant = self.permission(instance, Permission::Grant, &grant_type)?;
        let grant = grant
            .ok_or_else(|| Kind::UnauthorizedClient.because("The application does not have this grant"))?;
        self.scopes = self.allowed_scopes(instance)?;
        if grant_type == JWT_BEARER {
            self.issuer = Some(self.trusted_issuer(instance, &grant)?);
        }
        Ok(())
    }

    /// The scopes that were asked for, all of them the application's; without any, its own.
    fn allowed_scopes(&self, instance: &Instance) -> Result<Vec<String>, OidcError> {
        let own = instance.store.application_permissions(
            &self.application.id,
            Permission::Scope,
            "",
            MOST_SCOPES,
        )?;
        let own: Vec<String> = own.into_iter().map(|(name, _)| name).collect();
        let mut wanted = self.request.scope.clone();
        wanted.retain(|scope| !ALWAYS.contains(&scope.as_str()));
        if wanted.iter().any(|scope| !own.contains(scope)) {
            return Err(Kind::InvalidScope.because("A scope is not one of the application's access scopes"));
        }
        wanted.sort();
        wanted.dedup();
        Ok(if self.request.scope.is_empty() { own } else { wanted })
    }

    /// The issuer of the assertion, if the application takes its tokens.
    fn trusted_issuer(
        &self,
        instance: &Instance,
        grant: &serde_json::Value,
    ) -> Result<(TrustedIssuer, Vec<String>), OidcError> {
        let assertion = need(self.request.assertion.as_deref(), "assertion")?;
        let refused = |untrusted: trusted::Untrusted| Kind::InvalidGrant.because(untrusted.to_string());
        let named = trusted::issuer_named(assertion).map_err(refused)?;
        let prefix = trusted::arn_prefix(instance);
        let taken = grant["JwtBearer"]["AuthorizedTokenIssuers"].as_array();
        for taken in taken.into_iter().flatten() {
            let id = taken["TrustedTokenIssuerArn"].as_str().and_then(|arn| arn.strip_prefix(&prefix));
            let issuer = id.map(|id| instance.store.trusted_issuer(id)).transpose()?.flatten();
            if let Some(issuer) = issuer.filter(|issuer| issuer.issuer_url == named) {
                let audiences = taken["AuthorizedAudiences"].as_array().into_iter().flatten();
                let audiences = audiences.filter_map(|one| one.as_str().map(str::to_owned)).collect();
                return Ok((issuer, audiences));
            }
        }
        Err(Kind::InvalidGrant.because("The application does not take tokens of the assertion's issuer"))
    }

    fn exchange(&self, instance: &Instance, keys: &[jsonwebtoken::jwk::Jwk]) -> Result<Answer, OidcError> {
        let now = instance.now();
        let session_ends = now.checked_add(instance.session_length()).unwrap_or(now);
        match (self.request.grant_type.as_str(), &self.issuer) {
            (JWT_BEARER, Some((issuer, audiences))) => {
                let assertion = need(self.request.assertion.as_deref(), "assertion")?;
                let believed = trusted::verify(assertion, keys, issuer, audiences, now)
                    .map_err(|untrusted| Kind::InvalidGrant.because(untrusted.to_string()))?;
                let user = person(instance, issuer, &believed.who)?;
                let user = user.ok_or_else(|| {
                    Kind::InvalidGrant.because("The assertion is of nobody in this directory")
                })?;
                let spent = Spent::Assertion { issuer_id: &issuer.id, id: &believed.id, ends: believed.ends };
                let of = Of { session: None, ends: session_ends };
                self.issue(instance, &user, self.scopes.clone(), of, spent)
            }
            (TOKEN_EXCHANGE, _) => self.token_exchange(instance),
            (REFRESH_TOKEN, _) => self.refresh(instance),
            (AUTHORIZATION_CODE, _) => self.authorization_code(instance),
            _ => Err(Kind::UnsupportedGrantType.because("Grant type is not supported")),
        }
    }

    /// Another application's access token, for a token of this one (RFC 8693).
    fn token_exchange(&self, instance: &Instance) -> Result<Answer, OidcError> {
        let request = &self.request;
        if request.subject_token_type.as_deref() != Some(ACCESS_TOKEN_TYPE) {
            return Err(Kind::InvalidRequest.because(format!("subjectTokenType must be {ACCESS_TOKEN_TYPE}")));
        }
        let wanted = request.requested_token_type.as_deref().unwrap_or(ACCESS_TOKEN_TYPE);
        if ![ACCESS_TOKEN_TYPE, REFRESH_TOKEN_TYPE].contains(&wanted) {
            return Err(Kind::InvalidRequest.because("requestedTokenType is not supported"));
        }
        let subject = need(request.subject_token.as_deref(), "subjectToken")?;
        let invalid = || Kind::InvalidGrant.because("Invalid subject token provided");
        let known = instance.store.application_token(Digest::of(subject))?.ok_or_else(invalid)?;
        let is_live = instance.now() < known.access_ends;
        let from = instance.store.application_record(&known.application_id)?;
        if !is_live || !from.is_some_and(|from| from.enabled) {
            return Err(invalid());
        }
        let scopes = self.handed_on(instance, &known)?;
        let user = instance.user(&known.user_id)?.ok_or_else(invalid)?;
        self.issue(instance, &user, scopes, Of::token(&known), Spent::Nothing)
    }

    /// Scopes of a token that may be exchanged for this application's, and that this one may have.
    fn handed_on(&self, instance: &Instance, known: &ApplicationToken) -> Result<Vec<String>, OidcError> {
        let instance_arn = instance.addresses.instance_arn();
        let mut handed = Vec::new();
        for scope in &known.scopes {
            let targets =
                instance.store.application_permission(&known.application_id, Permission::Scope, scope)?;
            let targets = targets.as_ref().and_then(serde_json::Value::as_array);
            let is_for_us = |target: &serde_json::Value| {
                target == self.application_arn.as_str() || target == instance_arn.as_str()
            };
            if targets.is_some_and(|targets| targets.iter().any(is_for_us)) {
                handed.push(scope.clone());
            }
        }
        if handed.is_empty() {
            let words = "No scope of the subject token names this application as its target";
            return Err(Kind::InvalidScope.because(words));
        }
        handed.retain(|scope| self.scopes.contains(scope));
        Ok(handed)
    }

    fn refresh(&self, instance: &Instance) -> Result<Answer, OidcError> {
        let token = need(self.request.refresh_token.as_deref(), "refreshToken")?;
        let invalid = || Kind::InvalidGrant.because("Invalid refresh token provided");
        let digest = Digest::of(token);
        let known = instance.store.application_refresh_token(digest)?.ok_or_else(invalid)?;
        if known.application_id != self.application.id || instance.now() >= known.ends {
            return Err(invalid());
        }
        let user = instance.user(&known.user_id)?.ok_or_else(invalid)?;
        let of = Of::token(&known);
        let mut scopes = known.scopes.clone();
        scopes.retain(|scope| self.scopes.contains(scope));
        self.issue(instance, &user, scopes, of, Spent::Refresh(digest))
    }

    /// A code that the person's browser brought (`authorize.rs`).
    fn authorization_code(&self, instance: &Instance) -> Result<Answer, OidcError> {
        let request = &self.request;
        let digest = Digest::of(need(request.code.as_deref(), "code")?);
        let redirect_uri = need(request.redirect_uri.as_deref(), "redirectUri")?;
        let verifier = need(request.code_verifier.as_deref(), "codeVerifier")?;
        let invalid = || Kind::InvalidGrant.because("Invalid authorization code provided");
        let Some(PresentedCode::Fresh(code)) = instance.store.authorization_code(digest)? else {
            return Err(invalid());
        };
        let now = instance.now();
        let redeemed = code
            .redeem(&self.application_arn, redirect_uri, verifier, now)
            .map_err(|refused| Kind::InvalidGrant.because(refused.to_string()))?;
        let session = instance.store.session(&redeemed.session_id)?.filter(|session| session.is_live(now));
        let session = session.ok_or_else(|| Kind::InvalidGrant.because("The sign-in session has ended"))?;
        let user = instance.user(&session.user_id)?.ok_or_else(invalid)?;
        let mut scopes = redeemed.scopes;
        scopes.retain(|scope| self.scopes.contains(scope));
        let of = Of { session: Some(&session.id), ends: session.ends };
        self.issue(instance, &user, scopes, of, Spent::Code(digest, now))
    }

    /// Tokens for a person who may use the application; uses up what was given for them.
    fn issue(
        &self,
        instance: &Instance,
        user: &User,
        scopes: Vec<String>,
        Of { session, ends }: Of<'_>,
        spent: Spent<'_>,
    ) -> Result<Answer, OidcError> {
        if !instance.store.is_for(&self.application, &user.id)? {
            return Err(Kind::AccessDenied.because("The application is not assigned to this user"));
        }
        let now = instance.now();
        let access_ends = now.checked_add(ACCESS).unwrap_or(now).min(ends);
        let renews = self.permission(instance, Permission::Grant, REFRESH_TOKEN)?.is_some();
        let (access, refresh) = (instance.chance.token(), renews.then(|| instance.chance.token()));
        let identity = Identity {
            user,
            application: &self.application_arn,
            actor: self.actor.arn(),
            now,
            ends: access_ends,
        };
        let context = identity.context(instance);
        let id_token = identity.sign(instance, &context)?;
        let new = NewApplicationToken {
            access: access.digest(),
            refresh: refresh.as_ref().map(Token::digest),
            token: ApplicationToken {
                application_id: self.application.id.clone(),
                user_id: user.id.clone(),
                session_id: session.map(str::to_owned),
                scopes: scopes.clone(),
                access_ends,
                ends,
            },
        };
        let entry = instance.entry(&Event { user: Some(user), ..self.event() });
        if !instance.store.issue_application_token(&new, spent, now, &entry)? {
            return Err(Kind::InvalidGrant.because(
                "What was given for the tokens has been used before, or the sign-in it is of has ended",
            ));
        }
        let wants_refresh = self.request.requested_token_type.as_deref() == Some(REFRESH_TOKEN_TYPE);
        let mut scope = scopes;
        scope.extend(ALWAYS.map(str::to_owned));
        Ok(Answer {
            access_token: access.expose().to_owned(),
            token_type: "Bearer",
            expires_in: access_ends.duration_since(now).as_secs(),
            issued_token_type: if wants_refresh && refresh.is_some() {
                REFRESH_TOKEN_TYPE
            } else {
                ACCESS_TOKEN_TYPE
            },
            refresh_token: refresh.map(|token| token.expose().to_owned()),
            id_token,
            scope,
            aws_additional_details: Details { identity_context: context },
        })
    }

    /// Without what it was given, which is secret.
    fn event(&self) -> Event<'_> {
        let (administrator, key) = match &self.signer {
            Signer::Administrator(key) => {
                (Some(Administrator { access_key_id: &key.access_key_id, name: &key.name }), None)
            }
            Signer::Person(key) => (None, Some(key)),
        };
        Event {
            source: audit::SSO,
            name: "CreateTokenWithIAM",
            administrator,
            key,
            request: json!({
                "clientId": self.request.client_id,
                "grantType": self.request.grant_type,
                "scope": self.request.scope,
            }),
            details: json!({ "application": self.application.id }),
            ..Event::default()
        }
    }

    /// Writes a refusal down.
    fn refused(&self, instance: &Instance, error: OidcError) -> OidcError {
        let event = Event { error: Some((error.code(), error.description())), ..self.event() };
        if let Err(error) = instance.record(&event) {
            tracing::error!(%error, "a refusal could not be recorded");
        }
        error
    }
}

/// Whom a claim of this issuer's tokens means, if they may use anything.
fn person(instance: &Instance, issuer: &TrustedIssuer, who: &str) -> Result<Option<User>, StoreError> {
    let lower = who.to_lowercase();
    let store = &instance.store;
    let user = match issuer.attribute_path.as_str() {
        "userName" => store.user_by_login(who)?.filter(|user| user.username == lower),
        "emails.value" => store.user_by_login(who)?.filter(|user| user.email.to_lowercase() == lower),
        _ => store.provisioned_user_by("externalId", who)?.map(|found| found.record.user),
    };
    // Where a directory is the source, it is asked here.
    Ok(user.map(|user| instance.user(&user.id)).transpose()?.flatten())
}

fn need<'v>(value: Option<&'v str>, name: &str) -> Result<&'v str, OidcError> {
    value
        .filter(|value| !value.is_empty())
        .ok_or_else(|| Kind::InvalidRequest.because(format!("{name} is required for this grant type")))
}
