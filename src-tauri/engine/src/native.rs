//! Signing in without a browser, where a server offers that. What it ends with is an authorization code, so the
//! sign-in that comes of it is the browser's in every way ([`sign_in::progress`]).

mod calls;
mod enrolling;

use crate::{
    engine::{Context, Event},
    keys::errand::{self, For},
    model::{
        Timestamp,
        code::Code,
        ids::OrgId,
        keys::{Ceremony, KeyFault, KeyId, KeyWish, Signed, Undone},
        native::{Entered, InApp, InAppStep, NativeFactor, NativeFault, NativeOffer, Stage},
        organisation::{Kind, Organisation},
        secret::ClientRegistration,
        sign_in::{Attempt, Method, SignIn},
    },
    ports::{
        AuthorizeRequest, BrowserReason, KeyAnswer, KeyChallenge, Known, NativeComplete, NativeError,
        NativeStep, Sealable, SecretUrl, SsoError, Typed, Write,
    },
    request::{Answer, Reply},
    safety,
    sign_in::{self, Progress},
    state::{Org, State},
};
use calls::{Outcome, asking, hold, with_request};
use jiff::SignedDuration;
use secrecy::SecretString;
use url::Url;

/// A server that did not say what it offers is asked again after so long.
const ASKED_AGAIN: SignedDuration = SignedDuration::from_secs(30);

/// What is known of a server's sign-in for the app.
#[derive(Clone, Debug, Default)]
pub(crate) enum Offer {
    /// Not asked yet, or no answer: not before then.
    #[default]
    Unknown,
    Asking,
    NotBefore(Timestamp),
    Known(Option<NativeOffer>),
}

/// What an attempt has besides what everybody sees.
#[derive(Default)]
pub(crate) struct Flow {
    request: Option<(ClientRegistration, AuthorizeRequest)>,
    /// Names the sign-in under way.
    sign_in: Option<SecretString>,
    /// Of a passkey's challenge, or of that for a first key.
    state: Option<SecretString>,
    /// One for each passkey, for the person to choose.
    signed: Vec<Signed>,
    /// What a first key is called, once it made its key pair.
    enrolled: Option<String>,
    /// Where a refusal leads back to.
    back: Option<Stage>,
}

/// What a task found out.
pub(crate) enum Told {
    Offer(OrgId, Result<Option<NativeOffer>, NativeError>),
    /// The authorization request that the attempt of that number begins with.
    Request(OrgId, u64, Box<(ClientRegistration, AuthorizeRequest)>),
    Step(OrgId, u64, Result<NativeStep, NativeError>),
    Challenge(OrgId, u64, Result<KeyChallenge, NativeError>),
}

impl Org {
    /// What the server takes from the app, as far as is known.
    pub fn offered(&self) -> Option<&NativeOffer> {
        match &self.offer {
            Offer::Known(offer) => offer.as_ref(),
            _ => None,
        }
    }

    /// Signing in in the app is offered, and somebody did so before: nobody is sent to the browser unasked.
    pub fn signs_in_here(&self) -> bool {
        self.offered().is_some_and(|offer| offer.password) && !self.known.is_empty()
    }
}

/// When the server is to be asked what it offers.
pub(crate) fn due(org: &Org, now: Timestamp) -> Option<Timestamp> {
    if org.organisation.kind == Kind::Aws || !org.ready {
        return None;
    }
    match org.offer {
        Offer::Unknown => Some(now),
        Offer::NotBefore(at) => Some(at),
        Offer::Asking | Offer::Known(_) => None,
    }
}

/// Asks the server what it offers.
pub(crate) fn look(ctx: &Context, state: &mut State, id: &OrgId) {
    let Some(org) = state.org_mut(id) else { return };
    org.offer = Offer::Asking;
    let (ctx, organisation) = (ctx.clone(), org.organisation.clone());
    tokio::spawn(async move {
        let offer = ctx.ports.native.offer(&organisation).await;
        ctx.send(Event::Native(Told::Offer(organisation.id, offer)));
    });
}

/// The attempt of an organisation, if it is one in the app.
fn attempt<'a>(state: &'a mut State, id: &OrgId) -> Option<(&'a mut Attempt, &'a mut Flow)> {
    let org = state.org_mut(id)?;
    let SignIn::InProgress(attempt) = &mut org.sign_in else { return None };
    (attempt.method == Method::Native && !org.landing).then_some((attempt, &mut org.flow))
}

