//! AWS partitions: which hosts belong to which, and the endpoints of a region (AWS's endpoint rule
//! sets for `sso`, `sso-oidc` and `signin`, which `tests/wire` holds this table against).

use super::organisation::Endpoints;
use url::Url;

/// One AWS partition.
#[derive(Debug, PartialEq, Eq)]
pub struct Partition {
    /// As ARNs name it.
    pub name: &'static str,
    /// `amazonaws.com` and its like: service hosts.
    dns_suffix: &'static str,
    /// The suffix of service hosts that answer over IPv6 too.
    dual_stack_suffix: &'static str,
    /// Hosts of `getSigninToken` and `login` end so.
    signin: &'static str,
    /// Console hosts end so.
    pub console: &'static str,
    /// Hosts of access portals end so.
    portals: &'static [&'static str],
}

const AWS: Partition = Partition {
    name: "aws",
    dns_suffix: "amazonaws.com",
    dual_stack_suffix: "api.aws",
    signin: "signin.aws.amazon.com",
    console: "console.aws.amazon.com",
    portals: &["app.aws", "portal.amazonaws.com", "awsapps.com"],
};
const GOV: Partition = Partition {
    name: "aws-us-gov",
    dns_suffix: "amazonaws.com",
    dual_stack_suffix: "api.aws",
    signin: "signin.amazonaws-us-gov.com",
    console: "console.amazonaws-us-gov.com",
    portals: &["app.aws", "portal.amazonaws.com", "awsapps.com"],
};
const CN: Partition = Partition {
    name: "aws-cn",
    dns_suffix: "amazonaws.com.cn",
    dual_stack_suffix: "api.amazonwebservices.com.cn",
    signin: "signin.amazonaws.cn",
    console: "console.amazonaws.cn",
    portals: &["awsapps.cn", "portal.amazonaws.com.cn", "app.amazonwebservices.com.cn"],
};
const EUSC: Partition = Partition {
    name: "aws-eusc",
    dns_suffix: "amazonaws.eu",
    dual_stack_suffix: "api.amazonwebservices.eu",
    signin: "signin.amazonaws-eusc.eu",
    console: "console.amazonaws-eusc.eu",
    portals: &["portal.amazonaws.eu", "api.amazonwebservices.eu"],
};
const ALL: [&Partition; 4] = [&AWS, &GOV, &CN, &EUSC];

impl Partition {
    /// The partition of a region; `None` for those of the isolated partitions, whose hosts are not known here:
    /// what they are called elsewhere would be somebody else's host.
    #[must_use]
    pub fn of_region(region: &str) -> Option<&'static Self> {
        let mut labels = region.split('-');
        match (labels.next()?, labels.next().unwrap_or_default()) {
            ("us", "gov") => Some(&GOV),
            ("cn", _) => Some(&CN),
            ("eusc", _) => Some(&EUSC),
            (_, place) if place.starts_with("iso") => None,
            _ => Some(&AWS),
        }
    }

    /// The host of a region's console. Only those of the first partition are named by their region.
    #[must_use]
    pub fn console_of(&self, region: &str) -> String {
        if *self == AWS { format!("{region}.{}", self.console) } else { self.console.to_owned() }
    }

    /// Whether the host is one of the partition's consoles or of its sign-in pages for them.
    #[must_use]
    pub fn is_console(&self, host: &str) -> bool {
        is_or_below(host, self.console) || is_or_below(host, self.signin)
    }

    /// Whether the host shows AWS's own pages for confirming a device code.
    #[must_use]
    pub fn is_device_page(&self, host: &str, region: &str) -> bool {
        host == format!("device.sso.{region}.{}", self.dns_suffix)
            || self.portals.iter().any(|suffix| below(host, suffix))
            || identity_center(host)
    }
}

/// Whether AWS runs access portals at the host. `awsapps.com` and the like are AWS's own domains; what
/// stands before them is the organisation's.
#[must_use]
pub fn is_aws_portal(host: &str) -> bool {
    ALL.iter().any(|p| p.portals.iter().any(|suffix| below(host, suffix))) || identity_center(host)
}

/// Whether the host is a console or a sign-in page for consoles of any partition.
#[must_use]
pub fn is_any_console(host: &str) -> bool {
    ALL.iter().any(|p| p.is_console(host))
}

fn identity_center(host: &str) -> bool {
    matches!(
        host,
        "identitycenter.amazonaws.com"
            | "identitycenter.amazonaws.com.cn"
            | "identitycenter.amazonaws.eu"
            | "identitycenter.us-gov.amazonaws.com"
    )
}

/// `a.b` is below `b`; `b` itself and `xb` are not.
fn below(host: &str, suffix: &str) -> bool {
    host.strip_suffix(suffix).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
}

fn is_or_below(host: &str, suffix: &str) -> bool {
    host == suffix || below(host, suffix)
}

