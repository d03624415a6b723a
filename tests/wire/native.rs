//! The app's own client of the server's API for it, with a security key in software between them.

use adapters::{clock::SystemClock, native::HttpNative, sso::HttpSso};
use anyhow::{Context, Result, bail, ensure};
use engine::{
    model::{
        Timestamp,
        ids::{AccountId, OrgId, RoleName},
        organisation::{Endpoints, Kind, Organisation},
        secret::{ClientRegistration, TokenSet},
        settings::Network,
        sign_in::Method,
    },
    ports::{
        AuthorizeRequest, BrowserReason, DeviceKind, KeyAnswer, KeyChallenge, Known, Native, NativeComplete,
        NativeError, NativeFactor, NativeStep, Proof, Sso, SsoError, Typed,
    },
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::{path::Path, sync::Arc, time::Duration};
use support::{Boto, SandboxServer, SoftKey, organisation};
use tempfile::TempDir;
use url::Url;

const ACCOUNT: &str = "111122223333";

/// A server, and the app's ports at it.
struct Wire {
    server: SandboxServer,
    sso: HttpSso,
    native: HttpNative,
    org: Organisation,
    client: ClientRegistration,
    _folder: TempDir,
}

/// The app's ports, and the organisation of a server as it has it.
pub fn app_at(server: &SandboxServer) -> Result<(HttpSso, Organisation)> {
    let sso = ports()?;
    let ready = server.ready();
    let endpoints = Endpoints {
        oidc: ready.oidc_endpoint.clone(),
        portal: ready.portal_endpoint.clone(),
        federation: ready.federation_endpoint.clone(),
        sts: ready.sts_endpoint.clone(),
    };
    Ok((sso, organisation_at(&ready.start_url, &ready.region, endpoints)))
}

fn organisation_at(start_url: &Url, region: &str, endpoints: Endpoints) -> Organisation {
    Organisation {
        id: OrgId::new("acme"),
        name: "Acme".to_owned(),
        start_url: start_url.clone(),
        region: region.to_owned(),
        kind: Kind::Custom,
        endpoints,
        added: Timestamp::UNIX_EPOCH,
    }
}

/// The app's ports, and an organisation whose endpoints are all at one address.
pub fn app_at_one(start_url: &Url) -> Result<(HttpSso, Organisation)> {
    let base = start_url.join("/")?;
    let endpoints =
        Endpoints { oidc: base.clone(), portal: base.clone(), federation: base.clone(), sts: base };
    Ok((ports()?, organisation_at(start_url, "eu-central-1", endpoints)))
}

fn ports() -> Result<HttpSso> {
    let nowhere = Path::new("/nowhere");
    let network = Network::default();
    let sso = HttpSso::new(Arc::new(SystemClock), Arc::default(), &network, &|_| None, nowhere);
    sso.map_err(|code| anyhow::anyhow!("{code:?}"))
}

impl Wire {
    /// With one user, who has a role that asks for a key and one that does not.
    async fn start() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("lk-native-").tempdir()?;
        let file = organisation::head("Acme", "900000000001", "engineering", "sam", "")
            + &organisation::account(ACCOUNT, "payments-prod", "ReadOnly", "engineering")
            + &format!(
                "[[permission_set]]\nname = \"Administrator\"\nrequires_security_key = true\n\
                 [[assignment]]\naccount = \"{ACCOUNT}\"\npermission_set = \"Administrator\"\n\
                 group = \"engineering\"\n"
            );
        let server = organisation::serve(folder.path(), &file).await?;
        let (sso, org) = app_at(&server)?;
        let client = sso.register(&org, Method::Browser).await?;
        Ok(Self { native: sso.native(), server, sso, org, client, _folder: folder })
    }

    async fn ask_always(&self) -> Result<()> {
        self.server.control(json!({ "mfa": { "mode": "always" } })).await.map(drop)
    }

    fn request(&self) -> Result<AuthorizeRequest> {
        let redirect = Url::parse("http://127.0.0.1:40123/oauth/callback")?;
        self.sso.authorize(&self.org, &self.client, &redirect).map_err(|code| anyhow::anyhow!("{code:?}"))
    }

    fn typed(&self) -> Result<Typed> {
        let user = self.server.user()?;
        Ok(Typed { username: user.username.clone(), password: user.password.as_str().into() })
    }

    async fn begin(&self, request: &AuthorizeRequest) -> Result<NativeStep, NativeError> {
        let typed = self.typed().unwrap_or(Typed { username: String::new(), password: "".into() });
        self.native.start(&self.org, &self.client, request, &typed, &Known::default()).await
    }

    /// Signs in with the password alone.
    async fn sign_in(&self) -> Result<TokenSet> {
        let request = self.request()?;
        let done = complete(self.begin(&request).await?)?;
        Ok(self.sso.exchange(&self.org, &self.client, &request, &done.code).await?)
    }

    /// A key as the app has it made for this server.
    fn key(&self, challenge: &KeyChallenge) -> SoftKey {
        SoftKey::new(&challenge.origin)
    }
}

