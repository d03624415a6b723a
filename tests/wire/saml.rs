//! Our identity provider as PySAML2 and xmlsec1 see it: neither shares a line with the library we use.

use anyhow::{Context, Result, ensure};
use base64::{Engine, prelude::BASE64_STANDARD};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use serde_json::Value;
use std::{
    fs,
    path::Path,
    time::{Duration, SystemTime},
};
use support::{
    Person, ServedOrganisation, ServiceProvider,
    deadline::{WHILE, until},
    page::{Form, Page},
    process::Program,
    programs,
};
use tempfile::TempDir;
use url::Url;

/// A server, PySAML2 as one of its applications, and a person with a browser.
struct Saml {
    server: ServedOrganisation,
    sp: ServiceProvider,
    person: Person,
    /// Where PySAML2 says what it thinks, and has its key.
    folder: TempDir,
}

fn application(name: &str, acs: &str, audience: &str) -> String {
    format!(
        "[[application]]\nname = \"{name}\"\ngroups = [\"engineering\"]\n\
         [application.saml]\nacs_url = \"{acs}\"\naudience = \"{audience}\"\nrelay_state = \"home\"\n\
         [application.saml.attributes]\nname = \"${{user:name}}\"\ngroups = \"${{user:groups}}\"\n\
         quote = \"<a href='x'>&amp; \\\"q\\\"</a>\"\n"
    )
}