fn in_app<'a>(state: &'a mut State, id: &OrgId) -> Option<(&'a mut InApp, &'a mut Flow)> {
    let (attempt, flow) = attempt(state, id)?;
    Some((attempt.in_app.as_mut()?, flow))
}

/// A step that the person takes.
pub(crate) fn step(ctx: &Context, state: &mut State, id: &OrgId, step: InAppStep) -> Answer {
    let gone = || Code::Gone { what: "sign-in".to_owned() };
    if matches!(step, InAppStep::Begin | InAppStep::Password { .. } | InAppStep::Passkey)
        && attempt(state, id).is_none()
    {
        sign_in::begin(ctx, state, id, Some(Method::Native))?;
    }
    let (now, _) = in_app(state, id).ok_or_else(gone)?;
    if now.stage == Stage::Asking {
        // One thing at a time; what comes of it is shown.
        return Ok(Reply::Done);
    }
    // A key that is being waited for is not needed for what comes now.
    if now.stage == Stage::Key && step != InAppStep::Begin {
        errand::no_more(ctx, state, id);
    }
    match step {
        InAppStep::Begin => {}
        InAppStep::Password { username, password } => {
            let Some((now, flow)) = in_app(state, id) else { return Ok(Reply::Done) };
            *now = InApp { username: username.clone(), ..InApp::new() };
            *flow = Flow::default();
            let mut known = state.org(id).map(|org| org.known_by(&username)).unwrap_or_default();
            // Who is signed in and does it again is to prove all there is, as on the server's pages: that is what
            // adding a key takes, and a known place would get by with the password for ever.
            if state.org(id).is_some_and(|org| org.session().is_some()) {
                known.context = None;
            }
            let typed = Typed { username, password: password.secret().clone() };
            with_request(ctx, state, id, Stage::Password, move |native, org, request| {
                let (typed, known) = (typed.clone(), known.clone());
                async move {
                    let (client, request) = &*request;
                    Outcome::Step(native.start(&org, client, request, &typed, &known).await)
                }
            });
        }
        InAppStep::Passkey => {
            let Some((now, flow)) = in_app(state, id) else { return Ok(Reply::Done) };
            *now = InApp { passkey: true, ..InApp::new() };
            *flow = Flow::default();
            with_request(ctx, state, id, Stage::Password, |native, org, request| async move {
                let (client, request) = &*request;
                Outcome::Challenge(native.passkey_challenge(&org, client, request).await)
            });
        }
        InAppStep::Code(code) => type_in(ctx, state, id, &code).ok_or_else(gone)?,
        InAppStep::AskOtherwise => {
            let (now, _) = in_app(state, id).ok_or_else(gone)?;
            if now.radius().is_none() {
                return Err(gone());
            }
            type_in(ctx, state, id, &Entered::nothing()).ok_or_else(gone)?;
        }
        InAppStep::Enrol => enrolling::begin(ctx, state, id),
        InAppStep::Factor(place) => factor(ctx, state, id, place),
        InAppStep::User(place) => {
            let (_, flow) = in_app(state, id).ok_or_else(gone)?;
            if let Some(signed) = flow.signed.get(place).cloned() {
                answer(ctx, state, id, signed);
            }
        }
    }
    Ok(Reply::Done)
}

/// Sends what was typed for the factor that [`Stage::Code`] is about; `None` where nothing is to be typed.
fn type_in(ctx: &Context, state: &mut State, id: &OrgId, code: &Entered) -> Option<()> {
    let (now, flow) = in_app(state, id)?;
    let Stage::Code(place) = now.stage else { return None };
    let factor = now.factors.get(place).and_then(NativeFactor::typed)?.to_owned();
    let (sign_in, code) = (flow.sign_in.clone()?, code.secret().clone());
    let known = known(state, id);
    asking(ctx, state, id, Stage::Code(place), |native, org| async move {
        Outcome::Step(native.code(&org, &sign_in, &factor, &code, &known).await)
    });
    Some(())
}

/// Goes to a way to prove the second factor.
fn factor(ctx: &Context, state: &mut State, id: &OrgId, place: usize) {
    let Some((now, flow)) = in_app(state, id) else { return };
    match (now.factors.get(place), flow.sign_in.clone()) {
        (Some(NativeFactor::Code { .. } | NativeFactor::Radius { .. }), Some(_)) => {
            (now.stage, now.wrong) = (Stage::Code(place), None);
        }
        (Some(NativeFactor::Keys { .. }), Some(sign_in)) => {
            asking(ctx, state, id, Stage::KeyFailed, |native, org| async move {
                Outcome::Challenge(native.challenge(&org, &sign_in).await)
            });
        }
        _ => {}
    }
}

