//! The API of a `latchkey-server` for the app, over HTTP. What goes over the wire is written here from the server's
//! `NATIVE.md`; the server's own types are unknown to it.
//!
//! Invariant: no challenge leaves here for a key whose RP ID is not the server's to use, and the origin that the key
//! signs names the server that was spoken with: what a browser keeps for its pages is kept here.

mod answers;
mod challenge;

use crate::{
    sso::http::{Answer, Http, at},
    urls,
};
use answers::{Added, Challenged, Configured, Devices, Fresh, Opened, Stepped, Ticketed, refusal};
use async_trait::async_trait;
use engine::{
    model::{
        Timestamp,
        code::Code,
        ids::{AccountId, RoleName},
        organisation::{Kind, Organisation},
        secret::ClientRegistration,
    },
    ports::{
        AuthorizeRequest, KeyAnswer, KeyChallenge, Known, Native, NativeDevice, NativeError, NativeOffer,
        NativeStep, Proof, SecretUrl, Typed,
    },
};
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use url::Url;

/// The version of the API that is spoken.
const VERSION: &str = "v1";

/// RADIUS servers are waited for by the organisation's for up to two minutes, and it answers then.
const AS_LONG_AS_RADIUS: Duration = Duration::from_secs(130);

/// The port's implementation.
pub struct HttpNative {
    http: Arc<Http>,
}

impl HttpNative {
    pub(crate) fn new(http: Arc<Http>) -> Self {
        Self { http }
    }

    async fn ask(
        &self,
        org: &Organisation,
        method: Method,
        path: &str,
        token: Option<&SecretString>,
        body: Option<&Value>,
    ) -> Result<Answer, NativeError> {
        self.ask_for(org, method, path, token, body, None).await
    }

    /// As [`Self::ask`]; the answer may take so long.
    async fn ask_for(
        &self,
        org: &Organisation,
        method: Method,
        path: &str,
        token: Option<&SecretString>,
        body: Option<&Value>,
        long: Option<Duration>,
    ) -> Result<Answer, NativeError> {
        let url = at(&origin(org)?, path);
        let mut request = self.http.request(method, &url)?;
        if let Some(long) = long {
            request = request.timeout(long);
        }
        if let Some(token) = token {
            request = request.bearer_auth(token.expose_secret());
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        Ok(self.http.send(request).await?)
    }

    /// Posts to an operation of [`VERSION`], with a token where one is needed.
    async fn post<T: DeserializeOwned>(
        &self,
        org: &Organisation,
        operation: &str,
        token: Option<&SecretString>,
        body: &Value,
    ) -> Result<(T, Answer), NativeError> {
        let path = format!("/native/{VERSION}/{operation}");
        let answer = self.ask(org, Method::POST, &path, token, Some(body)).await?;
        Ok((read(&answer)?, answer))
    }

    async fn challenge_of(
        &self,
        org: &Organisation,
        operation: &str,
        token: Option<&SecretString>,
        body: &Value,
    ) -> Result<KeyChallenge, NativeError> {
        let (challenged, _): (Challenged, _) = self.post(org, operation, token, body).await?;
        challenge::of(challenged, org)
    }

    async fn step(
        &self,
        org: &Organisation,
        operation: &str,
        body: &Value,
    ) -> Result<NativeStep, NativeError> {
        let (step, answer): (Stepped, _) = self.post(org, operation, None, body).await?;
        step.into_step(&answer)
    }
}

fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, NativeError> {
    if !answer.status.is_success() {
        return Err(refusal(answer));
    }
    serde_json::from_slice(&answer.body).map_err(|_| answer.garbled().into())
}

/// Where the server's pages are: it is one origin, under which a key knows it.
fn origin(org: &Organisation) -> Result<Url, NativeError> {
    let mut url = org.start_url.clone();
    url.set_path("/");
    url.set_query(None);
    url.set_fragment(None);
    if url.has_host() { Ok(url) } else { Err(urls::foreign(&org.start_url).into()) }
}

/// The authorization request as the server wants it.
fn client(registered: &ClientRegistration, request: &AuthorizeRequest) -> Result<Value, NativeError> {
    let field = |name: &str| {
        let found =
            request.url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        found.ok_or_else(|| Code::Internal { what: format!("no {name} in the request") })
    };
    let scopes = field("scopes")?;
    Ok(json!({
        "clientId": registered.client_id,
        "clientSecret": registered.client_secret.expose_secret(),
        "redirectUri": request.redirect_uri.as_str(),
        "codeChallenge": field("code_challenge")?,
        "scopes": scopes.split_whitespace().collect::<Vec<_>>(),
    }))
}

fn exposed(secret: Option<&SecretString>) -> Option<&str> {
    secret.map(ExposeSecret::expose_secret)
}

fn credential(answer: &KeyAnswer) -> Result<Value, NativeError> {
    let unread = |_| Code::Internal { what: "a key's answer is no JSON".to_owned() };
    Ok(serde_json::from_str(&answer.0).map_err(unread)?)
}

#[async_trait]
impl Native for HttpNative {
    async fn offer(&self, org: &Organisation) -> Result<Option<NativeOffer>, NativeError> {
        // AWS's own service has none; its hosts are not asked for what they do not know.
        if org.kind == Kind::Aws {
            return Ok(None);
        }
        let answer = self.ask(org, Method::GET, "/.well-known/latchkey", None, None).await?;
        if answer.status.is_server_error() {
            return Err(refusal(&answer));
        }
        // Another server may answer this path with whatever it likes.
        let configured =
            answer.status.is_success().then(|| serde_json::from_slice::<Configured>(&answer.body));
        Ok(configured.and_then(Result::ok).and_then(|configured| configured.offer(org, VERSION)))
    }