impl Saml {
    /// With an application that is PySAML2, and another one of whose answers PySAML2 is not the audience.
    async fn start(unsolicited: bool) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("lk-saml-").tempdir()?;
        let sp = ServiceProvider::start(&folder.path().join("pysaml2.log")).await?;
        let mine = application("Mine", &sp.acs(), &sp.entity_id());
        let others = application("Others", &sp.acs(), "https://others.test/sp");
        let server = ServedOrganisation::start(&format!("{mine}{others}")).await?;
        let saml = Self { server, sp, person: Person::new()?, folder };
        let (mine, others) = (saml.address("Mine").await?, saml.address("Others").await?);
        let metadata = [saml.metadata(&mine).await?, saml.metadata(&others).await?];
        saml.sp.trust(&metadata, mine.as_str(), unsolicited).await?;
        saml.person.forget();
        Ok(saml)
    }

    /// With PySAML2 as the only application, which has a key of its own, and `more` in `[application.saml]`, where
    /// `CERTIFICATE` stands for that key's.
    async fn start_with(more: &str, pem: Option<&str>, sign: bool) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("lk-saml-").tempdir()?;
        let sp = ServiceProvider::start(&folder.path().join("pysaml2.log")).await?;
        let (key, certificate) = key_for(365)?;
        fs::write(folder.path().join("sp.key"), key)?;
        fs::write(folder.path().join("sp.pem"), &certificate)?;
        let more = more.replace("CERTIFICATE", &format!("\"\"\"{certificate}\"\"\""));
        let mine = application("Mine", &sp.acs(), &sp.entity_id())
            .replace("relay_state = \"home\"\n", &format!("relay_state = \"home\"\n{more}\n"));
        let server = match pem {
            Some(pem) => ServedOrganisation::start_with_saml_key(&mine, pem).await?,
            None => ServedOrganisation::start(&mine).await?,
        };
        let saml = Self { server, sp, person: Person::new()?, folder };
        saml.trust(sign).await?;
        saml.person.forget();
        Ok(saml)
    }

    /// PySAML2 reads the metadata as it is now.
    async fn trust(&self, sign: bool) -> Result<String> {
        let mine = self.address("Mine").await?;
        let metadata = self.metadata(&mine).await?;
        let folder = Some(self.folder.path());
        self.sp.trust_with(std::slice::from_ref(&metadata), mine.as_str(), true, folder, sign).await?;
        Ok(metadata)
    }

    /// Where the sign-in to an application starts, as the portal's page links it.
    async fn address(&self, name: &str) -> Result<Url> {
        let page = self.signed_in(&self.server.start_url().join("/start/applications")?).await?;
        let before = page.html.split_once(&format!("\" rel=\"noreferrer\">{name}</a>"));
        let link = before.and_then(|(before, _)| before.rsplit_once("href=\"")).map(|(_, link)| link);
        Ok(page.url.join(link.with_context(|| format!("no link to {name}:\n{}", page.html))?)?)
    }

    async fn metadata(&self, address: &Url) -> Result<String> {
        let address = Url::parse(&address.as_str().replace("/assertion/", "/metadata/"))?;
        let page = self.person.open(&address).await?;
        ensure!(page.status.is_success(), "{}: {}", page.status, page.text());
        let log = self.server.log()?;
        ensure!(log.contains(&format!("metadata=\"{address}\"")), "not told to the administrator:\n{log}");
        Ok(page.html)
    }

    /// Opens a page, signing in where that is asked.
    async fn signed_in(&self, address: &Url) -> Result<Page> {
        let page = self.person.open(address).await?;
        self.past_sign_in(page).await
    }

    async fn past_sign_in(&self, page: Page) -> Result<Page> {
        if page.has("sign-in") {
            self.person.give_password(&page, &self.server.user()).await
        } else {
            Ok(page)
        }
    }

    /// Starts at the application; the form with the answer.
    async fn asked(&self, binding: &str) -> Result<Form> {
        let page = self.person.open(&self.sp.sign_in(binding)?).await?;
        let page = match &page.leads_to {
            Some(there) => self.person.open(there).await?,
            None => self.person.send(&page.form("continue")?).await?,
        };
        answer_on(&self.past_sign_in(page).await?)
    }

    /// Starts at the application; the page that its request leads to.
    async fn request_page(&self, binding: &str) -> Result<Page> {
        let page = self.person.open(&self.sp.sign_in(binding)?).await?;
        match &page.leads_to {
            Some(there) => self.person.open(there).await,
            None => self.person.send(&page.form("continue")?).await,
        }
    }

    /// Until the metadata has two certificates, which PySAML2 then knows.
    async fn until_two_certificates(&self) -> Result<String> {
        let mine = self.address("Mine").await?;
        let two = until(WHILE, "two certificates in the metadata", async || {
            let metadata = self.metadata(&mine).await?;
            Ok((certificates(&metadata).len() == 2).then_some(metadata))
        });
        two.await?;
        self.trust(false).await
    }

    /// Starts at the portal; the form with the answer.
    async fn unasked(&self, name: &str) -> Result<Form> {
        let address = self.address(name).await?;
        answer_on(&self.signed_in(&address).await?)
    }

    async fn greeted(&self, form: &Form) -> Result<Value> {
        let page = self.person.send(form).await?;
        ensure!(page.status.is_success(), "{}: {}", page.status, page.html);
        Ok(serde_json::from_str(&page.html)?)
    }

    /// What PySAML2 raised.
    async fn refused(&self, form: &Form) -> Result<String> {
        let page = self.person.send(form).await?;
        ensure!(page.status == 403, "{}: {}", page.status, page.html);
        let said: Value = serde_json::from_str(&page.html)?;
        Ok(format!("{}: {}", said["refused"], said["message"]))
    }
}

/// An RSA key and its certificate, which is good for so many days from yesterday on.
fn key_for(days: i64) -> Result<(String, String)> {
    let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?;
    let mut params = CertificateParams::default();
    let now = SystemTime::now();
    params.not_before = (now - Duration::from_secs(24 * 60 * 60)).into();
    params.not_after = (now + Duration::from_secs(u64::try_from(days)? * 24 * 60 * 60)).into();
    Ok((pair.serialize_pem(), params.self_signed(&pair)?.pem()))
}

fn bare(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with('-')).collect()
}

fn answer_on(page: &Page) -> Result<Form> {
    let policy =
        page.headers.get("content-security-policy").and_then(|v| v.to_str().ok()).unwrap_or_default();
    let form = page.form("continue")?;
    let origin = form.action.origin().ascii_serialization();
    ensure!(policy.contains(&format!("; form-action {origin};")), "{policy}");
    Ok(form)
}

