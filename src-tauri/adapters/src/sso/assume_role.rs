//! STS AssumeRole (STS API 2011-06-15): a form by POST, signed with the credentials of the role that assumes.

use super::http::{Answer, Http};
use engine::{
    model::{Timestamp, assume::Assume, code::Code, organisation::Organisation, secret::RoleCredentials},
    ports::SsoError,
};
use hmac::{Hmac, Mac};
use quick_xml::{Reader, events::Event};
use reqwest::{Method, header};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

/// Credentials of the role.
pub(crate) async fn assume_role(
    http: &Http,
    org: &Organisation,
    with: &RoleCredentials,
    assume: &Assume,
) -> Result<RoleCredentials, SsoError> {
    let url = &org.endpoints.sts;
    let body = form(assume);
    let now = http.clock.now();
    let signed = Signed { url, region: &org.region, body: &body, now };
    let request = http
        .request(Method::POST, url)
        .map_err(SsoError::Other)?
        .header(header::ACCEPT, "text/xml")
        .header(header::CONTENT_TYPE, FORM)
        .header("x-amz-date", signed.stamp())
        .header("x-amz-security-token", sensitive(with.session_token.expose_secret())?)
        .header(header::AUTHORIZATION, sensitive(&signed.authorization(with))?)
        .body(body.clone());
    let answer = http.send(request).await.map_err(SsoError::Other)?;
    let told = elements(&answer.body).ok_or_else(|| SsoError::Other(answer.garbled()))?;
    if !answer.status.is_success() {
        return Err(refusal(&answer, &told, assume));
    }
    let field = |name: &str| told.get(name).ok_or_else(|| SsoError::Other(answer.garbled()));
    let secret = |name: &str| field(name).map(|text| SecretString::from(text.as_str()));
    let expires: Timestamp = field("Expiration")?.parse().map_err(|_| SsoError::Other(answer.garbled()))?;
    Ok(RoleCredentials {
        access_key_id: secret("AccessKeyId")?,
        secret_access_key: secret("SecretAccessKey")?,
        session_token: secret("SessionToken")?,
        issued: now,
        expires: answer.by_our_clock(expires),
    })
}

fn form(assume: &Assume) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("Action", "AssumeRole").append_pair("Version", "2011-06-15");
    form.append_pair("RoleArn", &assume.role_arn);
    form.append_pair("RoleSessionName", assume.session_name.as_deref().unwrap_or("latchkey"));
    if let Some(id) = &assume.external_id {
        form.append_pair("ExternalId", id);
    }
    if let Some(seconds) = assume.seconds {
        form.append_pair("DurationSeconds", &seconds.to_string());
    }
    for (number, (key, value)) in (1..).zip(&assume.tags) {
        form.append_pair(&format!("Tags.member.{number}.Key"), key);
        form.append_pair(&format!("Tags.member.{number}.Value"), value);
    }
    for (number, key) in (1..).zip(&assume.transitive) {
        form.append_pair(&format!("TransitiveTagKeys.member.{number}"), key);
    }
    form.finish()
}

/// The credentials are good, and STS says no: its own words tell why. None of it ends the sign-in.
fn refusal(answer: &Answer, told: &BTreeMap<String, Zeroizing<String>>, assume: &Assume) -> SsoError {
    let code = told.get("Code").map_or("", |code| code.as_str());
    match (code, answer.status.as_u16(), answer.skew) {
        ("SignatureDoesNotMatch" | "RequestExpired", _, Some(seconds)) => {
            SsoError::Other(Code::ClockSkew { seconds })
        }
        ("Throttling" | "ThrottlingException", ..) | (_, 429, _) => {
            SsoError::Throttled { host: answer.host.clone(), retry_after: None }
        }
        (_, status @ 500.., _) => SsoError::Other(Code::ServerError { host: answer.host.clone(), status }),
        ("", status, _) => SsoError::Other(Code::ServerError { host: answer.host.clone(), status }),
        _ => {
            let words = told.get("Message").map_or("", |words| words.as_str());
            let plain: String =
                format!("{code}: {words}").chars().filter(|c| !c.is_control()).take(400).collect();
            SsoError::Other(Code::AssumeRefused { role_arn: assume.role_arn.clone(), reason: plain })
        }
    }
}

