//! Signing in with a user name, a password and a second factor. The sign-in under way is the same row that the
//! pages keep, known by the secret that a browser has in a cookie; where it leads in the end is the authorization
//! request of the app, and what the app gets is a code for it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::form_urlencoded;

use super::{
    enrol,
    wire::{Kind, NativeError},
};
use crate::{
    domain::{lockout::Lockout, sign_in_session::SignInSession},
    fields::Fields,
    instance::Instance,
    mfa::{Ask, Device, Kind as DeviceKind, keys::Door, sealing::Purpose, totp},
    oidc::{authorize::Wanted, clients},
    organisation::User,
    origin::Origin,
    secret::{Digest, Token},
    signin::{
        known_browser,
        mfa::{
            self, Accepted, Found, Half, Proved,
            challenge::{self, Brought, Unproven, Way},
            radius::{self, Told},
        },
        sign_in::{self, Right, Wrong},
    },
    store::{Begun, RadiusSource, Used},
};

/// The app's authorization request (RFC 6749 §4.1.1, RFC 7636); the method is S256.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Client {
    client_id: String,
    client_secret: String,
    redirect_uri: String,
    code_challenge: String,
    scopes: Vec<String>,
}

/// What begins a sign-in.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Start {
    client: Client,
    username: String,
    password: String,
    /// `device` of an earlier answer: wrong passwords of this computer count apart.
    device: Option<String>,
    /// `context` of an earlier answer: a computer where a factor was proved.
    context: Option<String>,
}

/// What names a sign-in under way.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Named {
    /// The secret of the step before.
    pub sign_in: String,
}

/// A key's answer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyAnswer {
    sign_in: String,
    credential: Value,
    context: Option<String>,
}

/// A code of an authenticator app, or what a RADIUS server wants.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CodeAnswer {
    sign_in: String,
    /// The factor's id.
    factor: String,
    code: String,
    context: Option<String>,
}

/// Options of a ceremony, as WebAuthn's JSON has them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Challenge {
    /// `{"publicKey": …}`
    pub options: Value,
    /// To be brought back, where the server keeps nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

impl Challenge {
    /// From the library's JSON.
    pub fn new(options: &str, state: Option<String>) -> Result<Self, NativeError> {
        let options =
            serde_json::from_str(options).map_err(|_| Kind::Internal.because("Internal server error"))?;
        Ok(Self { options, state })
    }
}

/// What comes of a step.
#[derive(Serialize)]
#[serde(tag = "status", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Step {
    /// The password was right; one of these is to follow.
    SecondFactor {
        /// What the next step names.
        sign_in: String,
        /// Epoch milliseconds.
        expires_at: i64,
        /// Last used first.
        factors: Vec<Factor>,
    },
    /// The rest takes a browser.
    ContinueInBrowser {
        /// `enrolment` or `passwordChange`.
        reason: &'static str,
        /// Where.
        url: String,
        /// What the next step names, where a first security key can be set up without a browser.
        #[serde(skip_serializing_if = "Option::is_none")]
        sign_in: Option<String>,
    },
    /// The person is signed in.
    Complete {
        /// For CreateToken, with the verifier and the redirect URI; 60 seconds, one use.
        code: String,
        /// Who it is, as they are called here.
        username: String,
        /// Epoch milliseconds.
        session_ends_at: i64,
        /// To be brought at the next sign-in of this person.
        device: String,
        /// The same, once a factor was proved.
        #[serde(skip_serializing_if = "Option::is_none")]
        context: Option<String>,
    },
}

/// A way to prove that it is the person.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Factor {
    id: String,
    /// `keys`, `code` or `radius`.
    kind: &'static str,
    /// What the person calls the device, or each of the keys; what the RADIUS servers are known by.
    names: Vec<String>,
    /// What a RADIUS server wants to be typed, if it said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    asks: Option<Asks>,
}

/// What a RADIUS server wants to be typed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Asks {
    /// May be empty.
    message: String,
    /// Whether what is typed is not to be seen.
    hidden: bool,
}