    async fn start(
        &self,
        org: &Organisation,
        registered: &ClientRegistration,
        request: &AuthorizeRequest,
        typed: &Typed,
        known: &Known,
    ) -> Result<NativeStep, NativeError> {
        let body = json!({
            "client": client(registered, request)?,
            "username": typed.username,
            "password": typed.password.expose_secret(),
            "device": exposed(known.device.as_ref()),
            "context": exposed(known.context.as_ref()),
        });
        self.step(org, "sign-in", &body).await
    }

    async fn challenge(
        &self,
        org: &Organisation,
        sign_in: &SecretString,
    ) -> Result<KeyChallenge, NativeError> {
        let body = json!({ "signIn": sign_in.expose_secret() });
        self.challenge_of(org, "sign-in/challenge", None, &body).await
    }

    async fn answer(
        &self,
        org: &Organisation,
        sign_in: &SecretString,
        answer: &KeyAnswer,
        known: &Known,
    ) -> Result<NativeStep, NativeError> {
        let body = json!({
            "signIn": sign_in.expose_secret(),
            "credential": credential(answer)?,
            "context": exposed(known.context.as_ref()),
        });
        self.step(org, "sign-in/answer", &body).await
    }

    async fn code(
        &self,
        org: &Organisation,
        sign_in: &SecretString,
        factor: &str,
        code: &SecretString,
        known: &Known,
    ) -> Result<NativeStep, NativeError> {
        let body = json!({
            "signIn": sign_in.expose_secret(),
            "factor": factor,
            "code": code.expose_secret(),
            "context": exposed(known.context.as_ref()),
        });
        let path = format!("/native/{VERSION}/sign-in/code");
        let answer =
            self.ask_for(org, Method::POST, &path, None, Some(&body), Some(AS_LONG_AS_RADIUS)).await?;
        read::<Stepped>(&answer)?.into_step(&answer)
    }

    async fn enrol_challenge(
        &self,
        org: &Organisation,
        sign_in: &SecretString,
    ) -> Result<KeyChallenge, NativeError> {
        let body = json!({ "signIn": sign_in.expose_secret() });
        self.challenge_of(org, "sign-in/enrol/challenge", None, &body).await
    }

    async fn enrol(
        &self,
        org: &Organisation,
        sign_in: &SecretString,
        name: &str,
        state: &SecretString,
        answer: &KeyAnswer,
    ) -> Result<NativeStep, NativeError> {
        let body = json!({
            "signIn": sign_in.expose_secret(), "name": name,
            "state": state.expose_secret(), "credential": credential(answer)?,
        });
        self.step(org, "sign-in/enrol", &body).await
    }

    async fn passkey_challenge(
        &self,
        org: &Organisation,
        registered: &ClientRegistration,
        request: &AuthorizeRequest,
    ) -> Result<KeyChallenge, NativeError> {
        let body = json!({ "client": client(registered, request)? });
        self.challenge_of(org, "passkey/challenge", None, &body).await
    }

    async fn passkey_answer(
        &self,
        org: &Organisation,
        registered: &ClientRegistration,
        request: &AuthorizeRequest,
        state: &SecretString,
        answer: &KeyAnswer,
    ) -> Result<NativeStep, NativeError> {
        let body = json!({
            "client": client(registered, request)?,
            "state": state.expose_secret(),
            "credential": credential(answer)?,
        });
        self.step(org, "passkey/answer", &body).await
    }

