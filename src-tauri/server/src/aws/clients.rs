//! AWS's services as the management account sees them, and as each account does.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use aws_config::{
    BehaviorVersion, Region, SdkConfig, retry::RetryConfig,
    stalled_stream_protection::StalledStreamProtectionConfig, timeout::TimeoutConfig,
};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use jiff::Timestamp;

use super::{AwsConfig, connector::Connector, failure, failure::Failure};

/// As many as the SDK makes of one call; what outlasts them is tried again later.
const ATTEMPTS: u32 = 3;
/// How long one attempt may take, and all of a call.
const ATTEMPT: Duration = Duration::from_secs(10);
const CALL: Duration = Duration::from_secs(25);
/// Credentials of an account that end sooner are asked for anew.
const STILL_GOOD: Duration = Duration::from_secs(5 * 60);
/// What sessions in the accounts are called in CloudTrail.
const SESSION_NAME: &str = "latchkey-server";

/// Clients by account.
#[derive(Debug)]
pub struct Clients {
    management: SdkConfig,
    /// For what needs no credentials.
    anonymous: SdkConfig,
    partition: &'static str,
    member_role: String,
    external_id: Option<String>,
    accounts: Mutex<BTreeMap<String, Credentials>>,
}

impl Clients {
    /// Reads the environment and the AWS files; calls nobody.
    pub async fn connect(config: &AwsConfig, connector: Connector) -> Self {
        let loader = || {
            let timeouts =
                TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).operation_timeout(CALL).build();
            let loader = aws_config::defaults(BehaviorVersion::latest())
                .http_client(connector.clone())
                .region(Region::new(config.region.clone()))
                .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
                // It watches streams, and there are none.
                .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
                .timeout_config(timeouts);
            match &config.endpoint_url {
                Some(url) => loader.endpoint_url(url.as_str().trim_end_matches('/')),
                None => loader,
            }
        };
        let management = match &config.profile {
            Some(profile) => loader().profile_name(profile),
            None => loader(),
        };
        Self {
            management: management.load().await,
            anonymous: loader().no_credentials().load().await,
            partition: config.partition(),
            member_role: config.member_role.clone(),
            external_id: config.external_id.clone(),
            accounts: Mutex::default(),
        }
    }

    /// AWS Organizations, as the management account.
    pub fn organizations(&self) -> aws_sdk_organizations::Client {
        aws_sdk_organizations::Client::new(&self.management)
    }

    /// STS without credentials: for what a token says.
    pub fn sts(&self) -> aws_sdk_sts::Client {
        aws_sdk_sts::Client::new(&self.anonymous)
    }

    /// IAM of an account, by its role for this.
    ///
    /// # Errors
    /// [`Failure`] if the role cannot be assumed.
    pub async fn iam(
        &self,
        account: &str,
        management_account: &str,
        now: Timestamp,
    ) -> Result<aws_sdk_iam::Client, Failure> {
        if account == management_account {
            // Organizations makes no such role there.
            return Ok(aws_sdk_iam::Client::new(&self.management));
        }
        let known = self.accounts.lock().unwrap_or_else(PoisonError::into_inner).get(account).cloned();
        let since = Duration::from_secs(now.as_second().unsigned_abs());
        let good_until = SystemTime::UNIX_EPOCH + since + STILL_GOOD;
        let credentials = match known.filter(|keys| keys.expiry().is_some_and(|ends| ends > good_until)) {
            Some(credentials) => credentials,
            None => self.assume(account).await?,
        };
        let provider = SharedCredentialsProvider::new(credentials);
        let config = self.management.clone().into_builder().credentials_provider(provider).build();
        Ok(aws_sdk_iam::Client::new(&config))
    }

    async fn assume(&self, account: &str) -> Result<Credentials, Failure> {
        let role = format!("arn:{}:iam::{account}:role/{}", self.partition, self.member_role);
        let answer = aws_sdk_sts::Client::new(&self.management)
            .assume_role()
            .role_arn(role)
            .role_session_name(SESSION_NAME)
            .set_external_id(self.external_id.clone())
            .send()
            .await
            .map_err(failure::of("sts:AssumeRole"))?;
        let keys = answer.credentials.ok_or_else(|| {
            Failure::own("sts:AssumeRole", "NoCredentials", "the answer has no credentials")
        })?;
        let ends = SystemTime::try_from(keys.expiration).ok();
        let credentials = Credentials::new(
            keys.access_key_id,
            keys.secret_access_key,
            Some(keys.session_token),
            ends,
            "AssumeRole",
        );
        let mut known = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(account.to_owned(), credentials.clone());
        Ok(credentials)
    }

    /// Forgets an account's credentials, as they may be the reason of a refusal.
    pub fn forget(&self, account: &str) {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner).remove(account);
    }
}
