//! `~/.aws/credentials` and `~/.aws/config` behind the engine's port; the editing itself is `aws-files`'.

mod condition;
mod errors;
mod look;
mod on_demand;
mod sso_cache;

use crate::home::Home;
use async_trait::async_trait;
use aws_files::{
    Change, ConfigFile, Consent, ConvertError, Credentials, CredentialsFile, DiffKind, Fingerprint,
    ForeignKeys, Owner, Paths, ProfileOutcome, Put, Remove, Standing,
};
use engine::{
    model::{
        aws_config::{AwsConfig, ConfigProfile, Conversion, Converted, DiffLine, Undone, UnreadLine},
        code::Code,
        delivery::Delivery,
        ids::{Grant, ProfileName},
        profile::{Conflict, Written},
        secret::{ClientRegistration, RoleCredentials},
        sign_in::Method,
    },
    ports::{
        AwsFiles, CachedSignIn, Clock, Delivered, FileChange, FileCondition, FileOutcome, FileSet, Found,
        LongLivedKey,
    },
};
use errors::{code, refused};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// How long another program of ours may hold the file's lock.
const PATIENCE: Duration = Duration::from_secs(3);

/// [`AwsFiles`] on this computer's disk.
pub struct DiskFiles {
    own: Arc<Pair>,
    sandbox: Arc<Pair>,
    latch: PathBuf,
    cache: aws_files::SsoCache,
    /// The AWS CLI's cache of role credentials.
    cli: aws_files::CliCache,
    clock: Arc<dyn Clock>,
}

struct Pair {
    credentials: CredentialsFile,
    config: ConfigFile,
}

impl DiskFiles {
    /// The person's files, as `AWS_SHARED_CREDENTIALS_FILE` and `AWS_CONFIG_FILE` say, and the sandbox's.
    #[must_use]
    pub fn new(env: &dyn Fn(&str) -> Option<OsString>, home: &Home, clock: Arc<dyn Clock>) -> Self {
        let own = Paths::from_env(env, &home.user);
        let sandbox = home.sandbox_aws();
        let pair = |credentials: &Path, config: &Path| {
            Arc::new(Pair {
                credentials: CredentialsFile::at(credentials, PATIENCE),
                config: ConfigFile::at(config),
            })
        };
        Self {
            own: pair(&own.credentials, &own.config),
            sandbox: pair(&sandbox.join("credentials"), &sandbox.join("config")),
            latch: on_demand::latch(),
            cache: aws_files::SsoCache::in_home(&home.user),
            cli: aws_files::CliCache::in_home(&home.user),
            clock,
        }
    }

    /// The program that tools ask, where it is not beside this one.
    #[must_use]
    pub fn with_latch(self, latch: PathBuf) -> Self {
        Self { latch, ..self }
    }

    /// Where the credentials file of a set is, for those who watch it.
    #[must_use]
    pub fn path(&self, set: FileSet) -> &Path {
        self.pair(set).credentials.path()
    }

    fn pair(&self, set: FileSet) -> &Arc<Pair> {
        match set {
            FileSet::Own => &self.own,
            FileSet::Sandbox => &self.sandbox,
        }
    }

    async fn blocking<T: Send + 'static>(
        &self,
        set: FileSet,
        act: impl FnOnce(&Pair) -> Result<T, Code> + Send + 'static,
    ) -> Result<T, Code> {
        let pair = Arc::clone(self.pair(set));
        tokio::task::spawn_blocking(move || act(&pair))
            .await
            .unwrap_or_else(|e| Err(Code::Internal { what: format!("AWS files: {e}") }))
    }
}

#[async_trait]
impl AwsFiles for DiskFiles {
    async fn apply(
        &self,
        set: FileSet,
        changes: Vec<FileChange>,
    ) -> Result<(Vec<FileOutcome>, Option<PathBuf>), Code> {
        let (now, latch) = (self.clock.now(), self.latch.clone());
        self.blocking(set, move |pair| {
            let mut backups = Vec::new();
            let mut outcomes: Vec<Option<FileOutcome>> = Vec::with_capacity(changes.len());
            let mut wanted = Vec::new();
            for change in &changes {
                outcomes.push(match pair.deliver(&latch, change, now)? {
                    Step::Done(outcome, backup) => {
                        backups.extend(backup);
                        Some(outcome)
                    }
                    Step::Edit(edit) => {
                        wanted.push((change, edit));
                        None
                    }
                });
            }
            if wanted.is_empty() {
                return Ok((outcomes.into_iter().flatten().collect(), backups.pop()));
            }
            let (asked, edits): (Vec<_>, Vec<_>) = wanted.into_iter().unzip();
            let done = pair.credentials.update(&edits, now).map_err(|e| code(&e))?;
            let path = pair.credentials.path();
            let mut results = asked
                .into_iter()
                .zip(done.profiles)
                .map(|(change, result)| pair.no_other_way(change, outcome(path, change, result, now), now));
            let outcomes = outcomes.into_iter().filter_map(|o| o.or_else(|| results.next())).collect();
            Ok((outcomes, done.backup.or_else(|| backups.pop())))
        })
        .await
    }

