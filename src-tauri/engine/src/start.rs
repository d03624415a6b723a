//! The start: what the store, the vault and the files hold, and the keyring's second chance.

use crate::{
    add,
    engine::{Context, Event},
    keep,
    model::{
        Timestamp,
        code::Code,
        ids::OrgId,
        organisation::Kind,
        settings::Settings,
        sign_in::{Ended, Session, SignIn},
    },
    ports::{FileCondition, FileSet, Keyring, Sealable, SealedRow, Stored, StoredSignIn, Write},
    request::{Answer, Reply},
    state::{Org, Profile, State},
    sync,
};
use std::{collections::BTreeMap, sync::Arc};
use tokio::sync::oneshot;

/// A sealed row that was opened or could not be.
pub(crate) struct Opened {
    org: OrgId,
    user: String,
    name: String,
    secret: Result<Sealable, Code>,
}

/// What a keyring that opened late brings.
pub(crate) struct Unlocked {
    opened: Vec<Opened>,
    sign_ins: Vec<(OrgId, Option<StoredSignIn>)>,
}

/// What was read.
pub(crate) struct Loaded {
    pub stored: Stored,
    pub opened: Vec<Opened>,
    pub keyring: Keyring,
    pub settings: Settings,
    pub problem: Option<Code>,
    pub file: FileCondition,
}

/// The state before anything was read.
pub(crate) fn empty(now: Timestamp) -> State {
    State {
        orgs: Vec::new(),
        profiles: BTreeMap::new(),
        favourites: Vec::new(),
        launched: Vec::new(),
        launches: Vec::new(),
        destined: BTreeMap::new(),
        pause: None,
        settings: Settings::default(),
        settings_problem: None,
        store_problem: None,
        keyring: Keyring::Ready,
        online: true,
        offline_since: None,
        files: std::collections::HashMap::new(),
        clock_skew: None,
        history: Arc::new(Vec::new()),
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
        quitting: None,
    }
}

/// Reads everything in a task and sends it to the loop.
pub(crate) fn load(ctx: &Context) {
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let (stored, mut problem) = match ctx.ports.store.load(ctx.now()).await {
            Ok(stored) => (stored, None),
            Err(code) => (Stored::default(), Some(code)),
        };
        let settings = match ctx.ports.settings.load().await {
            Ok(settings) => settings,
            Err(code) => {
                problem = problem.or(Some(code));
                Settings::default()
            }
        };
        let keyring = ctx.ports.vault.open().await;
        let opened = unseal(&ctx, &keyring, &stored.sealed);
        let file = ctx.ports.files.condition(FileSet::Own).await;
        ctx.send(Event::Started(Box::new(Loaded { stored, opened, keyring, settings, problem, file })));
    });
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
    let Loaded { stored, opened, keyring, settings, problem, file } = loaded;
    state.keyring = keyring;
    state.settings = settings;
    state.settings_problem = problem;
    state.files.insert(FileSet::Own, file);
    state.installed = stored.installed.unwrap_or(now);
    state.favourites = stored.favourites;
    state.launched = stored.launches;
    state.pause = stored.pause;
    state.shown = stored.notices;
    state.history = Arc::new(stored.history);
    let mut sign_ins = Vec::new();
    for (organisation, portal, signed_in) in stored.organisations {
        sign_ins.push((organisation.id.clone(), signed_in));
        state.orgs.push(Org::new(organisation, portal));
    }
    for (org, account, label) in stored.labels {
        if let Some(o) = state.org_mut(&org) {
            o.labels.insert(account, label);
        }
    }
    for kept in stored.kept {
        state.profiles.insert(kept.profile.clone(), Profile::new(kept));
    }
    restore(state, opened, &sign_ins, now);
    for org in sign_ins.iter().map(|(org, _)| org) {
        sync::if_stale(ctx, state, org);
    }
    if state.orgs.iter().any(|o| o.organisation.kind == Kind::Sandbox) {
        add::start_sandbox(ctx, state, None);
    }
    keep::recheck(ctx, state);
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
        let stored = sign_ins.iter().find(|(id, _)| *id == org).and_then(|(_, s)| s.as_ref());
        let Some(org) = state.org_mut(&org).filter(|o| o.session().is_none()) else { continue };
        // What another person fetched is not handed to this one.
        let theirs = stored.is_some_and(|s| s.user.as_deref().unwrap_or_default() == user);
        match secret {
            Ok(Sealable::Client(client)) => {
                org.clients.retain(|c| c.method != client.method);
                org.clients.push(client);
            }
            Ok(Sealable::Tokens(tokens)) if theirs => org.tokens = Some(tokens),
            Ok(Sealable::RoleCredentials(credentials)) if theirs && credentials.expires > now => {
                if let Some((account, role)) = name.split_once('/') {
                    let key =
                        (crate::model::ids::AccountId::new(account), crate::model::ids::RoleName::new(role));
                    org.credentials.insert(key, credentials);
                }
            }
            Ok(_) => {}
            Err(code) => org.failure = Some(code),
        }
    }
    for (id, stored) in sign_ins {
        let Some(org) = state.org_mut(id).filter(|o| matches!(o.sign_in, SignIn::SignedOut)) else {
            continue;
        };
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
        org.sign_in = match session.known_end() {
            Some(end) if end <= now => SignIn::Ended { at: end, why: Ended::Expired },
            _ => SignIn::SignedIn(session),
        };
    }
}

/// The keyring's second chance: a locked one may be open now. What was signed in to meanwhile stays, and
/// is sealed; what the locked keyring hid comes back.
pub(crate) fn retry_keyring(ctx: &Context, state: &State, answer: oneshot::Sender<Answer>) {
    let ctx = ctx.clone();
    let held: Vec<_> = state
        .orgs
        .iter()
        .filter_map(|o| Some((o.id().clone(), o.session()?.clone(), o.tokens.clone()?, o.clients.clone())))
        .collect();
    tokio::spawn(async move {
        let result = async {
            if let Keyring::MemoryOnly(code) = ctx.ports.vault.open().await {
                return Err(code);
            }
            let mut writes = Vec::new();
            for (org, session, tokens, clients) in held {
                for client in clients {
                    let name = method_name(client.method);
                    let row = ctx.ports.vault.seal(&org, "", name, &Sealable::Client(client))?;
                    writes.push(Write::Sealed(row));
                }
                writes.extend(sign_in_rows(&ctx, &org, &session, tokens)?);
            }
            ctx.ports.store.commit(writes).await?;
            let stored = ctx.ports.store.load(ctx.now()).await?;
            let opened = unseal(&ctx, &Keyring::Ready, &stored.sealed);
            let sign_ins = stored.organisations.into_iter().map(|(o, _, s)| (o.id, s)).collect();
            ctx.send(Event::Unlocked(Unlocked { opened, sign_ins }));
            Ok(Reply::Done)
        }
        .await;
        let _ = answer.send(result);
    });
}

/// Applies what the opened keyring brought.
pub(crate) fn unlocked(state: &mut State, unlocked: Unlocked, now: Timestamp) {
    state.keyring = Keyring::Ready;
    for org in &mut state.orgs {
        if let Some(session) = org.session_mut() {
            session.stored = true;
        }
    }
    restore(state, unlocked.opened, &unlocked.sign_ins, now);
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

/// The name of a client row in the vault.
pub(crate) fn method_name(method: crate::model::sign_in::Method) -> &'static str {
    match method {
        crate::model::sign_in::Method::Browser => "browser",
        crate::model::sign_in::Method::DeviceCode => "device_code",
    }
}
