//! "Copy environment": role credentials as shell lines, straight to the clipboard. The window never has
//! them.

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
    request::{Answer, Reply, Shell},
    sign_in,
    state::State,
};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

/// The clipboard is cleared after this, if it still holds what we put there.
const CLEAR_AFTER: Duration = Duration::from_secs(90);

pub(crate) fn begin(
    ctx: &Context,
    state: &mut State,
    grant: Grant,
    shell: Shell,
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
    ctx.note(state, By::You, Happened::EnvironmentCopied { grant, account_name });
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let result = async {
            let (credentials, new) = fetch.credentials().await.map_err(sign_in::code_of)?;
            if new {
                ctx.send(Event::CredentialsFetched(fetch.grant.clone(), fetch.era, credentials.clone()));
            }
            let host = fetch.org.endpoints.portal.host_str().unwrap_or_default().to_owned();
            let text = lines(&credentials, shell, &region).ok_or(Code::Garbled { host })?;
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

/// The lines for the shell. `None` when a value holds anything that a shell might not take as plain text:
/// no service of AWS makes such keys, and a line that is pasted is a line that is run.
fn lines(c: &RoleCredentials, shell: Shell, region: &str) -> Option<SecretString> {
    let mut text = Zeroizing::new(String::new());
    let values = [
        ("AWS_ACCESS_KEY_ID", c.access_key_id.expose_secret()),
        ("AWS_SECRET_ACCESS_KEY", c.secret_access_key.expose_secret()),
        ("AWS_SESSION_TOKEN", c.session_token.expose_secret()),
        ("AWS_DEFAULT_REGION", region),
    ];
    let plain = |c: char| c.is_ascii_alphanumeric() || "/+=_.-".contains(c);
    for (name, value) in values {
        if value.is_empty() || !value.chars().all(plain) {
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