    async fn check(&self, set: FileSet, profile: &Delivered) -> Result<Found, Code> {
        let (look, latch) = (profile.clone(), self.latch.clone());
        self.blocking(set, move |pair| match look.delivery {
            Delivery::OnDemand => pair.in_the_way(&latch, &look).map(Found::from),
            Delivery::CopyOnly => Ok(Found::Free),
            Delivery::SsoCache => pair.in_the_way_of_session(&look).map(Found::from),
            Delivery::CredentialsFile => pair.keys_stand(&look),
        })
        .await
    }

    async fn condition(&self, set: FileSet) -> FileCondition {
        let found = self
            .blocking(set, |pair| {
                let file = &pair.credentials;
                let mut found = FileCondition { path: file.path().to_owned(), ..FileCondition::default() };
                found.backup = file.newest_backup().ok().flatten();
                found.changed = condition::changed(file.path());
                found.config_read_only = condition::read_only(pair.config.path());
                match file.condition() {
                    Ok(condition) => {
                        found.target = condition.target;
                        found.readable_by_others = condition.open_to_others;
                        found.reads = condition::reads(condition.reads);
                    }
                    Err(e) => found.problem = Some(code(&e)),
                }
                match file.read() {
                    Ok(reading) => {
                        for (name, standing) in reading.profiles() {
                            let Standing::Foreign { keys } = standing else { continue };
                            if keys == ForeignKeys::LongLived
                                && let Some(mark) = reading.fingerprint(&name)
                            {
                                let mark = mark.as_str().to_owned();
                                found.long_lived.push(LongLivedKey {
                                    profile: name.clone(),
                                    mark,
                                    since: None,
                                });
                            }
                            found.foreign.push(name);
                        }
                    }
                    Err(e) => found.problem = found.problem.or_else(|| Some(code(&e))),
                }
                Ok(found)
            })
            .await;
        found.unwrap_or_else(|problem| FileCondition {
            path: self.path(set).to_owned(),
            problem: Some(problem),
            ..FileCondition::default()
        })
    }

    async fn config(&self) -> Result<AwsConfig, Code> {
        let cli = self.cli.clone();
        self.blocking(FileSet::Own, move |pair| {
            let found = pair.config.sso().map_err(|e| code(&e))?;
            let line = |it: aws_files::UnreadLine| UnreadLine {
                line: u32::try_from(it.error.line).unwrap_or(u32::MAX),
                what: it.error.kind.to_string(),
                text: it.text,
            };
            Ok(AwsConfig {
                path: pair.config.path().to_owned(),
                profiles: found
                    .profiles
                    .into_iter()
                    .map(|it| {
                        let used = cli.used(&it);
                        config_profile(it, used)
                    })
                    .collect(),
                managed: found.managed.into_iter().map(|m| (m.name, m.tool)).collect(),
                unread: found.unread.into_iter().map(line).collect(),
            })
        })
        .await
    }

    async fn plan_conversion(&self, profiles: Vec<String>) -> Result<Conversion, Code> {
        self.blocking(FileSet::Own, move |pair| {
            let plan = pair.config.plan(&profiles).map_err(|e| not_converted(&e))?;
            Ok(Conversion {
                path: pair.config.path().to_owned(),
                profiles: plan.profiles,
                added: plan.sessions.into_iter().map(|session| session.name).collect(),
                diff: plan.diff.into_iter().map(diff_line).collect(),
                seen: plan.after,
            })
        })
        .await
    }

