//! An external identity provider as the place where people sign in: PySAML2 plays it, and answers of it that were
//! changed on the way play the attacker.

use anyhow::{Context, Result, ensure};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use support::{
    Administrator, IdentityProvider, Person, ServedOrganisation,
    page::{Form, Page},
};
use url::Url;

const SOURCE: &str = "/admin/identity-source/external";
const CHANGE: &str = "/admin/identity-source/change";
const COST_CENTER: &str = "https://aws.amazon.com/SAML/Attributes/AccessControl:CostCenter";
const MFA: &str = "http://schemas.microsoft.com/claims/multipleauthn";

/// A server whose people sign in at PySAML2, and a person.
struct Company {
    served: ServedOrganisation,
    idp: IdentityProvider,
    person: Person,
    /// Of the server, as PySAML2 knows it.
    metadata: String,
}

impl Company {
    async fn start() -> Result<Self> {
        let served = ServedOrganisation::start("").await?;
        let administrator = Administrator::of(&served).await?;
        let idp = IdentityProvider::start().await?;
        let page = administrator.open(&served, SOURCE).await?;
        let metadata_url = Url::parse(&Administrator::copied(&page, "metadata-url")?)?;
        let metadata = administrator.person.open(&metadata_url).await?.html;
        idp.trust(Some(&metadata)).await?;
        let theirs = administrator.person.open(&idp.metadata_url()?).await?.html;
        let saved = administrator.submit(&page, SOURCE, &[("metadata", &theirs)]).await?;
        ensure!(saved.html.contains("The identity provider is saved"), "{}", saved.text());
        let page = administrator.open(&served, CHANGE).await?;
        for words in ["KEPT", "ENDS", "NOT\u{a0}USED", "use-directory", "1 user and 1 group"] {
            ensure!(page.html.contains(words), "{words} is not said beforehand: {}", page.text());
        }
        let changed = administrator.submit(&page, CHANGE, &[("to", "saml"), ("typed", "CHANGE")]).await?;
        ensure!(changed.has("external"), "everybody is signed out: {}", changed.text());
        Ok(Self { served, idp, person: Person::new()?, metadata })
    }

    /// Goes to the identity provider; the form with its answer.
    async fn asked_by(&self, person: &Person) -> Result<Form> {
        let page = person.open(&self.served.start_url().join("/sign-in?continue=/start")?).await?;
        let way = page.links().into_iter().find(|link| link.path() == "/sign-in/external");
        let page = person.open(&way.with_context(|| page.text())?).await?;
        let there = page.leads_to.with_context(|| page.html.clone())?;
        let page = person.open(&there).await?;
        ensure!(page.status.is_success(), "PySAML2: {}", page.html);
        page.form("continue")
    }

    async fn asked(&self) -> Result<Form> {
        self.asked_by(&self.person).await
    }

    /// Signs in with what PySAML2 is told to say.
    async fn signed_in(&self, says: Value) -> Result<()> {
        self.idp.say(says).await?;
        let page = self.person.send(&self.asked().await?).await?;
        ensure!(page.url.path() == "/start" && page.status.is_success(), "{}: {}", page.url, page.text());
        Ok(())
    }

    /// That an answer lets nobody in, and why.
    async fn refused(&self, form: &Form) -> Result<String> {
        let page = self.person.send(form).await?;
        ensure!(page.status == 403, "{}: {}", page.status, page.text());
        self.is_out(&self.person).await?;
        Ok(page.text())
    }

    async fn is_out(&self, person: &Person) -> Result<Page> {
        let page = person.open(self.served.start_url()).await?;
        ensure!(page.url.path() == "/sign-in", "somebody is signed in: {}", page.text());
        Ok(page)
    }

    fn database(&self) -> Result<rusqlite::Connection> {
        Ok(rusqlite::Connection::open(self.served.folder().join("data/instance.sqlite"))?)
    }
}

fn xml(form: &Form) -> Result<String> {
    let encoded = form.value("SAMLResponse").context("no response in the form")?;
    Ok(String::from_utf8(BASE64_STANDARD.decode(encoded)?)?)
}

fn with_xml(form: &Form, xml: &str) -> Form {
    form.clone().with("SAMLResponse", &BASE64_STANDARD.encode(xml))
}