impl Client {
    /// The request as the browser's way has it, once its client was found to be who it says.
    pub fn check(&self, instance: &Instance) -> Result<String, NativeError> {
        clients::authenticate(instance, &self.client_id, &self.client_secret)?;
        let scopes = self.scopes.join(" ");
        let query: String = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("response_type", "code"),
                ("client_id", &self.client_id),
                ("redirect_uri", &self.redirect_uri),
                ("code_challenge_method", "S256"),
                ("code_challenge", &self.code_challenge),
                ("scopes", &scopes),
            ])
            .finish();
        let fields = Fields::parse(query.as_bytes());
        Wanted::find(instance, &fields)?.check(&fields)?;
        Ok(format!("{AUTHORIZE}{query}"))
    }
}

/// Before the query of a request, where a sign-in of the pages has the path it leads to. It is none of theirs: a
/// sign-in that began there is not granted here, where nobody is asked for consent.
const AUTHORIZE: &str = "/native/v1/authorize?";

/// POST `/native/v1/sign-in`.
pub fn start(instance: &Instance, request: Start) -> Result<Step, NativeError> {
    let back = request.client.check(instance)?;
    let known = request.device.map(Token::new);
    let right = sign_in::check(instance, known.as_ref(), &request.username, &request.password)?;
    if matches!(right, Err(Wrong::Elsewhere)) {
        return Ok(in_browser(instance, "identityProvider", None));
    }
    let right = right.map_err(|wrong| match wrong {
        Wrong::Missing => Kind::InvalidRequest.because("A user name and a password are needed"),
        Wrong::TooLong => Kind::InvalidRequest.because("That is too long for a user name and a password"),
        Wrong::Locked(left) | Wrong::Crowded(left) => NativeError::locked(left),
        Wrong::Mismatch | Wrong::Expired | Wrong::Elsewhere => {
            Kind::WrongPassword.because("The user name or the password is wrong")
        }
    })?;
    go_on(instance, right, &back, request.context.map(Token::new).as_ref())
}

/// Goes on after the right password.
pub fn go_on(
    instance: &Instance,
    right: Right,
    back: &str,
    context: Option<&Token>,
) -> Result<Step, NativeError> {
    let Right { user, counter, must_change, hash } = right;
    let network = mfa::network(instance, &Origin::current());
    let accepted = Accepted { counter, back, network, must_change, hash: &hash };
    if must_change {
        // The password was right, which is recorded as ever; nobody goes on with this one.
        drop(mfa::keep_half(instance, &user, accepted)?.ok_or_else(over)?);
        return Ok(in_browser(instance, "passwordChange", None));
    }
    match mfa::ask(instance, context, &user, network)? {
        Ask::Nothing => {
            let (session, cookie) = begin(instance, &user, false);
            let events = sign_in::events(instance, Some(&user), Some(&session), "Success");
            if !instance.store.begin_session(&Begun::new(&session, cookie), counter, &hash, &events)? {
                return Err(over());
            }
            complete(instance, &user, &session, back, None)
        }
        Ask::Factor => {
            let secret = mfa::keep_half(instance, &user, accepted)?.ok_or_else(over)?;
            second_factor(instance, &secret)
        }
        Ask::Enrol => {
            let secret = mfa::keep_half(instance, &user, accepted)?.ok_or_else(over)?;
            let secret = enrol::is_offered(instance)?.then(|| secret.expose().to_owned());
            Ok(in_browser(instance, "enrolment", secret))
        }
        Ask::Block => {
            mfa::record_block(instance, &user)?;
            Err(blocked())
        }
    }
}

fn in_browser(instance: &Instance, reason: &'static str, sign_in: Option<String>) -> Step {
    Step::ContinueInBrowser { reason, url: instance.addresses.start_url(), sign_in }
}

/// What the sign-in under way of this secret waits for.
fn second_factor(instance: &Instance, secret: &Token) -> Result<Step, NativeError> {
    let Found::Live(half) = Half::find(instance, secret)? else { return Err(over()) };
    Ok(Step::SecondFactor {
        sign_in: secret.expose().to_owned(),
        expires_at: half.ends().as_millisecond(),
        factors: factors(&half),
    })
}