    async fn convert(&self, profiles: Vec<String>, seen: String) -> Result<Converted, Code> {
        let now = self.clock.now();
        self.blocking(FileSet::Own, move |pair| {
            let made = pair.config.convert(&profiles, &seen, now).map_err(|e| not_converted(&e))?;
            let aws_files::Converted { backup, profiles, before, after } = made;
            let path = pair.config.path().to_owned();
            Ok(Converted { entry: 0, at: now, path, backup, profiles, before, after })
        })
        .await
    }

    async fn undo_conversion(&self, made: Converted) -> Result<Undone, Code> {
        self.blocking(FileSet::Own, move |_| {
            let Converted { path, backup, profiles, before, after, .. } = made;
            let made = aws_files::Converted { backup, profiles, before, after };
            // The file that was converted, wherever AWS_CONFIG_FILE points by now.
            let undone = ConfigFile::at(&path).undo_conversion(&made).map_err(|e| match e {
                ConvertError::PlacesChanged { path, places } => Code::PlacesChanged {
                    path: path.display().to_string(),
                    places,
                    backup: made.backup.display().to_string(),
                },
                e => not_converted(&e),
            })?;
            Ok(Undone { whole: undone.whole, kept_sessions: undone.kept_sessions })
        })
        .await
    }

    async fn cached_sign_in(&self, session: &str) -> Result<Option<CachedSignIn>, Code> {
        let (cache, session, now) = (self.cache.clone(), session.to_owned(), self.clock.now());
        self.blocking(FileSet::Own, move |_| {
            let found = cache.read(&session).map_err(|e| code(&e))?;
            Ok(found.map(|found| sso_cache::from_file(found, now)))
        })
        .await
    }

    async fn cache_sign_in(
        &self,
        session: &str,
        sign_in: CachedSignIn,
        ours: Vec<String>,
    ) -> Result<Option<CachedSignIn>, Code> {
        let (cache, session, now) = (self.cache.clone(), session.to_owned(), self.clock.now());
        self.blocking(FileSet::Own, move |_| {
            let newer =
                cache.write(&session, &sso_cache::to_file(sign_in), &ours, now).map_err(|e| code(&e))?;
            Ok(newer.map(|found| sso_cache::from_file(found, now)))
        })
        .await
    }

    async fn uncache_sign_in(&self, session: &str, clients: Vec<String>) -> Result<(), Code> {
        let (cache, session) = (self.cache.clone(), session.to_owned());
        self.blocking(FileSet::Own, move |_| cache.remove(&session, &clients).map_err(|e| code(&e))).await
    }

    async fn shared_registration(
        &self,
        start_url: &str,
        region: &str,
        method: Method,
        but: Vec<String>,
    ) -> Result<Option<ClientRegistration>, Code> {
        let (cache, now) = (self.cache.clone(), self.clock.now());
        let wanted = sso_cache::Sessions::new(start_url, region, but);
        self.blocking(FileSet::Own, move |pair| {
            for session in wanted.of(&pair.config)? {
                let found = cache.read_registration(&session, method == Method::Browser, now);
                if let Some(found) = found.map_err(|e| code(&e))? {
                    return Ok(Some(sso_cache::client(found, method)));
                }
            }
            Ok(None)
        })
        .await
    }

    async fn share_registration(
        &self,
        start_url: &str,
        region: &str,
        client: ClientRegistration,
        but: Vec<String>,
    ) -> Result<(), Code> {
        let (cache, now) = (self.cache.clone(), self.clock.now());
        let wanted = sso_cache::Sessions::new(start_url, region, but);
        self.blocking(FileSet::Own, move |pair| {
            let registration = sso_cache::registration(client);
            for session in wanted.of(&pair.config)? {
                cache.write_registration(&session, &registration, now).map_err(|e| code(&e))?;
            }
            Ok(())
        })
        .await
    }

    async fn unshare_registration(&self, start_url: &str, region: &str, client_id: &str) -> Result<(), Code> {
        let (cache, client_id) = (self.cache.clone(), client_id.to_owned());
        let wanted = sso_cache::Sessions::new(start_url, region, Vec::new());
        self.blocking(FileSet::Own, move |pair| {
            for session in wanted.of(&pair.config)? {
                cache.forget_registration(&session, &client_id).map_err(|e| code(&e))?;
            }
            Ok(())
        })
        .await
    }

    async fn make_private(&self, set: FileSet) -> Result<(), Code> {
        self.blocking(set, |pair| pair.credentials.make_private().map_err(|e| code(&e))).await
    }