fn xml(form: &Form) -> Result<String> {
    let encoded = form.value("SAMLResponse").context("no response in the form")?;
    Ok(String::from_utf8(BASE64_STANDARD.decode(encoded)?)?)
}

fn tampered(form: &Form, from: &str, to: &str) -> Result<Form> {
    let xml = xml(form)?;
    ensure!(xml.contains(from), "{from} is not in the response");
    Ok(form.clone().with("SAMLResponse", &BASE64_STANDARD.encode(xml.replace(from, to))))
}

#[tokio::test]
async fn pysaml2_greets_who_comes_from_the_portal() -> Result<()> {
    let saml = Saml::start(true).await?;
    let form = saml.unasked("Mine").await?;
    let greeted = saml.greeted(&form).await?;
    ensure!(greeted["name_id"] == "sam@acme.test", "{greeted}");
    ensure!(greeted["format"] == "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress", "{greeted}");
    ensure!(greeted["attributes"]["name"][0] == "Sam Sample", "{greeted}");
    ensure!(greeted["attributes"]["groups"][0] == "engineering", "{greeted}");
    ensure!(greeted["attributes"]["quote"][0] == "<a href='x'>&amp; \"q\"</a>", "{greeted}");
    ensure!(greeted["relay_state"] == "home", "{greeted}");
    Ok(())
}

#[tokio::test]
async fn pysaml2_signs_in_by_redirect_and_by_post() -> Result<()> {
    let saml = Saml::start(false).await?;
    for binding in ["redirect", "post", "redirect", "post"] {
        let form = saml.asked(binding).await?;
        let greeted = saml.greeted(&form).await.context(binding)?;
        ensure!(greeted["name_id"] == "sam@acme.test", "{greeted}");
        ensure!(greeted["in_response_to"].is_string() && greeted["relay_state"] == "a/b c&d", "{greeted}");
    }
    // Nobody asked for this one.
    let refusal = saml.refused(&saml.unasked("Mine").await?).await?;
    ensure!(refusal.contains("Unsolicited"), "{refusal}");
    Ok(())
}

#[tokio::test]
async fn pysaml2_refuses_a_tampered_answer() -> Result<()> {
    let saml = Saml::start(false).await?;
    let form = saml.asked("post").await?;
    for (from, to) in [
        ("sam@acme.test", "kim@acme.test"),
        (">engineering<", ">administrators<"),
        ("NotOnOrAfter=\"20", "NotOnOrAfter=\"21"),
    ] {
        let refusal = saml.refused(&tampered(&form, from, to)?).await?;
        ensure!(refusal.to_lowercase().contains("signature"), "{from}: {refusal}");
    }
    saml.greeted(&form).await?;
    Ok(())
}

#[tokio::test]
async fn pysaml2_refuses_an_answer_used_before() -> Result<()> {
    let saml = Saml::start(false).await?;
    let form = saml.asked("redirect").await?;
    saml.greeted(&form).await?;
    let refusal = saml.refused(&form).await?;
    ensure!(refusal.contains("Unsolicited"), "{refusal}");
    Ok(())
}

#[tokio::test]
async fn pysaml2_refuses_an_expired_answer() -> Result<()> {
    let saml = Saml::start(true).await?;
    let form = saml.unasked("Mine").await?;
    saml.sp.be_later(5 * 60 + 30).await?;
    let refusal = saml.refused(&form).await?;
    ensure!(refusal.contains("ResponseLifetimeExceed") || refusal.contains("old"), "{refusal}");
    saml.sp.be_later(4 * 60).await?;
    saml.greeted(&form).await?;
    Ok(())
}

#[tokio::test]
async fn pysaml2_refuses_an_answer_for_another_audience() -> Result<()> {
    let saml = Saml::start(true).await?;
    let refusal = saml.refused(&saml.unasked("Others").await?).await?;
    ensure!(refusal.to_lowercase().contains("audience"), "{refusal}");
    Ok(())
}

