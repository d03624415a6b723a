//! What the AWS config file has already: organisations to add, profiles to keep. Nothing here writes it.

use crate::{
    add,
    engine::{Context, Event},
    keep,
    model::{
        aws_config::{AwsConfig, comparable},
        code::Code,
        delivery::Delivery,
        ids::ProfileName,
        profile::Conflict,
    },
    ports::{Delivered, FileSet, Found},
    request::{Answer, Reply, Wanted},
    state::State,
};
use std::{collections::BTreeSet, sync::Arc};
use tokio::sync::oneshot;

/// Reads the config file, for those who wait for it, and for everybody.
pub(crate) fn look(ctx: &Context, answer: oneshot::Sender<Answer>) {
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let found = ctx.ports.files.config().await;
        if let Ok(config) = &found {
            ctx.send(Event::Config(Arc::new(config.clone())));
        }
        let _ = answer.send(found.map(|config| Reply::Config(Arc::new(config))));
    });
}

/// Reads the config file after it may have changed.
pub(crate) fn look_again(ctx: &Context) {
    look(ctx, oneshot::channel().0);
}

/// Adds the organisations of the config file that are not there yet. The answer is the first that answers;
/// the others follow, or can be added one by one. None is signed in to.
pub(crate) fn add_organisations(ctx: &Context, state: &State, answer: oneshot::Sender<Answer>) {
    let known: BTreeSet<String> =
        state.orgs.iter().map(|o| comparable(o.organisation.start_url.as_str())).collect();
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let config = match ctx.ports.files.config().await {
            Ok(config) => config,
            Err(code) => {
                let _ = answer.send(Err(code));
                return;
            }
        };
        let tasks: Vec<_> = unknown(&config, &known)
            .into_iter()
            .map(|(start_url, region)| {
                let ctx = ctx.clone();
                tokio::spawn(async move { ctx.ports.sso.discover(&start_url, region.as_deref(), None).await })
            })
            .collect();
        let mut answer = Some(answer);
        let mut failed = Code::Gone { what: "organisation in the AWS config file".to_owned() };
        let mut first_failed = false;
        for task in tasks {
            match task.await {
                Ok(Ok(found)) => {
                    let answer = answer.take().unwrap_or_else(|| oneshot::channel().0);
                    ctx.send(Event::Added(Box::new(add::Found::discovered(found, answer))));
                }
                Ok(Err(code)) if !first_failed => (failed, first_failed) = (code, true),
                Ok(Err(code)) => {
                    tracing::warn!(?code, "an organisation of the AWS config file was not added");
                }
                Err(error) => {
                    tracing::error!(%error, "an organisation of the AWS config file was not looked up");
                }
            }
        }
        if let Some(answer) = answer {
            let _ = answer.send(Err(failed));
        }
    });
}

/// Start URLs with their regions, as they are written.
fn unknown(config: &AwsConfig, known: &BTreeSet<String>) -> Vec<(String, Option<String>)> {
    let groups = config.groups().into_iter().filter(|group| !known.contains(&comparable(group.start_url)));
    groups.map(|group| (group.start_url.to_owned(), group.region.map(str::to_owned))).collect()
}

/// Several wishes to keep a profile fresh, fulfilled together or not at all.
pub(crate) struct Looked {
    wishes: Vec<keep::Wish>,
    /// What was found out of them that cannot be written.
    refused: Option<Code>,
    answer: oneshot::Sender<Answer>,
}

pub(crate) fn keep_many(
    ctx: &Context,
    state: &State,
    wanted: Vec<Wanted>,
    confirmed: bool,
    lasting: Option<std::time::Duration>,
    answer: oneshot::Sender<Answer>,
) {
    let wishes: Vec<_> = wanted.into_iter().map(|w| wish(w, confirmed, lasting)).collect();
    let Some((sets, answer)) = keep::or_answered(prepare(ctx, state, &wishes), answer) else { return };
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let mut refused = None;
        for (wish, set) in wishes.iter().zip(sets) {
            let look = Delivered {
                profile: wish.profile.clone(),
                grant: wish.grant.clone(),
                delivery: wish.delivery,
                last: None,
                placed: false,
            };
            refused = match ctx.ports.files.check(set, &look).await.map(Found::conflict) {
                Ok(None) => continue,
                Ok(Some(conflict)) => Some(taken(&wish.profile, conflict)),
                Err(code) => Some(code),
            };
            break;
        }
        ctx.send(Event::Looked(Looked { wishes, refused, answer }));
    });
}

fn wish(
    Wanted { grant, profile, region }: Wanted,
    confirmed: bool,
    lasting: Option<std::time::Duration>,
) -> keep::Wish {
    let delivery = Delivery::CredentialsFile;
    keep::Wish { grant, profile, delivery, region, replace_foreign: false, confirmed, lasting }
}

/// The files that they are written to; or what has to be confirmed first, which is asked once for all.
fn prepare(ctx: &Context, state: &State, wishes: &[keep::Wish]) -> Result<Result<Vec<FileSet>, Reply>, Code> {
    let mut sets = Vec::new();
    let mut names: BTreeSet<&ProfileName> = BTreeSet::new();
    let mut confirm = None;
    for wish in wishes {
        match keep::prepare(ctx, state, wish)? {
            Ok(set) => sets.push(set),
            Err(asked) => confirm = confirm.or(Some(asked)),
        }
        if !names.insert(&wish.profile) || state.profiles.contains_key(&wish.profile) {
            return Err(taken(&wish.profile, Conflict::ChangedByAnother));
        }
    }
    Ok(confirm.map_or(Ok(sets), Err))
}

fn taken(profile: &ProfileName, conflict: Conflict) -> Code {
    let suggestion = format!("{profile}-2");
    let delivery = Delivery::CredentialsFile;
    Code::ProfileTaken { profile: profile.as_str().to_owned(), conflict, suggestion, delivery }
}

/// Nothing is begun before all are looked at, so that one write has all of them.
pub(crate) fn looked(ctx: &Context, state: &mut State, looked: Looked) {
    let Looked { wishes, refused, answer } = looked;
    let free = |wish: &keep::Wish| !state.profiles.contains_key(&wish.profile);
    let refused = refused
        .or_else(|| wishes.iter().find(|w| !free(w)).map(|w| taken(&w.profile, Conflict::ChangedByAnother)));
    if let Some(code) = refused {
        let _ = answer.send(Err(code));
        return;
    }
    for wish in &wishes {
        keep::start(ctx, state, wish);
    }
    let _ = answer.send(Ok(Reply::Done));
}