/// The texts of all elements by their names, which are each there once; `None` if that is no XML.
fn elements(xml: &[u8]) -> Option<BTreeMap<String, Zeroizing<String>>> {
    let mut reader = Reader::from_reader(xml);
    let mut found: BTreeMap<String, Zeroizing<String>> = BTreeMap::new();
    let mut open: Vec<String> = Vec::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(element) => {
                open.push(String::from_utf8(element.local_name().as_ref().to_vec()).ok()?);
            }
            Event::End(_) => drop(open.pop()),
            Event::Text(text) => {
                let name = open.last().cloned().unwrap_or_default();
                found.entry(name).or_default().push_str(&text.decode().ok()?);
            }
            Event::GeneralRef(name) => {
                let text = match (name.resolve_char_ref().ok()?, name.decode().ok()?.as_ref()) {
                    (Some(c), _) => c.to_string(),
                    (None, name) => quick_xml::escape::resolve_predefined_entity(name)?.to_owned(),
                };
                found.entry(open.last().cloned().unwrap_or_default()).or_default().push_str(&text);
            }
            Event::Eof => return open.is_empty().then_some(found),
            _ => {}
        }
    }
}

fn sensitive(text: &str) -> Result<header::HeaderValue, SsoError> {
    let mut value = header::HeaderValue::from_str(text).map_err(|_| {
        SsoError::Other(Code::Internal { what: "a key that cannot stand in a header".to_owned() })
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// AWS Signature Version 4 over this one shape of request (IAM User Guide, "Create a signed AWS API request").
struct Signed<'a> {
    url: &'a Url,
    region: &'a str,
    body: &'a str,
    now: Timestamp,
}

const NAMES: &str = "content-type;host;x-amz-date;x-amz-security-token";

impl Signed<'_> {
    fn stamp(&self) -> String {
        self.now.strftime("%Y%m%dT%H%M%SZ").to_string()
    }

    fn authorization(&self, with: &RoleCredentials) -> String {
        let stamp = self.stamp();
        let date = &stamp[..8];
        let scope = format!("{date}/{}/sts/aws4_request", self.region);
        let host = self.url.host_str().unwrap_or_default();
        let host = self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        // A path of STS is one that stands for itself: nothing in it is encoded.
        let canonical = Zeroizing::new(format!(
            "POST\n{}\n\ncontent-type:{FORM}\nhost:{host}\nx-amz-date:{stamp}\nx-amz-security-token:{}\n\n{NAMES}\n{}",
            self.url.path(),
            with.session_token.expose_secret(),
            hex::encode(Sha256::digest(self.body)),
        ));
        let to_sign = format!(
            "AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}",
            hex::encode(Sha256::digest(canonical.as_bytes()))
        );
        let first = Zeroizing::new(format!("AWS4{}", with.secret_access_key.expose_secret()));
        let mut key = Zeroizing::new(mac(first.as_bytes(), date));
        for part in [self.region, "sts", "aws4_request"] {
            key = Zeroizing::new(mac(&*key, part));
        }
        format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={NAMES}, Signature={}",
            with.access_key_id.expose_secret(),
            hex::encode(mac(&*key, &to_sign)),
        )
    }
}

fn mac(key: &[u8], message: &str) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(key)
        .unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn an_answer_is_read() {
        let xml = b"<?xml version=\"1.0\"?><R xmlns=\"x\">\n <C><SecretAccessKey>a&amp;b&#43;c</SecretAccessKey></C></R>";
        assert_eq!(elements(xml).unwrap()["SecretAccessKey"].as_str(), "a&b+c");
        for bad in ["<a>", "<a></b>", "<a>&nothing;</a>"] {
            assert!(elements(bad.as_bytes()).is_none(), "{bad}");
        }
    }

    #[test]
    fn the_form_is_the_query_protocols() {
        let assume = Assume {
            role_arn: "arn:aws:iam::111122223333:role/Deploy".to_owned(),
            session_name: Some("ci".to_owned()),
            external_id: Some("a/b".to_owned()),
            seconds: Some(900),
            tags: [("Team".to_owned(), "p & q".to_owned())].into(),
            transitive: ["Team".to_owned()].into(),
        };
        assert_eq!(
            form(&assume),
            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2FDeploy\
             &RoleSessionName=ci&ExternalId=a%2Fb&DurationSeconds=900&Tags.member.1.Key=Team\
             &Tags.member.1.Value=p+%26+q&TransitiveTagKeys.member.1=Team"
        );
    }
}
