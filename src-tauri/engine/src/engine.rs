//! The event loop: the only writer of the state. Work that waits runs in tasks which send their
//! [`Event`] back here.

pub(crate) use crate::context::Context;
use crate::{
    add, apps, assume, cache, console, conversion, deliver, environment_copy, half_sync, hand_out, import,
    keep, keys, marks,
    model::{
        Timestamp,
        aws_config::{AwsConfig, Converted, Undone},
        code::Code,
        history::{By, Event as Happened},
        ids::OrgId,
    },
    native, network, notify, pause,
    ports::{FileCondition, FileSet, Ports, Presence},
    publish, record, refresh, registering, renewal,
    request::{Answer, KeysRequest, Reply, Request, Signal},
    safety,
    saver::Saver,
    schedule, set, sign_in, sign_out,
    snapshot::Snapshot,
    start,
    state::{Quitting, State},
    step_up, stop, sync,
    turns::Turns,
    update, usage, way,
    writer::Writer,
};
use jiff::tz::TimeZone;
use std::sync::Arc;
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::Instant,
};

/// The longest sleep of the loop. Sleeps are timed by a clock that stands still while the machine
/// sleeps, so the boot-time clock is compared at least this often.
const LONGEST_SLEEP: std::time::Duration = std::time::Duration::from_secs(60);

/// A jump of the boot-time clock against the loop's own by more than this was a sleep.
const SLEPT: std::time::Duration = std::time::Duration::from_secs(5);

/// Quitting waits so long for sign-outs and renewals under way.
pub(crate) const QUIT_WAITS: std::time::Duration = std::time::Duration::from_secs(5);

/// What the loop waits for.
pub(crate) enum Message {
    Ask(Request, oneshot::Sender<Answer>),
    Signal(Signal),
    Event(Event),
}

/// What a task found out.
pub(crate) enum Event {
    Started(Box<start::Loaded>),
    Attempt(OrgId, u64, sign_in::Progress),
    Unlocked(start::Unlocked),
    /// The server forgot the registration of that id.
    Forgotten(OrgId, String),
    /// With the era of the sign-in that was renewed.
    Renewed(OrgId, u64, Result<renewal::Renewal, crate::ports::SsoError>),
    /// Who is signed in, as the server said after a renewal in that era.
    Told(OrgId, u64, crate::ports::WhoAmI),
    /// The sign-in with the token of that number was stored late.
    Stored(OrgId, u64),
    Revoked(OrgId, Result<(), crate::ports::SsoError>),
    /// With the number of the sync.
    Synced(OrgId, u64, sync::Progress),
    Launched(console::Outcome),
    AppLaunched(apps::Outcome),
    Kept(keep::Checked),
    /// Profiles of the AWS config file were converted, or not.
    Converted(Result<Box<Converted>, Code>, oneshot::Sender<Answer>),
    /// A conversion was undone, or not.
    ConversionUndone(i64, Result<Undone, Code>, oneshot::Sender<Answer>),
    /// The AWS config file was read.
    Config(Arc<AwsConfig>),
    Looked(import::Looked),
    Refreshed(refresh::Batch),
    Stopped(stop::Stopped),
    Undone(Result<(), Code>, oneshot::Sender<Answer>),
    MadePrivate,
    Checked(keep::FilesChecked),
    Condition(FileSet, Box<FileCondition>),
    Sandbox(Result<crate::ports::SandboxReady, Code>, Option<oneshot::Sender<Answer>>),
    Added(Box<add::Found>),
    Presence(Presence),
    /// The desktop took a notification, or not.
    Notified(Box<crate::model::notice::Notice>, Timestamp, Result<(), Code>),
    StoreFailed(Code),
    StoreWorks,
    SettingsSaved,
    Way(way::Tried),
    Copied(environment_copy::Outcome),
    Asked(hand_out::Asked),
    HandedOut(hand_out::Outcome),
    Assumed(assume::Outcome),
    Placed(deliver::Placed),
    Cached(OrgId, u64, crate::ports::CachedSignIn),
    Rerouted(deliver::Looked),
    SandboxEnded,
    Record(record::Outcome),
    /// Of security keys.
    Keys(keys::Told),
    /// Of a server's API for the app.
    Native(native::Told),
    /// Of a key that is being registered, or of where keys are.
    Registering(registering::Told),
    /// Of touches that a server asked for.
    StepUp(step_up::Told),
    /// An answer came that did not belong to the attempt of that number.
    Strange(OrgId, u64),
    /// Of a newer version of this program.
    Update(update::Told),
}

