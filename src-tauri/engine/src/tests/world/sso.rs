//! The server of the world.

use super::World;
use crate::{
    model::{
        Timestamp,
        application::{Application, Icon, Picture},
        assume::Assume,
        code::Code,
        ids::{AccountId, AppId, RoleName},
        organisation::{Endpoints, Kind, Organisation},
        secret::{ClientRegistration, RoleCredentials, TokenSet},
        sign_in::Method,
    },
    ports::{
        AccountRow, AuthorizeRequest, Clock, DeviceGrant, Discovered, Page, SecretUrl, Sso, SsoError, WhoAmI,
    },
};
use async_trait::async_trait;
use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};
use std::{sync::Mutex, time::Duration};
use url::Url;

async fn takes(time: &Mutex<Duration>) {
    let time = *time.lock().unwrap();
    tokio::time::sleep(time).await;
}

fn fails(next: &Mutex<Vec<SsoError>>, always: Option<&Mutex<Option<SsoError>>>) -> Result<(), SsoError> {
    let next = next.lock().unwrap().pop();
    next.or_else(|| always.and_then(|a| a.lock().unwrap().clone())).map_or(Ok(()), Err)
}

#[async_trait]
impl Sso for World {
    fn clock_skew(&self) -> Option<i64> {
        *self.skew.lock().unwrap()
    }
    /// Every address that begins with `https://known` is a portal's.
    async fn discover(
        &self,
        typed: &str,
        region: Option<&str>,
        _: Option<&Endpoints>,
    ) -> Result<Discovered, Code> {
        self.note(format!("discover {typed} {}", region.unwrap_or_default()));
        if !typed.starts_with("https://known") {
            return Err(Code::NotAPortal { host: typed.into() });
        }
        let start_url = Url::parse(typed).unwrap();
        let to = || start_url.clone();
        let endpoints = Endpoints { oidc: to(), portal: to(), federation: to(), sts: to() };
        let region = region.unwrap_or("eu-west-1").to_owned();
        Ok(Discovered { name: typed.into(), start_url: to(), region, kind: Kind::Custom, endpoints })
    }
    async fn register(&self, _: &Organisation, method: Method) -> Result<ClientRegistration, SsoError> {
        self.note(format!("register {method:?}"));
        fails(&self.registrations, None)?;
        let number = self.count("register");
        Ok(ClientRegistration { client_id: format!("registered-{number}"), ..client(method) })
    }
    fn authorize(
        &self,
        _: &Organisation,
        client: &ClientRegistration,
        redirect: &Url,
    ) -> Result<AuthorizeRequest, Code> {
        self.note(format!("authorize {}", client.client_id));
        Ok(AuthorizeRequest {
            url: Url::parse("http://localhost/authorize").unwrap(),
            state: SecretString::from("s"),
            verifier: SecretString::from("v"),
            redirect_uri: redirect.clone(),
        })
    }
    async fn exchange(
        &self,
        _: &Organisation,
        client: &ClientRegistration,
        _: &AuthorizeRequest,
        _: &SecretString,
    ) -> Result<TokenSet, SsoError> {
        fails(&self.exchanges, None)?;
        Ok(self.tokens(client))
    }
    async fn start_device(&self, _: &Organisation, _: &ClientRegistration) -> Result<DeviceGrant, SsoError> {
        Ok(DeviceGrant {
            device_code: SecretString::from("d"),
            user_code: "ABCD-EFGH".into(),
            verification: Url::parse("http://localhost/device").unwrap(),
            expires: self.now() + SignedDuration::from_mins(10),
            interval: Duration::from_secs(1),
        })
    }
    async fn await_device(
        &self,
        _: &Organisation,
        client: &ClientRegistration,
        _: &DeviceGrant,
    ) -> Result<TokenSet, SsoError> {
        takes(&self.sign_in_takes).await;
        Ok(self.tokens(client))
    }
    async fn refresh(
        &self,
        _: &Organisation,
        client: &ClientRegistration,
        refresh_token: &SecretString,
    ) -> Result<TokenSet, SsoError> {
        self.note("refresh token");
        takes(&self.renewal_takes).await;
        fails(&self.renewals, Some(&self.renew_never))?;
        if refresh_token.expose_secret() != refresh_of(client) {
            return Err(SsoError::InvalidGrant);
        }
        Ok(self.tokens(client))
    }
    async fn who_am_i(&self, _: &Organisation, _: &SecretString) -> Result<WhoAmI, SsoError> {
        takes(&self.who_takes).await;
        if *self.who_fails.lock().unwrap() {
            return Err(super::no_answer());
        }
        let user = self.user.lock().unwrap().clone();
        Ok(WhoAmI { id: Some(format!("id-{user}")), user: Some(user), ends: *self.ends.lock().unwrap() })
    }
    async fn accounts(
        &self,
        _: &Organisation,
        _: &SecretString,
        next: Option<&str>,
    ) -> Result<Page<AccountRow>, SsoError> {
        self.note("accounts");
        takes(&self.list_takes).await;
        fails(&self.listings, Some(&self.list_never))?;
        let row =
            |id: &&str| AccountRow { id: AccountId::new(*id), name: "payments-dev".into(), email: None };
        let rows = self.accounts.lock().unwrap().iter().map(row).collect();
        let more = *self.endless_pages.lock().unwrap();
        Ok(Page { rows, next: more.then(|| next.unwrap_or("again").to_owned()) })
    }
    async fn roles(
        &self,
        _: &Organisation,
        _: &SecretString,
        account: &AccountId,
        next: Option<&str>,
    ) -> Result<Page<RoleName>, SsoError> {
        self.note(format!("roles {account}"));
        let hangs = self.roles_hang.lock().unwrap().contains(&account.as_str());
        if hangs {
            std::future::pending::<()>().await;
        }
        let more = *self.endless_pages.lock().unwrap();
        Ok(Page { rows: vec![RoleName::new("Dev")], next: more.then(|| next.unwrap_or("again").to_owned()) })
    }
    async fn applications(
        &self,
        _: &Organisation,
        _: &SecretString,
        next: Option<&str>,
    ) -> Result<Page<Application>, SsoError> {
        self.note("applications");
        let pictured = *self.pictured.lock().unwrap();
        let app = |id: &str| Application {
            id: AppId::new(id),
            name: id.into(),
            description: None,
            icon: pictured.then(|| Icon {
                address: format!("https://acme.test/{id}.svg").parse().unwrap(),
                picture: None,
            }),
        };
        let rows = self.applications.lock().unwrap().clone()?.into_iter().map(app).collect();
        let more = *self.endless_pages.lock().unwrap();
        Ok(Page { rows, next: more.then(|| next.unwrap_or("again").to_owned()) })
    }
    async fn icon(&self, _: &Organisation, address: &Url) -> Result<Picture, SsoError> {
        self.note(format!("icon {address}"));
        let failed = self.icons_fail.lock().unwrap().clone();
        match failed {
            Some(error) => Err(error),
            None => Ok(Picture::from_address("data:image/png,x".to_owned()).unwrap()),
        }
    }
    async fn role_credentials(
        &self,
        _: &Organisation,
        _: &SecretString,
        _: &AccountId,
        _: &RoleName,
    ) -> Result<RoleCredentials, SsoError> {
        self.note("role credentials");
        takes(&self.credentials_take).await;
        fails(&self.refuse, Some(&self.refuse_always))?;
        let now = self.now();
        let secret = || SecretString::from("s");
        Ok(RoleCredentials {
            access_key_id: secret(),
            secret_access_key: secret(),
            session_token: secret(),
            issued: now,
            expires: now + self.lifetime + *self.server_ahead.lock().unwrap(),
        })
    }
    async fn assume_role(
        &self,
        _: &Organisation,
        with: &RoleCredentials,
        assume: &Assume,
    ) -> Result<RoleCredentials, SsoError> {
        let name = assume.session_name.as_deref().unwrap_or_default();
        self.note(format!("assume {} as {name}", assume.role_arn));
        takes(&self.credentials_take).await;
        if assume.external_id.as_deref() == Some("wrong") {
            let reason = "AccessDenied".to_owned();
            return Err(SsoError::Other(Code::AssumeRefused { role_arn: assume.role_arn.clone(), reason }));
        }
        let now = self.now();
        let access_key_id = SecretString::from(format!("of {}", assume.role_arn));
        Ok(RoleCredentials {
            access_key_id,
            issued: now,
            expires: now + SignedDuration::from_hours(1),
            ..with.clone()
        })
    }
    async fn console_link(
        &self,
        _: &Organisation,
        _: &RoleCredentials,
        destination: Option<&Url>,
    ) -> Result<SecretUrl, SsoError> {
        if self.refused.lock().unwrap().consoles {
            return Err(SsoError::Other(Code::NoAnswer { host: "h".into() }));
        }
        self.note(format!("console {}", destination.map_or("home", Url::as_str)));
        Ok(SecretUrl { url: SecretString::from("http://localhost/login"), host: "localhost".into() })
    }
    async fn logout(&self, _: &Organisation, _: &SecretString) -> Result<(), SsoError> {
        takes(&self.logout_takes).await;
        self.note("logout");
        fails(&self.logouts, None)
    }
}

impl World {
    /// What the server gives out to a client: never longer than the sign-in.
    fn tokens(&self, client: &ClientRegistration) -> TokenSet {
        let end = self.now() + *self.token_life.lock().unwrap();
        let tokens = tokens(self.now(), self.ends.lock().unwrap().map_or(end, |e| e.min(end)));
        TokenSet { refresh_token: Some(SecretString::from(refresh_of(client))), ..tokens }
    }
}

/// A refresh token belongs to the client it was issued to.
fn refresh_of(client: &ClientRegistration) -> String {
    format!("r of {}", client.client_id)
}

pub(super) fn client(method: Method) -> ClientRegistration {
    ClientRegistration {
        client_id: "c".into(),
        client_secret: SecretString::from("c"),
        expires: super::begin() + SignedDuration::from_hours(2000),
        method,
    }
}

pub(super) fn tokens(issued: Timestamp, expires: Timestamp) -> TokenSet {
    TokenSet {
        access_token: SecretString::from("a"),
        issued,
        expires,
        refresh_token: Some(SecretString::from("r of c")),
    }
}