/// The ways a person has: that which waits for an answer, the device used last, the others, the RADIUS servers; all keys
/// are one way.
fn factors(half: &Half) -> Vec<Factor> {
    let devices = half.devices();
    let is_key = |device: &&Device| device.kind != DeviceKind::Totp;
    let mut ways: Vec<Factor> = Vec::new();
    for device in devices {
        if !is_key(&device) {
            let names = vec![device.name.clone()];
            ways.push(Factor { id: device.id.clone(), kind: "code", names, asks: None });
        } else if !ways.iter().any(|way| way.id == challenge::KEYS) {
            let names = devices.iter().filter(is_key).map(|device| device.name.clone()).collect();
            ways.push(Factor { id: challenge::KEYS.to_owned(), kind: "keys", names, asks: None });
        }
    }
    if let Some(servers) = half.radius() {
        let asks = radius::challenge(half)
            .map(|asked| Asks { message: asked.message.clone(), hidden: asked.is_hidden });
        let place = if asks.is_some() { 0 } else { ways.len() };
        let names = vec![servers.settings.label.clone()];
        ways.insert(place, Factor { id: radius::WAY.to_owned(), kind: "radius", names, asks });
    }
    ways
}

/// There is nothing to add to the password.
pub fn blocked() -> NativeError {
    Kind::Blocked.because("A second factor is needed, and there is none that counts")
}

/// The way back to the beginning.
pub fn over() -> NativeError {
    Kind::SignInOver.because("This sign-in is over; start again")
}

/// The sign-in under way that began here.
pub fn half(instance: &Instance, secret: String) -> Result<Half, NativeError> {
    let Found::Live(half) = Half::find(instance, &Token::new(secret))? else { return Err(over()) };
    // A browser's half sign-in goes on in the browser.
    if half.must_change() || !half.back().starts_with(AUTHORIZE) {
        return Err(over());
    }
    Ok(*half)
}

/// POST `/native/v1/sign-in/challenge`.
pub fn challenge(instance: &Instance, request: Named) -> Result<Challenge, NativeError> {
    let half = half(instance, request.sign_in)?;
    let Some(Way::Keys(keys)) = challenge::way(&half, Some(challenge::KEYS)) else {
        return Err(Kind::NoSuchFactor.because("There is no key to ask"));
    };
    Challenge::new(&challenge::ask_keys(instance, &half, &keys)??, None)
}

/// POST `/native/v1/sign-in/answer`.
pub fn answer(instance: &Instance, request: KeyAnswer) -> Result<Step, NativeError> {
    let half = half(instance, request.sign_in)?;
    let Some(way @ Way::Keys(_)) = challenge::way(&half, Some(challenge::KEYS)) else {
        return Err(Kind::NoSuchFactor.because("There is no key to ask"));
    };
    let credential = request.credential.to_string();
    let brought = Brought::Answer(&credential, Door::App);
    prove(instance, &half, &way, brought, request.context, || wrong_key(half.devices(), &credential))
}

/// Why a key's answer was not taken: whose key it is, is no secret from who has it in hand.
pub fn wrong_key(devices: &[Device], credential: &str) -> NativeError {
    let claimed = crate::mfa::keys::claimed_credential(credential).ok();
    let is_known = devices.iter().any(|device| device.credential.is_some() && device.credential == claimed);
    if is_known {
        Kind::KeyRefused.because("The key's answer does not fit what was asked")
    } else {
        Kind::KeyNotRegistered.because("This key is not registered for this person")
    }
}

/// The key that answered may have been copied.
pub fn copied_key() -> NativeError {
    Kind::KeyCopied.because("The key counts less than it did before: there may be a copy of it")
}

/// POST `/native/v1/sign-in/code`.
pub fn code(instance: &Instance, request: CodeAnswer) -> Result<Step, NativeError> {
    let half = half(instance, request.sign_in.clone())?;
    let app = match challenge::way(&half, Some(&request.factor)) {
        Some(Way::App(app)) if app.id == request.factor => app,
        Some(Way::Radius(servers)) if request.factor == radius::WAY => {
            return by_radius(instance, &half, servers, request);
        }
        _ => return Err(Kind::NoSuchFactor.because("There is no such authenticator app")),
    };
    let brought = Brought::Code(&request.code);
    prove(instance, &half, &Way::App(app), brought, request.context, || {
        wrong_code(instance, app, &request.code)
    })
}

