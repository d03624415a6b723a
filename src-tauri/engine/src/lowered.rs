//! What rules of others would do to the accounts that are here.

use crate::{
    model::{
        environment::{Environment, classify, is_laxer},
        ids::AccountId,
        rules::{self, Rule, Rules},
    },
    snapshot::{OrganisationNow, Snapshot},
};

/// An account whose class would become laxer.
#[derive(Clone, Debug, PartialEq)]
pub struct Lowered<'a> {
    /// Whose it is.
    pub organisation: &'a OrganisationNow,
    /// Its number.
    pub account: &'a AccountId,
    /// Its name.
    pub name: &'a str,
    /// What it is.
    pub now: Environment,
    /// What it would be.
    pub then: Environment,
}

impl Snapshot {
    /// The accounts that would be asked about less if these rules stood behind the person's own, in the order
    /// they are listed.
    #[must_use]
    pub fn lowered_by(&self, shared: Vec<Rule>) -> Vec<Lowered<'_>> {
        let then = self.rules.with_own(&rules::beside(&self.settings.safety.rules, shared));
        let accounts = self.organisations.iter().flat_map(|organisation| {
            organisation.portal.accounts.iter().map(move |account| (organisation, account))
        });
        let all = accounts.map(|(organisation, account)| {
            let label = organisation.labels.get(&account.id).copied();
            let class = |rules: &Rules| {
                let (number, email) = (account.id.as_str(), account.email.as_deref());
                classify(&account.name, number, email, label, rules).environment
            };
            let (now, then) = (class(&self.rules), class(&then));
            Lowered { organisation, account: &account.id, name: &account.name, now, then }
        });
        all.filter(|it| is_laxer(it.now, it.then)).collect()
    }
}
