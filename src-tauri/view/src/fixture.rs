//! Snapshots for tests: one organisation as people know it, changed by a line where a test needs it.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use engine::{
    Snapshot,
    model::{
        Timestamp,
        application::{Application, Applications},
        code::Code,
        delivery::Delivery,
        ids::{AccountId, AppId, AppRef, Grant, OrgId, ProfileName, RoleName},
        keys::Keys,
        organisation::{Endpoints, Kind, Organisation},
        portal::{Account, Portal, Sync},
        profile::{Conflict, Kept, State, Written},
        settings::Settings,
        sign_in::{Session, SignIn},
        step_up::{StepUpNow, Unanswered},
    },
    ports::{FileCondition, Keyring},
    snapshot::{OrganisationNow, ProfileNow, RecordNow, SandboxNow},
};
use jiff::tz::TimeZone;
use std::{collections::BTreeMap, sync::Arc};

/// 11:18 by the clock of [`zone`].
pub(crate) fn now() -> Timestamp {
    "2026-11-24T10:18:00Z".parse().unwrap()
}

pub(crate) fn minutes(n: i64) -> Timestamp {
    now() + jiff::SignedDuration::from_mins(n)
}

pub(crate) fn zone() -> TimeZone {
    TimeZone::fixed(jiff::tz::offset(1))
}

pub(crate) fn grant(account: &str, role: &str) -> Grant {
    Grant { org: OrgId::new("acme"), account: AccountId::new(account), role: RoleName::new(role) }
}

pub(crate) fn account(id: &str, name: &str, roles: &[&str]) -> Account {
    Account {
        id: AccountId::new(id),
        name: name.to_owned(),
        email: Some(format!("aws-{id}@acme.test")),
        roles: Some(roles.iter().map(|r| RoleName::new(*r)).collect()),
    }
}

pub(crate) fn application(id: &str, name: &str) -> Application {
    let description = Some(format!("About {name}"));
    Application { id: AppId::new(id), name: name.to_owned(), description, icon: None }
}

pub(crate) fn app(id: &str) -> AppRef {
    AppRef { org: OrgId::new("acme"), app: AppId::new(id) }
}

pub(crate) const PROD: &str = "111122223333";
pub(crate) const DEV: &str = "444455556666";
pub(crate) const LAB: &str = "777788889999";

/// Signed in for another 6 h 12 min.
pub(crate) fn signed_in() -> SignIn {
    SignIn::SignedIn(Session {
        user: Some("sam".into()),
        since: minutes(-108),
        token_expires: minutes(40),
        ends: Some(minutes(372)),
        renewable: true,
        stored: true,
    })
}

pub(crate) fn organisation() -> OrganisationNow {
    let url = |text: &str| text.parse::<url::Url>().unwrap();
    OrganisationNow {
        organisation: Organisation {
            id: OrgId::new("acme"),
            name: "Acme".into(),
            start_url: url("https://acme.awsapps.com/start"),
            region: "eu-west-1".into(),
            kind: Kind::Aws,
            endpoints: Endpoints {
                oidc: url("https://oidc.eu-west-1.amazonaws.com"),
                portal: url("https://portal.sso.eu-west-1.amazonaws.com"),
                federation: url("https://signin.aws.amazon.com/federation"),
                sts: url("https://sts.eu-west-1.amazonaws.com"),
            },
            added: minutes(-10_000),
        },
        sign_in: signed_in(),
        sign_in_failure: None,
        portal: Arc::new(Portal {
            user: None,
            user_id: None,
            accounts: vec![
                account(DEV, "payments-dev", &["PowerUser", "ReadOnly"]),
                account(PROD, "payments-prod", &["Administrator", "Developer", "ReadOnly"]),
                account(LAB, "R&D lab", &["Dev"]),
            ],
            applications: Applications::Listed(vec![
                application("ins-1", "Grafana"),
                application("ins-2", "Wiki"),
            ]),
            synced: Some(minutes(-2)),
            changes: vec![],
            app_changes: vec![],
        }),
        sync: Sync::Idle,
        offer: None,
        labels: BTreeMap::new(),
    }
}