    async fn undo(&self, set: FileSet) -> Result<(), Code> {
        let now = self.clock.now();
        self.blocking(set, move |pair| {
            let file = &pair.credentials;
            let backup = file.newest_backup().map_err(|e| code(&e))?;
            let backup = backup.ok_or_else(|| Code::Gone { what: "backup".to_owned() })?;
            file.undo(&backup, now).map(|_kept| ()).map_err(|e| code(&e))
        })
        .await
    }
}

impl Pair {
    /// Puts a change in its place, but for what waits for the one write of the credentials file.
    fn deliver(&self, latch: &Path, change: &FileChange, now: jiff::Timestamp) -> Result<Step, Code> {
        let edit = match change {
            FileChange::Ask { profile, grant, region, last, placed, replace_foreign } => {
                let (region, last) = (region.as_ref(), last.as_ref());
                let (placed, replace_foreign) = (*placed, *replace_foreign);
                let wish = on_demand::Wish { profile, grant, region, last, placed, replace_foreign };
                return self.place(latch, &wish, now).map(Step::done);
            }
            FileChange::SignIn {
                profile,
                grant,
                start_url,
                sso_region,
                session,
                others,
                region,
                last,
                replace_foreign,
            } => {
                let (region, last) = (region.as_ref(), last.as_ref());
                let replace_foreign = *replace_foreign;
                let wish = sso_cache::Wish {
                    profile,
                    grant,
                    start_url,
                    sso_region,
                    session,
                    others,
                    region,
                    last,
                    replace_foreign,
                };
                return self.sign_in_by_session(&wish, now).map(Step::done);
            }
            FileChange::Put { profile, grant, credentials, region, last, replace_foreign } => {
                keys_of(profile, grant, credentials, region.clone(), last.as_ref(), *replace_foreign)
                    .and_then(
                        // Most tools would not look at it: they prefer the profile's SSO settings.
                        |edit| {
                            let hidden = !replace_foreign && self.has_sso_settings(profile.as_str());
                            if hidden { Err(FileOutcome::Conflict(Conflict::SsoSettings)) } else { Ok(edit) }
                        },
                    )
            }
            FileChange::Remove { profile, last } => profile_name(profile)
                .map(|profile| Change::Remove(Remove { profile, last: last.as_ref().map(fingerprint) }))
                .map_err(FileOutcome::Failed),
        };
        // One that cannot be written must not keep the others from being.
        Ok(edit.map_or_else(|outcome| Step::Done(outcome, None), Step::Edit))
    }

    /// What is delivered by the credentials file or not at all has no section of ours in the config file.
    fn no_other_way(&self, change: &FileChange, outcome: FileOutcome, now: jiff::Timestamp) -> FileOutcome {
        let (FileChange::Put { profile, .. } | FileChange::Remove { profile, .. }) = change else {
            return outcome;
        };
        if !matches!(outcome, FileOutcome::Written(_) | FileOutcome::Removed) {
            return outcome;
        }
        match (self.ask_no_more(profile, now), change) {
            (Ok(None), _) | (Ok(Some(_)), FileChange::Put { .. }) => outcome,
            (Ok(Some(conflict)), _) => FileOutcome::Conflict(conflict),
            (Err(code), FileChange::Remove { .. }) => FileOutcome::Failed(code),
            // A config file that cannot be read must not keep credentials from being written.
            (Err(code), _) => {
                tracing::warn!(?code, "the config file could not be looked at");
                outcome
            }
        }
    }

    /// A hint only: a config file that cannot be read must not keep credentials from being written.
    fn has_sso_settings(&self, profile: &str) -> bool {
        self.config
            .has_sso_settings(profile)
            .inspect_err(|error| tracing::warn!(%error, "the config file could not be looked at"))
            .unwrap_or(false)
    }
}

fn config_profile(found: aws_files::SsoProfile, used: Option<jiff::Timestamp>) -> ConfigProfile {
    let aws_files::SsoProfile { name, session, start_url, sso_region, account, role, region, convertible } =
        found;
    ConfigProfile { name, session, start_url, sso_region, account, role, region, convertible, used }
}

fn diff_line(line: aws_files::DiffLine) -> DiffLine {
    let number = line.line.and_then(|number| u32::try_from(number).ok()).unwrap_or(u32::MAX);
    match line.kind {
        DiffKind::Kept => DiffLine::Kept(number, line.text),
        DiffKind::Removed => DiffLine::Removed(number, line.text.unwrap_or_default()),
        DiffKind::Added => DiffLine::Added(line.text.unwrap_or_default()),
        DiffKind::Skipped => DiffLine::Skipped,
    }
}

