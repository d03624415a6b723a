//! The ways in which a kept profile's credentials get to programs, in words.

use crate::ui_credentials::{UiDelivery, UiDeliveryChoice};
use engine::model::{
    delivery::Delivery,
    environment::Sensitivity,
    precedence::{Sdk, would_not_use},
    profile::Conflict,
};

impl From<Delivery> for UiDelivery {
    fn from(delivery: Delivery) -> Self {
        match delivery {
            Delivery::CredentialsFile => Self::CredentialsFile,
            Delivery::OnDemand => Self::OnDemand,
            Delivery::SsoCache => Self::SsoCache,
            Delivery::CopyOnly => Self::CopyOnly,
        }
    }
}

impl From<UiDelivery> for Delivery {
    fn from(delivery: UiDelivery) -> Self {
        match delivery {
            UiDelivery::CredentialsFile => Self::CredentialsFile,
            UiDelivery::OnDemand => Self::OnDemand,
            UiDelivery::SsoCache => Self::SsoCache,
            UiDelivery::CopyOnly => Self::CopyOnly,
        }
    }
}

/// In a word or two.
pub(crate) fn word(delivery: Delivery) -> &'static str {
    match delivery {
        Delivery::CredentialsFile => "Credentials file",
        Delivery::OnDemand => "On demand",
        Delivery::SsoCache => "SSO cache",
        Delivery::CopyOnly => "Copy only",
    }
}

/// All that can be chosen, with the files' paths. The `usual` one is what the person or the organisation set; keys of
/// a privileged role stay out of files all the same.
pub(crate) fn choices(credentials: &str, usual: Delivery) -> Vec<UiDeliveryChoice> {
    let line = |delivery, file: &str| match delivery {
        Delivery::CredentialsFile => format!(
            "Written to {file} and replaced before it expires. Works with every tool, but a program that \
             is already running keeps the old keys until restarted. Any program you run can read the file."
        ),
        Delivery::OnDemand => {
            "Tools ask Latchkey each time, also long-running ones. No key stands in a file. Works \
             while Latchkey does not run, too; suggested for privileged roles."
                .to_owned()
        }
        Delivery::SsoCache => {
            "Keeps the AWS CLI's own sign-in fresh, so that sso_session profiles just work. It lies in \
             ~/.aws/sso/cache as plain text: a program that reads it can use every role you have."
                .to_owned()
        }
        Delivery::CopyOnly => "Nothing is written. You copy when you need it.".to_owned(),
    };
    [Delivery::CredentialsFile, Delivery::OnDemand, Delivery::SsoCache, Delivery::CopyOnly]
        .into_iter()
        .map(|delivery| UiDeliveryChoice {
            delivery: delivery.into(),
            label: match delivery {
                Delivery::OnDemand => "On demand (credential_process)".to_owned(),
                other => word(other).to_owned(),
            },
            line: line(delivery, credentials),
            // The CLI's cache has one place, and the sample touches nothing of the person's.
            sample_line: (delivery != Delivery::SsoCache)
                .then(|| line(delivery, "the sample organisation's own credentials file")),
            privileged: delivery == Delivery::suggested(Sensitivity::Privileged),
            usual: delivery == usual,
        })
        .collect()
}

/// `The AWS CLI, boto3 and Java programs would not use what Latchkey brings.`
pub(crate) fn passing_by(delivery: Delivery, conflict: Conflict) -> Option<String> {
    let sdks = would_not_use(delivery, conflict)?;
    let all = sdks.len() == Sdk::ALL.len();
    let programs = match (all, and(&sdks.into_iter().map(programs).collect::<Vec<_>>())) {
        (true, _) => "No program".to_owned(),
        (false, Some(programs)) => programs,
        (false, None) => return None,
    };
    let verb = if all { "would use" } else { "would not use" };
    Some(format!("{programs} {verb} what Latchkey brings."))
}

fn programs(sdk: Sdk) -> &'static str {
    match sdk {
        Sdk::Botocore => "The AWS CLI, boto3",
        Sdk::Go => "Go programs such as Terraform",
        Sdk::Java => "Java programs",
        Sdk::JavaScript => "JavaScript programs",
        Sdk::Rust => "Rust programs",
    }
}

fn and(names: &[&str]) -> Option<String> {
    let (last, others) = names.split_last()?;
    let mut text =
        if others.is_empty() { (*last).to_owned() } else { format!("{} and {last}", others.join(", ")) };
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    Some(text)
}
