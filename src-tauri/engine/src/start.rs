//! The start: what the store, the vault and the files hold, and the keyring's second chance.

use crate::{
    add,
    engine::{Context, Event},
    half_sync, hand_out, keep,
    model::{
        Timestamp,
        code::Code,
        ids::{AccountId, OrgId, RoleName},
        organisation::Kind,
        policy::Policy,
        settings::{Settings, Way},
        sign_in::{Ended, Session, SignIn},
    },
    network::Network,
    ports::{FileCondition, FileSet, Keyring, Sealable, SealedRow, Stored, StoredSignIn, Write},
    record, renewal,
    request::{Answer, Reply},
    state::{Org, Profile, State},
    sync, update, usage,
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::sync::oneshot;

/// A keyring that needs longer asks the person for its password.
const KEYRING_ANSWERS: Duration = Duration::from_secs(2);

/// A sealed row that was opened or could not be.
pub(crate) struct Opened {
    org: OrgId,
    user: String,
    name: String,
    secret: Result<Sealable, Code>,
}

/// What a keyring that opened late brings.
pub(crate) struct Unlocked {
    keyring: Keyring,
    opened: Vec<Opened>,
    sign_ins: Vec<(OrgId, Option<StoredSignIn>)>,
    /// It was read at the start: what was signed in to or out of since is newer.
    at_start: bool,
}

/// What was read.
pub(crate) struct Loaded {
    pub stored: Stored,
    pub opened: Vec<Opened>,
    /// `None` while it asks the person for its password.
    pub keyring: Option<Keyring>,
    pub settings: Settings,
    pub settings_problem: Option<Code>,
    pub policy: Policy,
    pub policy_problem: Option<Code>,
    pub store_problem: Option<Code>,
    pub file: FileCondition,
}

/// The state before anything was read.
pub(crate) fn empty(now: Timestamp) -> State {
    State {
        orgs: Vec::new(),
        chosen: None,
        config: Arc::default(),
        conversions: Vec::new(),
        profiles: BTreeMap::new(),
        favourites: Vec::new(),
        long_lived: Vec::new(),
        launched: Arc::default(),
        launches: Vec::new(),
        destined: BTreeMap::new(),
        handing_out: BTreeMap::new(),
        assumed: crate::assume::Assumed::default(),
        locked_out: Vec::new(),
        handed_out: Vec::new(),
        pause: None,
        settings: Settings::default(),
        own: Settings::default(),
        policy: Arc::default(),
        policy_problem: None,
        way: Way::default(),
        settings_problem: None,
        store_problem: None,
        keyring: Keyring::Ready,
        keyring_opens: false,
        network: Network::default(),
        files: std::collections::HashMap::new(),
        looked: None,
        clock_skew: None,
        history: Arc::new(Vec::new()),
        last_line: 0,
        record: crate::snapshot::RecordNow::default(),
        rules: Arc::default(),
        patterns: Arc::default(),
        consents: crate::safety::Consents::default(),
        strange: None,
        window_focused: false,
        sandbox: crate::snapshot::SandboxNow::default(),
        installed: now,
        shown: Vec::new(),
        pending: Vec::new(),
        on_screen: Vec::new(),
        dropped: Vec::new(),
        put_off: Vec::new(),
        judging: false,
        hush: None,
        next_attempt: 1,
        revoking: 0,
        quitting: None,
        update: crate::update::Update::default(),
        keys: crate::keys::KeyWork::default(),
        step_up: crate::step_up::StepUp::default(),
    }
}

/// Reads everything in a task and sends it to the loop. A keyring that asks for its password is not waited
/// for: what the store lists is shown meanwhile.
pub(crate) fn load(ctx: &Context) {
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let vault = Arc::clone(&ctx.ports.vault);
        let mut opening = tokio::spawn(async move { vault.open().await });
        let (stored, store_problem) = match ctx.ports.store.load(ctx.now()).await {
            Ok(stored) => {
                let moved = stored.damaged.as_ref().map(|path| path.display().to_string());
                (stored, moved.map(|moved_to| Code::StoreDamaged { moved_to }))
            }
            Err(code) => (Stored::default(), Some(code)),
        };
        let (settings, settings_problem) = match ctx.ports.settings.load().await {
            Ok(settings) => (settings, None),
            Err(code) => (Settings::default(), Some(code)),
        };
        let (policy, policy_problem) = match ctx.ports.settings.policy().await {
            Ok(policy) => (policy, None),
            Err(code) => (Policy::default(), Some(code)),
        };
        let file = ctx.ports.files.condition(FileSet::Own).await;
        let keyring = tokio::time::timeout(KEYRING_ANSWERS, &mut opening).await.ok().map(answer_of);
        let opened = keyring.as_ref().map(|k| unseal(&ctx, k, &stored.sealed)).unwrap_or_default();
        let sealed = stored.sealed.clone();
        let sign_ins = sign_ins_of(&stored);
        let late = keyring.is_none();
        let loaded = Loaded {
            stored,
            opened,
            keyring,
            settings,
            settings_problem,
            policy,
            policy_problem,
            store_problem,
            file,
        };
        ctx.send(Event::Started(Box::new(loaded)));
        if late {
            let keyring = answer_of(opening.await);
            let opened = unseal(&ctx, &keyring, &sealed);
            ctx.send(Event::Unlocked(Unlocked { keyring, opened, sign_ins, at_start: true }));
        }
    });
}

