//! Setting up a device: at sign-in, where the policy demands one, and on the person's own page. What the pages
//! need again (a new secret, a ceremony's state) travels sealed through their forms; nothing is stored until
//! the device has proved itself.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use jiff::SignedDuration;

use super::{
    Half, KeyRequest, Proved, ask_in, block, blocked, challenge::APP_SECRET, complete, devices::fresh,
    directory_event, half_of,
};
use crate::{
    domain::sign_in_session::SignInSession,
    fields::Fields,
    instance::Instance,
    mfa::{
        Ask, Device, Kind, Policy, device,
        keys::{self, Door},
        sealing::Purpose,
        totp,
    },
    organisation::User,
    signin::{
        Frame, PageError, Visit,
        frame::{html, html_with_scripts},
        see_other, sign_in,
    },
    store::{AuditEntry, NewDevice},
};

/// How long the page of a new device may stay open.
const PAGE_LASTS: SignedDuration = SignedDuration::from_mins(10);

const NOT_ADDED: &str = "This device is registered here already, or you have as many as you may have.";

/// Who sets a device up, and where.
struct Enrolment<'a> {
    user: &'a User,
    user_id: String,
    session: Option<&'a SignInSession>,
    /// What sealed fields are bound to.
    owner: String,
    /// Where the pages are.
    path: &'static str,
    policy: Policy,
    devices: Vec<Device>,
}

#[derive(Template)]
#[template(path = "mfa_choose.html")]
struct ChoosePage {
    frame: Frame,
    at_sign_in: bool,
    path: &'static str,
    kinds: Vec<(Kind, &'static str)>,
}

#[derive(Template)]
#[template(path = "mfa_add_app.html")]
struct AddAppPage<'a> {
    frame: Frame,
    error: Option<&'a str>,
    path: &'static str,
    name: &'a str,
    state: String,
    invitation: totp::Invitation,
}

#[derive(Template)]
#[template(path = "mfa_add_key.html")]
struct AddKeyPage<'a> {
    frame: Frame,
    error: Option<&'a str>,
    path: &'static str,
    kind: Kind,
    name: &'a str,
    key: KeyRequest,
}

/// GET `/sign-in/enrol`, with the kind of device in `type`.
pub fn show_at_sign_in(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    let half = half_without_device(instance, visit)?;
    at_sign_in(instance, &half)?.show(instance, visit, fields)
}

/// The browser's half sign-in, of a person who has no device that counts and may set one up here.
fn half_without_device(instance: &Instance, visit: &Visit) -> Result<Half, PageError> {
    let half = half_of(instance, visit)?;
    if half.has_factor() {
        return Err(PageError::Elsewhere("/sign-in/verify"));
    }
    // The policy is asked here as well: not every way to a half sign-in led through this.
    match ask_in(instance, visit, &half.user, half.kept.network)? {
        Ask::Factor => Err(PageError::Elsewhere("/sign-in/verify")),
        Ask::Block => {
            block(instance, &half)?;
            Err(blocked())
        }
        Ask::Enrol | Ask::Nothing => Ok(half),
    }
}

/// POST `/sign-in/enrol`: the device proves itself, which ends the sign-in.
pub fn submit_at_sign_in(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    let half = half_without_device(instance, visit)?;
    let enrolment = at_sign_in(instance, &half)?;
    match instance.store.count_attempt(half.kept.counter, instance.now())? {
        Ok(_) => {}
        Err(locked) => {
            let text = sign_in::too_many(locked.left);
            return Err(PageError::new(StatusCode::TOO_MANY_REQUESTS, "Too many attempts", &text));
        }
    }
    let (device, entry) = match enrolment.prove(instance, fields)? {
        Ok(new) => new,
        Err(mistake) => return enrolment.again(instance, visit, fields, mistake),
    };
    let instead_of = enrolment.policy.kinds();
    let new = Proved::Enrolled(NewDevice { device: &device, instead_of: &instead_of, entry: &entry });
    if let Some(response) = complete(instance, visit, &half, Some(new), Some(device.kind.credential_type()))?
    {
        return Ok(response);
    }
    // Over by now, or another device was set up at the same moment; else it is this device.
    half_without_device(instance, visit)?;
    enrolment.again(instance, visit, fields, NOT_ADDED)
}