fn not_converted(error: &ConvertError) -> Code {
    let shown = |path: &Path| path.display().to_string();
    match error {
        ConvertError::File(error) => code(error),
        ConvertError::Profile { profile, why } => {
            Code::NotConvertible { profile: profile.clone(), why: why.to_string() }
        }
        ConvertError::Changed { path } | ConvertError::PlacesChanged { path, .. } => {
            Code::FileChanged { path: shown(path) }
        }
        ConvertError::NoBackup { backup } => Code::BackupGone { path: shown(backup) },
    }
}

/// What became of a change, or what is still to be written.
enum Step {
    Done(FileOutcome, Option<PathBuf>),
    Edit(Change),
}

impl Step {
    fn done((outcome, backup): (FileOutcome, Option<PathBuf>)) -> Self {
        Self::Done(outcome, backup)
    }
}

/// A profile with its keys, for the credentials file.
fn keys_of(
    profile: &ProfileName,
    grant: &Grant,
    credentials: &RoleCredentials,
    region: Option<String>,
    last: Option<&Written>,
    replace_foreign: bool,
) -> Result<Change, FileOutcome> {
    Ok(Change::Put(Put {
        profile: profile_name(profile).map_err(FileOutcome::Failed)?,
        owner: owner(grant).map_err(FileOutcome::Failed)?,
        credentials: Credentials {
            access_key_id: credentials.access_key_id.clone(),
            secret_access_key: credentials.secret_access_key.clone(),
            session_token: credentials.session_token.clone(),
            expires: credentials.expires,
        },
        region,
        last: last.map(fingerprint),
        consent: if replace_foreign { Consent::ReplaceWithBackup } else { Consent::OursOnly },
    }))
}

fn outcome(path: &Path, change: &FileChange, result: ProfileOutcome, now: jiff::Timestamp) -> FileOutcome {
    match (result, change) {
        (
            ProfileOutcome::Written(print) | ProfileOutcome::Unchanged(print),
            FileChange::Put { credentials, .. },
        ) => {
            let id = credentials.access_key_id.expose_secret();
            let tail = id.char_indices().rev().nth(3).and_then(|(at, _)| id.get(at..)).unwrap_or_default();
            FileOutcome::Written(Written {
                at: now,
                issued: credentials.issued,
                expires: credentials.expires,
                fingerprint: print.as_str().to_owned(),
                key_tail: tail.to_owned(),
            })
        }
        (ProfileOutcome::Conflict(standing), _) => {
            FileOutcome::Conflict(conflict(&standing).unwrap_or(Conflict::ChangedByAnother))
        }
        (ProfileOutcome::Refused(error), _) => FileOutcome::Failed(refused(&error)),
        (ProfileOutcome::NotChanged(error), _) => FileOutcome::Failed(Code::FileNotWritable {
            path: path.display().to_string(),
            reason: error.to_string(),
        }),
        _ => FileOutcome::Removed,
    }
}

fn conflict(standing: &Standing) -> Option<Conflict> {
    match standing {
        Standing::Absent | Standing::Ours { .. } => None,
        Standing::Foreign { keys: ForeignKeys::LongLived } => Some(Conflict::ForeignLongLivedKey),
        Standing::Foreign { .. } => Some(Conflict::Foreign),
        Standing::ChangedByAnother => Some(Conflict::ChangedByAnother),
    }
}

fn fingerprint(written: &Written) -> Fingerprint {
    Fingerprint::stored(&written.fingerprint)
}

fn profile_name(profile: &ProfileName) -> Result<aws_files::ProfileName, Code> {
    aws_files::ProfileName::new(profile.as_str())
        .map_err(|_| Code::BadProfileName { profile: profile.as_str().to_owned() })
}

/// Stands in the file in clear, so that it is a hash; parts are divided by what none of them can hold.
fn owner(grant: &Grant) -> Result<Owner, Code> {
    let whole = format!("{}\n{}\n{}", grant.org, grant.account, grant.role);
    let hash = hex::encode(Sha256::digest(whole.as_bytes()));
    Owner::new(hash.get(..32).unwrap_or(&hash)).map_err(|e| refused(&e))
}

#[cfg(test)]
#[path = "files/on_demand_tests.rs"]
mod on_demand_tests;
#[cfg(test)]
mod tests;
