//! Where a console sign-in leads: a page of AWS's console in any partition, or nothing in particular.

use url::Url;

/// Console hosts by partition (IAM User Guide, custom identity broker).
const CONSOLES: [&str; 3] =
    ["console.aws.amazon.com", "console.amazonaws-us-gov.com", "console.amazonaws.cn"];

/// A checked destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The service's path segment, `ec2`; `None` for the console's home.
    pub service: Option<String>,
    /// The region, if the address names one.
    pub region: Option<String>,
}

/// Reads a destination; `None` if it is not a console address.
pub fn read(text: &str) -> Option<Destination> {
    let url = Url::parse(text).ok()?;
    let host = url.host_str()?;
    let console = CONSOLES.iter().find(|console| {
        host == **console || host.strip_suffix(*console).is_some_and(|rest| rest.ends_with('.'))
    })?;
    if url.scheme() != "https" {
        return None;
    }
    let from_query =
        url.query_pairs().find(|(name, _)| name == "region").map(|(_, value)| value.into_owned());
    let from_host = host.strip_suffix(console).map(|rest| rest.trim_end_matches('.').to_owned());
    let region = from_query
        .into_iter()
        .chain(from_host.and_then(|labels| labels.rsplit('.').next().map(str::to_owned)))
        .find(|region| crate::organisation::is_region(region));
    let service = url.path_segments()?.next().filter(|segment| !segment.is_empty() && *segment != "console");
    Some(Destination { service: service.map(str::to_owned), region })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn console_addresses_are_understood() {
        let check = |text: &str, service: Option<&str>, region: Option<&str>| {
            let expected =
                Destination { service: service.map(str::to_owned), region: region.map(str::to_owned) };
            assert_eq!(read(text), Some(expected), "{text}");
        };
        check("https://console.aws.amazon.com/", None, None);
        check("https://eu-central-1.console.aws.amazon.com/ec2/home", Some("ec2"), Some("eu-central-1"));
        check("https://console.aws.amazon.com/s3/buckets?region=us-west-2", Some("s3"), Some("us-west-2"));
        check("https://console.amazonaws.cn/console/home", None, None);
    }

    #[test]
    fn other_addresses_are_not() {
        for text in [
            "https://evil.test/",
            "https://console.aws.amazon.com.evil.test/",
            "https://evilconsole.aws.amazon.com/",
            "http://console.aws.amazon.com/",
            "javascript:alert(1)",
            "/console",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