/// What an earlier sign-in of this person left here.
fn known(state: &mut State, id: &OrgId) -> Known {
    let username = in_app(state, id).map(|(now, _)| now.username.clone()).unwrap_or_default();
    state.org(id).map(|org| org.known_by(&username)).unwrap_or_default()
}

pub(crate) fn told(ctx: &Context, state: &mut State, told: Told) {
    let (id, number) = match &told {
        Told::Offer(id, _) => (id.clone(), None),
        Told::Request(id, number, _) | Told::Step(id, number, _) | Told::Challenge(id, number, _) => {
            (id.clone(), Some(*number))
        }
    };
    // An older attempt's words are ignored.
    if number.is_some() && attempt(state, &id).map(|(attempt, _)| attempt.id) != number {
        return;
    }
    match told {
        Told::Offer(_, offer) => offered(ctx, state, &id, offer),
        Told::Request(_, _, request) => {
            if let Some((_, flow)) = attempt(state, &id) {
                flow.request = Some(*request);
            }
        }
        Told::Step(_, _, Ok(step)) => stepped(ctx, state, &id, step),
        Told::Challenge(_, number, Ok(challenge)) => {
            let Some((_, flow)) = in_app(state, &id) else { return };
            flow.state = challenge.state;
            let ceremony = Ceremony::new(challenge.options, challenge.origin);
            let Some((now, _)) = in_app(state, &id) else { return };
            now.stage = Stage::Key;
            let wish = if now.enrols { KeyWish::Register(ceremony) } else { KeyWish::Authenticate(ceremony) };
            errand::begin(ctx, state, For::SignIn(id, number), wish, None);
        }
        Told::Step(_, _, Err(error)) | Told::Challenge(_, _, Err(error)) => refused(ctx, state, &id, &error),
    }
}

fn offered(ctx: &Context, state: &mut State, id: &OrgId, offer: Result<Option<NativeOffer>, NativeError>) {
    let now = ctx.now();
    let Some(org) = state.org_mut(id) else { return };
    org.offer = match offer {
        Ok(offer) => Offer::Known(offer),
        Err(error) => {
            tracing::info!(organisation = %id, %error, "what the server offers the app is not known");
            Offer::NotBefore(now + ASKED_AGAIN)
        }
    };
    crate::registering::look(ctx, state);
}

fn stepped(ctx: &Context, state: &mut State, id: &OrgId, step: NativeStep) {
    match step {
        NativeStep::SecondFactor { sign_in, ends, factors } => {
            let Some((attempt, flow)) = attempt(state, id) else { return };
            flow.sign_in = Some(sign_in);
            attempt.deadline = ends;
            let Some(now) = attempt.in_app.as_mut() else { return };
            now.factors = factors;
            if now.factors.is_empty() {
                return end(ctx, state, id, NativeFault::BrowserNeeded.into());
            }
            now.stage = Stage::KeyFailed;
            factor(ctx, state, id, 0);
        }
        NativeStep::ContinueInBrowser { reason: BrowserReason::Enrolment, sign_in: Some(sign_in) }
            if state.org(id).and_then(Org::offered).is_some_and(|offer| offer.keys) =>
        {
            enrolling::ask(state, id, sign_in);
        }
        NativeStep::ContinueInBrowser { reason, .. } => {
            let fault = match reason {
                BrowserReason::Enrolment => NativeFault::EnrolmentNeeded,
                BrowserReason::PasswordChange => NativeFault::NewPasswordNeeded,
                BrowserReason::Other => NativeFault::BrowserNeeded,
            };
            end(ctx, state, id, fault.into());
        }
        NativeStep::Complete(done) => complete(ctx, state, id, *done),
    }
}

/// The attempt is over without a sign-in.
fn end(ctx: &Context, state: &mut State, id: &OrgId, code: Code) {
    let Some(number) = attempt(state, id).map(|(attempt, _)| attempt.id) else { return };
    sign_in::progress(ctx, state, id, number, Progress::Failed(code));
}

