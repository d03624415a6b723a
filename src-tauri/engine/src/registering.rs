//! Security keys as second factors at an organisation's server: registering one, and where the person's keys are.

use crate::{
    engine::{Context, Event},
    keys::{
        self,
        errand::{self, For},
    },
    model::{
        code::Code,
        history::{By, Event as Happened},
        ids::OrgId,
        keys::{Ceremony, Finished, KeyAct, KeyFault, KeyId, KeyWish, Plugged, Registered, Signed},
    },
    native,
    ports::{DeviceKind, KeyAnswer, KeyChallenge, NativeDevice, NativeError, SsoError},
    request::{Answer, Reply},
    state::{Org, State},
};
use secrecy::SecretString;
use tokio::sync::oneshot;

/// A key that is to be registered, and who waits.
pub(crate) struct Wanted {
    key: KeyId,
    org: OrgId,
    name: String,
    state: Option<SecretString>,
    answer: oneshot::Sender<Answer>,
}

/// What a task found out.
pub(crate) enum Told {
    Challenge(Wanted, Result<KeyChallenge, NativeError>),
    Added(Wanted, Plugged, Result<String, NativeError>),
    /// With the era of the sign-in.
    Devices(OrgId, u64, Result<Vec<NativeDevice>, NativeError>),
}

/// Registers a key for who is signed in.
pub(crate) fn begin(
    ctx: &Context,
    state: &State,
    key: &KeyId,
    org: &OrgId,
    name: String,
    answer: oneshot::Sender<Answer>,
) {
    let refused = |answer: oneshot::Sender<Answer>, code| {
        let _ = answer.send(Err(code));
    };
    if state.keys.now.find(key).is_none() {
        return refused(answer, Code::SecurityKey { fault: KeyFault::Gone });
    }
    let Some(found) = state.org(org) else {
        return refused(answer, Code::Gone { what: "organisation".to_owned() });
    };
    let Some(pass) = found.pass(ctx.now()) else { return refused(answer, Code::SignInNeeded) };
    let wanted = Wanted { key: key.clone(), org: org.clone(), name, state: None, answer };
    let (ctx, organisation) = (ctx.clone(), found.organisation.clone());
    tokio::spawn(async move {
        let challenge = ctx.ports.native.device_challenge(&organisation, &pass.token).await;
        ctx.send(Event::Registering(Told::Challenge(wanted, challenge)));
    });
}

pub(crate) fn told(ctx: &Context, state: &mut State, told: Told) {
    match told {
        Told::Challenge(wanted, Err(error)) | Told::Added(wanted, _, Err(error)) => {
            let _ = wanted.answer.send(Err(native::code_of(error, ctx.now())));
        }
        Told::Challenge(mut wanted, Ok(challenge)) => {
            wanted.state = challenge.state;
            let wish = KeyWish::Register(Ceremony::new(challenge.options, challenge.origin));
            let key = wanted.key.clone();
            errand::begin(ctx, state, For::Register(wanted), wish, Some(key));
        }
        Told::Added(wanted, key, Ok(_)) => {
            ctx.note(state, By::You, Happened::KeyChanged { key: key.name.clone(), act: KeyAct::Register });
            let (act, at) = (KeyAct::Register, ctx.now());
            state.keys.now.last = Some(Finished { key, act, result: Ok(()), at });
            let _ = wanted.answer.send(Ok(Reply::Done));
            look_at(ctx, state, &wanted.org);
        }
        Told::Devices(org, era, devices) => listed(ctx, state, &org, era, devices),
    }
}

/// The key made a key pair, or did not.
pub(crate) fn signed(
    ctx: &Context,
    state: &State,
    wanted: Wanted,
    key: Option<Plugged>,
    result: Result<Vec<Signed>, KeyFault>,
) {
    let one = result.and_then(|mut signed| signed.pop().ok_or(KeyFault::Gone));
    let found = state.org(&wanted.org).and_then(|org| Some((org.organisation.clone(), org.pass(ctx.now())?)));
    let (credential, key, organisation, pass) = match (one, key, found) {
        (Ok(signed), Some(key), Some((organisation, pass))) => (signed.credential, key, organisation, pass),
        (Err(fault), _, _) => {
            let _ = wanted.answer.send(Err(Code::SecurityKey { fault }));
            return;
        }
        _ => {
            let _ = wanted.answer.send(Err(Code::SignInNeeded));
            return;
        }
    };
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let (name, answer) = (wanted.name.clone(), KeyAnswer(credential));
        let added = match &wanted.state {
            Some(state) => {
                ctx.ports.native.add_device(&organisation, &pass.token, &name, state, &answer).await
            }
            None => Err(NativeError::Over),
        };
        ctx.send(Event::Registering(Told::Added(wanted, key, added)));
    });
}

/// Somebody signed in in the app: where their keys are tells whether a spare one is missing, whatever they look at.
pub(crate) fn look_once(ctx: &Context, state: &State, id: &OrgId) {
    // Who looks at keys asks every server.
    if !state.keys.is_followed() {
        look_at(ctx, state, id);
    }
}

/// The person does without a spare key there.
pub(crate) fn waive_spare(ctx: &Context, state: &mut State, org: OrgId, answer: oneshot::Sender<Answer>) {
    let settings = state.change(|own| {
        own.spare_waived.insert(org);
    });
    ctx.save(settings, answer);
}

/// Somebody looks at keys, or signed in: where they are registered is asked of every server that tells.
pub(crate) fn look(ctx: &Context, state: &State) {
    if !state.keys.is_followed() {
        return;
    }
    for org in &state.orgs {
        ask(ctx, org);
    }
}

fn look_at(ctx: &Context, state: &State, id: &OrgId) {
    if let Some(org) = state.org(id) {
        ask(ctx, org);
    }
}

fn ask(ctx: &Context, org: &Org) {
    let Some(pass) = org.offered().filter(|offer| offer.enrolment).and_then(|_| org.pass(ctx.now())) else {
        return;
    };
    let (ctx, organisation) = (ctx.clone(), org.organisation.clone());
    tokio::spawn(async move {
        let devices = ctx.ports.native.devices(&organisation, &pass.token).await;
        ctx.send(Event::Registering(Told::Devices(organisation.id, pass.era, devices)));
    });
}

fn listed(
    ctx: &Context,
    state: &mut State,
    id: &OrgId,
    era: u64,
    devices: Result<Vec<NativeDevice>, NativeError>,
) {
    if state.org(id).is_none_or(|org| org.era != era) {
        return;
    }
    match devices {
        Ok(devices) => {
            let all = devices.into_iter().filter(|device| device.kind == DeviceKind::SecurityKey);
            let one = |device: NativeDevice| Registered {
                name: device.name,
                added: Some(device.added),
                credential: device.credential_id,
            };
            let now = &mut state.keys.now;
            now.registered.insert(id.clone(), all.map(one).collect());
            now.registered_at.insert(id.clone(), ctx.now());
            keys::ask_anew(state, id);
            keys::find(ctx, state);
        }
        Err(NativeError::Sso(SsoError::Unauthorized)) | Err(NativeError::NotOffered) => {
            state.keys.now.registered.remove(id);
        }
        Err(error) => tracing::info!(organisation = %id, %error, "where keys are is not known"),
    }
}

/// A sign-in ended: what it was told of is no longer known.
pub(crate) fn forget(state: &mut State, id: &OrgId) {
    state.keys.now.registered.remove(id);
    state.keys.now.registered_at.remove(id);
    keys::ask_anew(state, id);
}
