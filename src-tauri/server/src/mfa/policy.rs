//! Whether a second factor is asked for, which kinds count, and what happens to a person who has none
//! (IAM Identity Center User Guide, "Configure MFA").

use serde::{Deserialize, Serialize};

use super::device::Kind;

/// When a second factor is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Never.
    #[default]
    Off,
    /// At every sign-in with a password.
    Always,
    /// When the browser or its network is not one that the person proved a factor from before.
    Context,
}

/// What counts as a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Factor {
    /// Security keys and built-in authenticators.
    Webauthn,
    /// Authenticator apps.
    Totp,
    /// Codes that an organisation's RADIUS servers look at; of people whose passwords an LDAP directory keeps.
    Radius,
}

/// What happens to a person who has no device that counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WithoutDevice {
    /// One is set up at sign-in.
    #[default]
    Enrol,
    /// The sign-in is refused.
    Block,
    /// The password is enough.
    Allow,
}

/// An instance's policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct Policy {
    /// When.
    pub mode: Mode,
    /// Which kinds; not empty.
    pub allowed: Vec<Factor>,
    /// What about those who have none.
    pub without_device: WithoutDevice,
}

/// The policy as a file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    mode: Mode,
    #[serde(default = "every_device")]
    allowed: Vec<Factor>,
    #[serde(default)]
    without_device: WithoutDevice,
}

/// What a configuration file says of the policy. What it leaves out is what was set last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "WrittenInFile")]
pub struct Named {
    /// When.
    pub mode: Option<Mode>,
    /// Which kinds; not empty.
    pub allowed: Option<Vec<Factor>>,
    /// What about those who have none.
    pub without_device: Option<WithoutDevice>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenInFile {
    mode: Option<Mode>,
    allowed: Option<Vec<Factor>>,
    without_device: Option<WithoutDevice>,
}

impl TryFrom<WrittenInFile> for Named {
    type Error = &'static str;

    fn try_from(written: WrittenInFile) -> Result<Self, Self::Error> {
        if written.allowed.as_ref().is_some_and(Vec::is_empty) {
            return Err(ALLOWS_NOTHING);
        }
        let WrittenInFile { mode, allowed, without_device } = written;
        Ok(Self { mode, allowed, without_device })
    }
}

impl Named {
    /// The policy that holds: what is said here, and the rest of another.
    pub fn over(&self, other: Policy) -> Policy {
        Policy {
            mode: self.mode.unwrap_or(other.mode),
            allowed: self.allowed.clone().unwrap_or(other.allowed),
            without_device: self.without_device.unwrap_or(other.without_device),
        }
    }
}

const ALLOWS_NOTHING: &str = "`allowed` must name at least one of \"webauthn\", \"totp\" and \"radius\"";

fn every_device() -> Vec<Factor> {
    vec![Factor::Webauthn, Factor::Totp]
}

impl TryFrom<Written> for Policy {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        if written.allowed.is_empty() {
            return Err(ALLOWS_NOTHING);
        }
        Ok(Self { mode: written.mode, allowed: written.allowed, without_device: written.without_device })
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self { mode: Mode::Off, allowed: every_device(), without_device: WithoutDevice::default() }
    }
}

/// What to do after the right password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// The password is enough.
    Nothing,
    /// Ask for a second factor.
    Factor,
    /// Have the person set one up.
    Enrol,
    /// Refuse.
    Block,
}

impl Policy {
    /// What to do after the right password of a person who has a factor that counts or not, from a context
    /// that is known for them or not.
    pub fn ask(&self, has_factor: bool, context_is_known: bool) -> Ask {
        match (self.mode, has_factor, self.without_device) {
            (Mode::Off, ..) => Ask::Nothing,
            (Mode::Context, ..) if context_is_known => Ask::Nothing,
            (_, true, _) => Ask::Factor,
            (_, false, WithoutDevice::Enrol) => Ask::Enrol,
            (_, false, WithoutDevice::Block) => Ask::Block,
            (_, false, WithoutDevice::Allow) => Ask::Nothing,
        }
    }

    /// What holds of it where RADIUS servers can be asked or not. Where they cannot, and nothing else was allowed, all
    /// devices count: a second factor is still asked for, and nobody is shut out who may set one up.
    pub fn where_radius(mut self, can_be_asked: bool) -> Self {
        if !can_be_asked {
            self.allowed.retain(|factor| *factor != Factor::Radius);
            if self.allowed.is_empty() {
                self.allowed = every_device();
            }
        }
        self
    }

    /// Whether codes of RADIUS servers count. In a policy that is in force, everybody has that factor.
    pub fn takes_radius(&self) -> bool {
        self.mode != Mode::Off && self.allowed.contains(&Factor::Radius)
    }

