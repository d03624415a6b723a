//! The SSO server over HTTP: SSO-OIDC, the portal API and the federation endpoint.
//!
//! Wire shapes are this client's own, written from AWS's service models; the server of this project has
//! its own too, so that one mistake cannot cancel another.
//!
//! Invariant: a token goes to the endpoint it belongs to and nowhere else: redirects are not followed,
//! http is for this computer only, and every address made here is checked against [`crate::urls`].

mod applications;
mod assume_role;
mod clients;
mod discover;
pub(crate) mod errors;
mod federation;
pub(crate) mod http;
mod icons;
mod oauth;
mod oidc;
mod portal;
mod start_url;

#[cfg(test)]
mod tests;

use crate::{native::HttpNative, urls::AllowedHosts};
use async_trait::async_trait;
pub(crate) use clients::{Around, Clients, Way};
use engine::{
    model::{
        application::{Application, Picture},
        assume::Assume,
        code::Code,
        ids::{AccountId, RoleName},
        organisation::{Endpoints, Organisation},
        secret::{ClientRegistration, RoleCredentials, TokenSet},
        settings::Network,
        sign_in::Method,
    },
    ports::{
        AccountRow, AuthorizeRequest, Clock, DeviceGrant, Discovered, Page, SecretUrl, Sso, SsoError, WhoAmI,
    },
};
use http::Http;
pub(crate) use http::why;
use secrecy::SecretString;
use std::{ffi::OsString, path::Path, sync::Arc};
use url::Url;

/// [`Sso`] over HTTP.
pub struct HttpSso {
    http: Arc<Http>,
    hosts: Arc<AllowedHosts>,
}

impl HttpSso {
    /// A client that teaches `hosts` the organisations it makes addresses for, on the way out that is set, or
    /// that the environment or the AWS config file at `config` names.
    ///
    /// # Errors
    /// [`Code::Internal`] when the TLS library cannot start.
    pub fn new(
        clock: Arc<dyn Clock>,
        hosts: Arc<AllowedHosts>,
        network: &Network,
        env: &dyn Fn(&str) -> Option<OsString>,
        config: &Path,
    ) -> Result<Self, Code> {
        crate::install_crypto_provider();
        Ok(Self { http: Arc::new(Http::new(clock, Way::new(network, Around::new(env, config)))?), hosts })
    }

    /// A `latchkey-server`'s API for the app, by the same way to servers.
    #[must_use]
    pub fn native(&self) -> HttpNative {
        HttpNative::new(Arc::clone(&self.http))
    }
}

#[async_trait]
impl Sso for HttpSso {
    async fn discover(
        &self,
        typed: &str,
        region: Option<&str>,
        endpoints: Option<&Endpoints>,
    ) -> Result<Discovered, Code> {
        discover::discover(&self.http, typed, region, endpoints).await
    }

    async fn register(&self, org: &Organisation, method: Method) -> Result<ClientRegistration, SsoError> {
        oidc::register(&self.http, &org.endpoints.oidc, &org.start_url, method).await
    }

    fn authorize(
        &self,
        org: &Organisation,
        client: &ClientRegistration,
        redirect_uri: &Url,
    ) -> Result<AuthorizeRequest, Code> {
        self.hosts.learn(org);
        oidc::authorize(org, client, redirect_uri)
    }

    async fn exchange(
        &self,
        org: &Organisation,
        client: &ClientRegistration,
        request: &AuthorizeRequest,
        code: &SecretString,
    ) -> Result<TokenSet, SsoError> {
        oidc::exchange(&self.http, org, client, request, code).await
    }

    async fn start_device(
        &self,
        org: &Organisation,
        client: &ClientRegistration,
    ) -> Result<DeviceGrant, SsoError> {
        self.hosts.learn(org);
        oidc::start_device(&self.http, org, client).await
    }

    async fn await_device(
        &self,
        org: &Organisation,
        client: &ClientRegistration,
        grant: &DeviceGrant,
    ) -> Result<TokenSet, SsoError> {
        oidc::await_device(&self.http, org, client, grant).await
    }

    async fn refresh(
        &self,
        org: &Organisation,
        client: &ClientRegistration,
        refresh_token: &SecretString,
    ) -> Result<TokenSet, SsoError> {
        oidc::refresh(&self.http, org, client, refresh_token).await
    }

    async fn who_am_i(&self, org: &Organisation, token: &SecretString) -> Result<WhoAmI, SsoError> {
        portal::who_am_i(&self.http, org, token).await
    }

    async fn accounts(
        &self,
        org: &Organisation,
        token: &SecretString,
        next: Option<&str>,
    ) -> Result<Page<AccountRow>, SsoError> {
        portal::accounts(&self.http, org, token, next).await
    }

    async fn roles(
        &self,
        org: &Organisation,
        token: &SecretString,
        account: &AccountId,
        next: Option<&str>,
    ) -> Result<Page<RoleName>, SsoError> {
        portal::roles(&self.http, org, token, account, next).await
    }

    async fn applications(
        &self,
        org: &Organisation,
        token: &SecretString,
        next: Option<&str>,
    ) -> Result<Page<Application>, SsoError> {
        applications::list(&self.http, org, token, next).await
    }

    async fn icon(&self, org: &Organisation, address: &Url) -> Result<Picture, SsoError> {
        icons::fetch(&self.http, org, address).await
    }

    async fn role_credentials(
        &self,
        org: &Organisation,
        token: &SecretString,
        account: &AccountId,
        role: &RoleName,
    ) -> Result<RoleCredentials, SsoError> {
        portal::role_credentials(&self.http, org, token, account, role).await
    }

    async fn assume_role(
        &self,
        org: &Organisation,
        with: &RoleCredentials,
        assume: &Assume,
    ) -> Result<RoleCredentials, SsoError> {
        assume_role::assume_role(&self.http, org, with, assume).await
    }

    async fn console_link(
        &self,
        org: &Organisation,
        credentials: &RoleCredentials,
        destination: Option<&Url>,
    ) -> Result<SecretUrl, SsoError> {
        self.hosts.learn(org);
        federation::console_link(&self.http, org, credentials, destination).await
    }

    async fn logout(&self, org: &Organisation, token: &SecretString) -> Result<(), SsoError> {
        portal::logout(&self.http, org, token).await
    }

    fn clock_skew(&self) -> Option<i64> {
        self.http.skew()
    }

    fn way(&self) -> engine::model::settings::Way {
        self.http.way()
    }

    async fn go_by(&self, network: &Network) -> Result<(), Code> {
        let (http, network) = (self.http.clone(), network.clone());
        // Reads files, those of the system's store too.
        let tried = tokio::task::spawn_blocking(move || http.go_by(&network));
        tried.await.unwrap_or_else(|e| Err(Code::Internal { what: format!("network: {e}") }))
    }
}