/// Whether xmlsec1 accepts the signature of one element of a response.
async fn xmlsec1_accepts(folder: &Path, xml: &str, signature: &str) -> Result<bool> {
    let file = folder.join("response.xml");
    fs::write(&file, xml)?;
    let certificate = folder.join("certificate.pem");
    let process = Program::new("xmlsec1", programs::xmlsec1()?)
        .args(["--verify", "--enabled-key-data", "x509,rsa", "--pubkey-cert-pem"])
        .args([&certificate])
        .args(["--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:protocol:Response"])
        .args(["--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:assertion:Assertion"])
        .args(["--node-xpath", signature])
        .args([&file])
        .log(folder.join("xmlsec1.log"))
        .start()?;
    Ok(process.ended(WHILE).await?.success())
}

#[tokio::test]
async fn xmlsec1_accepts_both_signatures() -> Result<()> {
    let saml = Saml::start(true).await?;
    let metadata = saml.metadata(&saml.address("Mine").await?).await?;
    let certificate = metadata.split_once("X509Certificate>").and_then(|(_, rest)| rest.split_once('<'));
    let certificate = certificate.context("no certificate in the metadata")?.0;
    let folder = saml.server.folder();
    let pem = format!("-----BEGIN CERTIFICATE-----\n{certificate}\n-----END CERTIFICATE-----\n");
    fs::write(folder.join("certificate.pem"), pem)?;
    let xml = xml(&saml.unasked("Mine").await?)?;
    let log = || fs::read_to_string(folder.join("xmlsec1.log")).unwrap_or_default();
    for parent in ["Response", "Assertion"] {
        let signature = format!("//*[local-name()='{parent}']/*[local-name()='Signature']");
        ensure!(xmlsec1_accepts(folder, &xml, &signature).await?, "{parent}: {}", log());
        let forged = xml.replace("sam@acme.test", "kim@acme.test");
        ensure!(!xmlsec1_accepts(folder, &forged, &signature).await?, "{parent}: accepted a forgery");
    }
    Ok(())
}

#[tokio::test]
async fn pysaml2_signs_its_requests_where_that_is_demanded() -> Result<()> {
    let more = "signing_certificates = [CERTIFICATE]\nrequire_signed_requests = true";
    let saml = Saml::start_with(more, None, true).await?;
    for binding in ["redirect", "post"] {
        let greeted = saml.greeted(&saml.asked(binding).await?).await.context(binding)?;
        ensure!(greeted["name_id"] == "sam@acme.test" && greeted["in_response_to"].is_string(), "{greeted}");
    }
    // Another key signs.
    let (key, certificate) = key_for(365)?;
    fs::write(saml.folder.path().join("sp.key"), key)?;
    fs::write(saml.folder.path().join("sp.pem"), certificate)?;
    saml.trust(true).await?;
    for binding in ["redirect", "post"] {
        let page = saml.request_page(binding).await?;
        ensure!(page.status == 403 && page.html.contains("signature"), "{binding}: {}", page.html);
    }
    // Nobody signs.
    saml.trust(false).await?;
    for binding in ["redirect", "post"] {
        let page = saml.request_page(binding).await?;
        ensure!(page.status == 403 && page.html.contains("signature"), "{binding}: {}", page.html);
    }
    Ok(())
}

#[tokio::test]
async fn a_signed_request_that_was_changed_is_refused() -> Result<()> {
    let more = "signing_certificates = [CERTIFICATE]";
    let saml = Saml::start_with(more, None, true).await?;
    let page = saml.person.open(&saml.sp.sign_in("redirect")?).await?;
    let there = page.leads_to.context("no redirect to the identity provider")?;
    let changed = there.as_str().replace("RelayState=a", "RelayState=b");
    ensure!(changed != there.as_str(), "no relay state in {there}");
    let page = saml.person.open(&Url::parse(&changed)?).await?;
    ensure!(page.status == 403 && page.html.contains("signature"), "{}: {}", page.status, page.html);
    saml.person.open(&there).await?;
    // Where it is not demanded, a request without a signature is good.
    saml.trust(false).await?;
    saml.greeted(&saml.asked("post").await?).await?;
    Ok(())
}

