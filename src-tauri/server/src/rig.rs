//! What the tests of the operations share: an instance whose clock they move, all its routes, a client that
//! speaks JSON and a browser that keeps cookies.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

mod browser;
// Where no program that is shipped can reach it.
#[path = "../../../tests/support/soft_key.rs"]
mod soft_key;
mod software_key;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tower::ServiceExt;
use url::form_urlencoded;

pub use browser::Browser;
pub use soft_key::SoftKey;
pub use software_key::SoftwareKey;

use crate::{
    addresses::Addresses,
    audit::{self, Event},
    chance::Chance,
    clock::Clock,
    instance::{Identity, Instance, Keys, Shared},
    organisation::{self, Application, User},
    passwords::{self, PasswordBook},
    saml::SigningKey,
    secret::{InstanceKey, Token},
    serving,
    store::{AuditEntry, Store},
};

/// Everybody's password.
pub const PASSWORD: &str = "correct-horse-battery";
const HOST: &str = "localhost:4711";
/// A PKCE pair: RFC 7636's own example.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub const CALLBACK: &str = "http://127.0.0.1:53124/oauth/callback";

/// An instance and its routes.
pub struct Rig {
    pub instance: Shared,
    routes: Router,
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

/// A registered client.
pub struct RegisteredClient {
    pub id: String,
    pub secret: String,
}

impl Reply {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }

    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }

    /// A header's text, empty if absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The error class as botocore finds it.
    pub fn error(&self) -> String {
        let header = self.header("x-amzn-errortype").split(':').next().unwrap().to_owned();
        if !header.is_empty() {
            return header;
        }
        self.json()["__type"].as_str().unwrap().rsplit('#').next().unwrap().to_owned()
    }
}

/// Its hash.
pub fn hash() -> String {
    static HASH: OnceLock<String> = OnceLock::new();
    let make = || passwords::hash(&Token::new(PASSWORD.to_owned()), &Chance::from_system()).unwrap();
    HASH.get_or_init(make).clone()
}

/// One for all: making one takes a while.
pub fn saml_key() -> SigningKey {
    static KEY: OnceLock<SigningKey> = OnceLock::new();
    let make = || SigningKey::make(&Chance::from_system(), Timestamp::from_second(1_800_000_000).unwrap());
    KEY.get_or_init(|| make().unwrap()).clone()
}

impl Rig {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    /// An instance with a change made to it before it answers.
    pub fn with(change: impl FnOnce(&mut Instance)) -> Self {
        let chance = Arc::new(Chance::from_system());
        let store = Arc::new(Store::in_memory());
        let identity = Identity::of(&store, &chance).unwrap();
        let key = InstanceKey::new(chance.key());
        store.begin_audit(&key).unwrap();
        let book = PasswordBook::new(&chance).unwrap();
        let mut instance = Instance::new(
            Clock::manual(Timestamp::from_second(1_800_000_000).unwrap()),
            Arc::clone(&chance),
            store,
            Addresses::loopback(4711, &identity.instance_id, &identity.directory_id),
            Keys { instance: key, saml: saml_key() },
            book,
        );
        instance.sample_apps = true;
        // Unrecorded: the trail of a test begins with the test.
        let mut sample = organisation::sample("http://localhost:4711").unwrap();
        sample.users.values_mut().for_each(|user| user.password_hash = Some(hash()));
        instance.seed(&sample);
        change(&mut instance);
        let instance = Shared::new(instance);
        let routes = serving::routes(&instance);
        Self { instance, routes }
    }

    /// A person, disabled ones included.
    pub fn user(&self, username: &str) -> User {
        self.instance.store.user_by_login(username).unwrap().unwrap()
    }

    /// An application by name.
    pub fn application(&self, name: &str) -> Application {
        self.instance.store.application_by_name(name).unwrap().unwrap()
    }

    /// Any event, for changes whose event is not what is tested.
    pub fn entry(&self) -> AuditEntry {
        self.instance.entry(&Event { source: audit::SSO, name: "Test", ..Event::default() })
    }

    /// Lets time pass.
    pub fn pass(&self, seconds: i64) {
        self.instance.clock.advance(SignedDuration::from_secs(seconds));
    }

    pub async fn send(&self, request: Request<Body>) -> Reply {
        answer(self.routes.clone(), request).await
    }