/// A profile fed by `grant`, written when it had an hour, `left` minutes of which are left.
pub(crate) fn profile(name: &str, grant: Grant, left: i64, state: State) -> ProfileNow {
    ProfileNow {
        kept: Kept {
            profile: ProfileName::new(name),
            grant,
            region: None,
            paused: false,
            added: minutes(-1000),
            written: Some(Written {
                at: minutes(left - 60),
                issued: minutes(left - 60),
                expires: minutes(left),
                fingerprint: String::new(),
                key_tail: "4QZX".into(),
            }),
            used: None,
            until: None,
            delivery: Delivery::CredentialsFile,
            placed: None,
            session: None,
            asked: None,
        },
        account_name: "payments-dev".into(),
        state,
        next_refresh: Some(minutes(left - 20)),
    }
}

/// Acme, signed in, no favourites, no profiles.
pub(crate) fn snapshot() -> Snapshot {
    Snapshot {
        loaded: true,
        at: now(),
        organisations: vec![organisation()],
        profiles: vec![],
        favourites: vec![],
        recents: vec![],
        launched: std::sync::Arc::default(),
        launches: vec![],
        chosen: None,
        pause: None,
        settings: Settings::default(),
        way: engine::model::settings::Way::default(),
        settings_problem: None,
        policy: Arc::default(),
        policy_problem: None,
        store_problem: None,
        keyring: Keyring::Ready,
        online: true,
        next_attempt: None,
        file: FileCondition { path: "/home/sam/.aws/credentials".into(), ..FileCondition::default() },
        config: Arc::default(),
        conversions: vec![],
        clock_skew: None,
        history: Arc::new(vec![]),
        record: RecordNow::default(),
        rules: Arc::default(),
        sandbox: SandboxNow::default(),
        keys: Keys::default(),
        step_up: StepUpNow::default(),
        update: None,
        next_refresh: None,
    }
}

pub(crate) fn with(change: impl FnOnce(&mut Snapshot)) -> Snapshot {
    let mut s = snapshot();
    change(&mut s);
    s
}

