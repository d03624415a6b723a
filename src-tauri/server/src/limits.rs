//! What anybody may ask for, so often an hour from one place: what fails, and what leaves something behind. Nobody
//! who signs in with the right password is counted, so that an office behind one address is not in its own way.
//!
//! Counted in memory: a restart forgets, and one more write for each guess would be the guesser's. Several servers of
//! one database count there, together.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::{origin::Origin, store::Store};

const HOUR: SignedDuration = SignedDuration::from_hours(1);
const SECOND: SignedDuration = SignedDuration::from_secs(1);
/// So many places are counted at a time, some ten megabytes. Whoever has more of them than that is not stopped by
/// a limit for each.
const MOST_PLACES: usize = 100_000;

/// Where a request comes from, as far as limits tell places apart: an IPv4 address, or the /64 of an IPv6 address,
/// which is the least that a subscriber gets (RFC 6177).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(IpAddr);

impl Network {
    /// That of an address.
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => address.into(),
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        })
    }

    /// That of the request being answered.
    pub fn current() -> Self {
        let address = Origin::current().source_ip.parse();
        Self::of(address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)))
    }
}

/// What is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum What {
    /// A user name and a password, or a passkey's answer, that let nobody in.
    FailedSignIns,
    /// A link to set another password, asked for.
    ForgottenPasswords,
    /// `RegisterClient`.
    Registrations,
    /// `StartDeviceAuthorization`.
    DeviceAuthorizations,
    /// A code of the device flow that nothing waits for.
    WrongCodes,
    /// A link to set a password that is none.
    WrongLinks,
    /// A way to the external identity provider.
    ExternalSignIns,
    /// A SAML application's request to sign somebody in.
    ApplicationSignIns,
}

/// How often an hour, from one place; 0 for as often as anybody likes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rates {
    failed_sign_ins: u32,
    forgotten_passwords: u32,
    registrations: u32,
    device_authorizations: u32,
    wrong_codes: u32,
    wrong_links: u32,
    external_sign_ins: u32,
    application_sign_ins: u32,
    /// Requests of provisioning a second that read, of each operation by itself, from everywhere together.
    scim_reads_per_second: u32,
    /// The same of those that write.
    scim_writes_per_second: u32,
}

impl Default for Rates {
    /// A thousand people behind one address, of whom one in four mistypes, or who all set their tools up, sign in or
    /// open half a dozen applications in one hour.
    fn default() -> Self {
        Self {
            failed_sign_ins: 300,
            forgotten_passwords: 100,
            registrations: 1200,
            device_authorizations: 1200,
            wrong_codes: 100,
            wrong_links: 100,
            external_sign_ins: 1200,
            application_sign_ins: 6000,
            // As IAM Identity Center's quotas have it.
            scim_reads_per_second: 40,
            scim_writes_per_second: 25,
        }
    }
}

impl Rates {
    fn of(&self, what: What) -> u32 {
        match what {
            What::FailedSignIns => self.failed_sign_ins,
            What::ForgottenPasswords => self.forgotten_passwords,
            What::Registrations => self.registrations,
            What::DeviceAuthorizations => self.device_authorizations,
            What::WrongCodes => self.wrong_codes,
            What::WrongLinks => self.wrong_links,
            What::ExternalSignIns => self.external_sign_ins,
            What::ApplicationSignIns => self.application_sign_ins,
        }
    }
}

/// The limits of an instance.
#[derive(Debug, Default)]
pub struct Limits {
    rates: Rates,
    /// Whether this machine itself is not limited: behind a proxy that nobody named, everybody comes from it.
    spares_loopback: bool,
    /// Until when all that came from a place is paid off (the theoretical arrival time of ATM Forum's GCRA).
    owed: Mutex<HashMap<(What, Network), Timestamp>>,
    /// Where several servers count together.
    shared: Option<Arc<Store>>,
    /// The same of provisioning's operations, by their names.
    scim: Mutex<HashMap<&'static str, Timestamp>>,
}

/// Too much came from one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crowded {
    /// When one more is let through.
    pub left: SignedDuration,
}

/// One more that was counted.
#[derive(Debug)]
#[must_use = "what turned out well is to be forgiven"]
pub struct Counted<'l> {
    limits: &'l Limits,
    key: (What, Network),
    cost: SignedDuration,
}