/// The engine's handle: cheap to clone, usable from every thread.
#[derive(Clone)]
pub struct Engine {
    tx: mpsc::UnboundedSender<Message>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
}

impl Engine {
    /// Starts the loop on the current tokio runtime. The first snapshot is empty; the next holds what
    /// the store had.
    #[must_use]
    pub fn start(ports: Ports, zone: TimeZone) -> Self {
        Self::run(ports, zone, false)
    }

    /// As [`Self::start`], for a program that does one thing and ends: nothing happens by itself, neither
    /// refreshing nor syncing nor notifying, and quitting leaves the files as they are.
    #[must_use]
    pub fn start_on_demand(ports: Ports, zone: TimeZone) -> Self {
        Self::run(ports, zone, true)
    }

    fn run(ports: Ports, zone: TimeZone, on_demand: bool) -> Self {
        let (tx, rx) = mpsc::unbounded_channel();
        let first = publish::empty(ports.clock.now());
        let (out, snapshots) = watch::channel(Arc::new(first));
        let writer = Writer::start(ports.store.clone(), tx.clone());
        let saver = Saver::start(ports.settings.clone(), tx.clone());
        let turns = Turns::start();
        let ctx = Context { ports, tx: tx.clone(), zone, on_demand, writer, saver, turns };
        tokio::spawn(run(ctx, rx, out));
        Self { tx, snapshots }
    }

    /// Asks for something.
    ///
    /// # Errors
    /// What went wrong, as a [`Code`]; [`Code::Internal`] when the loop has ended.
    pub async fn ask(&self, request: Request) -> Answer {
        let (answer, wait) = oneshot::channel();
        let gone = || Code::Internal { what: "the engine has ended".to_owned() };
        self.tx.send(Message::Ask(request, answer)).map_err(|_| gone())?;
        wait.await.map_err(|_| gone())?
    }

    /// Tells the engine what the machine did.
    pub fn signal(&self, signal: Signal) {
        // The loop has ended only when the program ends.
        let _ = self.tx.send(Message::Signal(signal));
    }

    /// Every published state, the latest at once.
    #[must_use]
    pub fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshots.clone()
    }
}

async fn run(ctx: Context, mut rx: mpsc::UnboundedReceiver<Message>, out: watch::Sender<Arc<Snapshot>>) {
    let mut state = start::empty(ctx.now());
    start::load(&ctx);
    let mut ready = false;
    let mut early = Vec::new();
    let mut clocks = (Instant::now(), ctx.ports.clock.since_boot());
    loop {
        let wake = if ready && !ctx.on_demand { schedule::next(&state, ctx.now()) } else { None };
        let mut sleep = wake.map_or(LONGEST_SLEEP, |at| {
            std::time::Duration::try_from(at.duration_since(ctx.now())).unwrap_or_default().min(LONGEST_SLEEP)
        });
        if let Some(quitting) = &state.quitting {
            sleep = sleep.min(quitting.by.saturating_duration_since(Instant::now()));
        }
        let message = tokio::select! {
            message = rx.recv() => match message {
                Some(message) => Some(message),
                None => return,
            },
            () = tokio::time::sleep(sleep) => None,
        };
        let slept = ctx.ports.clock.since_boot().saturating_sub(clocks.1).saturating_sub(clocks.0.elapsed());
        clocks = (Instant::now(), ctx.ports.clock.since_boot());
        if slept > SLEPT && ready {
            signal(&ctx, &mut state, Signal::Woke);
        }
        match message {
            Some(Message::Event(Event::Started(loaded))) => {
                start::finish(&ctx, &mut state, *loaded);
                ready = true;
                for message in early.drain(..) {
                    handle(&ctx, &mut state, message);
                }
            }
            Some(message) if !ready => early.push(message),
            Some(message) => handle(&ctx, &mut state, message),
            None => {}
        }
        if !busy(&state)
            && let Some(quitting) = state.quitting.take()
        {
            for org in &mut state.orgs {
                half_sync::save(&ctx, org);
            }
            let mut result =
                if ctx.on_demand { Ok(()) } else { keep::quit(&ctx, &state, quitting.again).await };
            ctx.flush().await;
            let again = quitting.again && !asked_to_quit(&mut rx);
            if again {
                update::leave(&ctx, &state).await;
            } else if quitting.again {
                result = keep::quit(&ctx, &state, false).await;
                ctx.flush().await;
            }
            let done = if again { Reply::Restarting } else { Reply::Done };
            let _ = quitting.answer.send(result.map(|()| done));
            return;
        }
        if ready {
            // Whoever quits wants nothing new begun.
            if state.quitting.is_none() && !ctx.on_demand {
                schedule::tick(&ctx, &mut state);
            }
            if !ctx.on_demand {
                notify::judge(&ctx, &mut state);
            }
            let snapshot = publish::snapshot(&state, ctx.now());
            out.send_if_modified(|current| {
                let changed = !publish::same(current, &snapshot);
                if changed {
                    *current = Arc::new(snapshot);
                }
                changed
            });
        }
    }
}

