//! What a person types or pastes, made a start URL.

use crate::urls::{host_of, is_loopback, is_safe};
use engine::model::{
    code::Code,
    partition::{is_any_console, is_aws_portal, is_region},
};
use url::Url;

/// Reads `acme`, `d-1234567890`, `ssoins-…` (with a region), a host, a URL with `/start/#/…`, or a deep
/// link of a portal. The answer has no query, fragment or trailing slash.
pub(crate) fn normalise(typed: &str, region: Option<&str>) -> Result<Url, Code> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Err(bad("it is empty"));
    }
    if typed.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(bad("it has spaces in it"));
    }
    if is_alias(typed) {
        return from_alias(&typed.to_ascii_lowercase(), region);
    }
    let mut url = parse(typed)?;
    if !is_safe(&url) {
        return Err(bad(why_unsafe(&url)));
    }
    let host = url.host_str().unwrap_or_default().to_owned();
    if is_any_console(&host) {
        return Err(bad("it is the address of a console, not of a portal"));
    }
    url.set_query(None);
    url.set_fragment(None);
    let path = url.path().trim_end_matches('/').to_owned();
    // A bare awsapps host means its portal, which lives under /start.
    let path = match path.as_str() {
        "" if host.ends_with(".awsapps.com") && !host.starts_with("start.") => "/start".to_owned(),
        _ => path,
    };
    url.set_path(&path);
    Ok(url)
}

/// One word without dots: the part before `.awsapps.com`.
fn is_alias(typed: &str) -> bool {
    typed != "localhost"
        && typed.len() <= 63
        && !typed.starts_with('-')
        && typed.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn from_alias(alias: &str, region: Option<&str>) -> Result<Url, Code> {
    let text = if alias.starts_with("ssoins-") {
        match region {
            Some(region) if is_region(region) => format!("https://{alias}.portal.{region}.app.aws"),
            Some(_) => return Err(bad("that is not a region")),
            None => return Err(Code::RegionNeeded { host: alias.to_owned() }),
        }
    } else {
        format!("https://{alias}.awsapps.com/start")
    };
    Url::parse(&text).map_err(|_| bad("it is no name of an organisation"))
}

fn parse(typed: &str) -> Result<Url, Code> {
    if typed.contains("://") {
        return Url::parse(typed).map_err(|_| bad("it cannot be read as an address"));
    }
    let https =
        Url::parse(&format!("https://{typed}")).map_err(|_| bad("it cannot be read as an address"))?;
    if is_loopback(&https) {
        return Url::parse(&format!("http://{typed}")).map_err(|_| bad("it cannot be read as an address"));
    }
    Ok(https)
}

fn why_unsafe(url: &Url) -> &'static str {
    match url.scheme() {
        "http" => "http is for servers on this computer only; use https",
        "https" => "it has a user name in it",
        _ => "it must begin with https",
    }
}

/// A name to show: the alias of an awsapps host, else the host.
pub(crate) fn name(start_url: &Url) -> String {
    let host = host_of(start_url);
    match host.split_once('.') {
        Some((first, _)) if is_aws_portal(&host) && first != "start" => first.to_owned(),
        _ => host,
    }
}

fn bad(reason: &str) -> Code {
    Code::BadStartUrl { reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_people_type() {
        for (typed, expect) in [
            ("acme", "https://acme.awsapps.com/start"),
            (" Acme ", "https://acme.awsapps.com/start"),
            ("d-1234567890", "https://d-1234567890.awsapps.com/start"),
            ("acme.awsapps.com", "https://acme.awsapps.com/start"),
            ("https://acme.awsapps.com/start/#/", "https://acme.awsapps.com/start"),
            ("https://acme.awsapps.com/start#/?tab=accounts", "https://acme.awsapps.com/start"),
            (
                "https://acme.awsapps.com/start/#/console?account_id=111122223333&role_name=ReadOnly",
                "https://acme.awsapps.com/start",
            ),
            ("https://ssoins-1.portal.eu-west-1.app.aws/", "https://ssoins-1.portal.eu-west-1.app.aws/"),
            (
                "https://start.us-gov-home.awsapps.com/directory/x/",
                "https://start.us-gov-home.awsapps.com/directory/x",
            ),
            ("http://localhost:8080/start/", "http://localhost:8080/start"),
            ("localhost:8080/start", "http://localhost:8080/start"),
            ("127.0.0.1:8080/start", "http://127.0.0.1:8080/start"),
            ("sso.acme.test/start?x=1", "https://sso.acme.test/start"),
        ] {
            assert_eq!(normalise(typed, None).unwrap().as_str(), expect, "{typed}");
        }
        assert_eq!(
            normalise("ssoins-7", Some("eu-west-1")).unwrap().as_str(),
            "https://ssoins-7.portal.eu-west-1.app.aws/"
        );
        assert_eq!(normalise("ssoins-7", None), Err(Code::RegionNeeded { host: "ssoins-7".into() }));
    }

    #[test]
    fn what_is_refused() {
        for typed in [
            "",
            "  ",
            "two words",
            "http://acme.awsapps.com/start",
            "ftp://acme.test",
            "https://",
            "https://sam:pw@acme.test/start",
            "https://eu-west-1.console.aws.amazon.com/s3",
            "javascript://acme.test/%0aalert(1)",
        ] {
            assert!(matches!(normalise(typed, None), Err(Code::BadStartUrl { .. })), "{typed:?} passed");
        }
    }

    #[test]
    fn names_to_show() {
        for (url, expect) in [
            ("https://acme.awsapps.com/start", "acme"),
            ("https://sso.acme.test/start", "sso.acme.test"),
            ("http://localhost:8080/start", "localhost:8080"),
        ] {
            assert_eq!(name(&Url::parse(url).unwrap()), expect);
        }
    }
}