impl Limits {
    /// These limits.
    pub fn new(rates: Rates, spares_loopback: bool) -> Self {
        Self { rates, spares_loopback, ..Self::default() }
    }

    /// Counted together by all servers of this database, if there are several; each alone while it is away.
    #[must_use]
    pub fn together(self, store: &Arc<Store>) -> Self {
        Self { shared: store.is_shared().then(|| Arc::clone(store)), ..self }
    }

    /// Whether one more request of provisioning for this operation may pass in this second.
    pub fn admits_scim(&self, operation: &'static str, writes: bool, now: Timestamp) -> bool {
        let rate = if writes { self.rates.scim_writes_per_second } else { self.rates.scim_reads_per_second };
        if rate == 0 {
            return true;
        }
        let cost = SignedDuration::from_millis(SECOND.as_secs() * 1000 / i64::from(rate).max(1));
        let name = || format!("scim {operation}");
        if let Some(counted) = self.shared.as_ref().and_then(|store| store.owe(&name(), now, cost, SECOND)) {
            return counted.is_ok();
        }
        let mut owed = self.scim.lock().unwrap_or_else(PoisonError::into_inner);
        let until = owed.get(operation).copied();
        let Ok(after) = paid_by(until, now, cost, SECOND) else { return false };
        owed.insert(operation, after);
        true
    }

    /// Counts one more of the request being answered: before it is looked at, so that many at the same moment see
    /// each other.
    ///
    /// # Errors
    /// [`Crowded`], and nothing was counted.
    pub fn count(&self, what: What, now: Timestamp) -> Result<Counted<'_>, Crowded> {
        self.count_of(what, Network::current(), now)
    }

    fn count_of(&self, what: What, from: Network, now: Timestamp) -> Result<Counted<'_>, Crowded> {
        let (key, rate) = ((what, from), self.rates.of(what));
        if rate == 0 || (self.spares_loopback && from.0.is_loopback()) {
            return Ok(Counted { limits: self, key, cost: SignedDuration::ZERO });
        }
        let cost = SignedDuration::from_millis(HOUR.as_secs() * 1000 / i64::from(rate).max(1));
        let shared = self.shared.as_ref().and_then(|store| store.owe(&name(key), now, cost, HOUR));
        if let Some(counted) = shared {
            return counted.map(|()| Counted { limits: self, key, cost }).map_err(|left| Crowded { left });
        }
        let mut owed = self.owed.lock().unwrap_or_else(PoisonError::into_inner);
        let after = paid_by(owed.get(&key).copied(), now, cost, HOUR)?;
        if owed.len() >= MOST_PLACES && !owed.contains_key(&key) {
            owed.retain(|_, until| *until > now);
        }
        if owed.len() < MOST_PLACES || owed.contains_key(&key) {
            owed.insert(key, after);
        }
        Ok(Counted { limits: self, key, cost })
    }
}

/// When all is paid off with one more that costs this, if no more than `most` is owed then.
fn paid_by(
    until: Option<Timestamp>,
    now: Timestamp,
    cost: SignedDuration,
    most: SignedDuration,
) -> Result<Timestamp, Crowded> {
    let before = until.unwrap_or(now).max(now);
    let after = before.checked_add(cost).unwrap_or(before);
    // A clock that was set back makes nobody wait longer than from empty to full.
    let left = after.duration_since(now).checked_sub(most).unwrap_or_default().min(most);
    if left > SignedDuration::ZERO { Err(Crowded { left }) } else { Ok(after) }
}

impl Counted<'_> {
    /// It turned out to be none of those that are limited.
    pub fn forgive(self) {
        let shared = self.limits.shared.as_ref().filter(|_| self.cost > SignedDuration::ZERO);
        if shared.is_some_and(|store| store.forgive_owed(&name(self.key), self.cost)) {
            return;
        }
        let mut owed = self.limits.owed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = owed.get_mut(&self.key) {
            *until = until.checked_sub(self.cost).unwrap_or(*until);
        }
    }

    /// It is one of them.
    pub fn keep(self) {}
}

/// What a place is counted under.
fn name((what, Network(address)): (What, Network)) -> String {
    format!("{what:?} {address}")
}

/// How long to wait, for people.
pub fn wait_of(left: SignedDuration) -> String {
    let seconds = left.as_secs() + 1;
    if seconds > 90 { format!("{} minutes", (seconds + 59) / 60) } else { format!("{seconds} seconds") }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests;