/// One of each code. The match makes a new one fail to compile here until it is added.
pub(crate) fn codes() -> Vec<Code> {
    let host = || "acme.awsapps.com".to_owned();
    let path = || "/home/sam/.aws/credentials".to_owned();
    let reason = || "it is closed".to_owned();
    let taken = |conflict, delivery| Code::ProfileTaken {
        profile: "default".into(),
        conflict,
        suggestion: "default-2".into(),
        delivery,
    };
    let file = Delivery::CredentialsFile;
    let of_native = crate::tests::sign_in::faults().into_iter().map(Code::from);
    let of_keys = crate::tests::keys::faults().into_iter().map(|fault| Code::SecurityKey { fault });
    let mut all = vec![
        Code::BadStartUrl { reason: reason() },
        Code::NotAPortal { host: host() },
        Code::RegionNeeded { host: host() },
        Code::NoAnswer { host: host() },
        Code::Tls { host: host(), reason: reason() },
        Code::NoTrust { path: Some("/etc/ssl/corporate.pem".into()), reason: reason() },
        Code::NoTrust { path: None, reason: reason() },
        Code::BadProxy,
        Code::ServerError { host: host(), status: 503 },
        Code::Garbled { host: host() },
        Code::Throttled { host: host() },
        Code::ClockSkew { seconds: -660 },
        Code::SignInNeeded,
        Code::SignInDenied,
        Code::SignInFailed { error: "server_error".into() },
        Code::BadDestination { wanted: "s 3".into() },
        Code::StoreDamaged { moved_to: path() },
        Code::SignInTimedOut,
        Code::SignInCancelled,
        Code::UserIsHere { user: "sam@acme.test".into() },
        Code::StateMismatch,
        Code::ListenFailed,
        Code::BrowserFailed { reason: reason() },
        Code::ForeignUrl { host: host() },
        Code::AccessRemoved,
        Code::StepUpNeeded,
        Code::StepUpEnded { why: Unanswered::Denied },
        Code::StepUpEnded { why: Unanswered::DeniedBefore },
        Code::StepUpEnded { why: Unanswered::TimedOut },
        Code::StepUpEnded { why: Unanswered::NoKey },
        Code::StepUpEnded { why: Unanswered::NotAllowed },
        Code::KeyringLocked,
        Code::KeyringMissing { reason: reason() },
        Code::SealBroken,
        Code::DiskFull { path: path() },
        Code::FileUnreadable { path: path(), reason: reason() },
        Code::FileNotWritable { path: path(), reason: reason() },
        Code::FileUnparseable { path: path(), line: 41, what: "no section before this key".into() },
        Code::PolicyNotTrusted {
            path: "/etc/latchkey/policy.json".into(),
            why: "others may write the file".into(),
        },
        Code::FileBusy { path: path() },
        taken(Conflict::Foreign, file),
        taken(Conflict::ForeignLongLivedKey, file),
        taken(Conflict::SsoSettings, file),
        taken(Conflict::SsoSettings, Delivery::OnDemand),
        taken(Conflict::KeysHide, Delivery::OnDemand),
        taken(Conflict::OtherProcess, file),
        taken(Conflict::OtherSource, Delivery::OnDemand),
        Code::DeliveryBlocked {
            profile: "pay-dev".into(),
            delivery: Delivery::OnDemand,
            conflict: Conflict::KeysHide,
        },
        Code::LatchMissing { path: "/usr/bin/latch".into() },
        taken(Conflict::ChangedByAnother, file),
        Code::Paused { profile: None },
        Code::Paused { profile: Some("pay-dev".into()) },
        Code::InConflict { profile: "pay-dev".into(), conflict: Conflict::ChangedByAnother },
        Code::BadProfileName { profile: "a b".into() },
        Code::NotConvertible { profile: "old".into(), why: "it is not in the file any more".into() },
        Code::FileChanged { path: path() },
        Code::PlacesChanged { path: path(), places: vec!["profile old".into()], backup: path() },
        Code::BackupGone { path: path() },
        Code::FolderNotShown { path: path(), reason: reason() },
        Code::Gone { what: "that profile".into() },
        Code::BadPattern { reason: "unclosed group".into() },
        Code::DefaultInProduction {
            org: OrgId::new("acme"),
            account: AccountId::new(PROD),
            account_name: "payments-prod".into(),
            suggestion: "payments-prod".into(),
        },
        Code::UnknownProfile { profile: "pay-dev".into() },
        Code::AssumeRefused {
            role_arn: "arn:aws:iam::111122223333:role/Deploy".into(),
            reason: "AccessDenied".into(),
        },
        Code::Store { reason: reason() },
        Code::SandboxFailed { reason: reason() },
        Code::UpdateDoesNotStart { reason: reason() },
        Code::EngineElsewhere,
        Code::Internal { what: "a task ended".into() },
    ];
    all.extend(of_keys);
    all.extend(of_native);
    for code in &all {
        match code {
            Code::BadStartUrl { .. } | Code::NotAPortal { .. } | Code::RegionNeeded { .. } => {}
            Code::NoAnswer { .. } | Code::Tls { .. } | Code::ServerError { .. } | Code::Garbled { .. } => {}
            Code::NoTrust { .. } | Code::BadProxy | Code::UserIsHere { .. } => {}
            Code::Throttled { .. } | Code::ClockSkew { .. } | Code::SignInNeeded | Code::SignInDenied => {}
            Code::SignInFailed { .. } | Code::BadDestination { .. } | Code::StoreDamaged { .. } => {}
            Code::SignInTimedOut | Code::SignInCancelled | Code::StateMismatch | Code::ListenFailed => {}
            Code::BrowserFailed { .. } | Code::ForeignUrl { .. } => {}
            Code::AccessRemoved | Code::StepUpNeeded | Code::StepUpEnded { .. } => {}
            Code::KeyringLocked | Code::KeyringMissing { .. } | Code::SealBroken => {}
            Code::DiskFull { .. } | Code::FileUnreadable { .. } | Code::FileNotWritable { .. } => {}
            Code::FileUnparseable { .. } | Code::FileBusy { .. } | Code::ProfileTaken { .. } => {}
            Code::PolicyNotTrusted { .. } => {}
            Code::DeliveryBlocked { .. } | Code::LatchMissing { .. } => {}
            Code::BadProfileName { .. } | Code::Gone { .. } | Code::Store { .. } => {}
            Code::UnknownProfile { .. } | Code::AssumeRefused { .. } => {}
            Code::Paused { .. } | Code::InConflict { .. } => {}
            Code::NotConvertible { .. } | Code::FileChanged { .. } => {}
            Code::PlacesChanged { .. } | Code::BackupGone { .. } | Code::FolderNotShown { .. } => {}
            Code::BadPattern { .. } | Code::DefaultInProduction { .. } => {}
            Code::UpdateDoesNotStart { .. } => {}
            Code::SandboxFailed { .. } | Code::EngineElsewhere | Code::Internal { .. } => {}
            Code::SecurityKey { .. } | Code::Native { .. } => {}
        }
    }
    all
}