/// Whether the person wanted to quit while the loop was about to end for another start.
fn asked_to_quit(rx: &mut mpsc::UnboundedReceiver<Message>) -> bool {
    while let Ok(message) = rx.try_recv() {
        if let Message::Ask(Request::Quit, answer) = message {
            // It is done with everything else.
            let _ = answer.send(Ok(Reply::Done));
            return true;
        }
    }
    false
}

fn handle(ctx: &Context, state: &mut State, message: Message) {
    match message {
        Message::Signal(s) => signal(ctx, state, s),
        Message::Event(e) => event(ctx, state, e),
        Message::Ask(Request::Quit, answer) => {
            state.quitting = Some(Quitting { answer, by: Instant::now() + QUIT_WAITS, again: false });
        }
        Message::Ask(request, answer) => {
            if let Some((request, answer)) = step_up::gate(ctx, state, request, answer) {
                ask(ctx, state, request, answer);
            }
        }
    }
}

/// What quitting waits for: what a refresh under way would write after we took it out must not stay
/// behind; a rotated refresh token must reach the store, and a sign-out the server, within a few seconds.
fn busy(state: &State) -> bool {
    let Some(quitting) = &state.quitting else { return false };
    let writing =
        state.settings.remove_on_quit && !quitting.again && state.profiles.values().any(|p| p.in_flight);
    let talking = state.revoking > 0 || state.orgs.iter().any(|o| o.renewing || o.landing);
    writing || (talking && Instant::now() < quitting.by)
}

fn signal(ctx: &Context, state: &mut State, signal: Signal) {
    tracing::info!(?signal, "the machine tells");
    let now = ctx.now();
    match signal {
        Signal::Woke => network::woke(state, now),
        Signal::NetworkUp => network::came(state, now),
        Signal::NetworkDown => network::gone(state, now),
        Signal::ScreenLocked => step_up::locked(ctx, state),
        Signal::PersonBack => notify::person_back(state),
        Signal::WindowFocus(focused) => {
            state.window_focused = focused;
            notify::person_back(state);
        }
        Signal::FilesChanged => {
            keep::recheck(ctx, state);
            cache::look(ctx, state);
        }
    }
}

