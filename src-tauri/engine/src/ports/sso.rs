//! The SSO server, as AWS's protocol has it.

use super::SecretUrl;
use crate::model::{
    Timestamp,
    application::{Application, Picture},
    assume::Assume,
    code::Code,
    ids::{AccountId, RoleName},
    organisation::{Endpoints, Kind, Organisation},
    secret::{ClientRegistration, RoleCredentials, TokenSet},
    settings::{Network, Way},
    sign_in::Method,
};
use async_trait::async_trait;
use secrecy::SecretString;
use std::time::Duration;
use url::Url;

/// What a live check of a start URL found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovered {
    /// Canonical: no query, fragment or trailing slash.
    pub start_url: Url,
    /// A name to show until the person chooses another.
    pub name: String,
    /// The instance's region.
    pub region: String,
    /// AWS or custom.
    pub kind: Kind,
    /// Where the services answer.
    pub endpoints: Endpoints,
}

/// Why a call to the SSO server failed. `Unauthorized`, `Forbidden` and `InvalidGrant` change state,
/// everything else is a [`Code`] to show and to retry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SsoError {
    /// 401: the access token is not or no longer valid.
    #[error("the access token is not valid")]
    Unauthorized,
    /// 403 `ForbiddenException`: no such assignment.
    #[error("no access")]
    Forbidden,
    /// 403 of a server that asks for a touch of a security key before it gives this role out
    /// ([`super::Native::step_up_challenge`]).
    #[error("the role requires a touch of a security key")]
    StepUpNeeded,
    /// `InvalidGrantException` or `ExpiredTokenException`: the code or refresh token is used up.
    #[error("the grant is not valid")]
    InvalidGrant,
    /// `InvalidClientException`: register again.
    #[error("the client registration is not valid")]
    InvalidClient,
    /// 429, with the server's `Retry-After` if it sent one.
    #[error("requests are limited")]
    Throttled {
        /// Who asks for it.
        host: String,
        /// The time to wait that the server named.
        retry_after: Option<Duration>,
    },
    /// Anything else.
    #[error("{0:?}")]
    Other(Code),
}