#[tokio::test]
async fn pysaml2_signs_people_in() -> Result<()> {
    let company = Company::start().await?;
    company
        .signed_in(json!({
            "user": "SAM", "context": MFA, "session": 600,
            "attributes": { COST_CENTER: ["42"], "other": ["x"] },
        }))
        .await?;
    // Its second factor counts, and the page about devices says so.
    let devices = company.person.open(&company.served.start_url().join("/start/mfa")?).await?;
    devices.says("its second factor counts")?;
    ensure!(!devices.html.contains("/start/password"), "{}", devices.html);
    let asked = company.idp.asked().await?;
    ensure!(asked["signed"] == true, "the request was signed, which PySAML2 checked: {asked}");
    let database = company.database()?;
    let sql = "SELECT tags, factor, ends - began FROM sign_in_session ORDER BY began DESC LIMIT 1";
    let (tags, factor, length): (String, bool, i64) =
        database.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    ensure!(tags == "{\"CostCenter\":\"42\"}", "{tags}");
    ensure!(factor && (590_000..=600_000).contains(&length), "{factor} {length}");
    let trail = company.served.command(&["audit", "ls"], &["--name", "UserAuthentication", "--json"]).await?;
    for words in ["EXTERNAL_IDP", MFA, "\"CostCenter\""] {
        ensure!(trail.out.contains(words), "{words}: {}", trail.out);
    }
    // Signed out here, nothing signs in again by itself.
    let page = company.person.open(company.served.start_url()).await?;
    let out = company.person.send(&page.form("sign-out")?).await?;
    ensure!(out.has("external") && !out.html.contains("http-equiv"), "{}", out.html);
    // The signature of the response around it is as good.
    company.signed_in(json!({ "user": "sam", "sign_response": true, "sign_assertion": false })).await?;
    // What asks for a new sign-in asks for it there.
    let again = company.served.start_url().join("/sign-in?again=1&continue=/start")?;
    let page = company.person.open(&again).await?;
    let way = page.links().into_iter().find(|link| link.path() == "/sign-in/external");
    let there = company.person.open(&way.context("no way")?).await?.leads_to.context("no redirect")?;
    company.person.open(&there).await?;
    ensure!(company.idp.asked().await?["force"] == "true");
    Ok(())
}

#[tokio::test]
async fn only_answers_that_are_right_in_everything_let_anybody_in() -> Result<()> {
    let company = Company::start().await?;
    for (says, words) in [
        (json!({ "sign_assertion": false }), "signature"),
        (json!({ "audience": "https://others.test/sp" }), "audience"),
        (json!({ "destination": "https://others.test/acs" }), "addressed to somebody else"),
        (json!({ "in_response_to": "id-of-another-request" }), "request that this browser did not make"),
        (json!({ "recipient": "https://others.test/acs" }), "addressed to somebody else"),
        (json!({ "issuer": "https://others.test/idp" }), "somebody else than it should"),
        (json!({ "without": "audience" }), "audience"),
        (json!({ "without": "conditions" }), ""),
        (json!({ "later": -3600 }), "expired"),
        (json!({ "later": 3600 }), "expired"),
        // Answers are good for five minutes, and clocks may be three minutes apart.
        (json!({ "later": -540 }), "expired"),
        (json!({ "later": 240 }), "expired"),
        (json!({ "sign_alg": "http://www.w3.org/2000/09/xmldsig#rsa-sha1" }), "signature"),
    ] {
        let mut says = says;
        says["user"] = json!("sam");
        company.idp.say(says.clone()).await?;
        let said = company.refused(&company.asked().await?).await.with_context(|| says.to_string())?;
        ensure!(said.contains(words), "{says}: {said}");
    }
    for later in [-420, 120] {
        company.idp.say(json!({ "user": "sam", "later": later })).await?;
        let page = company.person.send(&company.asked().await?).await?;
        ensure!(page.url.path() == "/start", "{later}: {}", page.text());
        company.person.forget();
    }
    company.idp.say(json!({ "user": "sam" })).await?;
    let good = company.asked().await?;
    let whole = xml(&good)?;
    for (from, to) in [(">sam<", ">kim<"), ("NotOnOrAfter=\"20", "NotOnOrAfter=\"21")] {
        ensure!(whole.contains(from), "{whole}");
        let said = company.refused(&with_xml(&good, &whole.replace(from, to))).await?;
        ensure!(said.contains("signature"), "{from}: {said}");
    }
    ensure!(company.refused(&good.clone().with("RelayState", "x")).await?.contains("no request that waits"));
    ensure!(company.refused(&good.clone().with("SAMLResponse", "%%%")).await?.contains("refused"));
    // Another browser's request was answered: that one is not signed in.
    let other = Person::new()?;
    let page = other.send(&good).await?;
    ensure!(page.status == 410, "{}: {}", page.status, page.text());
    company.is_out(&other).await?;
    // Once, and for the browser that asked.
    let good = company.asked().await?;
    let page = company.person.send(&good).await?;
    ensure!(page.url.path() == "/start", "{}", page.text());
    company.person.forget();
    ensure!(company.refused(&good).await?.contains("no request that waits"));
    // Who is not in the directory under that name is nobody.
    company.idp.say(json!({ "user": "sam@acme.test" })).await?;
    ensure!(company.refused(&company.asked().await?).await?.contains("You are not a user here"));
    let trail = company.served.command(&["audit", "ls"], &["--name", "UserAuthentication", "--json"]).await?;
    ensure!(trail.out.contains("\"Failure\"") && trail.out.contains("another audience"), "{}", trail.out);
    Ok(())
}

