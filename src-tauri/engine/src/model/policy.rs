//! What an organisation's administrator set on this computer. It lies over what the person set, and leaves that
//! as it is: where it is taken away, the person's own values count again.

use super::{
    delivery::Delivery,
    rules::{self, Rule},
    settings::{Network, Settings},
    step_up::{Marked, RolePattern},
};
use serde::Deserialize;

/// The managed file. Only what is named in it is decided.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// As [`Settings::autostart`].
    pub autostart: Option<bool>,
    /// As [`Settings::keep_running`].
    pub keep_running: Option<bool>,
    /// As [`Settings::hide_details`].
    pub hide_details: Option<bool>,
    /// As [`Settings::remove_on_quit`].
    pub remove_on_quit: Option<bool>,
    /// As [`Settings::refresh_lead`].
    pub refresh_lead: Option<u16>,
    /// As [`Settings::default_delivery`].
    pub default_delivery: Option<Delivery>,
    /// As [`Settings::network`], part by part.
    pub network: Network,
    /// Environments and step-up.
    pub safety: SafetyPolicy,
}

/// What an administrator set about environments and step-up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SafetyPolicy {
    /// Which accounts belong to which environment: before the person's labels and rules.
    pub rules: Vec<Rule>,
    /// Before something dangerous, the account's name is typed.
    pub type_name: bool,
    /// Which roles ask for a touch, besides those that the person's own settings name.
    pub step_up: StepUpPolicy,
}

/// What an administrator set about step-up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StepUpPolicy {
    /// Roles that ask for a touch.
    pub marked: Vec<Marked>,
    /// Rules by which roles ask for one.
    pub patterns: Vec<RolePattern>,
    /// For so many minutes a touch opens a role.
    pub minutes: Option<u16>,
    /// PIN or fingerprint besides the touch. False asks for no more than the person does.
    pub verify: bool,
}

/// A setting that the policy decided, so that nobody else can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Locked {
    /// [`Settings::autostart`].
    Autostart,
    /// [`Settings::keep_running`].
    KeepRunning,
    /// [`Settings::hide_details`].
    HideDetails,
    /// [`Settings::remove_on_quit`].
    RemoveOnQuit,
    /// [`Settings::refresh_lead`].
    RefreshLead,
    /// [`Settings::default_delivery`].
    DefaultDelivery,
    /// [`Network::proxy`].
    Proxy,
    /// [`Network::no_proxy`].
    NoProxy,
    /// [`Network::ca_file`].
    CaFile,
    /// How long a touch opens a role.
    StepUpMinutes,
    /// PIN or fingerprint besides the touch.
    StepUpVerify,
}

impl Policy {
    /// What it decides, in a fixed order.
    #[must_use]
    pub fn locked(&self) -> Vec<Locked> {
        let step_up = &self.safety.step_up;
        [
            (self.autostart.is_some(), Locked::Autostart),
            (self.keep_running.is_some(), Locked::KeepRunning),
            (self.hide_details.is_some(), Locked::HideDetails),
            (self.remove_on_quit.is_some(), Locked::RemoveOnQuit),
            (self.refresh_lead.is_some(), Locked::RefreshLead),
            (self.default_delivery.is_some(), Locked::DefaultDelivery),
            (self.network.proxy.is_some(), Locked::Proxy),
            (self.network.no_proxy.is_some(), Locked::NoProxy),
            (self.network.ca_file.is_some(), Locked::CaFile),
            (step_up.minutes.is_some(), Locked::StepUpMinutes),
            (step_up.verify, Locked::StepUpVerify),
        ]
        .into_iter()
        .filter_map(|(decided, locked)| decided.then_some(locked))
        .collect()
    }

    /// The settings that hold: the person's, and this over them. Lists stay the person's own; whoever asks them
    /// asks this one's as well.
    #[must_use]
    pub fn over(&self, own: &Settings) -> Settings {
        let mut held = own.clone();
        held.autostart = self.autostart.unwrap_or(own.autostart);
        held.keep_running = self.keep_running.unwrap_or(own.keep_running);
        held.hide_details = self.hide_details.unwrap_or(own.hide_details);
        held.remove_on_quit = self.remove_on_quit.unwrap_or(own.remove_on_quit);
        held.refresh_lead = self.refresh_lead.unwrap_or(own.refresh_lead);
        held.default_delivery = self.default_delivery.unwrap_or(own.default_delivery);
        held.network = self.over_network(&own.network);
        let step_up = &mut held.safety.step_up;
        step_up.minutes = self.safety.step_up.minutes.unwrap_or(step_up.minutes);
        step_up.verify |= self.safety.step_up.verify;
        held
    }

    /// As [`Self::over`], of the way to servers.
    #[must_use]
    pub fn over_network(&self, own: &Network) -> Network {
        Network {
            proxy: self.network.proxy.clone().or_else(|| own.proxy.clone()),
            no_proxy: self.network.no_proxy.clone().or_else(|| own.no_proxy.clone()),
            ca_file: self.network.ca_file.clone().or_else(|| own.ca_file.clone()),
        }
    }

