//! Second factors of people whose passwords an LDAP directory keeps: codes that Debian's FreeRADIUS checks, and this
//! server's own devices as for everybody.

use super::{
    ldap::{Company, user},
    native::app_at_one,
};
use anyhow::{Context, Result, anyhow, bail, ensure};
use engine::{
    model::sign_in::Method,
    ports::{Asks, Known, Native, NativeError, NativeFactor, NativeStep, Sso, Typed},
};
use serde_json::{Value, json};
use std::net::UdpSocket;
use support::{
    Person, RadiusServer, SoftKey, User,
    deadline::{WHILE, until},
    page::Page,
    radius_server::{KIMS_CODE, KIMS_PIN, QUESTION, SAMS_CODE},
};
use totp_rs::{Builder, Secret};
use url::Url;

const RADIUS: &str = "/admin/identity-source/radius";
const SETTINGS: &str = "/admin/settings";
const MFA: &str = "/admin/settings/mfa";
const SECRET: &str = "a shared secret of thirty-two letters";
const LABEL: &str = "Acme token";
const NOT_ACCEPTED: &str = "That was not accepted";
const UNHEARD: &str = "The service that checks these codes does not answer";
/// PKCE's own example (RFC 7636, appendix B).
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn sam() -> User {
    user("sam", "sam-in-the-directory")
}

fn kim() -> User {
    user("kim", "kim-in-the-directory")
}

fn lee() -> User {
    user("lee", "lee-in-the-directory")
}