fn complete(step: NativeStep) -> Result<NativeComplete> {
    match step {
        NativeStep::Complete(done) => Ok(*done),
        other => bail!("not over yet: {other:?}"),
    }
}

fn options(challenge: &KeyChallenge) -> Result<Value> {
    Ok(serde_json::from_str(&challenge.options)?)
}

fn answered(key: &mut SoftKey, challenge: &KeyChallenge) -> Result<KeyAnswer> {
    Ok(KeyAnswer(key.answer(&options(challenge)?).to_string()))
}

impl Wire {
    /// Registers a new key for who is signed in.
    async fn register(&self, tokens: &TokenSet, name: &str) -> Result<SoftKey> {
        let challenge = self.native.device_challenge(&self.org, &tokens.access_token).await?;
        let mut key = self.key(&challenge);
        let answer = KeyAnswer(key.register(&options(&challenge)?).to_string());
        let state = challenge.state.context("no state")?;
        self.native.add_device(&self.org, &tokens.access_token, name, &state, &answer).await?;
        Ok(key)
    }
}

#[tokio::test]
async fn the_offer_names_our_origin_and_an_unknown_server_has_none() -> Result<()> {
    let wire = Wire::start().await?;
    let offer = wire.native.offer(&wire.org).await?.context("nothing is offered")?;
    ensure!(offer.password && offer.keys && offer.enrolment && !offer.passkey, "{offer:?}");
    ensure!(offer.step_up == Duration::from_secs(900), "{offer:?}");
    wire.ask_always().await?;
    let offer = wire.native.offer(&wire.org).await?.context("nothing is offered")?;
    ensure!(offer.passkey, "{offer:?}");
    // The same server under an address that it does not name as its own takes no keys from us.
    let mut elsewhere = wire.org.clone();
    elsewhere.start_url.set_host(Some("127.0.0.1"))?;
    let offer = wire.native.offer(&elsewhere).await?.context("nothing is offered")?;
    ensure!(!offer.keys && !offer.passkey && !offer.enrolment, "{offer:?}");
    let aws = Organisation { kind: Kind::Aws, ..wire.org.clone() };
    ensure!(wire.native.offer(&aws).await?.is_none());
    Ok(())
}

#[tokio::test]
async fn a_sign_in_without_a_browser_is_one_like_any_other() -> Result<()> {
    let wire = Wire::start().await?;
    let request = wire.request()?;
    let mut wrong = wire.typed()?;
    wrong.password = "wrong".into();
    let refused = wire.native.start(&wire.org, &wire.client, &request, &wrong, &Known::default()).await;
    ensure!(matches!(refused, Err(NativeError::WrongPassword)), "{refused:?}");
    let done = complete(wire.begin(&request).await?)?;
    ensure!(done.username == "sam" && done.known.device.is_some() && done.known.context.is_none());
    let tokens = wire.sso.exchange(&wire.org, &wire.client, &request, &done.code).await?;
    let who = wire.sso.who_am_i(&wire.org, &tokens.access_token).await?;
    ensure!(who.user.as_deref() == Some("sam"), "{who:?}");
    // The session is as long as the server said at once.
    let apart = who.ends.context("no end")?.as_second() - done.ends.as_second();
    ensure!(apart.abs() <= 3, "{apart} s apart");
    let refresh = tokens.refresh_token.context("no refresh token")?;
    let tokens = wire.sso.refresh(&wire.org, &wire.client, &refresh).await?;
    wire.sso.logout(&wire.org, &tokens.access_token).await?;
    let refused = wire.native.devices(&wire.org, &tokens.access_token).await;
    ensure!(matches!(refused, Err(NativeError::Sso(SsoError::Unauthorized))), "{refused:?}");
    Ok(())
}

