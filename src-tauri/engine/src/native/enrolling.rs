//! A first security key, set up in the sign-in that demands one. Other kinds of second factors are set up in the browser.

use super::{Outcome, asking, in_app};
use crate::{
    engine::Context,
    model::{
        history::{By, Event as Happened},
        ids::OrgId,
        keys::{KeyAct, KeyId, Transport},
        native::Stage,
    },
    state::State,
};
use secrecy::SecretString;

/// What a key is called whose model is not known, and that is in a reader: the reader's name is none of the key's.
const UNNAMED: &str = "Security key";

/// The password was right, and a second factor is to be set up.
pub(super) fn ask(state: &mut State, id: &OrgId, sign_in: SecretString) {
    let Some((now, flow)) = in_app(state, id) else { return };
    flow.sign_in = Some(sign_in);
    (now.stage, now.enrols, now.wrong) = (Stage::Enrol, true, None);
}

/// The person sets a security key up, or tries that once more.
pub(super) fn begin(ctx: &Context, state: &mut State, id: &OrgId) {
    let Some((now, flow)) = in_app(state, id) else { return };
    let (true, Some(sign_in)) = (now.enrols, flow.sign_in.clone()) else { return };
    asking(ctx, state, id, Stage::Enrol, |native, org| async move {
        Outcome::Challenge(native.enrol_challenge(&org, &sign_in).await)
    });
}

/// What the server is to call this key until its owner calls it otherwise.
pub(super) fn name(state: &State, key: &KeyId) -> String {
    let keys = &state.keys.now;
    let model = keys.info(key).and_then(|info| info.model.clone());
    let own = || keys.find(key).filter(|key| key.transport == Transport::Usb).map(|key| key.name.clone());
    model.or_else(own).unwrap_or_else(|| UNNAMED.to_owned())
}

/// The server has the person in: a key that was set up for it stands in Activity.
pub(super) fn done(ctx: &Context, state: &mut State, id: &OrgId) {
    let Some(key) = in_app(state, id).and_then(|(_, flow)| flow.enrolled.take()) else { return };
    ctx.note(state, By::You, Happened::KeyChanged { key, act: KeyAct::Register });
}