#[tokio::test]
async fn pysaml2_and_xmlsec1_decrypt_an_assertion_that_is_for_them() -> Result<()> {
    let saml = Saml::start_with("encryption_certificate = CERTIFICATE", None, false).await?;
    let form = saml.unasked("Mine").await?;
    let encrypted = xml(&form)?;
    ensure!(encrypted.contains("EncryptedAssertion") && !encrypted.contains("sam@acme.test"), "{encrypted}");
    let folder = saml.folder.path();
    fs::write(folder.join("response.xml"), &encrypted)?;
    let decrypt = async |key: &str| -> Result<(bool, String)> {
        let output = folder.join("decrypted.xml");
        let process = Program::new("xmlsec1", programs::xmlsec1()?)
            .args(["--decrypt", "--privkey-pem"])
            .args([folder.join(key)])
            .args(["--output"])
            .args([&output])
            .args([folder.join("response.xml")])
            .log(folder.join("xmlsec1.log"))
            .start()?;
        let good = process.ended(WHILE).await?.success();
        Ok((good, fs::read_to_string(output).unwrap_or_default()))
    };
    fs::write(folder.join("other.key"), key_for(365)?.0)?;
    let (good, _) = decrypt("other.key").await?;
    ensure!(!good, "another key opened it");
    let (good, plain) = decrypt("sp.key").await?;
    let log = fs::read_to_string(folder.join("xmlsec1.log")).unwrap_or_default();
    ensure!(good && plain.contains(">sam@acme.test</saml:NameID>"), "{log}\n{plain}");
    let greeted = saml.greeted(&form).await?;
    ensure!(greeted["name_id"] == "sam@acme.test", "{greeted}");
    ensure!(greeted["attributes"]["groups"][0] == "engineering", "{greeted}");
    let greeted = saml.greeted(&saml.asked("post").await?).await?;
    ensure!(greeted["in_response_to"].is_string(), "{greeted}");
    Ok(())
}

/// The certificates in metadata.
fn certificates(metadata: &str) -> Vec<&str> {
    metadata.split("X509Certificate>").skip(1).step_by(2).filter_map(|rest| rest.split('<').next()).collect()
}

#[tokio::test]
async fn a_new_certificate_is_told_before_it_signs() -> Result<()> {
    let (key, certificate) = key_for(60)?;
    let saml = Saml::start_with("", Some(&format!("{key}{certificate}")), false).await?;
    let metadata = saml.until_two_certificates().await?;
    ensure!(certificates(&metadata).contains(&&*bare(&certificate)), "{metadata}");
    let form = saml.unasked("Mine").await?;
    ensure!(xml(&form)?.contains(&bare(&certificate)), "the old one signs");
    saml.greeted(&form).await?;
    Ok(())
}

#[tokio::test]
async fn a_new_certificate_signs_before_the_old_one_ends() -> Result<()> {
    let (key, certificate) = key_for(7)?;
    let saml = Saml::start_with("", Some(&format!("{key}{certificate}")), false).await?;
    saml.until_two_certificates().await?;
    let form = saml.unasked("Mine").await?;
    ensure!(!xml(&form)?.contains(&bare(&certificate)), "the new one signs");
    saml.greeted(&form).await?;
    // Who knows the old one only refuses.
    let mine = saml.address("Mine").await?;
    let metadata = saml.metadata(&mine).await?;
    let new = certificates(&metadata).into_iter().find(|other| **other != bare(&certificate));
    let old_only = metadata.replace(new.context("no new certificate")?, &bare(&certificate));
    saml.sp.trust(&[old_only], mine.as_str(), true).await?;
    let refusal = saml.refused(&saml.unasked("Mine").await?).await?;
    ensure!(refusal.to_lowercase().contains("signature"), "{refusal}");
    Ok(())
}