#[tokio::test]
async fn passwords_sign_nobody_in_and_the_way_back_is_a_command() -> Result<()> {
    let company = Company::start().await?;
    let page = company.is_out(&company.person).await?;
    ensure!(!page.has("username") && page.has("external"), "{}", page.html);
    let csrf = page.html.split_once("name=\"csrf\" value=\"").and_then(|(_, rest)| rest.split_once('"'));
    let csrf = csrf.map_or("", |(csrf, _)| csrf);
    let user = company.served.user();
    let fields = [("csrf", csrf), ("username", &user.username), ("password", &user.password)];
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let form = Form { action: page.url.join("/sign-in")?, post: true, fields };
    company.person.send(&form).await?;
    company.is_out(&company.person).await?;
    company.signed_in(json!({ "user": "sam" })).await?;
    let shown = company.served.command(&["identity-source", "show"], &[]).await?;
    ensure!(shown.out.contains("People sign in at http://127.0.0.1"), "{shown:?}");
    let back = company.served.command(&["identity-source", "use-directory"], &[]).await?;
    ensure!(back.ok && back.out.contains("own passwords again"), "{back:?}");
    ensure!(!company.served.command(&["identity-source", "use-directory"], &[]).await?.ok);
    let page = company.is_out(&company.person).await?;
    let page = company.person.give_password(&page, &user).await?;
    ensure!(page.url.path() == "/start", "{}", page.text());
    let trail =
        company.served.command(&["audit", "ls"], &["--name", "UpdateIdentitySource", "--json"]).await?;
    ensure!(trail.out.lines().count() == 2 && trail.out.contains("command line"), "{}", trail.out);
    Ok(())
}

#[tokio::test]
async fn one_certificate_follows_the_other() -> Result<()> {
    let company = Company::start().await?;
    let old = company.idp.certificate()?;
    company.signed_in(json!({ "user": "sam" })).await?;
    let new = company.idp.renew(Some(&company.metadata)).await?;
    company.person.forget();
    company.idp.say(json!({ "user": "sam" })).await?;
    ensure!(company.refused(&company.asked().await?).await?.contains("signature"), "a key that nobody knows");
    // The administrator comes from there, too. Beside a session of before, by the database: both certificates count.
    let save = |certificates: &[&String]| -> Result<()> {
        let bare = |pem: &&String| -> String { pem.lines().filter(|line| !line.starts_with('-')).collect() };
        let listed: Vec<String> = certificates.iter().map(bare).collect();
        let sql = "UPDATE external_provider SET certificates = ?1";
        company.database()?.execute(sql, [serde_json::to_string(&listed)?])?;
        Ok(())
    };
    save(&[&old, &new])?;
    company.signed_in(json!({ "user": "sam" })).await?;
    // An administrator by now, as before: the page takes two and no third.
    let page = company.person.open(&company.served.start_url().join(SOURCE)?).await?;
    ensure!(page.html.matches("BEGIN CERTIFICATE").count() == 2, "{}", page.text());
    let administrator = Administrator { person: company.person };
    let issuer = company.idp.metadata_url()?.join("/idp")?;
    let sso = company.idp.metadata_url()?.join("/sso")?;
    for (pems, good) in [(format!("{old}{new}{}", third()?), false), (new.clone(), true)] {
        let fields =
            [("entity_id", issuer.as_str()), ("sign_in_url", sso.as_str()), ("certificates", pems.as_str())];
        let saved = administrator.submit(&page, SOURCE, &fields).await?;
        ensure!(saved.status.is_success() == good, "{}", saved.text());
    }
    let person = Person::new()?;
    let page = person.send(&company_form(&company.served, &person).await?).await?;
    ensure!(page.url.path() == "/start", "{}", page.text());
    Ok(())
}

/// The form with PySAML2's answer.
async fn company_form(served: &ServedOrganisation, person: &Person) -> Result<Form> {
    let page = person.open(&served.start_url().join("/sign-in/external?continue=/start")?).await?;
    person.open(&page.leads_to.context("no redirect")?).await?.form("continue")
}

/// A certificate of nobody.
fn third() -> Result<String> {
    let pair = rcgen::KeyPair::generate()?;
    Ok(rcgen::CertificateParams::default().self_signed(&pair)?.pem())
}