/// What a person typed, taken to the RADIUS servers.
fn by_radius(
    instance: &Instance,
    half: &Half,
    servers: &RadiusSource,
    request: CodeAnswer,
) -> Result<Step, NativeError> {
    match radius::answer(instance, half, servers, request.code.trim())? {
        Told::Accepted => {
            concluded(instance, half, None, radius::CREDENTIAL_TYPE, request.context)?.ok_or_else(over)
        }
        Told::Asked => second_factor(instance, &Token::new(request.sign_in)),
        Told::Wrong { locked: None, .. } => Err(Kind::WrongCode.because("The code was not accepted")),
        Told::Wrong { locked: Some(left), .. } | Told::Locked(left) => Err(NativeError::locked(left)),
        Told::Unheard => Err(Kind::RadiusSilent.because("No RADIUS server answers")),
    }
}

/// Why a code was not taken.
pub fn wrong_code(instance: &Instance, app: &Device, code: &str) -> NativeError {
    let purpose = Purpose { name: challenge::APP_SECRET, owner: &app.user_id };
    let secret = purpose.open(&instance.key, &app.data);
    let was_right =
        secret.is_some_and(|secret| totp::check(&secret, code, instance.now(), None, app.drift).is_some());
    if was_right {
        Kind::CodeUsed.because("This code, or a later one, was used before")
    } else {
        Kind::WrongCode.because("The code is wrong")
    }
}

fn prove(
    instance: &Instance,
    half: &Half,
    way: &Way<'_>,
    brought: Brought<'_>,
    context: Option<String>,
    why: impl FnOnce() -> NativeError,
) -> Result<Step, NativeError> {
    let (lockout, used): (Lockout, Result<Used, Unproven>) =
        challenge::attempt(instance, half, way, brought)?
            .map_err(|locked| NativeError::locked(locked.left))?;
    let wrong = used.as_ref().err().copied().unwrap_or(Unproven::Unfit);
    if let Ok(used) = used
        && let Some(step) = concluded(instance, half, Some(used), way.credential_type(), context)?
    {
        return Ok(step);
    }
    challenge::record_failure(instance, half, way, wrong)?;
    let why = || if wrong == Unproven::Copied { copied_key() } else { why() };
    Err(lockout.remaining(instance.now()).map_or_else(why, NativeError::locked))
}

/// Ends a sign-in well, with a proof of this `CredentialType`; `None` if it is over, or was proved so before.
fn concluded(
    instance: &Instance,
    half: &Half,
    used: Option<Used>,
    proved: &str,
    context: Option<String>,
) -> Result<Option<Step>, NativeError> {
    let (before, context) = (context.map(Token::new), instance.chance.token());
    let (session, cookie) = begin(instance, &half.user, true);
    let is_done = mfa::conclude(
        instance,
        half,
        used.map(Proved::Used),
        Some(proved),
        (before.as_ref(), &context),
        &Begun::new(&session, cookie),
    )?;
    let step = || complete(instance, &half.user, &session, half.back(), Some(&context));
    is_done.then(step).transpose()
}

/// A session, with a second factor or without, that no browser has: its cookie's secret is drawn and forgotten.
pub fn begin(instance: &Instance, user: &User, factor: bool) -> (SignInSession, Digest) {
    let length = instance.session_length();
    let begun = SignInSession::begin(instance.chance.uuid(), &user.id, length, instance.now());
    let session = SignInSession { factor, ..begun };
    (session, instance.chance.token().digest())
}

/// Grants the app's request: the person typed their password into it, or touched a key for it.
pub fn complete(
    instance: &Instance,
    user: &User,
    session: &SignInSession,
    back: &str,
    context: Option<&Token>,
) -> Result<Step, NativeError> {
    let query = back.strip_prefix(AUTHORIZE).ok_or_else(over)?;
    let fields = Fields::parse(query.as_bytes());
    let wanted = Wanted::find(instance, &fields)?;
    wanted.check(&fields)?;
    instance.store.record_consent(&session.id, &wanted.client.id)?;
    let code = wanted.make_code(instance, &session.id, true)?;
    Ok(Step::Complete {
        code: code.expose().to_owned(),
        username: user.username.clone(),
        session_ends_at: session.ends.as_millisecond(),
        device: known_browser::mark(instance, &user.username).expose().to_owned(),
        context: context.map(|context| context.expose().to_owned()),
    })
}