fn answer_of(answer: Result<Keyring, tokio::task::JoinError>) -> Keyring {
    answer.unwrap_or_else(|e| Keyring::MemoryOnly(Code::KeyringMissing { reason: e.to_string() }))
}

fn sign_ins_of(stored: &Stored) -> Vec<(OrgId, Option<StoredSignIn>)> {
    stored.organisations.iter().map(|(o, _, s)| (o.id.clone(), s.clone())).collect()
}

fn unseal(ctx: &Context, keyring: &Keyring, rows: &[SealedRow]) -> Vec<Opened> {
    if *keyring != Keyring::Ready {
        return Vec::new();
    }
    let open = |row: &SealedRow| Opened {
        org: row.org.clone(),
        user: row.user.clone(),
        name: row.name.clone(),
        secret: ctx.ports.vault.unseal(row),
    };
    rows.iter().map(open).collect()
}

/// Makes the state of what was read and sets everything going.
pub(crate) fn finish(ctx: &Context, state: &mut State, loaded: Loaded) {
    let now = ctx.now();
    let Loaded { stored, opened, keyring, settings, settings_problem, store_problem, file, .. } = loaded;
    let sign_ins = sign_ins_of(&stored);
    state.keyring_opens = keyring.is_none();
    state.keyring = keyring.unwrap_or(Keyring::Ready);
    ctx.ports.browser.prefer(settings.browsers.clone());
    state.set_policy(loaded.policy);
    state.policy_problem = loaded.policy_problem;
    state.set_settings(settings);
    state.way = ctx.ports.sso.way();
    state.settings_problem = settings_problem;
    state.store_problem = store_problem;
    state.installed = stored.installed.unwrap_or(now);
    state.favourites = stored.favourites;
    state.launched = Arc::new(stored.launches);
    state.long_lived = stored.long_lived;
    state.pause = stored.pause;
    state.chosen = stored.chosen;
    state.conversions = stored.conversions;
    state.step_up.keys = stored.step_up_keys;
    // Before anything that was sealed is there to be handed out.
    state.step_up.remember(stored.demanded);
    state.shown = stored.notices;
    state.last_line = stored.history.first().map_or(0, |newest| newest.id);
    state.history = Arc::new(stored.history);
    for (organisation, portal, _) in stored.organisations {
        state.orgs.push(Org::new(organisation, portal));
    }
    for (org, account, label) in stored.labels {
        if let Some(o) = state.org_mut(&org) {
            o.labels.insert(account, label);
        }
    }
    for kept in stored.kept {
        let mut profile = Profile::new(kept);
        // The program that tools ask may have moved with an update.
        profile.forced = !profile.kept.delivery.is_refreshed();
        state.profiles.insert(profile.kept.profile.clone(), profile);
    }
    // An administrator may have marked roles meanwhile, of what is kept without an end.
    crate::step_up::mark_by_policy(ctx, state);
    usage::condition(ctx, state, FileSet::Own, file);
    for (org, half) in stored.half_syncs {
        let sign_in = sign_ins.iter().find(|(id, _)| *id == org).and_then(|(_, s)| s.as_ref());
        half_sync::restore(ctx, state, &org, half, sign_in);
    }
    restore(state, opened, &sign_ins, now);
    if ctx.on_demand {
        return;
    }
    for org in sign_ins.iter().map(|(org, _)| org) {
        sync::if_stale(ctx, state, org);
    }
    if state.orgs.iter().any(|o| o.organisation.kind == Kind::Sandbox) {
        add::start_sandbox(ctx, state, None);
    }
    keep::recheck(ctx, state);
    update::follow(ctx);
    if !state.keyring_opens {
        record::check(ctx, state);
    }
    tracing::info!(organisations = state.orgs.len(), profiles = state.profiles.len(), "started");
}