/// An element, from its start tag's first to its end tag's last character.
fn element(xml: &str, name: &str, from: usize) -> Result<(usize, usize)> {
    let opens = |at: usize| {
        let rest = &xml[at + 1..];
        let (prefix, after) = rest.split_once(':').unwrap_or_default();
        let ends = after.strip_prefix(name).is_some_and(|after| after.starts_with([' ', '>']));
        (prefix.len() < 10 && prefix.bytes().all(|b| b.is_ascii_alphanumeric()) && ends)
            .then(|| prefix.to_owned())
    };
    let found = xml[from..].match_indices('<').find_map(|(at, _)| Some((from + at, opens(from + at)?)));
    let (start, prefix) = found.with_context(|| format!("no {name} in {xml}"))?;
    let end_tag = format!("</{prefix}:{name}>");
    let end = xml[start..].find(&end_tag).context("it does not end")?;
    Ok((start, start + end + end_tag.len()))
}

fn cut(xml: &str, name: &str) -> Result<(String, String)> {
    let (start, end) = element(xml, name, 0)?;
    Ok((format!("{}{}", &xml[..start], &xml[end..]), xml[start..end].to_owned()))
}

/// A copy that says somebody else's name under another id.
fn evil(xml: &str) -> Result<String> {
    let id = xml.split_once("ID=\"").and_then(|(_, rest)| rest.split_once('"')).context("no id")?.0;
    Ok(xml.replacen(&format!("ID=\"{id}\""), "ID=\"_evil\"", 1).replace(">mallory<", ">sam<"))
}

/// A copy with something more before its end.
fn with_last(xml: &str, more: &str) -> Result<String> {
    let at = xml.rfind("</").context("no end")?;
    Ok(format!("{}{more}{}", &xml[..at], &xml[at..]))
}

/// The signature-wrapping variants of Somorovsky et al., "On Breaking SAML: Be Whoever You Want to Be" (2012), by the
/// numbers that SAML Raider gives them.
fn wrapped(number: usize, xml: &str) -> Result<String> {
    let body = xml.find("?>").map_or(xml, |at| xml[at + 2..].trim_start());
    if number <= 2 {
        let (without, signature) = cut(body, "Signature")?;
        let evil = evil(body)?;
        return Ok(if number == 1 {
            evil.replacen(&signature, &with_last(&signature, &without)?, 1)
        } else {
            evil.replacen(&signature, &format!("{without}{signature}"), 1)
        });
    }
    let (_, assertion) = cut(body, "Assertion")?;
    let (bare, signature) = cut(&assertion, "Signature")?;
    let (evil_bare, evil_signed) = (evil(&bare)?, evil(&assertion)?);
    let prefix = signature[1..].split_once(':').context("no prefix")?.0;
    let protocol = body[1..].split_once(':').context("no prefix")?.0;
    let new = match number {
        3 => format!("{evil_bare}{assertion}"),
        4 => with_last(&evil_bare, &assertion)?,
        5 => format!("{evil_signed}{bare}"),
        6 => evil_signed.replacen(&signature, &with_last(&signature, &bare)?, 1),
        7 => format!("<{protocol}:Extensions>{evil_bare}</{protocol}:Extensions>{assertion}"),
        _ => {
            let object = format!("<{prefix}:Object>{bare}</{prefix}:Object>");
            evil_signed.replacen(&signature, &with_last(&signature, &object)?, 1)
        }
    };
    Ok(body.replacen(&assertion, &new, 1))
}

#[tokio::test]
async fn signatures_cannot_be_wrapped() -> Result<()> {
    let company = Company::start().await?;
    for number in 1..=8 {
        let response = number <= 2;
        let says = json!({ "user": "mallory", "sign_response": response, "sign_assertion": !response });
        company.idp.say(says).await?;
        let form = company.asked().await?;
        let whole = xml(&form)?;
        let attack = wrapped(number, &whole)?;
        ensure!(attack.contains(">sam<") && attack.contains("\"_evil\""), "XSW{number}: {attack}");
        let said = company.refused(&with_xml(&form, &attack)).await?;
        ensure!(said.contains("answer is refused"), "XSW{number}: {said}");
        // As it was, it is believed, and mallory is nobody here.
        let said = company.refused(&form).await?;
        ensure!(said.contains("You are not a user here"), "XSW{number}, unchanged: {said}");
    }
    // Canonical XML has no comments: a name is not cut where one stands.
    company.idp.say(json!({ "user": "sam.evil.test" })).await?;
    let form = company.asked().await?;
    let comment = xml(&form)?.replace(">sam.evil.test<", ">sam<!-- -->.evil.test<");
    ensure!(comment.contains("<!--"), "{comment}");
    company.refused(&with_xml(&form, &comment)).await?;
    // Nor does a document type declare anything.
    let whole = xml(&form)?;
    let body = whole.find("?>").map_or(&*whole, |at| &whole[at + 2..]);
    let declared = format!("<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>{body}");
    ensure!(company.refused(&with_xml(&form, &declared)).await?.contains("answer is refused"));
    Ok(())
}
