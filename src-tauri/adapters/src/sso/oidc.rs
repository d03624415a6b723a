//! SSO-OIDC: registering, and the two ways to a token.

use super::{
    http::{Http, at},
    oauth::Conversation,
};
use crate::urls::{self, host_of};
use engine::{
    model::{
        Timestamp,
        code::Code,
        organisation::Organisation,
        secret::{ClientRegistration, TokenSet},
        sign_in::Method,
    },
    ports::{AuthorizeRequest, DeviceGrant, SsoError},
};
use jiff::SignedDuration;
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, DeviceAuthorizationUrl,
    EndpointNotSet, EndpointSet, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken,
    StandardDeviceAuthorizationResponse, TokenResponse, TokenUrl,
    basic::{BasicClient, BasicTokenResponse},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;
use url::Url;

/// The scope that lets the portal be read and tokens be refreshed.
const SCOPE: &str = "sso:account:access";
/// As registered: without the port, which differs each time (RFC 8252).
const REDIRECT: &str = "http://127.0.0.1/oauth/callback";
/// What the consent page shows.
const CLIENT_NAME: &str = "Latchkey";
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// 256 bits of state.
const STATE_BYTES: u32 = 32;
/// AWS's own polling intervals; RFC 8628 has five seconds for a server that names none.
const INTERVAL: Duration = Duration::from_secs(5);

type Client = BasicClient<EndpointSet, EndpointSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Registered {
    client_id: String,
    client_secret: SecretString,
    client_secret_expires_at: i64,
}

/// `RegisterClient`.
pub(crate) async fn register(
    http: &Http,
    oidc: &Url,
    start_url: &Url,
    method: Method,
) -> Result<ClientRegistration, SsoError> {
    let body = match method {
        Method::Browser | Method::Native => json!({
            "clientName": CLIENT_NAME, "clientType": "public", "scopes": [SCOPE],
            "redirectUris": [REDIRECT], "grantTypes": ["authorization_code", "refresh_token"],
            "issuerUrl": start_url,
        }),
        Method::DeviceCode => json!({
            "clientName": CLIENT_NAME, "clientType": "public", "scopes": [SCOPE],
            "grantTypes": [DEVICE_CODE, "refresh_token"],
        }),
    };
    let request = http
        .request(reqwest::Method::POST, &at(oidc, "/client/register"))
        .map_err(SsoError::Other)?
        .json(&body);
    let answer = http.send(request).await.map_err(SsoError::Other)?;
    let registered: Registered = answer.json()?;
    let expires = Timestamp::from_second(registered.client_secret_expires_at)
        .map_err(|_| SsoError::Other(answer.garbled()))?;
    Ok(ClientRegistration {
        client_id: registered.client_id,
        client_secret: registered.client_secret,
        expires,
        method,
    })
}

/// The `/authorize` address. AWS calls the scopes `scopes`.
pub(crate) fn authorize(
    org: &Organisation,
    client: &ClientRegistration,
    redirect_uri: &Url,
) -> Result<AuthorizeRequest, Code> {
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state) = oauth_client(&org.endpoints.oidc, client)
        .set_redirect_uri(RedirectUrl::from_url(redirect_uri.clone()))
        .authorize_url(|| CsrfToken::new_random_len(STATE_BYTES))
        .add_extra_param("scopes", SCOPE)
        .set_pkce_challenge(challenge)
        .url();
    if !urls::belongs(&url, org) {
        return Err(urls::foreign(&url));
    }
    Ok(AuthorizeRequest {
        url,
        state: state.into_secret().into(),
        verifier: verifier.into_secret().into(),
        redirect_uri: redirect_uri.clone(),
    })
}

/// `CreateToken` with `authorization_code`.
pub(crate) async fn exchange(
    http: &Http,
    org: &Organisation,
    client: &ClientRegistration,
    request: &AuthorizeRequest,
    code: &SecretString,
) -> Result<TokenSet, SsoError> {
    let talk = Conversation::new(http);
    let oauth = oauth_client(&org.endpoints.oidc, client)
        .set_redirect_uri(RedirectUrl::from_url(request.redirect_uri.clone()));
    let answer = oauth
        .exchange_code(AuthorizationCode::new(code.expose_secret().to_owned()))
        .set_pkce_verifier(PkceCodeVerifier::new(request.verifier.expose_secret().to_owned()))
        .request_async(&talk)
        .await;
    let answer = answer.map_err(|_| talk.failure(&host_of(&org.endpoints.oidc)))?;
    tokens(http, &answer, None)
}

/// `CreateToken` with `refresh_token`. A server that sends no new one means the old one to go on.
pub(crate) async fn refresh(
    http: &Http,
    org: &Organisation,
    client: &ClientRegistration,
    refresh_token: &SecretString,
) -> Result<TokenSet, SsoError> {
    let talk = Conversation::new(http);
    let oauth = oauth_client(&org.endpoints.oidc, client);
    let token = RefreshToken::new(refresh_token.expose_secret().to_owned());
    let answer = oauth.exchange_refresh_token(&token).request_async(&talk).await;
    let answer = answer.map_err(|_| talk.failure(&host_of(&org.endpoints.oidc)))?;
    tokens(http, &answer, Some(refresh_token))
}

