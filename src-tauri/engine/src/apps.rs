//! Opening an application: the portal's own link in the default browser, which has the session with the
//! portal or gets one. No token and no assertion comes here.

use crate::{
    add,
    engine::{Context, Event},
    model::{
        code::Code,
        history::{By, Event as Happened},
        ids::{AppRef, OrgId, Target},
        notice::Notice,
    },
    native,
    ports::Write,
    request::{Answer, Reply},
    snapshot::Launch,
    state::State,
};
use tokio::sync::oneshot;

/// How an opening came out, with the name that the application had when it was asked for.
pub(crate) struct Outcome {
    app: AppRef,
    name: String,
    /// With the browser's name, where it is known.
    result: Result<Option<String>, Code>,
}

pub(crate) fn open(ctx: &Context, state: &mut State, app: AppRef) -> Answer {
    let org = state.org(&app.org).ok_or_else(|| Code::Gone { what: "organisation".to_owned() })?;
    if !org.ready {
        // The browser is not sent to whoever holds the sandbox's port now.
        let why =
            org.failure.clone().unwrap_or_else(|| Code::SandboxFailed { reason: "not running".to_owned() });
        add::start_sandbox_again(ctx, state);
        return Err(why);
    }
    let found = org.application(&app.app).ok_or_else(|| Code::Gone { what: "app".to_owned() })?;
    let (name, link) = (found.name.clone(), found.link(&org.organisation.start_url));
    let target = Target::App(app.clone());
    if state.launches.iter().any(|(t, l)| *t == target && *l == Launch::Opening) {
        // One tab, however often the row is clicked.
        return Ok(Reply::Done);
    }
    state.set_launch(&target, Launch::Opening);
    let Some(org) = state.org(&app.org) else { return Ok(Reply::Done) };
    let (organisation, token) = (org.organisation.clone(), native::token_for_browser(org, ctx.now()));
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let (opened, browser) = tokio::join!(
            native::open_in_browser(&ctx, &organisation, token, &link),
            ctx.ports.browser.name(&organisation.id)
        );
        let result = opened.map(|()| browser);
        ctx.send(Event::AppLaunched(Outcome { app, name, result }));
    });
    Ok(Reply::Done)
}

pub(crate) fn finish(ctx: &Context, state: &mut State, outcome: Outcome) {
    let Outcome { app, name, result } = outcome;
    if state.org(&app.org).is_none() {
        return;
    }
    let now = ctx.now();
    match result {
        Ok(browser) => {
            state.note_launch(app.clone().into(), browser, now);
            ctx.commit(vec![Write::Launched(app.clone().into(), now)]);
            ctx.note(state, By::You, Happened::AppOpened { app, name });
        }
        Err(code) => {
            let failed = Launch::Failed {
                at: now,
                code: code.clone(),
                destination: None,
                region: None,
                private: false,
            };
            state.set_launch(&app.clone().into(), failed);
            let notice = Notice::AppFailed { app: app.clone(), name: name.clone(), code: code.clone() };
            crate::notify::raise(state, notice, now);
            ctx.note(state, By::You, Happened::AppFailed { app, name, code });
        }
    }
}

/// Opens the portal itself, for what it does not list to programs.
pub(crate) fn open_portal(ctx: &Context, state: &State, id: &OrgId, answer: oneshot::Sender<Answer>) {
    let org = state.org(id).filter(|o| o.ready);
    let org = org.map(|o| (o.organisation.clone(), native::token_for_browser(o, ctx.now())));
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let opened = match org {
            Some((organisation, token)) => {
                let to = organisation.start_url.clone();
                native::open_in_browser(&ctx, &organisation, token, &to).await.map(|()| Reply::Done)
            }
            None => Err(Code::Gone { what: "organisation".to_owned() }),
        };
        let _ = answer.send(opened);
    });
}