    /// Whether devices of this kind count.
    pub fn counts(&self, kind: Kind) -> bool {
        self.allowed.contains(&kind.factor())
    }

    /// The kinds of devices that count.
    pub fn kinds(&self) -> Vec<Kind> {
        Kind::ALL.into_iter().filter(|kind| self.counts(*kind)).collect()
    }

    /// Whether people sign in with a passkey in place of a password.
    pub fn takes_passkeys(&self) -> bool {
        self.mode != Mode::Off && self.allowed.contains(&Factor::Webauthn)
    }

    /// Whether a person must keep at least one device that counts.
    pub fn demands_a_device(&self) -> bool {
        self.mode != Mode::Off && self.without_device != WithoutDevice::Allow && !self.takes_radius()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    fn policy(mode: Mode, without_device: WithoutDevice) -> Policy {
        Policy { mode, without_device, ..Policy::default() }
    }

    #[test]
    fn every_combination_has_its_answer() {
        use {Mode as M, WithoutDevice as W};
        for (mode, without, has_device, known, expected) in [
            (M::Off, W::Block, false, false, Ask::Nothing),
            (M::Off, W::Enrol, true, false, Ask::Nothing),
            (M::Always, W::Allow, true, true, Ask::Factor),
            (M::Always, W::Enrol, false, true, Ask::Enrol),
            (M::Always, W::Block, false, true, Ask::Block),
            (M::Always, W::Allow, false, false, Ask::Nothing),
            (M::Context, W::Enrol, true, true, Ask::Nothing),
            (M::Context, W::Enrol, true, false, Ask::Factor),
            (M::Context, W::Enrol, false, false, Ask::Enrol),
            (M::Context, W::Block, false, false, Ask::Block),
            (M::Context, W::Allow, false, false, Ask::Nothing),
        ] {
            let asked = policy(mode, without).ask(has_device, known);
            assert_eq!(asked, expected, "{mode:?} {without:?} {has_device} {known}");
        }
    }

    #[test]
    fn a_policy_is_read_from_a_file_and_must_allow_something() {
        let read = |text: &str| toml::from_str::<Policy>(text);
        let policy = read("mode = \"context\"\nallowed = [\"totp\"]\nwithout_device = \"block\"").unwrap();
        assert_eq!(
            (policy.mode, policy.counts(Kind::Totp), policy.counts(Kind::BuiltIn)),
            (Mode::Context, true, false)
        );
        assert_eq!(read("mode = \"off\"").unwrap(), Policy::default());
        for bad in ["mode = \"on\"", "", "mode = \"always\"\nallowed = []", "mode = \"off\"\ncolour = 1"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_a_file_leaves_out_is_as_it_was() {
        let named = |text: &str| toml::from_str::<Named>(text);
        let set =
            Policy { mode: Mode::Always, allowed: vec![Factor::Totp], without_device: WithoutDevice::Block };
        assert_eq!(named("").unwrap().over(set.clone()), set);
        let mode = named("mode = \"context\"").unwrap().over(set.clone());
        assert_eq!(mode, Policy { mode: Mode::Context, ..set.clone() });
        let all = "mode = \"off\"\nallowed = [\"webauthn\", \"totp\"]\nwithout_device = \"enrol\"";
        assert_eq!(named(all).unwrap().over(set), Policy::default());
        for bad in ["mode = \"on\"", "allowed = []", "colour = 1"] {
            assert!(named(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn radius_counts_where_it_can_be_asked_and_is_replaced_where_nothing_else_counts() {
        let only = Policy { allowed: vec![Factor::Radius], ..policy(Mode::Always, WithoutDevice::Block) };
        assert!(only.takes_radius() && !only.demands_a_device() && only.kinds().is_empty());
        assert_eq!(only.clone().where_radius(true), only);
        let left = only.clone().where_radius(false);
        assert!(!left.takes_radius() && left.demands_a_device() && left.kinds() == Kind::ALL);
        let both = Policy { allowed: vec![Factor::Totp, Factor::Radius], ..only.clone() };
        assert_eq!(both.where_radius(false).kinds(), [Kind::Totp], "what was left out stays out");
        assert!(!Policy { mode: Mode::Off, ..only }.takes_radius());
        let read = toml::from_str::<Policy>("mode = \"always\"\nallowed = [\"radius\"]").unwrap();
        assert!(read.takes_radius());
    }

    #[test]
    fn passkeys_and_the_last_device_follow_the_policy() {
        assert!(!Policy::default().takes_passkeys());
        let always = policy(Mode::Always, WithoutDevice::Enrol);
        assert!(always.takes_passkeys() && always.demands_a_device());
        assert!(!Policy { allowed: vec![Factor::Totp], ..always }.takes_passkeys());
        assert!(!policy(Mode::Always, WithoutDevice::Allow).demands_a_device());
    }
}