    /// Sends all of them at the same moment; answers come as they are ready.
    pub async fn send_at_once(&self, requests: Vec<Request<Body>>) -> Vec<Reply> {
        let mut under_way = JoinSet::new();
        for request in requests {
            under_way.spawn(answer(self.routes.clone(), request));
        }
        under_way.join_all().await
    }

    pub async fn post_json(&self, path: &str, body: Value) -> Reply {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// A portal call.
    pub async fn portal(&self, method: Method, path: &str, token: &str) -> Reply {
        let request = Request::builder().method(method).uri(path).header("x-amz-sso_bearer_token", token);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub async fn portal_get(&self, path: &str, token: &str) -> Reply {
        self.portal(Method::GET, path, token).await
    }

    /// Registers a client for all flows, as the AWS CLI does for PKCE.
    pub async fn register(&self) -> RegisteredClient {
        self.register_with(json!({
            "clientName": "rig", "clientType": "public", "scopes": ["sso:account:access"],
            "redirectUris": ["http://127.0.0.1/oauth/callback"],
            "grantTypes": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
        }))
        .await
    }

    pub async fn register_with(&self, request: Value) -> RegisteredClient {
        let answer = self.post_json("/client/register", request).await.is(200).json();
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        RegisteredClient { id: text("clientId"), secret: text("clientSecret") }
    }

    /// CreateToken with this client's credentials and these fields.
    pub async fn token(&self, client: &RegisteredClient, grant_type: &str, mut fields: Value) -> Reply {
        fields["clientId"] = json!(client.id);
        fields["clientSecret"] = json!(client.secret);
        fields["grantType"] = json!(grant_type);
        self.post_json("/token", fields).await
    }

    /// StartDeviceAuthorization: the device code and the user code.
    pub async fn start_device(&self, client: &RegisteredClient) -> (String, String) {
        let request = json!({
            "clientId": client.id, "clientSecret": client.secret,
            "startUrl": self.instance.addresses.start_url(),
        });
        let answer = self.post_json("/device_authorization", request).await.is(200).json();
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        (text("deviceCode"), text("userCode"))
    }

    pub fn browser(&self) -> Browser<'_> {
        Browser { rig: self, cookies: Mutex::default() }
    }

    /// A signed-in browser.
    pub async fn browser_of(&self, user: &str) -> Browser<'_> {
        let browser = self.browser();
        browser.sign_in(user, PASSWORD, "/start").await.is(303);
        browser
    }

    /// The query of an authorization request.
    pub fn authorize_path(client: &RegisteredClient, changes: &[(&str, &str)]) -> String {
        let mut fields = BTreeMap::from([
            ("response_type", "code"),
            ("client_id", client.id.as_str()),
            ("redirect_uri", CALLBACK),
            ("state", "st&te"),
            ("code_challenge_method", "S256"),
            ("code_challenge", CHALLENGE),
            ("scopes", "sso:account:access"),
        ]);
        fields.extend(changes.iter().copied());
        let query: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        format!("/authorize?{query}")
    }

    /// The whole authorization code flow up to the code.
    pub async fn code(&self, browser: &Browser<'_>, client: &RegisteredClient) -> String {
        let path = Self::authorize_path(client, &[]);
        let mut reply = browser.get(&path).await;
        if reply.status == StatusCode::OK {
            reply = browser.submit(&reply, "/authorize/decision", &[("decision", "allow")]).await;
        }
        query_field(reply.is(303).header("location"), "code").unwrap()
    }

    /// Access and refresh token of a signed-in person.
    pub async fn tokens(&self, user: &str) -> (RegisteredClient, String, String) {
        let client = self.register().await;
        let browser = self.browser_of(user).await;
        let code = self.code(&browser, &client).await;
        let fields = json!({ "code": code, "redirectUri": CALLBACK, "codeVerifier": VERIFIER });
        let answer = self.token(&client, "authorization_code", fields).await.is(200).json();
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        (client, text("accessToken"), text("refreshToken"))
    }
}

async fn answer(routes: Router, mut request: Request<Body>) -> Reply {
    request.headers_mut().entry(header::HOST).or_insert(HOST.parse().unwrap());
    let response = routes.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap();
    Reply { status: parts.status, headers: parts.headers, body }
}

/// A parameter of a URL's query.
pub fn query_field(url: &str, name: &str) -> Option<String> {
    let url = url::Url::parse("http://localhost:4711").unwrap().join(url).unwrap();
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}