#[tokio::test]
async fn wrong_passwords_lock_and_a_known_computer_is_let_in() -> Result<()> {
    let wire = Wire::start().await?;
    let request = wire.request()?;
    let known = complete(wire.begin(&request).await?)?.known;
    let mut wrong = wire.typed()?;
    wrong.password = "wrong".into();
    for _ in 0..4 {
        wire.native.start(&wire.org, &wire.client, &request, &wrong, &Known::default()).await.err();
    }
    // The fifth locks the name, for strangers.
    for typed in [&wrong, &wire.typed()?] {
        let refused = wire.native.start(&wire.org, &wire.client, &request, typed, &Known::default()).await;
        let Err(NativeError::Locked { wait }) = refused else { bail!("not locked: {refused:?}") };
        ensure!((1..=31).contains(&wait.as_secs()), "{wait:?}");
    }
    let typed = wire.typed()?;
    complete(wire.native.start(&wire.org, &wire.client, &request, &typed, &known).await?)?;
    Ok(())
}

#[tokio::test]
async fn a_key_is_registered_and_signs_in_as_second_factor_and_alone() -> Result<()> {
    let wire = Wire::start().await?;
    let tokens = wire.sign_in().await?;
    let mut key = wire.register(&tokens, "Blue key").await?;
    let devices = wire.native.devices(&wire.org, &tokens.access_token).await?;
    let [device] = &devices[..] else { bail!("{devices:?}") };
    ensure!(device.name == "Blue key" && device.kind == DeviceKind::SecurityKey && device.counts);
    ensure!(device.credential_id.is_some());
    wire.native.rename_device(&wire.org, &tokens.access_token, &device.id, "Green key").await?;

    wire.ask_always().await?;
    let request = wire.request()?;
    let NativeStep::SecondFactor { sign_in, factors, .. } = wire.begin(&request).await? else {
        bail!("no second factor is asked for")
    };
    ensure!(factors == [NativeFactor::Keys { names: vec!["Green key".to_owned()] }], "{factors:?}");
    let challenge = wire.native.challenge(&wire.org, &sign_in).await?;
    ensure!(challenge.rp_id == "localhost" && challenge.origin.starts_with("latchkey-app:http://localhost:"));
    let mut stranger = wire.key(&challenge);
    let answer = answered(&mut stranger, &challenge)?;
    let refused = wire.native.answer(&wire.org, &sign_in, &answer, &Known::default()).await;
    ensure!(matches!(refused, Err(NativeError::KeyNotRegistered)), "{refused:?}");
    let challenge = wire.native.challenge(&wire.org, &sign_in).await?;
    let answer = answered(&mut key, &challenge)?;
    let done = complete(wire.native.answer(&wire.org, &sign_in, &answer, &Known::default()).await?)?;
    ensure!(done.known.context.is_some());
    wire.sso.exchange(&wire.org, &wire.client, &request, &done.code).await?;
    let late = wire.native.answer(&wire.org, &sign_in, &answer, &Known::default()).await;
    ensure!(matches!(late, Err(NativeError::Over)), "{late:?}");

    let request = wire.request()?;
    let challenge = wire.native.passkey_challenge(&wire.org, &wire.client, &request).await?;
    let (answer, state) = (answered(&mut key, &challenge)?, challenge.state.context("no state")?);
    let done = wire.native.passkey_answer(&wire.org, &wire.client, &request, &state, &answer).await?;
    let done = complete(done)?;
    ensure!(done.username == "sam");
    let tokens = wire.sso.exchange(&wire.org, &wire.client, &request, &done.code).await?;

    let last = wire.native.remove_device(&wire.org, &tokens.access_token, &device.id).await;
    ensure!(matches!(last, Err(NativeError::LastDevice)), "{last:?}");
    wire.server.control(json!({ "clock_offset_seconds": 700 })).await?;
    let old = wire.native.device_challenge(&wire.org, &tokens.access_token).await;
    ensure!(matches!(old, Err(NativeError::ProofNeeded)), "{old:?}");
    let challenge = wire.native.proof_challenge(&wire.org, &tokens.access_token).await?;
    let answer = answered(&mut key, &challenge)?;
    let proof = Proof::Key { state: challenge.state.context("no state")?, answer };
    wire.native.prove(&wire.org, &tokens.access_token, &proof).await?;
    wire.register(&tokens, "Spare").await?;
    wire.native.remove_device(&wire.org, &tokens.access_token, &device.id).await?;
    Ok(())
}