/// GET `/start/mfa/add`, with the kind of device in `type`.
pub fn show_in_portal(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    let person = fresh(instance, visit, "/start/mfa/add", fields, &["type"])?;
    in_portal(instance, &person.user, &person.session)?.show(instance, visit, fields)
}

/// POST `/start/mfa/add`.
pub fn submit_in_portal(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    let person = fresh(instance, visit, "/start/mfa/add", fields, &["type"])?;
    let enrolment = in_portal(instance, &person.user, &person.session)?;
    let mistake = match enrolment.prove(instance, fields)? {
        Ok((device, entry)) if instance.store.add_mfa_device(&device, &entry)? => {
            instance.store.note_factor(&person.session.id)?;
            return Ok(see_other("/start/mfa"));
        }
        Ok(_) => NOT_ADDED,
        Err(mistake) => mistake,
    };
    enrolment.again(instance, visit, fields, mistake)
}

fn at_sign_in<'a>(instance: &Instance, half: &'a Half) -> Result<Enrolment<'a>, PageError> {
    Ok(Enrolment {
        user: &half.user,
        user_id: half.kept.user_id.clone(),
        session: None,
        owner: hex::encode(half.cookie.as_bytes()),
        path: "/sign-in/enrol",
        policy: instance.store.mfa_policy()?,
        devices: instance.store.mfa_devices(&half.kept.user_id)?,
    })
}

fn in_portal<'a>(
    instance: &Instance,
    user: &'a User,
    session: &'a SignInSession,
) -> Result<Enrolment<'a>, PageError> {
    let user_id = instance.user_id(user);
    Ok(Enrolment {
        user,
        session: Some(session),
        owner: session.id.clone(),
        path: "/start/mfa/add",
        policy: instance.store.mfa_policy()?,
        devices: instance.store.mfa_devices(&user_id)?,
        user_id,
    })
}

