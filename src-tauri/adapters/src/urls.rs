//! Which addresses may be opened: those of the organisations the person added, and the console and
//! sign-in hosts of their AWS partition. Everything else is foreign and stays closed.

use engine::model::{
    code::Code,
    ids::OrgId,
    organisation::{Kind, Organisation},
    partition::Partition,
};
use std::{collections::HashMap, sync::Mutex};
use url::Url;

pub use engine::model::organisation::is_loopback;

/// The organisations whose addresses may be opened. One for the process: the store and the SSO adapter
/// teach it, the browser asks it.
#[derive(Debug, Default)]
pub struct AllowedHosts {
    organisations: Mutex<HashMap<OrgId, Organisation>>,
}

impl AllowedHosts {
    /// From now on the organisation's addresses may be opened.
    pub fn learn(&self, org: &Organisation) {
        self.organisations
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .insert(org.id.clone(), org.clone());
    }

    /// From now on they may not.
    pub fn forget(&self, org: &OrgId) {
        self.organisations.lock().unwrap_or_else(std::sync::PoisonError::into_inner).remove(org);
    }

    /// Checks an address.
    ///
    /// # Errors
    /// [`Code::ForeignUrl`] when it belongs to no known organisation.
    pub fn check(&self, url: &Url) -> Result<(), Code> {
        let known = self.organisations.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if known.values().any(|org| belongs(url, org)) { Ok(()) } else { Err(foreign(url)) }
    }
}

/// Whether the address belongs to the organisation: same origin as its start URL or one of its
/// endpoints or, for AWS, a console, sign-in or device page of its partition.
#[must_use]
pub fn belongs(url: &Url, org: &Organisation) -> bool {
    if !is_safe(url) {
        return false;
    }
    let e = &org.endpoints;
    if [&org.start_url, &e.oidc, &e.portal, &e.federation].iter().any(|own| own.origin() == url.origin()) {
        return true;
    }
    if org.kind != Kind::Aws || url.scheme() != "https" || url.port().is_some() {
        return false;
    }
    Partition::of_region(&org.region).zip(url.host_str()).is_some_and(|(partition, host)| {
        partition.is_console(host) || partition.is_device_page(host, &org.region)
    })
}

/// Whether the address is a console's, where a sign-in may lead to.
#[must_use]
pub fn is_destination(url: &Url, org: &Organisation) -> bool {
    if !is_safe(url) {
        return false;
    }
    let console = url.scheme() == "https"
        && url.port().is_none()
        && Partition::of_region(&org.region).zip(url.host_str()).is_some_and(|(p, host)| p.is_console(host));
    console || org.endpoints.federation.origin() == url.origin()
}

/// https, or http on this computer; no user name in it.
#[must_use]
pub fn is_safe(url: &Url) -> bool {
    let scheme = match url.scheme() {
        "https" => url.host().is_some(),
        "http" => is_loopback(url),
        _ => false,
    };
    scheme && url.username().is_empty() && url.password().is_none()
}

/// The host with its port, as it stands in messages.
#[must_use]
pub fn host_of(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => String::new(),
    }
}

