//! A newer version of this program that was installed while it runs: told, and let in when the person wants it.

use crate::{
    engine::{Context, Event},
    model::{code::Code, notice::Notice},
    ports::Keyring,
    request::{Answer, Reply},
    snapshot::UpdateNow,
    state::{Quitting, State},
};
use tokio::{sync::oneshot, time::Instant};

/// What is known of it.
#[derive(Default)]
pub(crate) struct Update {
    pub version: Option<String>,
    /// The version of which the person wants to hear no more in this run.
    put_off: Option<String>,
    /// It is being tried out, to be let in after that.
    trying: bool,
}

/// What a task found out.
pub(crate) enum Told {
    /// The version that waits, or that none does any more.
    Waits(Option<String>),
    /// Whether it starts.
    TriedOut(Result<String, Code>, oneshot::Sender<Answer>),
}

/// Hears from now on what takes this program's place on disk.
pub(crate) fn follow(ctx: &Context) {
    let mut ready = ctx.ports.program.ready();
    let ctx = ctx.clone();
    tokio::spawn(async move {
        loop {
            let version = ready.borrow_and_update().clone();
            ctx.send(Event::Update(Told::Waits(version)));
            if ready.changed().await.is_err() {
                return;
            }
        }
    });
}

/// The person wants it now. What does not start is not let in.
pub(crate) fn restart(ctx: &Context, state: &mut State, answer: oneshot::Sender<Answer>) {
    if state.update.version.is_none() {
        let _ = answer.send(Err(Code::Gone { what: "newer version".to_owned() }));
        return;
    }
    if std::mem::replace(&mut state.update.trying, true) {
        let _ = answer.send(Ok(Reply::Done));
        return;
    }
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let tried = ctx.ports.program.try_out().await;
        ctx.send(Event::Update(Told::TriedOut(tried, answer)));
    });
}

/// The window says no more of this version. The tray does, in a row that is in nobody's way.
pub(crate) fn later(state: &mut State) -> Answer {
    state.update.put_off.clone_from(&state.update.version);
    Ok(Reply::Done)
}

/// As everybody sees it.
pub(crate) fn now(state: &State) -> Option<UpdateNow> {
    let version = state.update.version.clone()?;
    let put_off = state.update.put_off.as_ref() == Some(&version);
    let in_memory = matches!(state.keyring, Keyring::MemoryOnly(_));
    let signs_out = in_memory && state.orgs.iter().any(|org| org.session().is_some());
    Some(UpdateNow { version, put_off, signs_out })
}

/// The last thing that the loop does: from here on it is whoever ends the program that starts the other one.
pub(crate) async fn leave(ctx: &Context, state: &State) {
    for notice in state.on_screen.iter().filter(|it| matches!(it, Notice::UpdateReady { .. })) {
        ctx.ports.desktop.withdraw(&notice.key()).await;
    }
    ctx.ports.program.start_again();
}

pub(crate) fn told(state: &mut State, told: Told) {
    match told {
        Told::Waits(version) => state.update.version = version,
        Told::TriedOut(tried, answer) => {
            state.update.trying = false;
            match tried {
                // Whoever quits meanwhile wants no other start.
                Ok(_) if state.quitting.is_none() => {
                    let by = Instant::now() + crate::engine::QUIT_WAITS;
                    state.quitting = Some(Quitting { answer, by, again: true });
                }
                Ok(_) => drop(answer.send(Ok(Reply::Done))),
                Err(code) => drop(answer.send(Err(code))),
            }
        }
    }
}
