//! Real AWS accounts: IAM roles for what is assigned, credentials from AWS's STS, accounts from AWS Organizations.
//! `server/AWS-ACCOUNTS.md` says what an administrator prepares.
//!
//! Invariant: only this module knows AWS's SDK. The rest of the server asks [`crate::issuing`] for credentials, and
//! reads from the store what became of the roles.

mod clients;
pub mod command;
mod connector;
pub mod console;
mod discovery;
mod failure;
mod iam;
mod issuer;
mod organizations;
mod reconcile;
mod role;
mod signing;

use std::{num::NonZeroU16, sync::Arc, time::Duration};

use jiff::SignedDuration;
use serde::Deserialize;
use tokio::sync::Notify;
use url::Url;

use crate::{
    instance::{Instance, Shared},
    store::{Job, Lead, StoreError},
};
use clients::Clients;
use connector::Connector;
pub use discovery::routes;
pub use failure::Failure;
pub use issuer::StsKeys;

/// How long failures and their retries may go on before a request for access says `FAILED`; the role is tried
/// further.
pub const TRIES_OF_A_REQUEST: u32 = 6;

/// How soon it is looked again for work that another server does.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// `[aws]` of the configuration file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AwsConfig {
    /// Where STS is spoken to, and which partition the accounts are in.
    pub region: String,
    /// The profile of the management credentials in the AWS files; without it the SDK's default chain.
    pub profile: Option<String>,
    /// The role in each account that roles are made with.
    #[serde(default = "organization_role")]
    pub member_role: String,
    /// What that role's trust policy asks for besides.
    pub external_id: Option<String>,
    /// Where all of AWS's services are, for tests.
    pub endpoint_url: Option<Url>,
    /// SHA-1 fingerprints of the certificate authority behind `public_url`, where it is none that AWS trusts.
    #[serde(default)]
    pub thumbprints: Vec<String>,
    /// Whether accounts and units come from AWS Organizations.
    #[serde(default = "yes")]
    pub import_accounts: bool,
    /// How often they are looked up.
    #[serde(default = "quarter")]
    pub sync_minutes: NonZeroU16,
    /// How often each role is held against what it should be.
    #[serde(default = "hour")]
    pub drift_minutes: NonZeroU16,
}

/// What AWS Organizations makes in the accounts that it creates.
fn organization_role() -> String {
    "OrganizationAccountAccessRole".to_owned()
}

fn yes() -> bool {
    true
}

fn quarter() -> NonZeroU16 {
    NonZeroU16::MIN.saturating_add(14)
}

fn hour() -> NonZeroU16 {
    NonZeroU16::MIN.saturating_add(59)
}

impl AwsConfig {
    /// The partition of its region (AWS General Reference, ARNs).
    pub fn partition(&self) -> &'static str {
        let is = |prefix: &str| self.region.starts_with(prefix);
        match () {
            () if is("cn-") => "aws-cn",
            () if is("us-gov-") => "aws-us-gov",
            () if is("eusc-") => "aws-eusc",
            () => "aws",
        }
    }
}

/// The way to AWS.
#[derive(Debug)]
pub struct Aws {
    /// As configured.
    pub config: AwsConfig,
    clients: Clients,
    http: reqwest::Client,
    /// Wakes who keeps roles in line.
    pub roles_wanted: Notify,
    /// Wakes who reads AWS Organizations.
    pub sync_wanted: Notify,
}

impl Aws {
    /// Reads the environment's credentials settings; calls nobody.
    pub async fn connect(config: AwsConfig) -> Self {
        let connector = Connector::new();
        let http = connector.client().clone();
        let clients = Clients::connect(&config, connector).await;
        Self { config, clients, http, roles_wanted: Notify::new(), sync_wanted: Notify::new() }
    }
}

/// The issuer of web identity tokens, which every account's identity provider names.
pub fn issuer_url(instance: &Instance) -> String {
    instance.addresses.url(discovery::ISSUER)
}

/// The same without its scheme, as ARNs and condition keys have it (IAM User Guide, OIDC condition keys).
fn provider_name(instance: &Instance) -> String {
    let url = issuer_url(instance);
    url.split_once("://").map_or(url.as_str(), |(_, rest)| rest).to_owned()
}

/// Makes AWS's STS the issuer of an instance's credentials.
pub fn take_over(instance: &mut Instance, aws: Arc<Aws>) {
    instance.issuer = Box::new(StsKeys::of(instance, &aws));
    instance.aws = Some(aws);
}

/// Does an instance's work at AWS until it is dropped. Of several servers one at a time does each part of it.
pub async fn work(instance: Shared, aws: Arc<Aws>) {
    tokio::select! {
        () = reconcile::keep(&instance, &aws) => {}
        () = import(&instance, &aws) => {}
    }
}

/// Reads AWS Organizations every so often, and when somebody wants it.
async fn import(instance: &Shared, aws: &Arc<Aws>) {
    if !aws.config.import_accounts {
        return std::future::pending().await;
    }
    let every = Duration::from_secs(60 * u64::from(aws.config.sync_minutes.get()));
    let mut ticks = tokio::time::interval(every);
    loop {
        let is_wanted = tokio::select! {
            _ = ticks.tick() => false,
            () = aws.sync_wanted.notified() => true,
        };
        if let Err(error) = import_once(instance, aws, every, is_wanted).await {
            tracing::error!(%error, "AWS Organizations could not be read; accounts stay as they are");
        }
    }
}

async fn import_once(
    instance: &Shared,
    aws: &Arc<Aws>,
    every: Duration,
    is_wanted: bool,
) -> Result<(), AwsError> {
    let _lead = loop {
        match lead(instance, Job::AwsAccounts).await? {
            Some(lead) => break lead,
            // What another server reads now may be older than what is wanted.
            None => tokio::time::sleep(LOOK_AGAIN).await,
        }
    };
    let is_read = Shared::clone(instance).run(move |instance| {
        let last = if instance.store.is_shared() { instance.store.syncs(1)? } else { Vec::new() };
        let recent = SignedDuration::try_from(every / 2).unwrap_or(SignedDuration::MAX);
        Ok::<_, StoreError>(last.iter().any(|last| instance.now().duration_since(last.moment) < recent))
    });
    if is_read.await? && !is_wanted {
        return Ok(());
    }
    organizations::sync(instance, aws).await.map(drop)
}

/// The lead of a job at AWS, unless another server has it.
async fn lead(instance: &Shared, job: Job) -> Result<Option<Lead>, StoreError> {
    Shared::clone(instance).run(move |instance| instance.store.lead(job)).await
}

/// What kept work at AWS from being done.
#[derive(Debug, thiserror::Error)]
pub enum AwsError {
    /// AWS refused or could not be reached.
    #[error("{0}")]
    Refused(#[from] Failure),
    /// The database.
    #[error("{0}")]
    Store(#[from] StoreError),
}