/// `StartDeviceAuthorization`, before the page's address is checked.
pub(crate) async fn ask_device(
    http: &Http,
    oidc: &Url,
    start_url: &Url,
    client: &ClientRegistration,
) -> Result<DeviceGrant, SsoError> {
    let talk = Conversation::new(http);
    let oauth = oauth_client(oidc, client);
    let answer: Result<StandardDeviceAuthorizationResponse, _> = oauth
        .exchange_device_code()
        .add_extra_param("start_url", start_url.as_str())
        .request_async(&talk)
        .await;
    let answer = answer.map_err(|_| talk.failure(&host_of(oidc)))?;
    let garbled = || SsoError::Other(Code::Garbled { host: host_of(oidc) });
    let page = match answer.verification_uri_complete() {
        Some(complete) => Url::parse(complete.secret()).map_err(|_| garbled())?,
        None => answer.verification_uri().url().clone(),
    };
    Ok(DeviceGrant {
        device_code: answer.device_code().secret().clone().into(),
        user_code: answer.user_code().secret().clone(),
        verification: page,
        expires: later(http, answer.expires_in())?,
        interval: answer.interval(),
    })
}

/// `StartDeviceAuthorization`. A page that is neither the organisation's nor AWS's is never shown: whoever
/// could send one would collect the code that the person types there.
pub(crate) async fn start_device(
    http: &Http,
    org: &Organisation,
    client: &ClientRegistration,
) -> Result<DeviceGrant, SsoError> {
    let grant = ask_device(http, &org.endpoints.oidc, &org.start_url, client).await?;
    if urls::belongs(&grant.verification, org) {
        Ok(grant)
    } else {
        Err(SsoError::Other(urls::foreign(&grant.verification)))
    }
}

/// `CreateToken` with `device_code` until it is answered or the code is over.
pub(crate) async fn await_device(
    http: &Http,
    org: &Organisation,
    client: &ClientRegistration,
    grant: &DeviceGrant,
) -> Result<TokenSet, SsoError> {
    let left = grant.expires.duration_since(http.clock.now());
    let left = Duration::try_from(left).unwrap_or_default();
    let interval = if grant.interval.is_zero() { INTERVAL } else { grant.interval };
    let details: StandardDeviceAuthorizationResponse = serde_json::from_value(json!({
        "device_code": grant.device_code.expose_secret(),
        "user_code": grant.user_code,
        "verification_uri": grant.verification,
        "expires_in": left.as_secs(),
        "interval": interval.as_secs().max(1),
    }))
    .map_err(|e| SsoError::Other(Code::Internal { what: format!("device grant: {e}") }))?;
    let talk = Conversation::new(http);
    let oauth = oauth_client(&org.endpoints.oidc, client);
    let polling = oauth.exchange_device_access_token(&details).request_async(&talk, tokio::time::sleep, None);
    match polling.await {
        Ok(answer) => tokens(http, &answer, None),
        Err(oauth2::RequestTokenError::ServerResponse(said))
            if *said.error() == oauth2::DeviceCodeErrorResponseType::ExpiredToken =>
        {
            Err(SsoError::Other(Code::SignInTimedOut))
        }
        Err(_) => Err(match talk.failure(&host_of(&org.endpoints.oidc)) {
            SsoError::InvalidGrant => SsoError::Other(Code::SignInTimedOut),
            other => other,
        }),
    }
}

fn oauth_client(oidc: &Url, client: &ClientRegistration) -> Client {
    BasicClient::new(ClientId::new(client.client_id.clone()))
        .set_client_secret(ClientSecret::new(client.client_secret.expose_secret().to_owned()))
        .set_auth_type(AuthType::RequestBody)
        .set_auth_uri(AuthUrl::from_url(at(oidc, "/authorize")))
        .set_device_authorization_url(DeviceAuthorizationUrl::from_url(at(oidc, "/device_authorization")))
        .set_token_uri(TokenUrl::from_url(at(oidc, "/token")))
}

fn tokens(
    http: &Http,
    answer: &BasicTokenResponse,
    before: Option<&SecretString>,
) -> Result<TokenSet, SsoError> {
    let refresh_token = answer.refresh_token().map(|t| t.secret().clone().into());
    Ok(TokenSet {
        issued: http.clock.now(),
        access_token: answer.access_token().secret().clone().into(),
        // A server that does not say gets the shortest life: the next use will tell.
        expires: later(http, answer.expires_in().unwrap_or(Duration::from_secs(60)))?,
        refresh_token: refresh_token.or_else(|| before.cloned()),
    })
}

/// Nothing of SSO lasts ten years; a server that says so must not make moments beyond the calendar.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

fn later(http: &Http, after: Duration) -> Result<Timestamp, SsoError> {
    SignedDuration::try_from(after.min(LONGEST))
        .ok()
        .and_then(|after| http.clock.now().checked_add(after).ok())
        .ok_or_else(|| SsoError::Other(Code::Garbled { host: String::new() }))
}