impl Enrolment<'_> {
    fn purpose(&self, kind: Kind) -> Purpose<'_> {
        let name = match kind {
            Kind::Totp => "new authenticator app",
            Kind::SecurityKey => "new security key",
            Kind::BuiltIn => "new built-in authenticator",
        };
        Purpose { name, owner: &self.owner }
    }

    /// Whether a device of this kind may be added.
    fn offers(&self, kind: Kind) -> bool {
        let alike = self.devices.iter().filter(|device| device.kind.factor() == kind.factor()).count();
        self.policy.counts(kind) && alike < kind.most()
    }

    fn show(&self, instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
        match fields.get("type").and_then(Kind::of_word).filter(|kind| self.offers(*kind)) {
            Some(kind) => self.page(instance, visit, kind, fields, StatusCode::OK, None),
            None => {
                let kinds = Kind::ALL.into_iter().filter(|kind| self.offers(*kind));
                let kinds = kinds.map(|kind| (kind, explained(kind))).collect();
                let at_sign_in = self.session.is_none();
                let frame = Frame::of(instance, visit);
                Ok(html(StatusCode::OK, &ChoosePage { frame, at_sign_in, path: self.path, kinds }))
            }
        }
    }

    /// The same page with what was wrong.
    fn again(
        &self,
        instance: &Instance,
        visit: &Visit,
        fields: &Fields,
        mistake: &str,
    ) -> Result<Response, PageError> {
        match fields.get("type").and_then(Kind::of_word).filter(|kind| self.offers(*kind)) {
            Some(kind) => self.page(instance, visit, kind, fields, StatusCode::BAD_REQUEST, Some(mistake)),
            None => Ok(see_other(self.path)),
        }
    }

    fn page(
        &self,
        instance: &Instance,
        visit: &Visit,
        kind: Kind,
        fields: &Fields,
        status: StatusCode,
        error: Option<&str>,
    ) -> Result<Response, PageError> {
        let failed =
            || PageError::new(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong here", "Try again.");
        let frame = Frame::of(instance, visit);
        let ends = instance.now().checked_add(PAGE_LASTS).unwrap_or(instance.now());
        let seal = |plain: &[u8]| {
            self.purpose(kind).seal_until(&instance.key, &instance.chance, plain, ends).ok_or_else(failed)
        };
        let name = fields.get("name").unwrap_or_else(|| kind.label());
        let start = |name| directory_event(instance, name, self.user, self.session, serde_json::Value::Null);
        if kind == Kind::Totp {
            // A code that was mistyped does not make the person scan anew.
            let known = fields
                .get("state")
                .and_then(|state| self.purpose(kind).open_live(&instance.key, state, instance.now()));
            let secret = match known {
                Some((secret, _)) if secret.len() == totp::SECRET_LENGTH => secret.to_vec(),
                _ => {
                    instance.store.append_audit(&[start("StartVirtualMfaDeviceRegistration")])?;
                    instance.chance.key()[..totp::SECRET_LENGTH].to_vec()
                }
            };
            let invitation = totp::invitation(&secret, &instance.settings().name, &self.user.username)
                .map_err(|error| PageError::failed(&error))?;
            let state = seal(&secret)?;
            return Ok(html(status, &AddAppPage { frame, error, path: self.path, name, state, invitation }));
        }
        let ceremony = keys::start_registration(instance, self.user, kind, &self.devices)
            .map_err(|error| PageError::failed(&error))?;
        instance.store.append_audit(&[start("StartWebAuthnDeviceRegistration")])?;
        let key = KeyRequest { options: ceremony.options, state: seal(ceremony.state.as_bytes())? };
        Ok(html_with_scripts(status, &AddKeyPage { frame, error, path: self.path, kind, name, key }))
    }

    /// A device that has proved itself, with its event, or what to do better.
    fn prove(
        &self,
        instance: &Instance,
        fields: &Fields,
    ) -> Result<Result<(Device, AuditEntry), &'static str>, PageError> {
        let Some(kind) = fields.get("type").and_then(Kind::of_word).filter(|kind| self.offers(*kind)) else {
            return Ok(Err("You cannot add another one of these."));
        };
        let Some(name) = device::name(fields.get("name").unwrap_or_else(|| kind.label())) else {
            return Ok(Err("Give it a name of at most 64 characters."));
        };
        let now = instance.now();
        let sealed = fields.get("state").unwrap_or_default();
        let Some((state, _)) = self.purpose(kind).open_live(&instance.key, sealed, now) else {
            return Ok(Err("The page was open for too long. Start over."));
        };
        let mut new = Device {
            id: instance.chance.uuid(),
            user_id: self.user_id.clone(),
            name,
            kind,
            credential: None,
            data: Vec::new(),
            last_step: None,
            drift: 0,
            added: now,
            last_used: self.session.is_none().then_some(now),
        };
        let done = if kind == Kind::Totp {
            let code = fields.get("code").unwrap_or_default();
            let Some(taken) = totp::check(&state, code, now, None, 0) else {
                return Ok(Err(
                    "That code is wrong. Check that the clock of the device is right, wait for the next code and type that.",
                ));
            };
            (new.last_step, new.drift) = (Some(taken.step), taken.drift);
            let purpose = Purpose { name: APP_SECRET, owner: &self.user_id };
            let Some(sealed) = purpose.seal(&instance.key, &instance.chance, &state) else {
                return Ok(Err("The page was open for too long. Start over."));
            };
            new.data = sealed;
            "CompleteVirtualMfaDeviceRegistration"
        } else {
            let state = String::from_utf8_lossy(&state);
            let answer = fields.get("credential").unwrap_or_default();
            match keys::finish_registration(instance, Door::Browser, kind, answer, &state) {
                Ok(key) => (new.credential, new.data) = (Some(key.credential), key.data),
                Err(error) => {
                    tracing::info!(%error, "a new security key was not taken");
                    return Ok(Err("The browser's answer could not be taken. Try again."));
                }
            }
            "CompleteWebAuthnDeviceRegistration"
        };
        let details = serde_json::json!({ "MfaDeviceId": new.id });
        let event = directory_event(instance, done, self.user, self.session, details);
        Ok(Ok((new, event)))
    }
}

/// What a person should know before choosing.
fn explained(kind: Kind) -> &'static str {
    match kind {
        Kind::SecurityKey => "A key on USB or NFC, or the phone beside you. Touch it when you sign in.",
        Kind::BuiltIn => {
            "The fingerprint, face or PIN of this phone or computer. It signs you in on this device only."
        }
        Kind::Totp => "An app on your phone that shows six digits, a new code every 30 seconds.",
    }
}
