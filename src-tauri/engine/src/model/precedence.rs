//! Which of several sources of credentials a program uses that finds them under one profile's name, by the
//! AWS SDK it is built on.

use super::{delivery::Delivery, profile::Conflict};

/// Where a profile's credentials can come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// `role_arn` with `source_profile` or `credential_source`.
    Role,
    /// `role_arn` with `web_identity_token_file`.
    WebIdentity,
    /// `sso_…` settings.
    Sso,
    /// Keys in the credentials file.
    Keys,
    /// `credential_process` in the config file.
    Process,
}

/// What programs are built on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sdk {
    /// The AWS CLI, boto3.
    Botocore,
    /// aws-sdk-go-v2: Terraform and many more.
    Go,
    /// aws-sdk-java-v2.
    Java,
    /// aws-sdk-js-v3.
    JavaScript,
    /// aws-sdk-rust.
    Rust,
}

impl Sdk {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Botocore, Self::Go, Self::Java, Self::JavaScript, Self::Rust];

    /// What it looks for first, and so on, within one profile that a program named.
    ///
    /// - botocore 1.44.5, `credentials.py`, `create_credential_resolver` with `ProfileProviderBuilder`;
    ///   `AssumeRoleProvider` leaves a profile with a web identity alone. Held against the real one in
    ///   `tests/wire/precedence.rs`. The CLI v2 has the same.
    /// - Go v2, `config/resolve_credentials.go`, `resolveCredsFromProfile`: keys of either file before all
    ///   but a source profile.
    /// - Java v2, `ProfileCredentialsUtils.credentialsProviderWithFeatureID`: keys come last.
    /// - JavaScript v3, `credential-provider-ini/src/resolveProfileData.ts`. Its default chain asks for SSO
    ///   before only where the program itself passes SSO settings
    ///   (`credential-provider-node/src/defaultProvider.ts`).
    /// - Rust, `aws-config/src/profile/credentials/repr.rs`, `resolve_chain` and `base_provider`: a web
    ///   identity is no role to chain, keys come last.
    #[must_use]
    pub fn order(self) -> [Source; 5] {
        use Source::{Keys, Process, Role, Sso, WebIdentity};
        match self {
            Self::Botocore => [WebIdentity, Role, Sso, Keys, Process],
            Self::Go => [Role, Keys, WebIdentity, Sso, Process],
            Self::Java => [WebIdentity, Sso, Role, Process, Keys],
            Self::JavaScript => [Role, Keys, WebIdentity, Process, Sso],
            Self::Rust => [WebIdentity, Role, Sso, Process, Keys],
        }
    }

    /// What it uses of what is there.
    #[must_use]
    pub fn uses(self, there: &[Source]) -> Option<Source> {
        self.order().into_iter().find(|source| there.contains(source))
    }
}

/// Where programs find what Latchkey delivers.
#[must_use]
pub fn source_of(delivery: Delivery) -> Option<Source> {
    match delivery {
        Delivery::CredentialsFile => Some(Source::Keys),
        Delivery::OnDemand => Some(Source::Process),
        Delivery::SsoCache => Some(Source::Sso),
        Delivery::CopyOnly => None,
    }
}

/// The other source that a conflict tells of.
#[must_use]
pub fn other_source(conflict: Conflict) -> Option<Source> {
    match conflict {
        Conflict::SsoSettings => Some(Source::Sso),
        Conflict::KeysHide | Conflict::Foreign | Conflict::ForeignLongLivedKey => Some(Source::Keys),
        Conflict::OtherProcess => Some(Source::Process),
        Conflict::OtherSource => Some(Source::Role),
        Conflict::ChangedByAnother => None,
    }
}

/// The SDKs whose programs would not use what Latchkey delivers beside the other source. `None` where the two
/// cannot stand beside each other: one takes the other's place.
#[must_use]
pub fn would_not_use(delivery: Delivery, conflict: Conflict) -> Option<Vec<Sdk>> {
    let (ours, other) = (source_of(delivery)?, other_source(conflict)?);
    if ours == other {
        return None;
    }
    Some(Sdk::ALL.into_iter().filter(|sdk| sdk.uses(&[ours, other]) != Some(ours)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(delivery: Delivery, conflict: Conflict, expect: &[Sdk]) {
        assert_eq!(would_not_use(delivery, conflict).as_deref(), Some(expect), "{delivery:?} {conflict:?}");
    }

    #[test]
    fn whose_programs_would_pass_by() {
        use Sdk::{Botocore, Go, Java, JavaScript, Rust};
        check(Delivery::OnDemand, Conflict::KeysHide, &[Botocore, Go, JavaScript]);
        check(Delivery::OnDemand, Conflict::SsoSettings, &[Botocore, Go, Java, Rust]);
        check(Delivery::CredentialsFile, Conflict::SsoSettings, &[Botocore, Java, Rust]);
        check(Delivery::CredentialsFile, Conflict::OtherProcess, &[Java, Rust]);
        check(Delivery::OnDemand, Conflict::OtherSource, &Sdk::ALL);
        assert_eq!(would_not_use(Delivery::OnDemand, Conflict::OtherProcess), None);
    }

    #[test]
    fn each_order_has_every_source_once() {
        for sdk in Sdk::ALL {
            for source in Sdk::Botocore.order() {
                assert_eq!(sdk.order().iter().filter(|it| **it == source).count(), 1, "{sdk:?} {source:?}");
            }
        }
    }
}
