//! The server as AWS's own clients see it: nothing of ours is between them and the wire.

mod active_directory;
mod administration;
pub mod aws_accounts;
mod aws_cli;
mod aws_failures;
mod aws_looks;
mod databases;
mod device;
mod external;
mod federation;
mod integrated;
mod keeping;
mod ldap;
mod ldap_choice;
mod ldap_command;
mod ldap_outage;
mod ldap_word;
mod mail;
mod moving;
pub mod native;
mod nodes;
mod operations;
mod partitions;
mod pkce;
mod portal;
mod precedence;
mod radius;
mod running;
mod saml;
mod sandbox;
mod scim;
mod serve;
mod simplesamlphp;
mod sts;

use anyhow::{Context, Result, ensure};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use support::{Boto, Person, SandboxServer, boto::Refusal, page::Page};
use url::Url;

/// The grant type of the device flow (RFC 8628).
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// As the AWS CLI registers it, without a port.
const REGISTERED: &str = "http://127.0.0.1/oauth/callback";
/// As the AWS CLI uses it, with its listener's port.
const REDIRECT: &str = "http://127.0.0.1:40123/oauth/callback";
/// 64 characters of RFC 7636's alphabet.
const VERIFIER: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";

/// An account and role that the first sample user has for an hour.
const ACCOUNT: &str = "111122223333";
const ROLE: &str = "ReadOnly";

/// A server, boto3 pointed at it, and a person who has a browser.
struct Wire {
    server: SandboxServer,
    boto: Boto,
    person: Person,
}

/// A registered client's id and secret.
struct Client {
    id: String,
    secret: String,
}

fn text(answer: &Value, field: &str) -> Result<String> {
    let value = answer[field].as_str().filter(|v| !v.is_empty());
    Ok(value.with_context(|| format!("no {field} in {answer}"))?.to_owned())
}

fn url(answer: &Value, field: &str) -> Result<Url> {
    Ok(Url::parse(&text(answer, field)?)?)
}

impl Wire {
    async fn start() -> Result<Self> {
        let server = SandboxServer::start().await?;
        let boto = Boto::start(&server).await?;
        Ok(Self { server, boto, person: Person::new()? })
    }

    /// Registers a client as the AWS CLI does for the device flow with a session's scope.
    async fn register(&self) -> Result<Client> {
        self.register_with(json!({ "scopes": ["sso:account:access"] })).await
    }

    /// Registers a client as the AWS CLI does for PKCE.
    async fn register_pkce(&self) -> Result<Client> {
        self.register_with(json!({
            "scopes": ["sso:account:access"],
            "redirectUris": [REGISTERED],
            "grantTypes": ["authorization_code", "refresh_token"],
            "issuerUrl": self.server.ready().start_url,
        }))
        .await
    }

    async fn register_with(&self, more: Value) -> Result<Client> {
        let mut params = json!({ "clientName": "wire test", "clientType": "public" });
        if let (Some(params), Some(more)) = (params.as_object_mut(), more.as_object()) {
            params.extend(more.clone());
        }
        let answer = self.boto.answer("sso-oidc", "register_client", params).await?;
        Ok(Client { id: text(&answer, "clientId")?, secret: text(&answer, "clientSecret")? })
    }

    async fn start_device(&self, client: &Client, start_url: &Url) -> Result<Value> {
        let params = json!({ "clientId": client.id, "clientSecret": client.secret, "startUrl": start_url });
        self.boto.answer("sso-oidc", "start_device_authorization", params).await
    }

    /// `CreateToken` with the fields of `grant`.
    async fn token(&self, client: &Client, grant: Value) -> Result<Result<Value, Refusal>> {
        let mut params = json!({ "clientId": client.id, "clientSecret": client.secret });
        if let (Some(params), Some(grant)) = (params.as_object_mut(), grant.as_object()) {
            params.extend(grant.clone());
        }
        self.boto.call("sso-oidc", "create_token", params).await
    }