/// Puts opened secrets where they belong and sets the sign-ins that follow from them. Organisations that
/// are signed in to already keep what they have.
fn restore(
    state: &mut State,
    opened: Vec<Opened>,
    sign_ins: &[(OrgId, Option<StoredSignIn>)],
    now: Timestamp,
) {
    for Opened { org, user, name, secret } in opened {
        let withheld = guarded(state, &org);
        let stored = sign_ins.iter().find(|(id, _)| *id == org).and_then(|(_, s)| s.as_ref());
        let Some(org) = state.org_mut(&org).filter(|o| o.session().is_none()) else { continue };
        // What another person fetched is not handed to this one.
        let theirs = stored.is_some_and(|s| s.user.as_deref().unwrap_or_default() == user);
        match secret {
            Ok(Sealable::Client(client)) => {
                // Behind those of a sign-in that began meanwhile: its tokens will belong to them.
                if org.clients.iter().all(|c| c.client_id != client.client_id) {
                    org.clients.push(client);
                }
            }
            Ok(Sealable::Tokens(tokens)) if theirs => org.tokens = Some(tokens),
            Ok(Sealable::RoleCredentials(credentials)) if theirs && credentials.expires > now => {
                if let Some((account, role)) = name.split_once('/') {
                    let key = (AccountId::new(account), RoleName::new(role));
                    // From before the server asked for a touch.
                    if !withheld.contains(&key) {
                        org.credentials.insert(key, credentials);
                    }
                }
            }
            Ok(Sealable::Known(known)) => {
                org.known.insert(name, known);
            }
            Ok(_) => {}
            Err(code) => org.failure = Some(code),
        }
    }
    for (id, stored) in sign_ins {
        let unsettled = |o: &&mut Org| match o.sign_in {
            SignIn::SignedOut => true,
            SignIn::InProgress(_) => o.previous.is_none(),
            _ => false,
        };
        let Some(org) = state.org_mut(id).filter(unsettled) else { continue };
        let Some(stored) = stored else { continue };
        let Some(tokens) = &org.tokens else { continue };
        let session = Session {
            user: stored.user.clone(),
            since: stored.since,
            token_expires: tokens.expires,
            ends: stored.ends,
            renewable: tokens.refresh_token.is_some(),
            stored: true,
        };
        let over = session.known_end().filter(|end| *end <= now);
        match (&org.sign_in, over) {
            // The person is signing in already: what is restored stands until that is done.
            (SignIn::InProgress(_), None) => org.previous = Some(session),
            (SignIn::InProgress(_), Some(_)) => {}
            (_, Some(end)) => org.sign_in = SignIn::Ended { at: end, why: Ended::Expired },
            (_, None) => org.sign_in = SignIn::SignedIn(session),
        }
    }
}

