//! Keys older than CTAP 2.1: OpenSK behind a mask that says less of it, and takes the commands that they had.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use keys::{
    Ask, Broken, Bus, Error, Event, Feature, KeyId, Keys, PinState, Space, Transport, Ui, Verify, Wire,
    webauthn::UserVerificationPolicy,
};
use serde_cbor_2::Value;
use vicc::{Profile, VirtualBus};

use crate::{
    desk::{Desk, PIN, Site, by_pin, now, pin},
    passkeys::preferred,
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mask {
    /// CTAP 2.1 with PIN protocol one alone.
    ProtocolOne,
    /// CTAP 2.0: no permissions, nothing to manage.
    Ctap20,
    /// CTAP 2.1-PRE: passkeys and fingerprints by commands of its own.
    Preview,
}

#[derive(Clone)]
struct Masked(VirtualBus, Mask);

struct MaskedWire(Box<dyn Wire>, Mask);

#[async_trait]
impl Bus for Masked {
    fn watch(&self) -> BoxStream<'static, Event> {
        self.0.watch()
    }

    async fn connect(&self, key: &KeyId) -> Result<Box<dyn Wire>, Error> {
        Ok(Box::new(MaskedWire(self.0.connect(key).await?, self.1)))
    }
}

fn map(cbor: &[u8]) -> BTreeMap<Value, Value> {
    match serde_cbor_2::from_slice(cbor) {
        Ok(Value::Map(map)) => map,
        other => panic!("a map: {other:?}"),
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

impl Mask {
    fn info(self, cbor: &[u8]) -> Vec<u8> {
        let mut info = map(cbor);
        info.insert(Value::Integer(6), Value::Array(vec![Value::Integer(1)]));
        if self != Self::ProtocolOne {
            let mut versions = vec![text("U2F_V2"), text("FIDO_2_0")];
            let Some(Value::Map(options)) = info.get_mut(&Value::Integer(4)) else { panic!("options") };
            let fingers = options.remove(&text("bioEnroll"));
            for name in ["pinUvAuthToken", "credMgmt", "authnrCfg", "setMinPINLength", "alwaysUv", "ep"] {
                options.remove(&text(name));
            }
            if self == Self::Preview {
                versions.push(text("FIDO_2_1_PRE"));
                options.insert(text("credentialMgmtPreview"), Value::Bool(true));
                options.extend(fingers.map(|fingers| (text("userVerificationMgmtPreview"), fingers)));
            }
            info.insert(Value::Integer(1), Value::Array(versions));
            // remainingDiscoverableCredentials.
            info.remove(&Value::Integer(0x14));
        }
        serde_cbor_2::to_vec(&info).expect("CBOR")
    }

    fn command(self, message: &[u8]) -> Vec<u8> {
        let (command, cbor) = (message[0], &message[1..]);
        if self == Self::ProtocolOne || cbor.is_empty() {
            return message.to_vec();
        }
        let mut parameters = map(cbor);
        match command {
            // Tokens of old keys are good for everything: OpenSK's are, when they are asked for so.
            0x06 if self == Self::Preview
                && parameters.get(&Value::Integer(2)) == Some(&Value::Integer(5)) =>
            {
                parameters.insert(Value::Integer(2), Value::Integer(9));
                parameters.insert(Value::Integer(9), Value::Integer(0x0c));
                [&[0x06][..], &serde_cbor_2::to_vec(&parameters).expect("CBOR")].concat()
            }
            0x06 => {
                assert_ne!(
                    parameters.get(&Value::Integer(2)),
                    Some(&Value::Integer(9)),
                    "old keys do not know it"
                );
                message.to_vec()
            }
            0x40 => [&[0x09][..], cbor].concat(),
            0x41 => [&[0x0a][..], cbor].concat(),
            0x09..=0x0d => panic!("old keys do not know {command:#04x}"),
            _ => message.to_vec(),
        }
    }
}

#[async_trait]
impl Wire for MaskedWire {
    async fn transmit(&mut self, message: &[u8], ui: &Ui) -> Result<Vec<u8>, Broken> {
        let answer = self.0.transmit(&self.1.command(message), ui).await?;
        Ok(if message == [0x04] { self.1.info(&answer) } else { answer })
    }

    fn transport(&self) -> Transport {
        self.0.transport()
    }
}

fn desk(mask: Mask) -> Desk {
    let desk = Desk::with(Profile::Full);
    Desk { keys: Keys::on(vec![Arc::new(Masked(desk.bus.clone(), mask))]), ..desk }
}

#[tokio::test]
async fn a_key_with_the_first_protocol_alone_can_do_all() {
    let desk = desk(Mask::ProtocolOne);
    let ask = Ask::quiet();
    let mut key = desk.open().await;
    key.set_pin(pin("0000"), &ask).await.expect("set");
    key.change_pin(pin("0000"), pin(PIN), &ask).await.expect("changed");
    drop(key);
    Site::new("acme.test").register(&desk, "sam", true, by_pin()).await;
    let mut unlocked = desk.unlock().await;
    let sites = unlocked.passkeys(now(), &ask).await.expect("listed");
    unlocked.enrol_fingerprint("Thumb", now(), &ask).await.expect("enrolled");
    unlocked.delete_passkey(&sites[0].passkeys[0].id, now(), &ask).await.expect("deleted");
    unlocked.set_always_verify(true, now(), &ask).await.expect("set");
}

#[tokio::test]
async fn a_key_of_ctap_2_0_signs_in_and_says_what_it_cannot() {
    let desk = desk(Mask::Ctap20);
    let ask = Ask::quiet();
    let mut key = desk.open().await;
    key.identify(&ask).await.expect("touched, with no PIN set");
    key.set_pin(pin(PIN), &ask).await.expect("set");
    key.identify(&ask).await.expect("touched, with a PIN set");
    let info = key.info(&ask).await.expect("info");
    assert_eq!(info.pin, PinState::Set { left: Some(8) }, "a touch costs no try");
    assert!(info.can.identify && !info.can.manage_passkeys && !info.can.fingerprints);
    drop(key);
    let site = Site::new("acme.test");
    assert!(site.register(&desk, "sam", true, by_pin()).await.user_verified);
    let (options, _) = site.options("kim", true, UserVerificationPolicy::Required, Vec::new());
    let wrong = site.made(&desk, &options, Verify::Pin(pin("0000"))).await;
    assert_eq!(wrong.err(), Some(Error::WrongPin { left: Some(7) }));
    let mut unlocked = desk.unlock().await;
    let unknown = |feature| Err(Error::NotSupported(feature));
    assert_eq!(unlocked.passkeys(now(), &ask).await.map(|_| ()), unknown(Feature::PasskeyManagement));
    assert_eq!(unlocked.fingerprints(now(), &ask).await.map(|_| ()), unknown(Feature::Fingerprints));
    assert_eq!(unlocked.set_always_verify(true, now(), &ask).await, unknown(Feature::AlwaysVerify));
    assert_eq!(unlocked.set_min_pin_length(8, now(), &ask).await, unknown(Feature::MinimumPinLength));
}

#[tokio::test]
async fn a_key_from_before_ctap_2_1_is_managed_by_its_own_commands() {
    let desk = desk(Mask::Preview);
    let ask = Ask::quiet();
    desk.open().await.set_pin(pin(PIN), &ask).await.expect("set");
    let mut unlocked = desk.unlock().await;
    assert_eq!(unlocked.passkeys(now(), &ask).await, Ok(Vec::new()));
    let thumb = unlocked.enrol_fingerprint("Thumb", now(), &ask).await.expect("enrolled");
    unlocked.rename_fingerprint(&thumb.id, "Finger", now(), &ask).await.expect("renamed");
    assert_eq!(unlocked.fingerprints(now(), &ask).await.map(|known| known.len()), Ok(1));
    unlocked.delete_fingerprint(&thumb.id, now(), &ask).await.expect("forgotten");
    assert!(unlocked.space(now(), &ask).await.is_ok_and(|space| space.existing == 0));
}

/// It is full when it says so, after a touch: a proof and a touch more, and it is a second factor.
#[tokio::test]
async fn a_full_key_that_does_not_tell_its_room_is_asked_once_more() {
    let desk = Desk::with_pin(Profile::Small).await;
    let keys = Keys::on(vec![Arc::new(Masked(desk.bus.clone(), Mask::Ctap20))]);
    let site = Site::new("acme.test");
    for user in ["sam", "kim", "lee", "ash"] {
        let (options, state) = preferred(&site, user);
        let mut key = keys.open(&desk.id).await.expect("opens");
        let made = key.register(&site.origin, &options, by_pin(), &Ask::quiet()).await.expect("made");
        site.core.register_credential(&made, &state, None).expect("the server takes it");
    }
    let (options, _) = site.options("max", true, UserVerificationPolicy::Required, Vec::new());
    let mut key = keys.open(&desk.id).await.expect("opens");
    let refused = key.register(&site.origin, &options, by_pin(), &Ask::quiet()).await.err();
    assert_eq!(refused, Some(Error::PasskeysFull), "where nothing but a passkey will do");
    drop(key);
    let space = desk.unlock().await.space(now(), &Ask::quiet()).await;
    assert_eq!(space, Ok(Space { existing: 3, remaining: 0 }));
}
