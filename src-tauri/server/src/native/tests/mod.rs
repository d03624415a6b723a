//! The app's API over its routes, with a security key in software.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

mod attacks;
mod devices;
mod sign_in;
mod step_up;
mod ticket;

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use serde_json::{Value, json};

use crate::{
    config,
    mfa::{Policy, keys},
    rig::{CALLBACK, CHALLENGE, PASSWORD, RegisteredClient, Reply, Rig, SoftKey, VERIFIER},
};

const ALWAYS: &str = "mode = \"always\"";

/// An app beside a server.
struct App {
    rig: Rig,
    client: RegisteredClient,
}

/// What signing in gave.
struct Tokens {
    access: String,
    refresh: String,
}

impl App {
    async fn new() -> Self {
        let rig = Rig::new();
        let client = rig.register().await;
        Self { rig, client }
    }

    /// With this policy for second factors.
    async fn asking(policy: &str) -> Self {
        let app = Self::new().await;
        app.set(policy);
        app
    }

    fn set(&self, policy: &str) {
        let policy: Policy = toml::from_str(policy).unwrap();
        config::policy_set(&self.rig.instance, &policy).unwrap();
    }

    /// A key as this app speaks with it.
    fn key(&self) -> SoftKey {
        SoftKey::new(&keys::app_origin(&self.rig.instance))
    }

    /// The authorization request.
    fn client(&self) -> Value {
        json!({
            "clientId": self.client.id, "clientSecret": self.client.secret, "redirectUri": CALLBACK,
            "codeChallenge": CHALLENGE, "scopes": ["sso:account:access"],
        })
    }

    async fn post(&self, path: &str, body: Value) -> Reply {
        self.rig.post_json(&format!("/native/v1/{path}"), body).await
    }

    /// The same with an access token.
    async fn post_as(&self, tokens: &Tokens, path: &str, body: Value) -> Reply {
        let request = Request::post(format!("/native/v1/{path}"))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {}", tokens.access));
        self.rig.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    async fn ask_as(&self, tokens: &Tokens, method: Method, path: &str) -> Reply {
        self.rig.portal(method, path, &tokens.access).await
    }

    async fn start(&self, user: &str, password: &str) -> Reply {
        let body = json!({ "client": self.client(), "username": user, "password": password });
        self.post("sign-in", body).await
    }

    /// The tokens that a complete sign-in is redeemed for.
    async fn redeem(&self, step: &Value) -> Tokens {
        assert_eq!(step["status"], "complete", "{step}");
        let fields = json!({ "code": step["code"], "redirectUri": CALLBACK, "codeVerifier": VERIFIER });
        let answer = self.rig.token(&self.client, "authorization_code", fields).await.is(200).json();
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        Tokens { access: text("accessToken"), refresh: text("refreshToken") }
    }

    /// Signs in where a password is enough.
    async fn tokens(&self, user: &str) -> Tokens {
        self.redeem(&self.start(user, PASSWORD).await.is(200).json()).await
    }

    /// Registers a key for who just signed in; gives its id.
    async fn register(&self, tokens: &Tokens, key: &mut SoftKey, name: &str) -> String {
        let asked = self.post_as(tokens, "devices/challenge", json!({})).await.is(200).json();
        let body = json!({
            "name": name, "state": asked["state"], "credential": key.register(&asked["options"]),
        });
        let done = self.post_as(tokens, "devices", body).await.is(200).json();
        done["id"].as_str().unwrap().to_owned()
    }

    /// An app whose person has a key, and is asked for it from now on.
    async fn with_key() -> (Self, SoftKey) {
        let app = Self::new().await;
        let mut key = app.key();
        let tokens = app.tokens("sam").await;
        app.register(&tokens, &mut key, "Blue key").await;
        app.set(ALWAYS);
        (app, key)
    }

    /// Signs in with password and key.
    async fn sign_in(&self, user: &str, key: &mut SoftKey) -> Reply {
        let half = self.start(user, PASSWORD).await.is(200).json();
        assert_eq!(half["status"], "secondFactor", "{half}");
        let asked = self.post("sign-in/challenge", json!({ "signIn": half["signIn"] })).await.is(200).json();
        let answer = key.answer(&asked["options"]);
        self.post("sign-in/answer", json!({ "signIn": half["signIn"], "credential": answer })).await
    }

    /// The names of the events since.
    fn events(&self, since: usize) -> Vec<String> {
        self.rig.instance.store.audit_trail().into_iter().skip(since).map(|(name, _)| name).collect()
    }

    fn trail(&self) -> usize {
        self.rig.instance.store.audit_trail().len()
    }
}

/// The error's word.
fn error(reply: &Reply) -> String {
    reply.json()["error"].as_str().unwrap_or_default().to_owned()
}