/// The server has let the person in: its code becomes tokens.
fn complete(ctx: &Context, state: &mut State, id: &OrgId, done: NativeComplete) {
    let NativeComplete { code, username, known, .. } = done;
    enrolling::done(ctx, state, id);
    remember(ctx, state, id, &username, &known);
    let Some(organisation) = state.org(id).map(|org| org.organisation.clone()) else { return };
    let Some((attempt, flow)) = attempt(state, id) else { return };
    let (number, Some((client, request))) = (attempt.id, flow.request.take()) else { return };
    let (ctx, to) = (ctx.clone(), id.clone());
    let task = tokio::spawn(async move {
        let sso = &ctx.ports.sso;
        let progress = match sso.exchange(&organisation, &client, &request, &code).await {
            Ok(tokens) => {
                let who = sso.who_am_i(&organisation, &tokens.access_token).await.unwrap_or_default();
                Progress::Tokens { tokens, who }
            }
            Err(SsoError::InvalidGrant) => Progress::Failed(Code::SignInTimedOut),
            Err(error) => Progress::Failed(sign_in::code_of(error)),
        };
        ctx.send(Event::Attempt(to, number, progress));
    });
    hold(state, id, task);
}

/// Keeps what the server knows this computer by, sealed where that can be.
fn remember(ctx: &Context, state: &mut State, id: &OrgId, username: &str, new: &Known) {
    let sealing = state.sealing();
    let Some(org) = state.org_mut(id) else { return };
    let typed = match &org.sign_in {
        SignIn::InProgress(attempt) => attempt.in_app.as_ref().map(|now| now.username.clone()),
        _ => None,
    };
    // The person may type an email address the next time as well.
    for name in [Some(username.to_owned()), typed.filter(|typed| !typed.is_empty() && typed != username)] {
        let Some(name) = name else { continue };
        let known = org.known.entry(name).or_default();
        known.device = new.device.clone().or(known.device.take());
        known.context = new.context.clone().or(known.context.take());
    }
    if sealing {
        ctx.commit(known_rows(ctx, org));
    }
}

/// What outlives a sign-out.
pub(crate) fn known_rows(ctx: &Context, org: &Org) -> Vec<Write> {
    let row = |(name, known): (&String, &Known)| {
        ctx.ports.vault.seal(org.id(), "", name, &Sealable::Known(known.clone())).map(Write::Sealed)
    };
    match org.known.iter().map(row).collect() {
        Ok(rows) => rows,
        Err(code) => {
            ctx.send(Event::StoreFailed(code));
            Vec::new()
        }
    }
}

/// A key signed for the attempt of that number, or did not.
pub(crate) fn signed(
    ctx: &Context,
    state: &mut State,
    id: &OrgId,
    number: u64,
    key: Option<&KeyId>,
    result: Result<Vec<Signed>, KeyFault>,
) {
    if attempt(state, id).is_none_or(|(attempt, _)| attempt.id != number) {
        return;
    }
    let called = key.map(|key| enrolling::name(state, key));
    let Some((now, flow)) = in_app(state, id) else { return };
    match result {
        Ok(mut signed) if signed.len() == 1 => {
            flow.enrolled = called.filter(|_| now.enrols);
            if let Some(only) = signed.pop() {
                answer(ctx, state, id, only);
            }
        }
        Ok(signed) => {
            let name = |one: &Signed| one.user.clone().unwrap_or_default();
            now.stage = Stage::User(signed.iter().map(name).collect());
            flow.signed = signed;
        }
        // That a key pair may be made yet is told, all the same.
        Err(KeyFault::Cancelled { undone: Undone::Nothing }) => {
            (now.stage, now.wrong) = (Stage::KeyFailed, None);
        }
        Err(fault) => (now.stage, now.wrong) = (Stage::KeyFailed, Some(Code::SecurityKey { fault })),
    }
}

/// Sends what a key signed.
fn answer(ctx: &Context, state: &mut State, id: &OrgId, signed: Signed) {
    let known = known(state, id);
    let Some((now, flow)) = in_app(state, id) else { return };
    let (passkey, answer) = (now.passkey, KeyAnswer(signed.credential));
    let (sign_in, challenge, request) = (flow.sign_in.clone(), flow.state.take(), flow.request.clone());
    let (enrols, name) = (now.enrols, flow.enrolled.clone().unwrap_or_default());
    asking(ctx, state, id, Stage::KeyFailed, move |native, org| async move {
        let step = match (passkey, request, challenge, sign_in) {
            (true, Some((client, request)), Some(state), _) => {
                native.passkey_answer(&org, &client, &request, &state, &answer).await
            }
            (false, _, Some(state), Some(sign_in)) if enrols => {
                native.enrol(&org, &sign_in, &name, &state, &answer).await
            }
            (false, _, _, Some(sign_in)) if !enrols => native.answer(&org, &sign_in, &answer, &known).await,
            _ => Err(NativeError::Over),
        };
        Outcome::Step(step)
    });
}