/// The roles of an organisation that its server gives out after a touch alone.
fn guarded(state: &State, org: &OrgId) -> Vec<(AccountId, RoleName)> {
    let all = state.step_up.demanded().filter(|grant| grant.org == *org);
    all.map(|grant| (grant.account.clone(), grant.role.clone())).collect()
}

/// The keyring's second chance: a locked one may be open now. What was signed in to meanwhile stays, and
/// is sealed; what the locked keyring hid comes back.
pub(crate) fn retry_keyring(ctx: &Context, answer: oneshot::Sender<Answer>) {
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let result = async {
            let keyring = ctx.ports.vault.open().await;
            if let Keyring::MemoryOnly(code) = keyring {
                return Err(code);
            }
            ctx.flush().await;
            let stored = ctx.ports.store.load(ctx.now()).await?;
            let opened = unseal(&ctx, &keyring, &stored.sealed);
            let sign_ins = sign_ins_of(&stored);
            ctx.send(Event::Unlocked(Unlocked { keyring, opened, sign_ins, at_start: false }));
            Ok(Reply::Done)
        }
        .await;
        let _ = answer.send(result);
    });
}

/// Applies what the opened keyring brought.
pub(crate) fn unlocked(ctx: &Context, state: &mut State, unlocked: Unlocked) {
    let Unlocked { keyring, mut opened, mut sign_ins, at_start } = unlocked;
    state.keyring = keyring;
    state.keyring_opens = false;
    let newer = |id: &OrgId| at_start && state.org(id).is_some_and(|o| o.era > 0);
    opened.retain(|o| !newer(&o.org));
    sign_ins.retain(|(org, _)| !newer(org));
    restore(state, opened, &sign_ins, ctx.now());
    renewal::store_all(ctx, state);
    record::check(ctx, state);
    hand_out::unlocked(ctx, state);
    for (org, _) in sign_ins.iter().filter(|_| !ctx.on_demand) {
        sync::if_stale(ctx, state, org);
    }
}

/// The rows of a sign-in: sealed tokens, and who and since when.
pub(crate) fn sign_in_rows(
    ctx: &Context,
    org: &OrgId,
    session: &Session,
    tokens: crate::model::secret::TokenSet,
) -> Result<[Write; 2], Code> {
    let user = session.user.clone().unwrap_or_default();
    let row = ctx.ports.vault.seal(org, &user, "", &Sealable::Tokens(tokens))?;
    let stored = StoredSignIn { user: session.user.clone(), since: session.since, ends: session.ends };
    Ok([Write::Sealed(row), Write::SignedIn(org.clone(), Some(stored))])
}

/// The rows of an organisation's registrations: of each way the one that was made last, which is the one
/// that is used.
pub(crate) fn client_rows(ctx: &Context, org: &Org) -> Result<Vec<Write>, Code> {
    let mut rows = Vec::new();
    let mut methods = Vec::new();
    for client in &org.clients {
        if !methods.contains(&client.method) {
            methods.push(client.method);
            let (name, secret) = (method_name(client.method), Sealable::Client(client.clone()));
            rows.push(Write::Sealed(ctx.ports.vault.seal(org.id(), "", name, &secret)?));
        }
    }
    Ok(rows)
}

/// The name of a client row in the vault.
fn method_name(method: crate::model::sign_in::Method) -> &'static str {
    match method {
        crate::model::sign_in::Method::Browser | crate::model::sign_in::Method::Native => "browser",
        crate::model::sign_in::Method::DeviceCode => "device_code",
    }
}
