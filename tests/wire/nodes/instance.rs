//! Three servers, their database and the proxy before them.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use reqwest::{Certificate, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use support::{
    Person,
    balancer::Balancer,
    deadline::WHILE,
    nodes::{HOST, Node, hash},
    postgres::Postgres,
    tls::Authority,
};
use url::Url;

/// The database's name.
pub const DATABASE: &str = "latchkey";
/// Who signs in with a password, and who with an app's code besides.
pub const PLAIN: usize = 4;
pub const WITH_APP: usize = 8;
pub const ACCOUNT: &str = "111122223333";
pub const ROLE: &str = "ReadOnly";

/// One instance.
pub struct Instance {
    // They end before what they stand on.
    pub balancer: Balancer,
    pub nodes: Vec<Node>,
    pub postgres: Postgres,
    authority: Authority,
    _folder: tempfile::TempDir,
}

fn organisation(hash: &str) -> String {
    let mut text = "name = \"Acme\"\nregion = \"eu-central-1\"\nmanagement_account = \"900000000001\"\n\
         [[group]]\nname = \"engineering\"\n"
        .to_owned();
    let names = (0..PLAIN).map(|n| format!("plain{n}")).chain((0..WITH_APP).map(|n| format!("app{n}")));
    for name in names {
        text += &format!(
            "[[user]]\nusername = \"{name}\"\ndisplay_name = \"Sam {name}\"\nemail = \"{name}@acme.test\"\n\
             groups = [\"engineering\"]\npassword_hash = \"{hash}\"\n"
        );
    }
    text + &support::organisation::account(ACCOUNT, "payments", ROLE, "engineering")
}

impl Instance {
    /// Three servers. `more` stands in the configuration of each.
    pub async fn start(more: &str) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("lk-nodes-").tempdir()?;
        let (postgres, hash) = tokio::try_join!(Postgres::start(), hash())?;
        postgres.create(DATABASE).await?;
        let (database, authority) = (postgres.section(DATABASE), Authority::new()?);
        let mut nodes = Vec::new();
        for at in 0..3 {
            let organisation = (at == 0).then(|| organisation(&hash));
            let place = folder.path().join(format!("node{at}"));
            nodes.push(Node::new(&place, &database, organisation.as_deref(), more)?);
        }
        let ports: Vec<u16> = nodes.iter().map(Node::port).collect();
        let (first, others) = nodes.split_first_mut().context("there are three")?;
        first.start().await?;
        for other in &mut *others {
            other.take_keys(first)?;
            other.begin()?;
        }
        for other in others {
            other.ready().await?;
        }
        let balancer = Balancer::before(&ports, HOST, &authority, folder.path()).await?;
        Ok(Self { balancer, nodes, postgres, authority, _folder: folder })
    }

    /// Where people start.
    pub fn address(path: &str) -> Result<Url> {
        Ok(Url::parse(&format!("https://{HOST}{path}"))?)
    }

    /// A person whose browser finds the instance there.
    pub fn person(&self, at: SocketAddr) -> Result<Person> {
        Person::trusting(&self.authority.pem(), &[(HOST, at)])
    }

    /// A program that finds the instance there.
    pub fn program(&self, at: SocketAddr) -> Result<Program> {
        let trusted = Certificate::from_pem_bundle(self.authority.pem().as_bytes())?;
        let builder = reqwest::Client::builder().no_proxy().timeout(WHILE).resolve(HOST, at);
        Ok(Program(builder.tls_certs_merge(trusted).build()?))
    }

    /// What a statement gives.
    pub async fn count(&self, sql: &str) -> Result<usize> {
        let said = self.postgres.ask(DATABASE, sql).await?;
        said.parse().with_context(|| format!("{sql}: {said}"))
    }
}

/// A program that people sign in to.
#[derive(Clone)]
pub struct Program(reqwest::Client);

/// A registered client's id and secret.
#[derive(Clone)]
pub struct Client {
    pub id: String,
    secret: String,
}

/// An answer that counts. `None` is one that may be asked for again: a 5xx, or a connection that ended.
pub type Answer = Option<(StatusCode, Value)>;

impl Program {
    async fn send(&self, request: RequestBuilder) -> Result<Answer> {
        let Ok(answer) = request.send().await else { return Ok(None) };
        let status = answer.status();
        let Ok(text) = answer.text().await else { return Ok(None) };
        if status.is_server_error() {
            return Ok(None);
        }
        Ok(Some((status, serde_json::from_str(&text).unwrap_or(Value::String(text)))))
    }

    /// `RegisterClient`, as the AWS CLI does for PKCE.
    pub async fn register(&self) -> Result<Client> {
        let asked = json!({
            "clientName": "nodes", "clientType": "public", "scopes": ["sso:account:access"],
            "redirectUris": [super::super::REGISTERED], "grantTypes": ["authorization_code", "refresh_token"],
            "issuerUrl": Instance::address("/start")?,
        });
        let (status, said) = self
            .send(self.0.post(Instance::address("/client/register")?).json(&asked))
            .await?
            .context("no answer")?;
        ensure!(status.is_success(), "{status} {said}");
        Ok(Client {
            id: super::super::text(&said, "clientId")?,
            secret: super::super::text(&said, "clientSecret")?,
        })
    }

    /// `CreateToken` with the fields of `grant`.
    pub async fn token(&self, client: &Client, mut grant: Value) -> Result<Answer> {
        grant["clientId"] = json!(client.id);
        grant["clientSecret"] = json!(client.secret);
        self.send(self.0.post(Instance::address("/token")?).json(&grant)).await
    }

    /// `CreateToken` with a code.
    pub async fn exchange(&self, client: &Client, code: &str) -> Result<Answer> {
        let (redirect, verifier) = (super::super::REDIRECT, super::super::VERIFIER);
        let grant = json!({
            "grantType": "authorization_code", "code": code, "redirectUri": redirect, "codeVerifier": verifier,
        });
        self.token(client, grant).await
    }

    /// `GetRoleCredentials`.
    pub async fn credentials(&self, token: &str, role: &str) -> Result<Answer> {
        let mut address = Instance::address("/federation/credentials")?;
        address.query_pairs_mut().append_pair("account_id", ACCOUNT).append_pair("role_name", role);
        self.send(self.0.get(address).header("x-amz-sso_bearer_token", token)).await
    }
}