/// The page's form, filled in.
fn fields(servers: &str, secret: &str, patience: &str) -> Vec<(&'static str, String)> {
    [
        ("label", LABEL),
        ("servers", servers),
        ("port", "1812"),
        ("secret", secret),
        ("patience", patience),
        ("retries", "0"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec()
}

impl Company {
    async fn at(&self, path: &str, action: &str, fields: &[(&'static str, String)]) -> Result<Page> {
        let page = self.administrator.open(&self.served, path).await?;
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.administrator.submit(&page, action, &fields).await
    }

    /// Asks everybody for a second factor of these kinds.
    async fn ask_for(&self, kinds: &[&str]) -> Result<()> {
        let kinds = kinds.iter().map(|kind| ("factor", (*kind).to_owned()));
        let mfa = [("mode", "always".to_owned()), ("without_device", "enrol".to_owned())];
        let saved = self.at(SETTINGS, MFA, &mfa.into_iter().chain(kinds).collect::<Vec<_>>()).await?;
        ensure!(saved.html.contains("settings are saved"), "{}", saved.text());
        Ok(())
    }

    /// Sets RADIUS up, and asks for it.
    async fn with_radius(servers: &[String], patience: &str) -> Result<Self> {
        let company = Self::start(1).await?;
        let saved = company.at(RADIUS, RADIUS, &fields(&servers.join("\n"), SECRET, patience)).await?;
        ensure!(saved.html.contains("The RADIUS servers are saved"), "{}", saved.text());
        ensure!(saved.html.contains("does not count as a second factor yet"), "{}", saved.text());
        company.ask_for(&["radius", "webauthn", "totp"]).await?;
        let page = company.administrator.open(&company.served, RADIUS).await?;
        ensure!(page.html.contains("In use: a code of Acme token counts"), "{}", page.text());
        Ok(company)
    }

    /// A browser in which the password was right, and the page that asks for more.
    async fn asked(&self, who: &User) -> Result<(Person, Page)> {
        let person = Person::new()?;
        let page = person.open(self.served.start_url()).await?;
        let page = person.give_password(&page, who).await?;
        ensure!(page.url.path().starts_with("/sign-in/"), "{}: {}", page.url, page.text());
        Ok((person, page))
    }

    /// The events of second factors: outcome, credential and reason.
    async fn trail(&self, name: &str) -> Result<Vec<String>> {
        let said = self.served.command(&["audit", "ls"], &["--name", name, "--json"]).await?;
        let told = |line: &str| -> Result<String> {
            let event: Value = serde_json::from_str(line)?;
            let more = &event["additionalEventData"];
            let of = |value: &Value| value.as_str().unwrap_or("-").to_owned();
            let outcome = of(&event["serviceEventDetails"][name]);
            Ok(format!("{outcome} {} {}", of(&more["CredentialType"]), of(&more["Reason"])))
        };
        said.out.lines().map(told).collect()
    }
}

async fn give(person: &Person, page: &Page, code: &str) -> Result<Page> {
    person.send(&page.form("verify")?.with("code", code)).await
}

fn is_in(page: &Page) -> Result<()> {
    ensure!(page.url.path() == "/start" && page.status.is_success(), "{}: {}", page.url, page.text());
    Ok(())
}

async fn is_out(company: &Company, person: &Person) -> Result<()> {
    let page = person.open(company.served.start_url()).await?;
    ensure!(page.has("sign-in"), "signed in: {}", page.text());
    Ok(())
}

#[tokio::test]
async fn a_code_of_a_radius_server_is_a_second_factor_and_nobody_sets_a_device_up() -> Result<()> {
    let radius = RadiusServer::start(SECRET).await?;
    let company = Company::with_radius(&[radius.address()], "10").await?;
    let (person, page) = company.asked(&sam()).await?;
    ensure!(page.html.contains("Code of Acme token"), "{}", page.text());
    let wrong = give(&person, &page, "000000").await?;
    ensure!(wrong.status == 401 && wrong.html.contains(NOT_ACCEPTED), "{}", wrong.text());
    is_out(&company, &person).await?;
    is_in(&give(&person, &wrong, SAMS_CODE).await?)?;
    // Whom the servers do not know, they tell so.
    company.servers[0]
        .change(
            "dn: uid=max,ou=people,dc=acme,dc=test\nchangetype: add\nobjectClass: inetOrgPerson\nuid: max\n\
             cn: Max Test\nsn: Test\nuserPassword: max-in-the-directory\n",
        )
        .await?;
    company.served.command(&["identity-source", "sync"], &[]).await?;
    let (max, page) = company.asked(&user("max", "max-in-the-directory")).await?;
    let page = give(&max, &page, SAMS_CODE).await?;
    ensure!(
        page.status == 401 && page.html.contains("Acme token says: No token is assigned to you"),
        "{}",
        page.text()
    );
    is_out(&company, &max).await?;
    // A device is set up after a code alone; then it is another way, and may go again.
    let (person, page) = company.asked(&sam()).await?;
    is_in(&give(&person, &page, SAMS_CODE).await?)?;
    enrol_app(&company, &person, "/start/mfa/add").await?;
    let (other, page) = company.asked(&sam()).await?;
    ensure!(page.html.contains("Six digits") && page.html.contains("?with=radius"), "{}", page.text());
    let page = other.open(&company.served.start_url().join("/sign-in/verify?with=radius")?).await?;
    is_in(&give(&other, &page, SAMS_CODE).await?)?;
    let page = person.open(&company.served.start_url().join("/start/mfa")?).await?;
    let removal = page.html.split_once("name=\"device\" value=\"").and_then(|(_, rest)| rest.split_once('"'));
    let device = removal.context("no device")?.0.to_owned();
    let form = page.form("sign-out-elsewhere")?.with("device", &device);
    let form = support::page::Form { action: page.url.join("/start/mfa/remove")?, ..form };
    let page = person.send(&form).await?;
    ensure!(page.has("no-devices"), "{}", page.text());

    let verified = company.trail("CredentialVerification").await?;
    for (told, least) in [("Success RADIUS -", 3), ("Failure RADIUS -", 2)] {
        let count = verified.iter().filter(|found| *found == told).count();
        ensure!(count == least, "{told} {count} times: {verified:?}");
    }
    ensure!(company.trail("CredentialChallenge").await?.contains(&"Success RADIUS -".to_owned()));
    let done = company.trail("UserAuthentication").await?;
    ensure!(done.contains(&"Success PASSWORD,RADIUS -".to_owned()), "{done:?}");
    let shown = company.served.command(&["identity-source", "show"], &[]).await?;
    ensure!(shown.out.contains("counts as a second factor"), "{shown:?}");
    ensure!(!radius.log()?.contains(SAMS_CODE), "the code is written down there");

    // Without it, devices count, and who has none sets one up.
    company.ask_for(&["radius"]).await?;
    let gone = company.at(RADIUS, &format!("{RADIUS}/remove"), &[]).await?;
    ensure!(gone.html.contains("The RADIUS servers are removed"), "{}", gone.text());
    let (_, page) = company.asked(&sam()).await?;
    ensure!(page.url.path() == "/sign-in/enrol", "{}: {}", page.url, page.text());
    let back = company.served.command(&["identity-source", "use-directory"], &[]).await?;
    ensure!(back.ok, "{back:?}");
    Ok(())
}

#[tokio::test]
async fn what_a_server_asks_for_is_answered_step_by_step() -> Result<()> {
    let radius = RadiusServer::start(SECRET).await?;
    let company = Company::with_radius(&[radius.address()], "10").await?;
    for first in ["", KIMS_PIN] {
        let (person, page) = company.asked(&kim()).await?;
        ensure!(!page.html.contains(QUESTION), "{}", page.text());
        let asked = give(&person, &page, first).await?;
        ensure!(asked.status == 200 && asked.html.contains(QUESTION), "{}", asked.text());
        is_out(&company, &person).await?;
        // It waits in the database, not in the page.
        let asked = person.open(&company.served.start_url().join("/sign-in/verify")?).await?;
        ensure!(asked.html.contains(QUESTION), "{}", asked.text());
        is_in(&give(&person, &asked, KIMS_CODE).await?)?;
    }
    let (person, page) = company.asked(&kim()).await?;
    let asked = give(&person, &page, KIMS_PIN).await?;
    let wrong = give(&person, &asked, "000000").await?;
    ensure!(wrong.status == 401 && wrong.html.contains(NOT_ACCEPTED), "{}", wrong.text());
    ensure!(!wrong.html.contains(QUESTION), "an answered question is asked: {}", wrong.text());
    // A code without its question is none.
    let page = give(&person, &wrong, KIMS_CODE).await?;
    ensure!(page.status == 401, "{}", page.text());
    let asked = give(&person, &page, "").await?;
    let again = person.send(&asked.form("again")?).await?;
    ensure!(again.status == 200 && !again.html.contains(QUESTION), "{}", again.text());
    is_out(&company, &person).await?;

    // Questions without end cost what guesses cost: the first and its answer are one, each further answer is one.
    let (person, mut page) = company.asked(&lee()).await?;
    let mut asked = 0;
    while page.status == 200 {
        page = give(&person, &page, "guess").await?;
        asked += 1;
        ensure!(asked < 20, "guesses have no end");
    }
    ensure!(page.status == 429 && asked == 7, "{asked}: {} {}", page.status, page.text());
    Ok(())
}

#[tokio::test]
async fn another_radius_server_answers_when_one_does_not() -> Result<()> {
    let [mut first, mut second] = [RadiusServer::start(SECRET).await?, RadiusServer::start(SECRET).await?];
    // It takes what comes, and says nothing.
    let silent = UdpSocket::bind(("127.0.0.1", 0))?;
    silent.set_nonblocking(true)?;
    let servers = [silent.local_addr()?.to_string(), first.address(), second.address()];
    let company = Company::with_radius(&servers, "2").await?;
    let tested = company
        .at(
            RADIUS,
            RADIUS,
            &[fields(&servers.join("\n"), SECRET, "2"), vec![("go", "test".to_owned())]].concat(),
        )
        .await?;
    ensure!(tested.html.matches("WORKS").count() == 2, "{}", tested.text());
    ensure!(tested.html.contains("FAILS") && tested.html.contains("No answer in time"), "{}", tested.text());
    ensure!(!tested.html.contains(SECRET), "the secret is shown");
    let heard = || std::iter::from_fn(|| silent.recv(&mut [0; 4096]).ok()).count();
    heard();
    for _ in 0..2 {
        let (person, page) = company.asked(&sam()).await?;
        is_in(&give(&person, &page, SAMS_CODE).await?)?;
    }
    ensure!(heard() == 1, "a silent server is waited for each time");
    first.kill();
    let (person, page) = company.asked(&sam()).await?;
    is_in(&give(&person, &page, SAMS_CODE).await?)?;
    ensure!(second.log()?.contains("sam"), "{}", second.log()?);
    // A question is answered to who asked it, and to nobody else.
    let (person, page) = company.asked(&kim()).await?;
    let asked = give(&person, &page, "").await?;
    ensure!(asked.html.contains(QUESTION), "{}", asked.text());
    second.kill();
    first.run().await?;
    let page = give(&person, &asked, KIMS_CODE).await?;
    ensure!(page.status == 503 && page.html.contains(UNHEARD), "{}", page.text());
    is_out(&company, &person).await?;

    // All are gone: nobody gets in, and nobody is locked out for it.
    first.kill();
    drop(silent);
    let (person, page) = company.asked(&sam()).await?;
    for _ in 0..6 {
        let said = give(&person, &page, SAMS_CODE).await?;
        ensure!(said.status == 503 && said.html.contains(UNHEARD), "{}: {}", said.status, said.text());
    }
    is_out(&company, &person).await?;
    let verified = company.trail("CredentialVerification").await?;
    ensure!(verified.contains(&"Failure RADIUS NO_RADIUS_SERVER_ANSWERS".to_owned()), "{verified:?}");
    second.run().await?;
    until(WHILE, "the servers to be asked again", async || {
        let said = give(&person, &page, SAMS_CODE).await?;
        Ok((said.url.path() == "/start").then_some(()))
    })
    .await
}

/// Who knows a password does not ring somebody's phone until they give in, nor try codes whose refusals come too late.
#[tokio::test]
async fn what_is_sent_and_not_answered_counts_and_keeps_nobody_else_waiting() -> Result<()> {
    let silent = UdpSocket::bind(("127.0.0.1", 0))?;
    let company = Company::with_radius(&[silent.local_addr()?.to_string()], "1").await?;
    let (person, page) = company.asked(&sam()).await?;
    // While the server rests nothing is sent, and nothing counts.
    let said = until(WHILE, "what was sent to count", async || {
        let said = give(&person, &page, SAMS_CODE).await?;
        Ok((said.status != 503).then_some(said))
    });
    let said = said.await?;
    ensure!(said.status == 429, "{} {}", said.status, said.text());

    // Many of them at once leave the pages of others to others.
    let patient = fields(&silent.local_addr()?.to_string(), SECRET, "20");
    let saved = company.at(RADIUS, RADIUS, &patient).await?;
    ensure!(saved.html.contains("The RADIUS servers are saved"), "{}", saved.text());
    let mut people = Vec::new();
    for who in [kim(), lee(), kim(), lee(), kim(), lee()] {
        people.push(company.asked(&who).await?);
    }
    let waits: Vec<_> = people
        .iter()
        .flat_map(|half| [half; 4])
        .map(|(person, page)| give(person, page, KIMS_CODE))
        .collect();
    let waits = futures_util::future::join_all(waits);
    let looks = async {
        let page = Person::new()?.open(company.served.start_url()).await?;
        ensure!(page.has("sign-in"), "{}", page.text());
        anyhow::Ok(())
    };
    tokio::select! {
        looked = tokio::time::timeout(support::deadline::SOON, looks) => looked.context("a page waits for somebody's phone")?,
        _ = waits => anyhow::bail!("nobody waited"),
    }
}

#[tokio::test]
async fn an_answer_that_does_not_prove_itself_lets_nobody_in() -> Result<()> {
    // One that shares another secret, and one whose answers are proved as RFC 2865 has it alone.
    let other = RadiusServer::start("quite another secret than that one").await?;
    let unproven = RadiusServer::start_unproven(SECRET).await?;
    let company = Company::with_radius(&[other.address(), unproven.address()], "2").await?;
    let (person, page) = company.asked(&sam()).await?;
    let said = give(&person, &page, SAMS_CODE).await?;
    ensure!(said.status == 503 && said.html.contains(UNHEARD), "{}: {}", said.status, said.text());
    is_out(&company, &person).await?;
    // It was asked and said yes.
    ensure!(unproven.log()?.contains("Login OK"), "{}", unproven.log()?);
    let all = [other.address(), unproven.address()].join("\n");
    let tested = company
        .at(RADIUS, RADIUS, &[fields(&all, SECRET, "2"), vec![("go", "test".to_owned())]].concat())
        .await?;
    ensure!(tested.html.contains("no Message-Authenticator"), "{}", tested.text());
    ensure!(!tested.html.contains("WORKS"), "{}", tested.text());
    // Other servers are not asked with a secret that was typed for these.
    let mut elsewhere = fields("192.0.2.7", "", "2");
    elsewhere.retain(|(name, _)| *name != "secret");
    let refused = company.at(RADIUS, RADIUS, &elsewhere).await?;
    ensure!(
        refused.status == 400 && refused.html.contains("Enter the shared secret, anew"),
        "{}",
        refused.text()
    );
    Ok(())
}

/// Sets an authenticator app up at this page; gives what it makes codes of.
async fn enrol_app(company: &Company, person: &Person, path: &str) -> Result<Secret> {
    let page = person.open(&company.served.start_url().join(&format!("{path}?type=totp"))?).await?;
    let key = page.html.split_once("id=\"app-key\">").and_then(|(_, rest)| rest.split_once('<'));
    let key = key.with_context(|| page.text())?.0.replace(' ', "");
    let secret = Secret::try_from_base32(key)?;
    let page = person.send(&page.form("add")?.with("code", &code(&secret, 0)?)).await?;
    ensure!(["/start", "/start/mfa"].contains(&page.url.path()), "{}: {}", page.url, page.text());
    Ok(secret)
}

fn code(secret: &Secret, ahead: u64) -> Result<String> {
    let totp = Builder::new().with_secret(secret.clone()).build()?;
    Ok(totp.generate(u64::try_from(jiff::Timestamp::now().as_second())? + ahead).to_string())
}

/// The app's API, as a program of somebody else's speaks it.
struct Api {
    client: reqwest::Client,
    base: Url,
    registered: Value,
}

impl Api {
    async fn at(company: &Company) -> Result<Self> {
        support::person::install_crypto();
        let client = reqwest::Client::builder().no_proxy().timeout(WHILE).build()?;
        let base = company.served.start_url().join("/")?;
        let mut api = Self { client, base, registered: Value::Null };
        let (status, registered) = api
            .post(
                "/client/register",
                &json!({
                    "clientName": "test", "clientType": "public", "scopes": ["sso:account:access"],
                    "grantTypes": ["authorization_code", "refresh_token"],
                    "redirectUris": ["http://127.0.0.1/oauth/callback"],
                    "issuerUrl": company.served.start_url(),
                }),
            )
            .await?;
        ensure!(status == 200, "{registered}");
        api.registered = registered;
        Ok(api)
    }

    async fn post(&self, path: &str, body: &Value) -> Result<(u16, Value)> {
        let answer = self.client.post(self.base.join(path)?).json(body).send().await?;
        Ok((answer.status().as_u16(), answer.json().await?))
    }

    /// Posts what has to be taken.
    async fn step(&self, path: &str, body: &Value) -> Result<Value> {
        let (status, answer) = self.post(path, body).await?;
        ensure!(status == 200, "{path}: {status} {answer}");
        Ok(answer)
    }

    async fn begin(&self, who: &User) -> Result<Value> {
        let body = json!({
            "client": {
                "clientId": self.registered["clientId"], "clientSecret": self.registered["clientSecret"],
                "redirectUri": "http://127.0.0.1:40123/oauth/callback", "codeChallenge": CHALLENGE,
                "scopes": ["sso:account:access"],
            },
            "username": who.username, "password": who.password,
        });
        self.step("/native/v1/sign-in", &body).await
    }
}

#[tokio::test]
async fn people_of_the_directory_have_apps_and_keys_as_everybody() -> Result<()> {
    let company = Company::start(1).await?;
    company.ask_for(&["webauthn", "totp"]).await?;
    let (person, page) = company.asked(&lee()).await?;
    ensure!(page.url.path() == "/sign-in/enrol", "{}: {}", page.url, page.text());
    let secret = enrol_app(&company, &person, "/sign-in/enrol").await?;
    let (person, page) = company.asked(&lee()).await?;
    let wrong = give(&person, &page, "000000").await?;
    ensure!(wrong.status == 401, "{}", wrong.text());
    is_out(&company, &person).await?;
    is_in(&give(&person, &wrong, &code(&secret, 30)?).await?)?;

    let api = Api::at(&company).await?;
    let step = api.begin(&kim()).await?;
    ensure!(step["reason"] == "enrolment", "{step}");
    let asked = api.step("/native/v1/sign-in/enrol/challenge", &json!({ "signIn": step["signIn"] })).await?;
    let origin = company.served.start_url().origin().ascii_serialization();
    let mut key = SoftKey::new(&format!("latchkey-app:{origin}"));
    let body = json!({
        "signIn": step["signIn"], "name": "Blue key", "state": asked["state"],
        "credential": key.register(&asked["options"]),
    });
    let done = api.step("/native/v1/sign-in/enrol", &body).await?;
    ensure!(done["status"] == "complete" && done["username"] == "kim", "{done}");
    let step = api.begin(&kim()).await?;
    ensure!(step["factors"][0]["kind"] == "keys", "{step}");
    let asked = api.step("/native/v1/sign-in/challenge", &json!({ "signIn": step["signIn"] })).await?;
    let body = json!({ "signIn": step["signIn"], "credential": key.answer(&asked["options"]) });
    let done = api.step("/native/v1/sign-in/answer", &body).await?;
    ensure!(done["status"] == "complete", "{done}");
    // The directory is asked with each of it.
    company.servers[0].change("dn: uid=kim,ou=people,dc=acme,dc=test\nchangetype: delete\n").await?;
    let page = company.try_password("kim", "kim-in-the-directory").await?;
    ensure!(page.status == 401, "{}", page.text());
    Ok(())
}

#[tokio::test]
async fn the_apps_api_takes_what_a_radius_server_asks_for() -> Result<()> {
    let radius = RadiusServer::start(SECRET).await?;
    let company = Company::with_radius(&[radius.address()], "10").await?;
    let api = Api::at(&company).await?;
    let step = api.begin(&kim()).await?;
    let factors = json!([{ "id": "radius", "kind": "radius", "names": [LABEL] }]);
    ensure!(step["status"] == "secondFactor" && step["factors"] == factors, "{step}");
    let bring = |code: &str| json!({ "signIn": step["signIn"], "factor": "radius", "code": code });
    let (status, refused) = api.post("/native/v1/sign-in/code", &bring("000000")).await?;
    ensure!(status == 401 && refused["error"] == "wrong_code", "{refused}");
    let asked = api.step("/native/v1/sign-in/code", &bring("")).await?;
    ensure!(asked["signIn"] == step["signIn"], "{asked}");
    ensure!(asked["factors"][0]["asks"] == json!({ "message": QUESTION, "hidden": false }), "{asked}");
    let done = api.step("/native/v1/sign-in/code", &bring(KIMS_CODE)).await?;
    ensure!(done["status"] == "complete" && done["context"].is_string(), "{done}");
    let (status, over) = api.post("/native/v1/sign-in/code", &bring(KIMS_CODE)).await?;
    ensure!(status == 410, "{over}");
    Ok(())
}

/// As the app does it, by its own port.
#[tokio::test]
async fn the_app_answers_what_a_radius_server_asks_for() -> Result<()> {
    let radius = RadiusServer::start(SECRET).await?;
    let company = Company::with_radius(&[radius.address()], "10").await?;
    let (sso, org) = app_at_one(company.served.start_url())?;
    let (native, client) = (sso.native(), sso.register(&org, Method::Browser).await?);
    let redirect = Url::parse("http://127.0.0.1:40123/oauth/callback")?;
    let request = sso.authorize(&org, &client, &redirect).map_err(|code| anyhow!("{code:?}"))?;
    let kim = kim();
    let typed = Typed { username: kim.username, password: kim.password.as_str().into() };
    let known = Known::default();
    let step = native.start(&org, &client, &request, &typed, &known).await?;
    let NativeStep::SecondFactor { sign_in, factors, .. } = step else { bail!("nothing is asked: {step:?}") };
    let factor = |asks| NativeFactor::Radius { id: "radius".into(), label: LABEL.into(), asks };
    ensure!(factors == [factor(None)], "{factors:?}");
    let type_in = async |code: &str| native.code(&org, &sign_in, "radius", &code.into(), &known).await;
    for _ in 0..2 {
        // To be asked in another way, nothing is typed.
        let NativeStep::SecondFactor { factors, .. } = type_in("").await? else { bail!("nothing is asked") };
        let asks = Asks { message: QUESTION.into(), hidden: false };
        ensure!(factors == [factor(Some(asks))], "{factors:?}");
        let wrong = type_in("000000").await;
        ensure!(matches!(wrong, Err(NativeError::WrongCode)), "{wrong:?}");
    }
    type_in(KIMS_PIN).await?;
    let NativeStep::Complete(done) = type_in(KIMS_CODE).await? else { bail!("not over yet") };
    ensure!(done.username == "kim" && done.known.context.is_some());
    sso.exchange(&org, &client, &request, &done.code).await?;

    // Nobody answers: that is told apart from a wrong code.
    drop(radius);
    let step = native.start(&org, &client, &request, &typed, &known).await?;
    let NativeStep::SecondFactor { sign_in, .. } = step else { bail!("nothing is asked: {step:?}") };
    let unheard = native.code(&org, &sign_in, "radius", &KIMS_PIN.into(), &known).await;
    ensure!(matches!(unheard, Err(NativeError::RadiusSilent)), "{unheard:?}");
    Ok(())
}