fn event(ctx: &Context, state: &mut State, event: Event) {
    match event {
        // Only the first message of all; handled by the loop.
        Event::Started(_) => {}
        Event::Attempt(org, id, progress) => sign_in::progress(ctx, state, &org, id, progress),
        Event::Unlocked(unlocked) => start::unlocked(ctx, state, unlocked),
        Event::Forgotten(org, client) => sign_in::forgotten(ctx, state, &org, &client),
        Event::Renewed(org, era, result) => renewal::finish(ctx, state, &org, era, result),
        Event::Told(org, era, who) => renewal::told(ctx, state, &org, era, who),
        Event::Stored(org, number) => renewal::stored(state, &org, number),
        Event::Revoked(org, result) => sign_out::revoked(ctx, state, &org, result),
        Event::Synced(org, number, progress) => sync::progress(ctx, state, &org, number, progress),
        Event::AppLaunched(outcome) => apps::finish(ctx, state, outcome),
        Event::Launched(outcome) => console::finish(ctx, state, outcome),
        Event::Config(config) => state.config = config,
        Event::Looked(looked) => import::looked(ctx, state, looked),
        Event::Converted(result, answer) => conversion::made(ctx, state, result.map(|it| *it), answer),
        Event::ConversionUndone(entry, result, answer) => {
            conversion::undone(ctx, state, entry, result, answer);
        }
        Event::Kept(checked) => keep::finish(ctx, state, checked),
        Event::Refreshed(batch) => refresh::finish(ctx, state, batch),
        Event::Stopped(stopped) => stop::stopped(ctx, state, stopped),
        Event::MadePrivate => {
            ctx.note(state, By::You, Happened::MadePrivate);
        }
        Event::Undone(result, answer) => keep::undone(ctx, state, result, answer),
        Event::Checked(checked) => keep::checked(ctx, state, checked),
        Event::Condition(set, condition) => usage::condition(ctx, state, set, *condition),
        Event::Sandbox(result, answer) => add::sandbox_started(ctx, state, result, answer),
        Event::Added(found) => add::finish(ctx, state, *found),
        Event::Presence(presence) => notify::decide(ctx, state, presence),
        Event::Notified(notice, at, result) => notify::notified(ctx, state, *notice, at, result),
        Event::StoreFailed(code) => {
            tracing::error!(?code, "the store failed");
            state.store_problem = Some(code);
        }
        Event::StoreWorks => {
            state.store_problem = None;
            renewal::store_all(ctx, state);
        }
        Event::SettingsSaved => state.settings_problem = None,
        Event::Way(tried) => way::finish(ctx, state, tried),
        Event::Copied(outcome) => environment_copy::finish(ctx, state, outcome),
        Event::Asked(asked) => hand_out::ask(ctx, state, asked),
        Event::HandedOut(outcome) => hand_out::finish(ctx, state, outcome),
        Event::Assumed(outcome) => assume::finish(ctx, state, outcome),
        Event::Cached(org, era, newer) => cache::adopt(ctx, state, &org, era, newer),
        Event::Placed(placed) => deliver::finish(ctx, state, placed),
        Event::Rerouted(looked) => deliver::changed(ctx, state, looked),
        Event::SandboxEnded => add::sandbox_ended(ctx, state),
        Event::Record(outcome) => record::finish(ctx, state, outcome),
        Event::Keys(told) => keys::told(ctx, state, told),
        Event::Native(told) => native::told(ctx, state, told),
        Event::Registering(told) => registering::told(ctx, state, told),
        Event::StepUp(told) => step_up::finish(ctx, state, told),
        Event::Strange(org, attempt) => safety::strange_answer(ctx, state, &org, attempt),
        Event::Update(told) => update::told(state, told),
    }
}