pub(crate) fn foreign(url: &Url) -> Code {
    Code::ForeignUrl { host: host_of(url) }
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use engine::model::{Timestamp, organisation::Endpoints};

    /// An organisation of a server of its own at an origin.
    pub(crate) fn custom(origin: &str) -> Organisation {
        let url = |path: &str| Url::parse(&format!("{origin}{path}")).unwrap();
        Organisation {
            id: OrgId::new("o1"),
            name: "Acme".into(),
            start_url: url("/start"),
            region: "eu-west-1".into(),
            kind: Kind::Custom,
            endpoints: Endpoints {
                oidc: url(""),
                portal: url(""),
                federation: url("/federation"),
                sts: url(""),
            },
            added: Timestamp::UNIX_EPOCH,
        }
    }

    fn aws() -> Organisation {
        Organisation {
            start_url: Url::parse("https://acme.awsapps.com/start").unwrap(),
            kind: Kind::Aws,
            endpoints: engine::model::partition::endpoints("eu-west-1", false).unwrap(),
            ..custom("https://unused.test")
        }
    }

    fn check(org: &Organisation, good: &[&str], bad: &[&str]) {
        let hosts = AllowedHosts::default();
        hosts.learn(org);
        for url in good {
            assert_eq!(hosts.check(&Url::parse(url).unwrap()), Ok(()), "{url}");
        }
        for url in bad {
            let checked = hosts.check(&Url::parse(url).unwrap());
            assert!(matches!(checked, Err(Code::ForeignUrl { .. })), "{url} may be opened");
        }
        hosts.forget(&org.id);
        assert!(good.iter().all(|url| hosts.check(&Url::parse(url).unwrap()).is_err()));
    }

    #[test]
    fn an_aws_organisation_opens_its_partitions_hosts_only() {
        check(
            &aws(),
            &[
                "https://acme.awsapps.com/start/#/device?user_code=ABCD-EFGH",
                "https://oidc.eu-west-1.amazonaws.com/authorize?x=y",
                "https://device.sso.eu-west-1.amazonaws.com/?user_code=ABCD-EFGH",
                "https://eu-west-1.signin.aws.amazon.com/federation?Action=login",
                "https://eu-west-1.console.aws.amazon.com/s3/home",
            ],
            &[
                "http://acme.awsapps.com/start",
                "https://acme.awsapps.com:8443/start",
                "https://acme@evil.test/start",
                "https://sam:pw@acme.awsapps.com/start",
                "https://device.sso.us-east-1.amazonaws.com/",
                "https://device.sso.eu-west-1.amazonaws.com.evil.test/",
                "https://console.amazonaws.cn/",
                "http://localhost:8080/",
                "javascript:alert(1)",
                "file:///etc/passwd",
            ],
        );
    }

    #[test]
    fn each_partition_opens_its_own_hosts_and_no_other_partitions() {
        let portals = [
            ("us-east-1", "https://acme.awsapps.com/start"),
            ("us-gov-west-1", "https://start.us-gov-home.awsapps.com/directory/acme"),
            ("cn-north-1", "https://start.home.awsapps.cn/directory/acme"),
        ];
        // Of each: the start page, sign-in at SSO-OIDC, the device page, the federation endpoint, a console.
        let hosts = [
            [
                "https://acme.awsapps.com/start/#/device",
                "https://oidc.us-east-1.amazonaws.com/authorize",
                "https://device.sso.us-east-1.amazonaws.com/",
                "https://us-east-1.signin.aws.amazon.com/federation?Action=login",
                "https://us-east-1.console.aws.amazon.com/s3/home",
            ],
            [
                "https://start.us-gov-home.awsapps.com/directory/acme/#/device",
                "https://oidc.us-gov-west-1.amazonaws.com/authorize",
                "https://device.sso.us-gov-west-1.amazonaws.com/",
                "https://us-gov-west-1.signin.amazonaws-us-gov.com/federation?Action=login",
                "https://console.amazonaws-us-gov.com/s3/home",
            ],
            [
                "https://start.home.awsapps.cn/directory/acme/#/device",
                "https://oidc.cn-north-1.amazonaws.com.cn/authorize",
                "https://device.sso.cn-north-1.amazonaws.com.cn/",
                "https://cn-north-1.signin.amazonaws.cn/federation?Action=login",
                "https://console.amazonaws.cn/s3/home",
            ],
        ];
        for (n, (region, start_url)) in portals.into_iter().enumerate() {
            let org = Organisation {
                start_url: Url::parse(start_url).unwrap(),
                region: region.into(),
                endpoints: engine::model::partition::endpoints(region, false).unwrap(),
                ..aws()
            };
            // Device pages of a partition's portals are below domains that AWS uses for two partitions.
            let others = hosts.iter().enumerate().filter(|(m, _)| *m != n).flat_map(|(_, urls)| &urls[1..]);
            check(&org, &hosts[n], &others.copied().collect::<Vec<_>>());
            let console = Url::parse(hosts[n][4]).unwrap();
            assert!(is_destination(&console, &org), "{region} leads to no console of its own");
            for (m, urls) in hosts.iter().enumerate().filter(|(m, _)| *m != n) {
                assert!(!is_destination(&Url::parse(urls[4]).unwrap(), &org), "{region} leads to {m}'s");
            }
        }
    }

    #[test]
    fn a_custom_organisation_opens_its_own_origin_only() {
        check(
            &custom("http://localhost:4040"),
            &["http://localhost:4040/start", "http://localhost:4040/federation?Action=login"],
            &["http://localhost:4041/start", "http://127.0.0.1:4040/", "https://console.aws.amazon.com/"],
        );
        check(
            &custom("https://sso.acme.test"),
            &["https://sso.acme.test/x"],
            &["https://acme.test/", "http://sso.acme.test/"],
        );
    }

    #[test]
    fn plain_http_is_for_this_computer() {
        for (url, expect) in [
            ("http://localhost:1/", true),
            ("http://127.0.0.1/", true),
            ("http://[::1]:9/", true),
            ("http://localhost.evil.test/", false),
            ("http://10.0.0.1/", false),
        ] {
            assert_eq!(is_safe(&Url::parse(url).unwrap()), expect, "{url}");
        }
    }
}
