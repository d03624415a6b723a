//! The way to servers in words, and what was typed of it.

use crate::{
    typed::{AskError, short_text},
    ui_setup::{UiInForce, UiNetwork},
};
use engine::{
    Snapshot,
    model::settings::{NamedBy, Network, without_name},
};
use std::path::PathBuf;
use url::Url;

/// What is set, and what is in force.
pub(crate) fn network(s: &Snapshot) -> UiNetwork {
    let set = &s.settings.network;
    let line = |name: &str, found: &Option<(String, NamedBy)>, none: &str| UiInForce {
        name: name.into(),
        value: found.as_ref().map_or_else(|| none.to_owned(), |(value, _)| value.clone()),
        by: found.as_ref().map(|(_, by)| named_by(*by)).unwrap_or_default(),
    };
    let decided = &s.policy.network;
    let line = |name: &str, decided: bool, found: &Option<(String, NamedBy)>, none: &str| {
        let line = line(name, found, none);
        let by_policy = decided && matches!(found, Some((_, NamedBy::Settings)));
        if by_policy { UiInForce { by: "Set by your organisation".into(), ..line } } else { line }
    };
    let mut in_force = vec![line("Proxy", decided.proxy.is_some(), &s.way.proxy, "None")];
    if s.way.no_proxy.is_some() {
        in_force.push(line("Reached without it", decided.no_proxy.is_some(), &s.way.no_proxy, ""));
    }
    let none = "None, those of this computer count";
    in_force.push(line("Extra certificates", decided.ca_file.is_some(), &s.way.ca_file, none));
    UiNetwork {
        proxy: set.proxy.as_deref().map(without_name).unwrap_or_default(),
        no_proxy: set.no_proxy.clone().unwrap_or_default(),
        ca_file: set.ca_file.as_ref().map(|path| path.display().to_string()).unwrap_or_default(),
        in_force,
    }
}

fn named_by(by: NamedBy) -> String {
    match by {
        NamedBy::Settings => "Set here".into(),
        NamedBy::Environment(name) => format!("From {name} in the environment"),
        NamedBy::AwsConfig => "From ca_bundle of the default profile in your AWS config file".into(),
    }
}

/// What was typed.
pub(crate) fn network_of(proxy: &str, no_proxy: String, ca_file: &str) -> Result<Network, AskError> {
    let ca_file = Some(ca_file.trim()).filter(|path| !path.is_empty()).map(PathBuf::from);
    if ca_file.as_ref().is_some_and(|path| !path.is_absolute()) {
        return Err(AskError::new("ca_file", "Enter the file's whole path, from / on"));
    }
    let no_proxy = short_text("no_proxy", Some(no_proxy))?;
    if no_proxy.as_ref().is_some_and(|hosts| hosts.contains("://")) {
        return Err(AskError::new(
            "no_proxy",
            "Enter names of hosts with commas between them, without https://",
        ));
    }
    Ok(Network { proxy: proxy_of(proxy)?, no_proxy, ca_file })
}

/// The settings file is plain text, so that no password goes into it.
fn proxy_of(typed: &str) -> Result<Option<String>, AskError> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(None);
    }
    let whole = if typed.contains("://") { typed.to_owned() } else { format!("http://{typed}") };
    let no_address = || AskError::new("proxy", "A proxy looks like http://proxy.example:3128");
    let url = Url::parse(&whole).map_err(|_| no_address())?;
    if !url.username().is_empty() || url.password().is_some() || typed.contains('@') {
        let reason = "A user name or password is not kept here, where it would stand in plain text. Leave it out; \
                      where your proxy asks for it, set HTTPS_PROXY for Latchkey alone";
        return Err(AskError::new("proxy", reason));
    }
    let plain = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() || !plain {
        return Err(no_address());
    }
    Ok(Some(whole.trim_end_matches('/').to_owned()))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_an_address_without_a_password() {
        for (typed, kept) in [
            ("", None),
            (" proxy.test:3128 ", Some("http://proxy.test:3128")),
            ("http://proxy.test:3128/", Some("http://proxy.test:3128")),
            ("https://[::1]:3128", Some("https://[::1]:3128")),
        ] {
            assert_eq!(proxy_of(typed).unwrap().as_deref(), kept, "{typed}");
        }
        for typed in
            ["ftp://proxy.test", "http://", "http://proxy.test/way", "proxy test", "http://p.test?a=b"]
        {
            assert!(proxy_of(typed).unwrap_err().reason.contains("looks like"), "{typed}");
        }
        for typed in
            ["http://sam:secret@proxy.test", "sam@proxy.test:1", "sam:secret@proxy.test", "http://sam@["]
        {
            let refused = proxy_of(typed).unwrap_err();
            assert!(!refused.to_string().contains("secret"), "{refused}");
            assert_eq!(refused.field, "proxy");
        }
        assert!(proxy_of("sam:secret@proxy.test").unwrap_err().reason.contains("password is not kept"));
    }

    #[test]
    fn files_and_hosts_are_read_as_typed() {
        let typed = |no_proxy: &str, ca_file: &str| network_of("", no_proxy.into(), ca_file);
        assert_eq!(typed("", " ").unwrap(), Network::default());
        let all = typed(" a.test, .b.test ", " /etc/ca.pem ").unwrap();
        assert_eq!(
            (all.no_proxy.as_deref(), all.ca_file),
            (Some("a.test, .b.test"), Some("/etc/ca.pem".into()))
        );
        assert_eq!(typed("", "ca.pem").unwrap_err().field, "ca_file");
        assert_eq!(typed("https://a.test", "").unwrap_err().field, "no_proxy");
    }
}
