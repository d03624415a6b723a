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

/// A sealed row that was opened or could not be: organisation, name, secret.
type Opened = (OrgId, String, Result<Sealable, Code>);

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
        pause: None,
        settings: Settings::default(),
        settings_problem: None,
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
        judging: false,
        hush: None,
        next_attempt: 1,
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
    rows.iter().map(|row| (row.org.clone(), row.name.clone(), ctx.ports.vault.unseal(row))).collect()
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

/// Puts opened secrets where they belong and sets the sign-ins that follow from them.
fn restore(
    state: &mut State,
    opened: Vec<Opened>,
    sign_ins: &[(OrgId, Option<StoredSignIn>)],
    now: Timestamp,
) {
    for (org, name, secret) in opened {
        let Some(org) = state.org_mut(&org) else { continue };
        match secret {
            Ok(Sealable::Client(client)) => {
                org.clients.retain(|c| c.method != client.method);
                org.clients.push(client);
            }
            Ok(Sealable::Tokens(tokens)) => org.tokens = Some(tokens),
            Ok(Sealable::RoleCredentials(credentials)) => {
                if let Some((account, role)) = name.split_once('/')
                    && credentials.expires > now
                {
                    let key =
                        (crate::model::ids::AccountId::new(account), crate::model::ids::RoleName::new(role));
                    org.credentials.insert(key, credentials);
                }
            }
            Err(code) => org.failure = Some(code),
        }
    }
    for (id, stored) in sign_ins {
        let Some(org) = state.org_mut(id) else { continue };
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

/// The keyring's second chance: a locked one may be open now. What was signed in to meanwhile stays.
pub(crate) fn retry_keyring(ctx: &Context, state: &State, answer: oneshot::Sender<Answer>) {
    let ctx = ctx.clone();
    let held: Vec<_> = state
        .orgs
        .iter()
        .filter_map(|o| match (&o.sign_in, &o.tokens) {
            (SignIn::SignedIn(s), Some(t)) => Some((o.id().clone(), s.clone(), t.clone(), o.clients.clone())),
            _ => None,
        })
        .collect();
    tokio::spawn(async move {
        let result = async {
            match ctx.ports.vault.open().await {
                Keyring::MemoryOnly(code) => return Err(code),
                Keyring::Ready => {}
            }
            let mut writes = Vec::new();
            for (org, session, tokens, clients) in held {
                let user = session.user.clone().unwrap_or_default();
                for client in clients {
                    writes.push(Write::Sealed(ctx.ports.vault.seal(
                        &org,
                        "",
                        method_name(client.method),
                        &Sealable::Client(client),
                    )?));
                }
                writes.push(Write::Sealed(ctx.ports.vault.seal(
                    &org,
                    &user,
                    "",
                    &Sealable::Tokens(tokens),
                )?));
                let stored = StoredSignIn { user: session.user, since: session.since, ends: session.ends };
                writes.push(Write::SignedIn(org, Some(stored)));
            }
            ctx.ports.store.commit(writes).await?;
            Ok(Reply::Done)
        }
        .await;
        if result.is_ok() {
            // Everything is read again: what a locked keyring hid comes back now.
            load(&ctx);
        }
        let _ = answer.send(result);
    });
}

/// The name of a client row in the vault.
pub(crate) fn method_name(method: crate::model::sign_in::Method) -> &'static str {
    match method {
        crate::model::sign_in::Method::Browser => "browser",
        crate::model::sign_in::Method::DeviceCode => "device_code",
    }
}