    async fn proof_challenge(
        &self,
        org: &Organisation,
        token: &SecretString,
    ) -> Result<KeyChallenge, NativeError> {
        self.challenge_of(org, "proof/challenge", Some(token), &json!({})).await
    }

    async fn prove(
        &self,
        org: &Organisation,
        token: &SecretString,
        proof: &Proof,
    ) -> Result<Timestamp, NativeError> {
        let body = match proof {
            Proof::Key { state, answer } => {
                json!({ "state": state.expose_secret(), "credential": credential(answer)? })
            }
            Proof::Code { device, code } => json!({ "factor": device, "code": code.expose_secret() }),
        };
        let (fresh, answer): (Fresh, _) = self.post(org, "proof", Some(token), &body).await?;
        answers::moment(fresh.fresh_until, &answer)
    }

    async fn devices(
        &self,
        org: &Organisation,
        token: &SecretString,
    ) -> Result<Vec<NativeDevice>, NativeError> {
        let path = format!("/native/{VERSION}/devices");
        let answer = self.ask(org, Method::GET, &path, Some(token), None).await?;
        let devices: Devices = read(&answer)?;
        devices.into_devices(&answer)
    }

    async fn device_challenge(
        &self,
        org: &Organisation,
        token: &SecretString,
    ) -> Result<KeyChallenge, NativeError> {
        self.challenge_of(org, "devices/challenge", Some(token), &json!({})).await
    }

    async fn add_device(
        &self,
        org: &Organisation,
        token: &SecretString,
        name: &str,
        state: &SecretString,
        answer: &KeyAnswer,
    ) -> Result<String, NativeError> {
        let body = json!({
            "name": name, "state": state.expose_secret(), "credential": credential(answer)?,
        });
        let (added, _): (Added, _) = self.post(org, "devices", Some(token), &body).await?;
        Ok(added.id)
    }

    async fn rename_device(
        &self,
        org: &Organisation,
        token: &SecretString,
        id: &str,
        name: &str,
    ) -> Result<(), NativeError> {
        let operation = format!("devices/{}", plain_id(id)?);
        let _: (Added, _) = self.post(org, &operation, Some(token), &json!({ "name": name })).await?;
        Ok(())
    }

    async fn remove_device(
        &self,
        org: &Organisation,
        token: &SecretString,
        id: &str,
    ) -> Result<(), NativeError> {
        let path = format!("/native/{VERSION}/devices/{}", plain_id(id)?);
        let answer = self.ask(org, Method::DELETE, &path, Some(token), None).await?;
        read::<Added>(&answer).map(drop)
    }

    async fn browser_ticket(
        &self,
        org: &Organisation,
        token: &SecretString,
        to: Option<&Url>,
    ) -> Result<SecretUrl, NativeError> {
        let own = origin(org)?;
        let to = match to {
            Some(url) if url.origin() == own.origin() => Some(&url[url::Position::BeforePath..]),
            Some(url) => return Err(urls::foreign(url).into()),
            None => None,
        };
        let (ticket, answer): (Ticketed, _) =
            self.post(org, "ticket", Some(token), &json!({ "continue": to })).await?;
        let url = Url::parse(ticket.url.expose_secret()).map_err(|_| answer.garbled())?;
        if url.origin() != own.origin() {
            return Err(urls::foreign(&url).into());
        }
        Ok(SecretUrl { host: urls::host_of(&url), url: ticket.url })
    }

    async fn step_up_challenge(
        &self,
        org: &Organisation,
        token: &SecretString,
        account: &AccountId,
        role: &RoleName,
    ) -> Result<KeyChallenge, NativeError> {
        let body = json!({ "accountId": account.as_str(), "roleName": role.as_str() });
        self.challenge_of(org, "step-up/challenge", Some(token), &body).await
    }

    async fn step_up(
        &self,
        org: &Organisation,
        token: &SecretString,
        account: &AccountId,
        role: &RoleName,
        state: &SecretString,
        answer: &KeyAnswer,
    ) -> Result<Timestamp, NativeError> {
        let body = json!({
            "accountId": account.as_str(), "roleName": role.as_str(),
            "state": state.expose_secret(), "credential": credential(answer)?,
        });
        let (opened, answer): (Opened, _) = self.post(org, "step-up", Some(token), &body).await?;
        answers::moment(opened.open_until, &answer)
    }
}

/// An id of the server's as a part of a path; it chose it, and a path it must not become.
fn plain_id(id: &str) -> Result<&str, NativeError> {
    let plain = !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if plain { Ok(id) } else { Err(NativeError::NoSuchDevice) }
}
