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
    ports::SsoError,
    renewal,
    request::{Answer, Reply, Shell},
    sign_in,
    state::{Pass, State},
    waiting::Waiting,
};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

/// The clipboard is cleared after this, if it still holds what we put there.
const CLEAR_AFTER: Duration = Duration::from_secs(90);

/// A wish to copy, and who waits for it.
pub(crate) struct Wish {
    grant: Grant,
    shell: Shell,
    answer: oneshot::Sender<Answer>,
}

impl Wish {
    pub fn new(grant: Grant, shell: Shell, answer: oneshot::Sender<Answer>) -> Self {
        Self { grant, shell, answer }
    }

    pub fn answer(self, answer: Answer) {
        let _ = self.answer.send(answer);
    }
}

/// What became of it.
pub(crate) struct Outcome {
    wish: Wish,
    pass: Pass,
    result: Result<(), SsoError>,
    fetched: Option<RoleCredentials>,
}

/// Asks the person first where that is due.
pub(crate) fn ask(ctx: &Context, state: &mut State, wish: Wish, confirmed: bool) {
    let confirm = state
        .org(&wish.grant.org)
        .filter(|o| !confirmed && o.may_use(&wish.grant))
        .and_then(|o| confirm(o, &wish.grant, Act::CopyKeys));
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
            let text = lines(&credentials, wish.shell, &fetch.org.region);
            let text = text.ok_or(SsoError::Other(Code::Garbled { host }))?;
            ctx.ports.desktop.copy_secret(text, CLEAR_AFTER).await.map_err(SsoError::Other)
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
        Ok(()) => {
            let account_name = state.account_name(&grant);
            ctx.note(state, By::You, Happened::EnvironmentCopied { grant, account_name });
            wish.answer(Ok(Reply::Done));
        }
        Err(SsoError::Unauthorized) if state.org(&grant.org).is_some_and(|o| o.era == pass.era) => {
            renewal::unauthorized(ctx, state, &grant.org, &pass);
            begin(ctx, state, wish);
        }
        Err(error) => wish.answer(Err(sign_in::code_of(error))),
    }
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