/// The server refused a step: the person is where it can be taken again, with the reason.
fn refused(ctx: &Context, state: &mut State, id: &OrgId, error: &NativeError) {
    tracing::info!(organisation = %id, %error, "a step of a sign-in was refused");
    if *error == NativeError::NotOffered
        && let Some(org) = state.org_mut(id)
    {
        org.offer = Offer::Unknown;
    }
    if let NativeError::Moved { host } = error {
        safety::password_moved(ctx, state, id, host);
    }
    let mut code = code_of(error.clone(), ctx.now());
    if matches!(
        error,
        NativeError::NotOffered
            | NativeError::Blocked
            | NativeError::Moved { .. }
            | NativeError::Sso(SsoError::InvalidClient)
    ) {
        return end(ctx, state, id, code);
    }
    let Some((now, flow)) = in_app(state, id) else { return };
    let over = matches!(error, NativeError::Over | NativeError::NoSuchFactor);
    if *error == NativeError::WrongCode
        && let Some(Stage::Code(place)) = flow.back
        && let Some(NativeFactor::Radius { asks, .. }) = now.factors.get_mut(place)
    {
        // What it asked is answered, if wrongly: it begins anew.
        (*asks, code) = (None, NativeFault::NotAccepted.into());
    }
    now.stage = match flow.back.take() {
        // Begun anew, with the name that was typed.
        _ if over && !now.passkey => Stage::Password,
        Some(back) => back,
        None => Stage::Password,
    };
    if now.stage == Stage::Password {
        (now.factors, flow.sign_in, now.enrols) = (Vec::new(), None, false);
    }
    now.wrong = Some(code);
}

/// What a refusal means, with the moment at which a lock ends.
pub(crate) fn code_of(error: NativeError, now: Timestamp) -> Code {
    let fault = match error {
        NativeError::NotOffered => NativeFault::NotOffered,
        NativeError::WrongPassword => NativeFault::WrongPassword,
        NativeError::WrongCode => NativeFault::WrongCode,
        NativeError::CodeUsed => NativeFault::CodeUsed,
        NativeError::RadiusSilent => NativeFault::RadiusSilent,
        NativeError::Locked { wait } => {
            let until = now.saturating_add(SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX));
            NativeFault::Locked { until: until.unwrap_or(Timestamp::MAX) }
        }
        NativeError::KeyNotRegistered => NativeFault::KeyNotRegistered,
        NativeError::KeyRefused => NativeFault::KeyRefused,
        NativeError::KeyCopied => NativeFault::KeyCopied,
        NativeError::Blocked => NativeFault::Blocked,
        NativeError::Over => NativeFault::Over,
        NativeError::NoSuchFactor | NativeError::NoSuchDevice | NativeError::NotNeeded => {
            NativeFault::NoSuchFactor
        }
        NativeError::ProofNeeded => NativeFault::ProofNeeded,
        NativeError::AppSignInNeeded => NativeFault::AppSignInNeeded,
        NativeError::NotAdded => NativeFault::NotAdded,
        NativeError::LastDevice => NativeFault::LastDevice,
        NativeError::ForeignChallenge { rp_id } => NativeFault::ForeignChallenge { site: rp_id },
        NativeError::Moved { host } => NativeFault::Moved { host },
        NativeError::NoAccess => return Code::AccessRemoved,
        NativeError::Sso(error) => return sign_in::code_of(error),
    };
    fault.into()
}

/// An address of the portal, opened so that the browser goes on with the app's sign-in: by a ticket, where the person
/// signs in here. Without one, or where there is none to be had, the browser has a session of its own, or asks.
pub(crate) async fn open_in_browser(
    ctx: &Context,
    organisation: &Organisation,
    token: Option<SecretString>,
    to: &Url,
) -> Result<(), Code> {
    let ports = &ctx.ports;
    if let Some(token) = token {
        match ports.native.browser_ticket(organisation, &token, Some(to)).await {
            Ok(SecretUrl { url, host }) => {
                return ports.browser.open_once(&organisation.id, SecretUrl { url, host }, false).await;
            }
            Err(error) => tracing::info!(%error, "the browser gets no ticket"),
        }
    }
    ports.browser.open(&organisation.id, to).await
}

/// The token for a ticket: of a person who signs in in the app.
pub(crate) fn token_for_browser(org: &Org, now: Timestamp) -> Option<SecretString> {
    let user = org.user()?;
    org.offered()?;
    org.known.contains_key(user).then(|| org.usable_token(now).map(|token| token.access_token.clone()))?
}
