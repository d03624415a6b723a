//! The live check of a start URL: where its services answer, and that it is a portal they know.

use super::{
    errors,
    http::{Answer, Http, at},
    oidc, start_url,
};
use crate::urls::{host_of, is_safe};
use engine::{
    model::{
        code::Code,
        organisation::{Endpoints, Kind},
        partition::{self, is_aws_portal, is_region, region_of_host},
        sign_in::Method,
    },
    ports::{Discovered, SsoError},
};
use url::Url;

/// The region of a server of its own when nobody names one; it is only a default for profiles.
const ANY_REGION: &str = "us-east-1";

/// Checks what was typed. See [`engine::ports::Sso::discover`].
pub(crate) async fn discover(
    http: &Http,
    typed: &str,
    region: Option<&str>,
    endpoints: Option<&Endpoints>,
) -> Result<Discovered, Code> {
    let region = region.map(str::trim).filter(|r| !r.is_empty());
    if let Some(region) = region.filter(|r| !is_region(r)) {
        return Err(Code::BadStartUrl { reason: format!("{region} is not a region") });
    }
    let start_url = start_url::normalise(typed, region)?;
    if let Some(endpoints) = endpoints {
        return custom(http, start_url, region, endpoints.clone()).await;
    }
    if is_aws_portal(start_url.host_str().unwrap_or_default()) {
        return aws(http, start_url, region).await;
    }
    match custom(http, start_url.clone(), region, same_origin(&start_url)).await {
        // An organisation's own address may lead to its AWS portal by one redirect.
        Err(Code::NotAPortal { host }) => match vanity(http, &start_url).await {
            Some(portal) => aws(http, portal, region).await,
            None => Err(Code::NotAPortal { host }),
        },
        other => other,
    }
}

async fn aws(http: &Http, start_url: Url, given: Option<&str>) -> Result<Discovered, Code> {
    let host = start_url.host_str().unwrap_or_default().to_owned();
    let region = match (region_of_host(&host), given) {
        (Some(named), _) => named.to_owned(),
        (None, Some(given)) => given.to_owned(),
        (None, None) => {
            hint(http, &start_url).await?.ok_or_else(|| Code::RegionNeeded { host: host.clone() })?
        }
    };
    let dual_stack = host.ends_with(".app.aws") || host.contains("amazonwebservices");
    let endpoints = partition::endpoints(&region, dual_stack).ok_or_else(|| Code::BadStartUrl {
        reason: format!("the hosts of {region} are not known; name them as custom endpoints"),
    })?;
    match knows(http, &endpoints.oidc, &start_url).await {
        // The region was a guess of the person or of ours, so that is the likelier mistake.
        Err(Code::NotAPortal { .. }) if region_of_host(&host).is_none() => {
            Err(Code::BadStartUrl { reason: format!("{region} knows no portal of this address") })
        }
        Err(code) => Err(code),
        Ok(()) => {
            let name = start_url::name(&start_url);
            Ok(Discovered { name, start_url, region, kind: Kind::Aws, endpoints })
        }
    }
}

async fn custom(
    http: &Http,
    start_url: Url,
    region: Option<&str>,
    endpoints: Endpoints,
) -> Result<Discovered, Code> {
    for url in [&endpoints.oidc, &endpoints.portal, &endpoints.federation, &endpoints.sts] {
        if !is_safe(url) {
            let reason = format!("the endpoint {} is not https", host_of(url));
            return Err(Code::BadStartUrl { reason });
        }
    }
    knows(http, &endpoints.oidc, &start_url).await?;
    let region = match region {
        Some(region) => region.to_owned(),
        None => match region_of_host(start_url.host_str().unwrap_or_default()) {
            Some(region) => region.to_owned(),
            None => own_hint(http, &start_url).await.unwrap_or_else(|| ANY_REGION.to_owned()),
        },
    };
    let name = start_url::name(&start_url);
    Ok(Discovered { name, start_url, region, kind: Kind::Custom, endpoints })
}

/// A server of its own serves everything from the start URL's origin.
fn same_origin(start_url: &Url) -> Endpoints {
    let origin = |path: &str| {
        let mut url = start_url.clone();
        url.set_path(path);
        url
    };
    Endpoints { oidc: origin(""), portal: origin(""), federation: origin("/federation"), sts: origin("") }
}