impl SsoError {
    /// The wait that the server named.
    #[must_use]
    pub fn named_wait(&self) -> Option<Duration> {
        match self {
            Self::Throttled { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// One page of `ListAccounts` or `ListAccountRoles`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// `nextToken`; `None` on the last page.
    pub next: Option<String>,
}

/// A row of `ListAccounts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRow {
    /// `accountId`.
    pub id: AccountId,
    /// `accountName`.
    pub name: String,
    /// `emailAddress`.
    pub email: Option<String>,
}

/// Who the server says is signed in (`/token/whoAmI`, undocumented at AWS, so everything is optional).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WhoAmI {
    /// The server's own identifier of the user, which stays when the name changes.
    pub id: Option<String>,
    /// The user's name.
    pub user: Option<String>,
    /// When the sign-in session ends.
    pub ends: Option<Timestamp>,
}

/// A device authorization under way.
#[derive(Clone, Debug)]
pub struct DeviceGrant {
    /// `deviceCode`.
    pub device_code: SecretString,
    /// `userCode`, shown.
    pub user_code: String,
    /// `verificationUriComplete`, checked by the adapter to belong to the organisation or AWS.
    pub verification: Url,
    /// When the code ends.
    pub expires: Timestamp,
    /// `interval`, seconds between polls.
    pub interval: Duration,
}

/// An authorization request to open in the browser, and what its answer is checked with.
#[derive(Clone, Debug)]
pub struct AuthorizeRequest {
    /// The address to open; holds no token.
    pub url: Url,
    /// The `state` that must come back.
    pub state: SecretString,
    /// The PKCE verifier.
    pub verifier: SecretString,
    /// The redirect URI with its port.
    pub redirect_uri: Url,
}

/// The SSO server: SSO-OIDC, the portal API and the federation endpoint of one organisation.
#[async_trait]
pub trait Sso: Send + Sync {
    /// Checks what a person typed (`acme`, `d-1234567890`, a URL, a pasted console link) against the
    /// network. `region` and `endpoints` where the person gave them.
    async fn discover(
        &self,
        typed: &str,
        region: Option<&str>,
        endpoints: Option<&Endpoints>,
    ) -> Result<Discovered, Code>;
    /// `RegisterClient`.
    async fn register(&self, org: &Organisation, method: Method) -> Result<ClientRegistration, SsoError>;
    /// Builds the `/authorize` address with a fresh state and PKCE challenge.
    fn authorize(
        &self,
        org: &Organisation,
        client: &ClientRegistration,
        redirect_uri: &Url,
    ) -> Result<AuthorizeRequest, Code>;
    /// `CreateToken` with `authorization_code`.
    async fn exchange(
        &self,
        org: &Organisation,
        client: &ClientRegistration,
        request: &AuthorizeRequest,
        code: &SecretString,
    ) -> Result<TokenSet, SsoError>;
    /// `StartDeviceAuthorization`.
    async fn start_device(
        &self,
        org: &Organisation,
        client: &ClientRegistration,
    ) -> Result<DeviceGrant, SsoError>;
    /// `CreateToken` with `device_code`, polled by the protocol's rules until it is answered or over.
    async fn await_device(
        &self,
        org: &Organisation,
        client: &ClientRegistration,
        grant: &DeviceGrant,
    ) -> Result<TokenSet, SsoError>;
    /// `CreateToken` with `refresh_token`.
    async fn refresh(
        &self,
        org: &Organisation,
        client: &ClientRegistration,
        refresh_token: &SecretString,
    ) -> Result<TokenSet, SsoError>;
    /// Who is signed in; `Ok(default)` where the server does not tell.
    async fn who_am_i(&self, org: &Organisation, token: &SecretString) -> Result<WhoAmI, SsoError>;
    /// One page of `ListAccounts`.
    async fn accounts(
        &self,
        org: &Organisation,
        token: &SecretString,
        next: Option<&str>,
    ) -> Result<Page<AccountRow>, SsoError>;
    /// One page of `ListAccountRoles`.
    async fn roles(
        &self,
        org: &Organisation,
        token: &SecretString,
        account: &AccountId,
        next: Option<&str>,
    ) -> Result<Page<RoleName>, SsoError>;
    /// One page of `ListApplications` (undocumented), without the accounts that are in it.
    /// [`SsoError::Unauthorized`] and [`SsoError::Forbidden`] say nothing of the sign-in here: whether a
    /// token like ours may ask is the service's to decide.
    async fn applications(
        &self,
        org: &Organisation,
        token: &SecretString,
        next: Option<&str>,
    ) -> Result<Page<Application>, SsoError>;
    /// The picture of an application, from the organisation's own server alone and without a token: small, and
    /// of a kind that is shown as an image.
    async fn icon(&self, org: &Organisation, address: &Url) -> Result<Picture, SsoError>;
    /// `GetRoleCredentials`.
    async fn role_credentials(
        &self,
        org: &Organisation,
        token: &SecretString,
        account: &AccountId,
        role: &RoleName,
    ) -> Result<RoleCredentials, SsoError>;
    /// `AssumeRole` of STS with a role's credentials; the session's name is given. A refusal says nothing of
    /// the sign-in.
    async fn assume_role(
        &self,
        org: &Organisation,
        with: &RoleCredentials,
        assume: &Assume,
    ) -> Result<RoleCredentials, SsoError>;
    /// `getSigninToken` and the console address made from it: a URL that carries a sign-in token and
    /// goes to the browser through [`super::Browser::open_once`] only.
    async fn console_link(
        &self,
        org: &Organisation,
        credentials: &RoleCredentials,
        destination: Option<&Url>,
    ) -> Result<SecretUrl, SsoError>;
    /// `Logout`; the tokens end on the server.
    async fn logout(&self, org: &Organisation, token: &SecretString) -> Result<(), SsoError>;
    /// Seconds by which this computer's clock was fast (negative: slow) at the last answer of a server,
    /// when that is more than five minutes; answers that went well tell too.
    fn clock_skew(&self) -> Option<i64> {
        None
    }
    /// The way to servers that is in force.
    fn way(&self) -> Way {
        Way::default()
    }
    /// Goes by what is set from now on; calls under way end as they began. [`Code::BadProxy`] or
    /// [`Code::NoTrust`]: nothing is changed then.
    async fn go_by(&self, _network: &Network) -> Result<(), Code> {
        Ok(())
    }
}