pub(crate) fn ask(ctx: &Context, state: &mut State, request: Request, answer: oneshot::Sender<Answer>) {
    tracing::debug!(request = request_name(&request), "asked");
    let reply = |answer: oneshot::Sender<Answer>, result: Answer| {
        let _ = answer.send(result);
    };
    match request {
        Request::CheckStartUrl { typed, region, endpoints } => {
            add::check(ctx, typed, region, endpoints, answer);
        }
        Request::AddOrganisation { typed, name, region, endpoints } => {
            add::begin(ctx, add::Wanted { typed, name, region, endpoints }, answer);
        }
        Request::LookAtConfig => import::look(ctx, answer),
        Request::AddFromConfig => import::add_organisations(ctx, state, answer),
        Request::PlanConversion(profiles) => conversion::plan(ctx, profiles, answer),
        Request::Convert { profiles, seen } => conversion::begin(ctx, profiles, seen, answer),
        Request::UndoConversion(entry) => conversion::undo(ctx, state, entry, answer),
        Request::RemoveOrganisation(org) => add::remove(ctx, state, &org, answer),
        Request::Choose(org) => reply(answer, add::choose(ctx, state, org)),
        Request::AddUser(org) => reply(answer, add::another_user(ctx, state, &org)),
        Request::StartSandbox => add::start_sandbox(ctx, state, Some(answer)),
        Request::DeleteSandbox => add::delete_sandbox(ctx, state, answer),
        Request::SignIn { org, method } => reply(answer, sign_in::begin(ctx, state, &org, method)),
        Request::OpenSignInAgain(org) => sign_in::open_again(ctx, state, &org, answer),
        Request::InApp { org, step } => reply(answer, native::step(ctx, state, &org, step)),
        Request::CancelSignIn(org) => reply(answer, sign_in::cancel(ctx, state, &org)),
        Request::SignOut(org) => reply(answer, sign_out::begin(ctx, state, &org)),
        Request::Sync(org) => reply(answer, sync::asked(ctx, state, &org)),
        Request::PauseSync(org) => reply(answer, sync::pause(ctx, state, &org)),
        Request::OpenConsole { grant, destination, region, private, confirmed } => {
            let wish = console::Wish { grant, destination, region, private, confirmed };
            reply(answer, console::begin(ctx, state, wish));
        }
        Request::CopyEnvironment { grant, shell, confirmed } => {
            let form = environment_copy::Form::Environment(shell);
            environment_copy::ask(ctx, state, grant, form, confirmed, answer);
        }
        Request::CopyCredentials { grant, part, confirmed } => {
            let form = environment_copy::Form::Part(part);
            environment_copy::ask(ctx, state, grant, form, confirmed, answer);
        }
        Request::HandOut { of, assume, asker, may_sign_in, confirmed } => {
            let to = hand_out::To::Program(asker);
            let asked = hand_out::Asked { of, assume, to, may_sign_in, confirmed, looked: false, answer };
            hand_out::ask(ctx, state, asked);
        }
        Request::KeepFresh { grant, profile, delivery, region, replace_foreign, confirmed } => {
            let lasting = None;
            let wish = keep::Wish { grant, profile, delivery, region, replace_foreign, confirmed, lasting };
            keep::begin(ctx, state, wish, answer);
        }
        Request::ChangeDelivery { profile, delivery, replace_foreign } => {
            deliver::change(ctx, state, deliver::Change { profile, delivery, replace_foreign }, answer);
        }
        Request::KeepMany { wanted, confirmed } => {
            import::keep_many(ctx, state, wanted, confirmed, None, answer);
        }
        Request::Confirmed { request, consent } => confirmed(ctx, state, *request, consent, answer),
        Request::AllowDefault { account, allowed } => {
            safety::allow_default(ctx, state, &account, allowed, answer);
        }
        Request::TryRule { field, pattern } => reply(answer, safety::try_rule(state, field, &pattern)),
        Request::StopKeeping { profile, remove } => stop::begin(ctx, state, &profile, remove, answer),
        Request::RefreshProfile(profile) => reply(answer, keep::refresh_one(ctx, state, &profile)),
        Request::RefreshAll => reply(answer, keep::refresh_all(ctx, state)),
        Request::PauseProfile { profile, paused } => {
            reply(answer, keep::pause_one(ctx, state, &profile, paused));
        }
        Request::TakeBack(profile) => reply(answer, keep::take_back(ctx, state, &profile)),
        Request::Pause(how_long) => reply(answer, pause::begin(ctx, state, how_long)),
        Request::Resume => reply(answer, pause::end(ctx, state)),
        Request::OpenApp(app) => reply(answer, apps::open(ctx, state, app)),
        Request::OpenPortal(org) => apps::open_portal(ctx, state, &org, answer),
        Request::MoveFavourite { target, up } => {
            reply(answer, marks::move_favourite(ctx, state, &target, up));
        }
        Request::SetFavourite { target, on } => reply(answer, marks::set_favourite(ctx, state, target, on)),
        Request::SetEnvironment { org, account, environment } => {
            reply(answer, marks::set_environment(ctx, state, &org, &account, environment));
        }
        Request::LookAtBrowsers => {
            let ctx = ctx.clone();
            tokio::spawn(async move {
                let _ = answer.send(Ok(Reply::Browsers(ctx.ports.browser.installed().await)));
            });
        }
        Request::SetSettings(settings) => set::settings(ctx, state, settings, answer),
        Request::SetNaming(naming) => set::naming(ctx, state, naming, answer),
        Request::AdoptTeam { rules, template, team } => {
            set::team(ctx, state, rules, template, team, answer);
        }
        Request::SetNetwork(network) => way::begin(ctx, state, network, answer),
        Request::MakeFilePrivate => keep::make_private(ctx, answer),
        Request::UndoFileChanges => keep::undo(ctx, answer),
        Request::RetryKeyring => start::retry_keyring(ctx, answer),
        Request::History(page) => {
            let ctx = ctx.clone();
            tokio::spawn(async move {
                ctx.flush().await;
                let _ = answer.send(ctx.ports.store.history(page).await.map(Reply::History));
            });
        }
        Request::RecordedAccounts => {
            let ctx = ctx.clone();
            tokio::spawn(async move {
                let _ = answer.send(ctx.ports.store.recorded_accounts().await.map(Reply::RecordedAccounts));
            });
        }
        Request::CheckRecord => {
            record::check(ctx, state);
            reply(answer, Ok(Reply::Done));
        }
        Request::ClearHistory => record::clear(ctx, state, answer),
        Request::ShowLogs => record::show_logs(ctx, answer),
        Request::ShowFile(profile) => keep::show_file(ctx, state, &profile, answer),
        Request::SaveExport { format, text, lines } => record::export(ctx, format, text, lines, answer),
        Request::Pressed { notice, pressed } => notify::pressed(ctx, state, &notice, pressed, answer),
        Request::TestNotification => notify::test(ctx, state, answer),
        Request::Restart => update::restart(ctx, state, answer),
        Request::UpdateLater => reply(answer, update::later(state)),
        Request::Keys(KeysRequest::Register { key, org, name }) => {
            registering::begin(ctx, state, &key, &org, name, answer);
        }
        Request::Keys(KeysRequest::WaiveSpare(org)) => registering::waive_spare(ctx, state, org, answer),
        Request::Keys(KeysRequest::System(way)) => keys::system::ask(ctx, way, answer),
        Request::Keys(request) => reply(answer, keys::ask(ctx, state, request)),
        Request::StepUp(request) => step_up::ask(ctx, state, request, answer),
        Request::CatchUp => reply(answer, Ok(Reply::Done)),
        // Handled by the loop, since it ends it.
        Request::Quit => reply(answer, Ok(Reply::Done)),
    }
}