/// Whether the text is shaped like a region. Endpoints are made of it, so that nothing else may pass.
#[must_use]
pub fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let Some((number, words)) = parts.split_last() else { return false };
    (2..=4).contains(&words.len())
        && words.iter().all(|w| (1..=12).contains(&w.len()) && w.bytes().all(|b| b.is_ascii_lowercase()))
        && (1..=2).contains(&number.len())
        && number.bytes().all(|b| b.is_ascii_digit())
}

/// The region that a portal's host names: `{id}.portal.{region}.app.aws`,
/// `{id}.{region}.portal.amazonaws.com`, `start.{region}.us-gov-home.awsapps.com` and their like.
#[must_use]
pub fn region_of_host(host: &str) -> Option<&str> {
    if !is_aws_portal(host) {
        return None;
    }
    host.split('.').find(|label| is_region(label))
}

/// AWS's endpoints for a region. Portals below `app.aws` live on the dual-stack hosts; a device sign-in
/// through the older ones fails there.
#[must_use]
pub fn endpoints(region: &str, dual_stack: bool) -> Option<Endpoints> {
    if !is_region(region) {
        return None;
    }
    let p = Partition::of_region(region)?;
    let suffix = if dual_stack { p.dual_stack_suffix } else { p.dns_suffix };
    let url = |text: String| Url::parse(&text).ok();
    Some(Endpoints {
        oidc: url(format!("https://oidc.{region}.{suffix}"))?,
        portal: url(format!("https://portal.sso.{region}.{suffix}"))?,
        federation: url(format!("https://{region}.{}/federation", p.signin))?,
        sts: url(format!("https://sts.{region}.{}", p.dns_suffix))?,
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn endpoints_follow_the_partition() {
        let check = |region: &str, dual: bool, expect: [&str; 4]| {
            let e = endpoints(region, dual).unwrap();
            assert_eq!([e.oidc.as_str(), e.portal.as_str(), e.federation.as_str(), e.sts.as_str()], expect);
        };
        check(
            "eu-west-1",
            false,
            [
                "https://oidc.eu-west-1.amazonaws.com/",
                "https://portal.sso.eu-west-1.amazonaws.com/",
                "https://eu-west-1.signin.aws.amazon.com/federation",
                "https://sts.eu-west-1.amazonaws.com/",
            ],
        );
        check(
            "us-gov-west-1",
            true,
            [
                "https://oidc.us-gov-west-1.api.aws/",
                "https://portal.sso.us-gov-west-1.api.aws/",
                "https://us-gov-west-1.signin.amazonaws-us-gov.com/federation",
                "https://sts.us-gov-west-1.amazonaws.com/",
            ],
        );
        check(
            "cn-north-1",
            false,
            [
                "https://oidc.cn-north-1.amazonaws.com.cn/",
                "https://portal.sso.cn-north-1.amazonaws.com.cn/",
                "https://cn-north-1.signin.amazonaws.cn/federation",
                "https://sts.cn-north-1.amazonaws.com.cn/",
            ],
        );
    }

    #[test]
    fn a_region_cannot_smuggle_a_host() {
        for bad in
            ["evil.com/", "eu-west-1.evil.com", "eu-west-1/", "", "1", "-1", "eu-1", "EU-WEST-1", "a-b-c-"]
        {
            assert!(!is_region(bad), "{bad} passed");
            assert_eq!(endpoints(bad, false), None);
        }
        for unknown in ["us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "us-isof-south-1"] {
            assert_eq!(endpoints(unknown, false), None, "{unknown} has hosts that are not known here");
        }
        for good in ["eu-west-1", "us-gov-west-1", "eusc-de-east-1", "ap-southeast-12"] {
            assert!(is_region(good), "{good} did not pass");
        }
    }

    #[test]
    fn hosts_name_their_region_or_not() {
        assert_eq!(region_of_host("ssoins-1.portal.eu-west-1.app.aws"), Some("eu-west-1"));
        assert_eq!(region_of_host("ssoins-1.us-east-2.portal.amazonaws.com"), Some("us-east-2"));
        assert_eq!(region_of_host("start.us-gov-east-1.us-gov-home.awsapps.com"), Some("us-gov-east-1"));
        assert_eq!(region_of_host("acme.awsapps.com"), None);
        assert_eq!(region_of_host("eu-west-1.evil.com"), None);
    }

    #[test]
    fn lookalikes_are_foreign() {
        for host in [
            "evilawsapps.com",
            "awsapps.com.evil.com",
            ".app.aws",
            "app.aws",
            "console.aws.amazon.com.evil.com",
        ] {
            assert!(!is_aws_portal(host) && !is_any_console(host), "{host} passed");
        }
        assert!(is_any_console("123456789012-abcdefgh.eu-west-1.console.aws.amazon.com"));
        assert!(!Partition::of_region("cn-north-1").unwrap().is_console("console.aws.amazon.com"));
    }
}