    async fn token_by_device(&self, client: &Client, device_code: &str) -> Result<Result<Value, Refusal>> {
        self.token(client, json!({ "grantType": DEVICE_CODE, "deviceCode": device_code })).await
    }

    async fn token_by_refresh(&self, client: &Client, refresh: &str) -> Result<Result<Value, Refusal>> {
        self.token(client, json!({ "grantType": "refresh_token", "refreshToken": refresh })).await
    }

    /// The whole device flow: a client and its tokens.
    async fn signed_in(&self) -> Result<(Client, Value)> {
        let client = self.register().await?;
        let device = self.start_device(&client, &self.server.ready().start_url).await?;
        let address = url(&device, "verificationUriComplete")?;
        self.person.sign_in(&address, self.server.user()?).await?;
        let tokens = expect(self.token_by_device(&client, &text(&device, "deviceCode")?).await?)?;
        Ok((client, tokens))
    }

    /// Where a browser is sent for the code flow, with `change` made to the parameters.
    fn authorize_url(&self, client: &Client, change: &[(&str, &str)]) -> Result<Url> {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        let mut address = self.server.ready().oidc_endpoint.join("/authorize")?;
        let parameters = [
            ("response_type", "code"),
            ("client_id", &client.id),
            ("redirect_uri", REDIRECT),
            ("state", "the-state"),
            ("code_challenge_method", "S256"),
            ("scopes", "sso:account:access"),
            ("code_challenge", &challenge),
        ];
        for (name, value) in parameters {
            let value = change.iter().find(|(n, _)| *n == name).map_or(value, |(_, v)| v);
            address.query_pairs_mut().append_pair(name, value);
        }
        Ok(address)
    }

    /// Signs in and allows; the authorization code that the browser brings back.
    async fn code(&self, client: &Client) -> Result<String> {
        let address = self.authorize_url(client, &[])?;
        let page = self.person.sign_in(&address, self.server.user()?).await?;
        let back = came_back(&page)?;
        ensure!(query(&back, "state").as_deref() == Some("the-state"), "the state was lost: {back}");
        query(&back, "code").with_context(|| format!("no code in {back}"))
    }

    async fn token_by_code(
        &self,
        client: &Client,
        code: &str,
        redirect: &str,
        verifier: &str,
    ) -> Result<Result<Value, Refusal>> {
        let grant = json!({
            "grantType": "authorization_code", "code": code, "redirectUri": redirect, "codeVerifier": verifier,
        });
        self.token(client, grant).await
    }

    async fn role_credentials(&self, token: &str, role: &str) -> Result<Result<Value, Refusal>> {
        let params = json!({ "accessToken": token, "accountId": ACCOUNT, "roleName": role });
        Ok(self.boto.call("sso", "get_role_credentials", params).await?.map(|a| a["roleCredentials"].clone()))
    }
}

/// Where a page sends the browser: the client's loopback listener.
fn came_back(page: &Page) -> Result<Url> {
    let to = page.leads_to.clone();
    let to = to.with_context(|| format!("{} ({}) leads nowhere:\n{}", page.url, page.status, page.text()))?;
    ensure!(to.as_str().starts_with(REDIRECT), "the browser is sent to {to}");
    Ok(to)
}

fn query(address: &Url, name: &str) -> Option<String> {
    address.query_pairs().find(|(n, _)| n == name).map(|(_, v)| v.into_owned())
}

fn expect(answer: Result<Value, Refusal>) -> Result<Value> {
    answer.map_err(|refusal| anyhow::anyhow!("refused: {refusal:?}"))
}

/// Fails unless botocore raised `class` with `status`.
fn refused(answer: &Result<Value, Refusal>, class: &str, status: u16) -> Result<()> {
    match answer {
        Ok(_) => anyhow::bail!("answered instead of {class}"),
        Err(refusal) => {
            let seen = (refusal.class.as_str(), refusal.status);
            ensure!(seen == (class, Some(status)), "expected {class} {status}, got {refusal:?}");
            Ok(())
        }
    }
}
