//! "Copy environment" and its kin: role credentials as shell lines, as a block for a credentials file or
//! value by value, straight to the clipboard. The window never has them.

use crate::{
    console::{Fetch, confirm},
    engine::{Context, Event},
    model::{
        code::Code,
        environment::Act,
        history::{By, Event as Happened},
        ids::Grant,
        secret::RoleCredentials,
    },
    ports::Keyring,
    request::{Answer, Part, Reply, Shell},
    sign_in,
    state::State,
};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

/// The clipboard is cleared after this, if it still holds what we put there.
const CLEAR_AFTER: Duration = Duration::from_secs(90);

/// In which form.
pub(crate) enum Form {
    Environment(Shell),
    Part(Part),
}

pub(crate) fn begin(
    ctx: &Context,
    state: &mut State,
    grant: Grant,
    form: Form,
    confirmed: bool,
    answer: oneshot::Sender<Answer>,
) {
    let prepared = prepare(ctx, state, &grant, confirmed);
    let (fetch, account_name, region) = match prepared {
        Ok(Prepared::Go(fetch, name, region)) => (fetch, name, region),
        Ok(Prepared::Ask(reply)) => {
            let _ = answer.send(Ok(reply));
            return;
        }
        Err(code) => {
            let _ = answer.send(Err(code));
            return;
        }
    };
    let copied = match form {
        Form::Environment(_) => Happened::EnvironmentCopied { grant, account_name },
        Form::Part(_) => Happened::CredentialsCopied { grant, account_name },
    };
    ctx.note(state, By::You, copied);
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let result = async {
            let (credentials, new) = fetch.credentials().await.map_err(sign_in::code_of)?;
            if new {
                ctx.send(Event::CredentialsFetched(fetch.grant.clone(), fetch.era, credentials.clone()));
            }
            let host = fetch.org.endpoints.portal.host_str().unwrap_or_default().to_owned();
            let text = match &form {
                Form::Environment(shell) => lines(&credentials, *shell, &region),
                Form::Part(part) => part_of(&credentials, part),
            };
            let text = text.ok_or(Code::Garbled { host })?;
            ctx.ports.desktop.copy_secret(text, CLEAR_AFTER).await?;
            Ok(Reply::Done)
        }
        .await;
        let _ = answer.send(result);
    });
}

enum Prepared {
    Go(Fetch, String, String),
    Ask(Reply),
}

fn prepare(ctx: &Context, state: &State, grant: &Grant, confirmed: bool) -> Result<Prepared, Code> {
    let now = ctx.now();
    let org = state.org(&grant.org).ok_or_else(|| Code::Gone { what: "organisation".to_owned() })?;
    if !org.may_use(grant) {
        return Err(Code::AccessRemoved);
    }
    if !confirmed && let Some(confirm) = confirm(org, grant, Act::CopyKeys) {
        return Ok(Prepared::Ask(Reply::Confirm(confirm)));
    }
    let token = org.usable_token(now).map(|t| t.access_token.clone()).ok_or(Code::SignInNeeded)?;
    let fetch = Fetch::of(ctx, org, token, state.keyring == Keyring::Ready, grant, now);
    Ok(Prepared::Go(fetch, org.account_name(&grant.account), org.organisation.region.clone()))
}

/// No service of AWS makes keys with other characters, and a line that is pasted is a line that is run.
fn is_plain(value: &str) -> bool {
    !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || "/+=_.-".contains(c))
}

/// The lines for the shell. `None` when a value holds anything that a shell might not take as plain text.
fn lines(c: &RoleCredentials, shell: Shell, region: &str) -> Option<SecretString> {
    let mut text = Zeroizing::new(String::new());
    let values = [
        ("AWS_ACCESS_KEY_ID", c.access_key_id.expose_secret()),
        ("AWS_SECRET_ACCESS_KEY", c.secret_access_key.expose_secret()),
        ("AWS_SESSION_TOKEN", c.session_token.expose_secret()),
        ("AWS_DEFAULT_REGION", region),
    ];
    for (name, value) in values {
        if !is_plain(value) {
            return None;
        }
        let parts: [&str; 5] = match shell {
            Shell::Posix => ["export ", name, "='", value, "'\n"],
            Shell::Fish => ["set -gx ", name, " '", value, "'\n"],
            Shell::PowerShell => ["$Env:", name, "='", value, "'\n"],
            Shell::Cmd => ["set ", name, "=", value, "\r\n"],
        };
        for part in parts {
            text.push_str(part);
        }
    }
    Some(SecretString::from(text.as_str()))
}

/// A block for a credentials file, or one value. `None` as for [`lines`].
fn part_of(c: &RoleCredentials, part: &Part) -> Option<SecretString> {
    let values = [
        ("aws_access_key_id", &c.access_key_id),
        ("aws_secret_access_key", &c.secret_access_key),
        ("aws_session_token", &c.session_token),
    ];
    if !values.iter().all(|(_, value)| is_plain(value.expose_secret())) {
        return None;
    }
    let profile = match part {
        Part::Block(profile) => profile,
        Part::AccessKeyId => return Some(c.access_key_id.clone()),
        Part::SecretAccessKey => return Some(c.secret_access_key.clone()),
        Part::SessionToken => return Some(c.session_token.clone()),
    };
    let mut text = Zeroizing::new(String::new());
    for part in ["[", profile.as_str(), "]\n"] {
        text.push_str(part);
    }
    for (name, value) in values {
        for part in [name, " = ", value.expose_secret(), "\n"] {
            text.push_str(part);
        }
    }
    Some(SecretString::from(text.as_str()))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use crate::model::ids::ProfileName;

    fn credentials(secret: &str) -> RoleCredentials {
        RoleCredentials {
            access_key_id: SecretString::from("ASIAEXAMPLE"),
            secret_access_key: SecretString::from(secret),
            session_token: SecretString::from("tok/en+="),
            issued: "2026-11-24T10:00:00Z".parse().unwrap(),
            expires: "2026-11-24T11:00:00Z".parse().unwrap(),
        }
    }

    fn check(part: &Part, expect: &str) {
        assert_eq!(part_of(&credentials("se/cret"), part).unwrap().expose_secret(), expect);
    }

    #[test]
    fn each_part_as_it_is_pasted() {
        check(
            &Part::Block(ProfileName::new("pay-dev")),
            "[pay-dev]\naws_access_key_id = ASIAEXAMPLE\naws_secret_access_key = se/cret\n\
             aws_session_token = tok/en+=\n",
        );
        check(&Part::AccessKeyId, "ASIAEXAMPLE");
        check(&Part::SecretAccessKey, "se/cret");
        check(&Part::SessionToken, "tok/en+=");
    }

    #[test]
    fn what_could_add_a_line_is_not_copied() {
        for bad in ["a\nrm -rf ~", "a'b", "", "a b"] {
            let block = Part::Block(ProfileName::new("pay-dev"));
            assert!(part_of(&credentials(bad), &block).is_none(), "{bad:?}");
            assert!(lines(&credentials(bad), Shell::Posix, "eu-west-1").is_none(), "{bad:?}");
        }
    }
}
