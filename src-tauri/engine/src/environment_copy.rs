//! "Copy environment" and its kin: role credentials as shell lines, as a block for a credentials file or
//! value by value, straight to the clipboard. The window never has them.

use crate::{
    console::Fetch,
    engine::{Context, Event},
    model::{
        Timestamp,
        code::Code,
        environment::Act,
        history::{By, Event as Happened},
        ids::Grant,
        notice::Notice,
        secret::RoleCredentials,
    },
    notify,
    ports::SsoError,
    renewal,
    request::{Answer, Part, Reply, Shell},
    safety, sign_in,
    state::{Pass, State},
    usage,
    waiting::Waiting,
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

/// A wish to copy, and who waits for it.
pub(crate) struct Wish {
    grant: Grant,
    form: Form,
    answer: oneshot::Sender<Answer>,
}

impl Wish {
    pub fn new(grant: Grant, form: Form, answer: oneshot::Sender<Answer>) -> Self {
        Self { grant, form, answer }
    }

    pub fn answer(self, answer: Answer) {
        let _ = self.answer.send(answer);
    }
}

/// What became of it.
pub(crate) struct Outcome {
    wish: Wish,
    pass: Pass,
    /// When what was copied expires.
    result: Result<Timestamp, SsoError>,
    fetched: Option<RoleCredentials>,
}

/// Asks the person first where that is due.
pub(crate) fn ask(ctx: &Context, state: &mut State, wish: Wish, confirmed: bool) {
    let confirm = state
        .org(&wish.grant.org)
        .filter(|o| !confirmed && o.may_use(&wish.grant))
        .and_then(|o| safety::confirm(ctx, state, o, &wish.grant, Act::CopyKeys));
    match confirm {
        Some(confirm) => wish.answer(Ok(Reply::Confirm(confirm))),
        None => begin(ctx, state, wish),
    }
}

pub(crate) fn begin(ctx: &Context, state: &mut State, wish: Wish) {
    let now = ctx.now();
    let sealing = state.sealing();
    let id = wish.grant.org.clone();
    let Some(org) = state.org_mut(&id) else {
        return wish.answer(Err(Code::Gone { what: "organisation".to_owned() }));
    };
    if !org.may_use(&wish.grant) {
        return wish.answer(Err(Code::AccessRemoved));
    }
    let Some(pass) = org.pass(now) else {
        if !org.stands(now) {
            return wish.answer(Err(Code::SignInNeeded));
        }
        org.waiting.push(Waiting::Environment(wish));
        // The person asks, so the wait after a failure is over.
        org.renew_not_before = None;
        return renewal::begin(ctx, state, &id);
    };
    let fetch = Fetch::of(ctx, org, pass, sealing, &wish.grant, now);
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let mut fetched = None;
        let result = async {
            let (credentials, new) = fetch.credentials().await?;
            if new {
                fetched = Some(credentials.clone());
            }
            let host = fetch.org.endpoints.portal.host_str().unwrap_or_default().to_owned();
            let text = match &wish.form {
                Form::Environment(shell) => lines(&credentials, *shell, &fetch.org.region),
                Form::Part(part) => part_of(&credentials, part),
            };
            let text = text.ok_or(SsoError::Other(Code::Garbled { host }))?;
            ctx.ports.desktop.copy_secret(text, CLEAR_AFTER).await.map_err(SsoError::Other)?;
            Ok(credentials.expires)
        }
        .await;
        ctx.send(Event::Copied(Outcome { wish, pass: fetch.pass.clone(), result, fetched }));
    });
}

pub(crate) fn finish(ctx: &Context, state: &mut State, outcome: Outcome) {
    let Outcome { wish, pass, result, fetched } = outcome;
    let grant = wish.grant.clone();
    if let Some(credentials) = fetched {
        renewal::remember(ctx, state, &grant, &pass, credentials);
    }
    match result {
        Ok(expires) => {
            usage::of_role(ctx, state, &grant);
            let account_name = state.account_name(&grant);
            // Whoever copied it in the window sees it there.
            if !state.window_focused {
                let now = ctx.now();
                let until = now + CLEAR_AFTER;
                let (grant, account_name) = (grant.clone(), account_name.clone());
                notify::raise(state, Notice::Copied { grant, account_name, expires, until }, now);
            }
            let copied = match wish.form {
                Form::Environment(_) => Happened::EnvironmentCopied { grant, account_name },
                Form::Part(_) => Happened::CredentialsCopied { grant, account_name },
            };
            ctx.note(state, By::You, copied);
            wish.answer(Ok(Reply::Done));
        }
        Err(SsoError::Unauthorized) if state.org(&grant.org).is_some_and(|o| o.era == pass.era) => {
            renewal::unauthorized(ctx, state, &grant.org, &pass);
            begin(ctx, state, wish);
        }
        Err(error) => wish.answer(Err(sign_in::code_of(error))),
    }
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