/// Does what the person said yes to. What asks again asks about something else.
fn confirmed(
    ctx: &Context,
    state: &mut State,
    request: Request,
    consent: crate::request::Consent,
    answer: oneshot::Sender<Answer>,
) {
    let (request, lasting) = safety::confirmed(ctx, state, request, consent);
    match request {
        Request::OpenConsole { grant, destination, region, private, .. } => {
            let confirmed = true;
            ask(ctx, state, Request::OpenConsole { grant, destination, region, private, confirmed }, answer);
        }
        Request::CopyEnvironment { grant, shell, .. } => {
            ask(ctx, state, Request::CopyEnvironment { grant, shell, confirmed: true }, answer);
        }
        Request::CopyCredentials { grant, part, .. } => {
            ask(ctx, state, Request::CopyCredentials { grant, part, confirmed: true }, answer);
        }
        Request::HandOut { of, assume, asker, may_sign_in, .. } => {
            ask(ctx, state, Request::HandOut { of, assume, asker, may_sign_in, confirmed: true }, answer);
        }
        Request::KeepFresh { grant, profile, delivery, region, replace_foreign, .. } => {
            let confirmed = true;
            let wish = keep::Wish { grant, profile, delivery, region, replace_foreign, confirmed, lasting };
            keep::begin(ctx, state, wish, answer);
        }
        Request::KeepMany { wanted, .. } => import::keep_many(ctx, state, wanted, true, lasting, answer),
        // Nothing else is asked about.
        Request::Confirmed { .. } => {
            let what = "a confirmation of a confirmation".to_owned();
            let _ = answer.send(Err(Code::Internal { what }));
        }
        other => ask(ctx, state, other, answer),
    }
}

/// The request's name alone: its fields may name accounts.
fn request_name(request: &Request) -> String {
    let text = format!("{request:?}");
    text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned()
}
