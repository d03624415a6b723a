//! One attempt to sign in: the browser with PKCE first, a device code where that cannot work.

use crate::{
    engine::{Context, Event},
    model::{
        code::Code,
        organisation::Organisation,
        secret::{ClientRegistration, TokenSet},
        sign_in::Method,
    },
    ports::{Redirect, SsoError, WhoAmI},
    sign_in::{Progress, code_of},
};
use jiff::SignedDuration;

/// One attempt's task.
pub(crate) struct Run {
    pub ctx: Context,
    pub org: Organisation,
    pub attempt: u64,
    /// The sessions of the config file whose sign-ins are ours; `None` where the files are not the person's.
    pub sessions: Option<Vec<String>>,
}

impl Run {
    pub fn tell(&self, progress: Progress) {
        self.ctx.send(Event::Attempt(self.org.id.clone(), self.attempt, progress));
    }

    pub async fn any_way(
        &self,
        method: Method,
        clients: &[ClientRegistration],
    ) -> Result<(TokenSet, WhoAmI), Code> {
        let tokens = match method {
            Method::Browser => match self.prepare_browser(clients).await {
                Ok((redirect, client)) => match self.browser(redirect, &client).await {
                    // The server knows this client no more.
                    Err(SsoError::InvalidClient) => self.device(clients).await,
                    other => other,
                },
                Err(error) if cannot_redirect(&error) => self.device(clients).await,
                Err(error) => Err(error),
            },
            Method::DeviceCode => self.device(clients).await,
            // It has a flow of its own.
            Method::Native => Err(SsoError::Other(Code::SignInNeeded)),
        };
        let tokens = tokens.map_err(code_of)?;
        let who = self.ctx.ports.sso.who_am_i(&self.org, &tokens.access_token).await.unwrap_or_default();
        Ok((tokens, who))
    }

    pub async fn client(
        &self,
        method: Method,
        clients: &[ClientRegistration],
    ) -> Result<ClientRegistration, SsoError> {
        let now = self.ctx.now();
        let known =
            clients.iter().find(|c| c.method == method && c.expires > now + SignedDuration::from_mins(15));
        if let Some(client) = known {
            return Ok(client.clone());
        }
        if let Some(shared) =
            self.shared(method).await.filter(|c| c.expires > now + SignedDuration::from_mins(15))
        {
            tracing::info!(organisation = %self.org.id, "the registration of the AWS CLI is used");
            self.tell(Progress::Client(shared.clone()));
            return Ok(shared);
        }
        let client = self.ctx.ports.sso.register(&self.org, method).await?;
        self.tell(Progress::Client(client.clone()));
        if let Some(but) = self.sessions.clone() {
            let (start_url, region) = (self.org.start_url.as_str(), self.org.region.as_str());
            let shared =
                self.ctx.ports.files.share_registration(start_url, region, client.clone(), but).await;
            if let Err(code) = shared {
                tracing::warn!(?code, "the registration could not be put in the CLI's cache");
            }
        }
        Ok(client)
    }

    /// What the AWS CLI registered for such a sign-in.
    async fn shared(&self, method: Method) -> Option<ClientRegistration> {
        let but = self.sessions.clone()?;
        let (start_url, region) = (self.org.start_url.as_str(), self.org.region.as_str());
        let found = self.ctx.ports.files.shared_registration(start_url, region, method, but).await;
        found.unwrap_or_else(|code| {
            tracing::warn!(?code, "the CLI's cache could not be looked at");
            None
        })
    }

    /// The server knows this client no more: nobody is to use it again.
    pub async fn forget(&self, client: &ClientRegistration) {
        self.ctx.forgotten(&self.org.id, client);
        if self.sessions.is_some() {
            let (start_url, region) = (self.org.start_url.as_str(), self.org.region.as_str());
            let _ = self.ctx.ports.files.unshare_registration(start_url, region, &client.client_id).await;
        }
    }

    async fn prepare_browser(
        &self,
        clients: &[ClientRegistration],
    ) -> Result<(Box<dyn Redirect>, ClientRegistration), SsoError> {
        let redirect = self.ctx.ports.redirect.listen().await.map_err(SsoError::Other)?;
        Ok((redirect, self.client(Method::Browser, clients).await?))
    }

    async fn browser(
        &self,
        redirect: Box<dyn Redirect>,
        client: &ClientRegistration,
    ) -> Result<TokenSet, SsoError> {
        let ports = &self.ctx.ports;
        let request = ports.sso.authorize(&self.org, client, &redirect.uri()).map_err(SsoError::Other)?;
        self.tell(Progress::Link(request.url.to_string()));
        if let Err(code) = ports.browser.open(&self.org.id, &request.url).await {
            self.tell(Progress::NoBrowser(code));
        }
        let (ctx, org, attempt) = (self.ctx.clone(), self.org.id.clone(), self.attempt);
        let strange = Box::new(move || ctx.send(Event::Strange(org.clone(), attempt)));
        let code = redirect.answer(&request.state, &self.org, strange).await.map_err(SsoError::Other)?;
        match ports.sso.exchange(&self.org, client, &request, &code).await {
            Err(SsoError::InvalidGrant) => Err(SsoError::Other(Code::SignInTimedOut)),
            Err(SsoError::InvalidClient) => {
                self.forget(client).await;
                Err(SsoError::InvalidClient)
            }
            other => other,
        }
    }

    async fn device(&self, clients: &[ClientRegistration]) -> Result<TokenSet, SsoError> {
        let ports = &self.ctx.ports;
        let mut client = self.client(Method::DeviceCode, clients).await?;
        let grant = match ports.sso.start_device(&self.org, &client).await {
            // The server forgot the registration: once with a new one.
            Err(SsoError::InvalidClient) => {
                self.forget(&client).await;
                client = self.client(Method::DeviceCode, &[]).await?;
                ports.sso.start_device(&self.org, &client).await?
            }
            other => other?,
        };
        self.tell(Progress::Code {
            user_code: grant.user_code.clone(),
            link: grant.verification.to_string(),
            deadline: grant.expires,
        });
        if let Err(code) = ports.browser.open(&self.org.id, &grant.verification).await {
            self.tell(Progress::NoBrowser(code));
        }
        match ports.sso.await_device(&self.org, &client, &grant).await {
            Err(SsoError::InvalidGrant) => Err(SsoError::Other(Code::SignInTimedOut)),
            other => other,
        }
    }
}

/// No local port, or a server that takes no registration with a redirect: the other way still works.
pub(crate) fn cannot_redirect(error: &SsoError) -> bool {
    match error {
        SsoError::InvalidClient | SsoError::Other(Code::ListenFailed) => true,
        SsoError::Other(Code::ServerError { status, .. }) => (400..500).contains(status),
        _ => false,
    }
}