#[tokio::test]
async fn a_first_key_is_set_up_where_one_is_demanded() -> Result<()> {
    let wire = Wire::start().await?;
    wire.ask_always().await?;
    let request = wire.request()?;
    let step = wire.begin(&request).await?;
    let NativeStep::ContinueInBrowser { reason: BrowserReason::Enrolment, sign_in: Some(sign_in) } = step
    else {
        bail!("no enrolment: {step:?}")
    };
    let challenge = wire.native.enrol_challenge(&wire.org, &sign_in).await?;
    let mut key = wire.key(&challenge);
    let answer = KeyAnswer(key.register(&options(&challenge)?).to_string());
    let state = challenge.state.context("no state")?;
    let done = complete(wire.native.enrol(&wire.org, &sign_in, "Blue key", &state, &answer).await?)?;
    wire.sso.exchange(&wire.org, &wire.client, &request, &done.code).await?;
    let step = wire.begin(&wire.request()?).await?;
    ensure!(matches!(step, NativeStep::SecondFactor { .. }), "{step:?}");
    Ok(())
}

#[tokio::test]
async fn a_role_that_asks_for_a_touch_is_opened_by_one() -> Result<()> {
    let wire = Wire::start().await?;
    let tokens = wire.sign_in().await?;
    let mut key = wire.register(&tokens, "Blue key").await?;
    let (account, token) = (AccountId::new(ACCOUNT), &tokens.access_token);
    let (free, guarded) = (RoleName::new("ReadOnly"), RoleName::new("Administrator"));
    wire.sso.role_credentials(&wire.org, token, &account, &free).await?;
    let refused = wire.sso.role_credentials(&wire.org, token, &account, &guarded).await;
    ensure!(matches!(refused, Err(SsoError::StepUpNeeded)), "{refused:?}");
    // The AWS CLI and the SDKs know nothing of it, and show what their people have to do.
    let boto = Boto::start(&wire.server).await?;
    let asked = json!({
        "accessToken": token.expose_secret(), "accountId": ACCOUNT, "roleName": "Administrator",
    });
    let Err(refusal) = boto.call("sso", "get_role_credentials", asked).await? else { bail!("given out") };
    ensure!(
        refusal.code.as_deref() == Some("ForbiddenException") && refusal.status == Some(403),
        "{refusal:?}"
    );
    ensure!(refusal.message.contains("requires a touch of a security key"), "{refusal:?}");
    let challenge = wire.native.step_up_challenge(&wire.org, token, &account, &guarded).await?;
    let state = challenge.state.clone().context("no state")?;
    let answer = answered(&mut key, &challenge)?;
    let until = wire.native.step_up(&wire.org, token, &account, &guarded, &state, &answer).await?;
    let left = until.as_second() - jiff::Timestamp::now().as_second();
    ensure!((880..=900).contains(&left), "{left} s");
    let credentials = wire.sso.role_credentials(&wire.org, token, &account, &guarded).await?;
    ensure!(credentials.access_key_id.expose_secret().starts_with("ASIA"));
    let again = wire.native.step_up(&wire.org, token, &account, &guarded, &state, &answer).await;
    ensure!(matches!(again, Err(NativeError::Over | NativeError::KeyRefused)), "{again:?}");
    Ok(())
}

#[tokio::test]
async fn a_ticket_is_an_address_of_the_server_alone() -> Result<()> {
    let wire = Wire::start().await?;
    let tokens = wire.sign_in().await?;
    let console = wire.org.start_url.join("/start/console?account_id=111122223333&role_name=ReadOnly")?;
    let ticket = wire.native.browser_ticket(&wire.org, &tokens.access_token, Some(&console)).await?;
    let url = Url::parse(ticket.url.expose_secret())?;
    ensure!(url.path() == "/native/open" && url.query().is_none(), "{url}");
    ensure!(url.fragment().is_some_and(|ticket| ticket.starts_with("lk_")), "{url}");
    let foreign = Url::parse("https://evil.test/")?;
    let refused = wire.native.browser_ticket(&wire.org, &tokens.access_token, Some(&foreign)).await;
    ensure!(refused.is_err());
    Ok(())
}