/// Whether the OIDC endpoint is one, and knows the portal. An unfinished registration tells the first: it
/// is refused in a way that only SSO-OIDC has. Then a device sign-in is begun, and left to run out, as
/// that is the only public operation which names the start URL.
async fn knows(http: &Http, oidc: &Url, start_url: &Url) -> Result<(), Code> {
    let host = host_of(oidc);
    let not_a_portal = || Code::NotAPortal { host: host_of(start_url) };
    let request =
        http.request(reqwest::Method::POST, &at(oidc, "/client/register"))?.json(&serde_json::json!({}));
    let answer = match http.send(request).await {
        Err(Code::Garbled { .. }) => return Err(not_a_portal()),
        other => other?,
    };
    match errors::refusal(&answer) {
        _ if answer.status.is_success() => return Err(not_a_portal()),
        SsoError::Throttled { .. } => return Err(Code::Throttled { host }),
        SsoError::Other(code @ Code::ServerError { status: 500.., .. }) => return Err(code),
        _ if answer.status.as_u16() == 400 && errors::name(&answer).is_some() => {}
        _ => return Err(not_a_portal()),
    }
    let refused = |error| match error {
        SsoError::Throttled { .. } => Code::Throttled { host: host_of(oidc) },
        SsoError::Other(Code::ServerError { status: ..500, .. } | Code::Garbled { .. }) => not_a_portal(),
        SsoError::Other(code) => code,
        _ => not_a_portal(),
    };
    let client = oidc::register(http, oidc, start_url, Method::DeviceCode).await.map_err(refused)?;
    oidc::ask_device(http, oidc, start_url, &client).await.map(|_runs_out| ()).map_err(refused)
}

/// The region that an AWS portal's page names, in its address after a redirect, its security policy or
/// its text; `None` unless all of them agree on one.
async fn hint(http: &Http, start_url: &Url) -> Result<Option<String>, Code> {
    let answer = page(http, start_url).await?;
    if let Some(region) = answer.redirect(start_url).as_ref().and_then(Url::host_str).and_then(region_of_host)
    {
        return Ok(Some(region.to_owned()));
    }
    let policy = answer.answer.header("content-security-policy").unwrap_or_default();
    let text = String::from_utf8_lossy(&answer.answer.body);
    let mut found: Vec<&str> = [policy, &text].into_iter().flat_map(service_regions).collect();
    found.extend(meta_region(&text));
    found.sort_unstable();
    found.dedup();
    Ok(match found.as_slice() {
        [region] => Some((*region).to_owned()),
        _ => None,
    })
}

/// As [`hint`], where a missing one does no harm.
async fn own_hint(http: &Http, start_url: &Url) -> Option<String> {
    let mut answer = page(http, start_url).await.ok()?;
    // Whoever is not signed in is sent to the sign-in page, which names it just as well.
    if let Some(to) = answer.redirect(start_url).filter(|to| to.origin() == start_url.origin()) {
        answer = page(http, &to).await.ok()?;
    }
    let text = String::from_utf8_lossy(&answer.answer.body);
    meta_region(&text).map(str::to_owned)
}

/// The AWS portal that an organisation's own address redirects to.
async fn vanity(http: &Http, start_url: &Url) -> Option<Url> {
    let portal = page(http, start_url).await.ok()?.redirect(start_url)?;
    is_aws_portal(portal.host_str()?).then(|| start_url::normalise(portal.as_str(), None).ok()).flatten()
}

struct PageAnswer {
    answer: Answer,
}

impl PageAnswer {
    fn redirect(&self, from: &Url) -> Option<Url> {
        if !self.answer.status.is_redirection() {
            return None;
        }
        let to = from.join(self.answer.header("location")?).ok()?;
        is_safe(&to).then_some(to)
    }
}

async fn page(http: &Http, url: &Url) -> Result<PageAnswer, Code> {
    let request = http.request(reqwest::Method::GET, url)?.header(reqwest::header::ACCEPT, "text/html");
    Ok(PageAnswer { answer: http.send(request).await? })
}

/// Regions in hosts such as `portal.sso.eu-west-1.amazonaws.com` and `oidc.eu-west-1.amazonaws.com`.
fn service_regions(text: &str) -> impl Iterator<Item = &str> {
    ["portal.sso.", "oidc."].into_iter().flat_map(move |prefix| {
        text.match_indices(prefix).filter_map(move |(at, _)| {
            let region = text.get(at + prefix.len()..)?.split('.').next()?;
            is_region(region).then_some(region)
        })
    })
}

/// `<meta name="region" content="eu-west-1">`.
fn meta_region(text: &str) -> Option<&str> {
    let rest = text.split("name=\"region\"").nth(1)?;
    let rest = rest.split('>').next()?;
    let region = rest.split("content=\"").nth(1)?.split('"').next()?;
    is_region(region).then_some(region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_names_its_region() {
        let page = r#"<meta name="region" content="eu-west-1"/><script src="https://x.test/a.js">"#;
        assert_eq!(meta_region(page), Some("eu-west-1"));
        assert_eq!(meta_region(r#"<meta name="region" content="evil.test/"/>"#), None);
        let policy =
            "connect-src https://portal.sso.eu-west-1.amazonaws.com https://oidc.eu-west-1.amazonaws.com";
        assert_eq!(service_regions(policy).collect::<Vec<_>>(), ["eu-west-1", "eu-west-1"]);
        assert_eq!(service_regions("oidc.evil.test portal.sso.").count(), 0);
    }
}