    /// What the person's own settings become when the person sets this: what is decided here stays as it was in
    /// them, since the person saw the policy's value there.
    #[must_use]
    pub fn keep(&self, own: &Settings, mut set: Settings) -> Settings {
        for locked in self.locked() {
            match locked {
                Locked::Autostart => set.autostart = own.autostart,
                Locked::KeepRunning => set.keep_running = own.keep_running,
                Locked::HideDetails => set.hide_details = own.hide_details,
                Locked::RemoveOnQuit => set.remove_on_quit = own.remove_on_quit,
                Locked::RefreshLead => set.refresh_lead = own.refresh_lead,
                Locked::DefaultDelivery => set.default_delivery = own.default_delivery,
                Locked::Proxy => set.network.proxy.clone_from(&own.network.proxy),
                Locked::NoProxy => set.network.no_proxy.clone_from(&own.network.no_proxy),
                Locked::CaFile => set.network.ca_file.clone_from(&own.network.ca_file),
                Locked::StepUpMinutes => set.safety.step_up.minutes = own.safety.step_up.minutes,
                Locked::StepUpVerify => set.safety.step_up.verify = own.safety.step_up.verify,
            }
        }
        set
    }

    /// All rules by which roles ask for a touch: its own, of which a marked role is one, then the person's.
    #[must_use]
    pub fn patterns(&self, own: &[RolePattern]) -> Vec<RolePattern> {
        let exact = |text: &str| format!("^{}$", regex::escape(text));
        let step_up = &self.safety.step_up;
        let marked = step_up
            .marked
            .iter()
            .map(|one| RolePattern { role: exact(one.role.as_str()), account: exact(one.account.as_str()) });
        marked.chain(step_up.patterns.iter().cloned()).chain(own.iter().cloned()).collect()
    }

    /// Looks whether all patterns can be read: one that was passed over would ask for less than the administrator
    /// meant.
    ///
    /// # Errors
    /// The pattern and what is wrong with it.
    pub fn check(&self) -> Result<(), (String, String)> {
        let of_rules = self.safety.rules.iter().map(|rule| &rule.pattern);
        let patterns = &self.safety.step_up.patterns;
        let of_accounts = patterns.iter().map(|one| &one.account).filter(|text| !text.trim().is_empty());
        for pattern in of_rules.chain(patterns.iter().map(|one| &one.role)).chain(of_accounts) {
            rules::compile(pattern).map_err(|reason| (pattern.clone(), reason))?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use crate::model::step_up::Patterns;

    /// As an administrator would write it who decides everything.
    const ALL: &str = r#"{
        "autostart": true, "keep_running": false, "hide_details": true, "remove_on_quit": true,
        "refresh_lead": 30, "default_delivery": "on_demand",
        "network": {"proxy": "http://proxy.acme.test:3128", "no_proxy": ".acme.test", "ca_file": "/etc/acme.pem"},
        "safety": {
            "rules": [{"field": "name", "pattern": "^pay", "environment": "production"}],
            "step_up": {
                "marked": [{"account": "111122223333", "role": "Dep.loy"}],
                "patterns": [{"role": "^root"}], "minutes": 5, "verify": true
            }
        }
    }"#;

    #[test]
    fn it_lies_over_the_persons_settings_and_leaves_them_as_they_are() {
        let policy: Policy = serde_json::from_str(ALL).unwrap();
        assert_eq!(policy.locked().len(), 11, "all that can be decided");
        let own = Settings { refresh_lead: 15, search_key: false, ..Settings::default() };
        let held = policy.over(&own);
        assert!(held.autostart && !held.keep_running && held.hide_details && held.remove_on_quit);
        assert_eq!((held.refresh_lead, held.default_delivery), (30, Delivery::OnDemand));
        assert_eq!(held.network, policy.network);
        assert_eq!((held.safety.step_up.minutes, held.safety.step_up.verify), (5, true));
        assert!(!held.search_key, "what it does not name is the person's");
        assert_eq!(
            policy.keep(&own, held),
            own,
            "what the window sends back changes nothing of the person's"
        );
        let other = policy.keep(&own, Settings { compact: true, autostart: true, ..own.clone() });
        assert_eq!(other, Settings { compact: true, ..own }, "and what is free can be set");
    }

    #[test]
    fn what_it_does_not_name_is_not_locked() {
        let policy: Policy = serde_json::from_str(r#"{"safety": {"step_up": {"verify": false}}}"#).unwrap();
        assert_eq!(policy.locked(), []);
        let mut own = Settings::default();
        own.safety.step_up.verify = true;
        assert_eq!(policy.over(&own), own, "it never asks for less than the person does");
    }

    #[test]
    fn its_roles_ask_beside_the_persons_own_and_a_marked_one_is_that_one_alone() {
        let policy: Policy = serde_json::from_str(ALL).unwrap();
        let own = [RolePattern { role: "^own".into(), account: String::new() }];
        let patterns = Patterns::compile(&policy.patterns(&own));
        let fit = |role, number| patterns.fit(role, "payments", number);
        assert!(fit("Dep.loy", "111122223333") && fit("RootUser", "1") && fit("OwnRole", "1"));
        assert!(
            !fit("Dep.loy", "999922223333")
                && !fit("Deploy", "111122223333")
                && !fit("Dep.loyer", "111122223333")
        );
    }

    #[test]
    fn a_pattern_that_cannot_be_read_is_told() {
        let mut policy: Policy = serde_json::from_str(ALL).unwrap();
        assert_eq!(policy.check(), Ok(()));
        policy.safety.step_up.patterns.push(RolePattern { role: "x".into(), account: "pay(".into() });
        assert_eq!(policy.check(), Err(("pay(".to_owned(), "unclosed group".to_owned())));
    }
}
