//! Opening a console: role credentials, federation sign-in, default browser.

use crate::{
    engine::{Context, Event},
    model::{
        Timestamp,
        code::Code,
        environment::Act,
        history::{By, Event as Happened},
        ids::Grant,
        notice::Notice,
        organisation::{Kind, Organisation},
        partition::Partition,
        refresh::renew_at,
        secret::RoleCredentials,
    },
    ports::{Sealable, SsoError, Write},
    renewal,
    request::{Answer, Reply},
    safety, sign_in,
    snapshot::Launch,
    state::{Org, Pass, State},
    step_up::{self, Held},
    waiting::Waiting,
};
use url::Url;

/// A wish to open a console.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Wish {
    pub grant: Grant,
    pub destination: Option<String>,
    pub region: Option<String>,
    pub private: bool,
    pub confirmed: bool,
}

/// Where the last wish for a role's console led to, for trying again.
#[derive(Clone, Default)]
pub(crate) struct Destined {
    pub destination: Option<String>,
    pub region: Option<String>,
    pub private: bool,
}

/// What became of it.
pub(crate) struct Outcome {
    wish: Wish,
    pass: Pass,
    /// With the browser's name, where it is known.
    result: Result<Option<String>, SsoError>,
    fetched: Option<RoleCredentials>,
}

pub(crate) fn begin(ctx: &Context, state: &mut State, wish: Wish) -> Answer {
    let now = ctx.now();
    let sealing = state.seals(&wish.grant);
    let org = state.org(&wish.grant.org).ok_or_else(|| Code::Gone { what: "organisation".to_owned() })?;
    if !org.may_use(&wish.grant) {
        return Err(Code::AccessRemoved);
    }
    if !wish.confirmed
        && let Some(confirm) = safety::confirm(ctx, state, org, &wish.grant, Act::OpenConsole)
    {
        return Ok(Reply::Confirm(confirm));
    }
    let named = Destined {
        destination: wish.destination.clone(),
        region: wish.region.clone(),
        private: wish.private,
    };
    let destination = destination(&org.organisation, wish.destination.as_deref(), wish.region.as_deref())?;
    let pass = org.pass(now);
    state.destined.insert(wish.grant.clone(), named);
    let Some(pass) = pass else {
        return wait_for_sign_in(ctx, state, wish, now);
    };
    state.set_launch(&wish.grant.clone().into(), Launch::Opening);
    let Some(org) = state.org(&wish.grant.org) else { return Ok(Reply::Done) };
    let fetch = Fetch::of(ctx, org, pass, sealing, &wish.grant, now);
    let private = wish.private;
    let fetch = if step_up::needs_no_touch(state, &wish.grant, now) { fetch } else { fetch.fresh() };
    tokio::spawn(async move {
        let ctx = fetch.ctx.clone();
        let mut fetched = None;
        let result = async {
            let (credentials, new) = fetch.credentials().await?;
            if new {
                fetched = Some(credentials.clone());
            }
            let link = ctx.ports.sso.console_link(&fetch.org, &credentials, destination.as_ref()).await?;
            let (opened, browser) = tokio::join!(
                ctx.ports.browser.open_once(&fetch.org.id, link, private),
                ctx.ports.browser.name(&fetch.org.id)
            );
            opened.map(|()| browser).map_err(SsoError::Other)
        }
        .await;
        ctx.send(Event::Launched(Outcome { wish, pass: fetch.pass.clone(), result, fetched }));
    });
    Ok(Reply::Done)
}

fn wait_for_sign_in(ctx: &Context, state: &mut State, wish: Wish, now: Timestamp) -> Answer {
    let id = wish.grant.org.clone();
    let Some(org) = state.org_mut(&id) else { return Ok(Reply::Done) };
    if org.stands(now) {
        // The person asks, so the wait after a failure is over.
        org.renew_not_before = None;
        renewal::begin(ctx, state, &id);
    } else {
        sign_in::begin(ctx, state, &id, None)?;
    }
    state.set_launch(&wish.grant.clone().into(), Launch::WaitingForSignIn);
    if let Some(org) = state.org_mut(&id) {
        // One tab, however often the row was clicked meanwhile.
        org.waiting.retain(|w| !matches!(w, Waiting::Console(other) if other.grant == wish.grant));
        org.waiting.push(Waiting::Console(Wish { confirmed: true, ..wish }));
    }
    Ok(Reply::Done)
}

/// Gets role credentials: cached ones while they are not due, else new ones, sealed before they are used.
pub(crate) struct Fetch {
    pub ctx: Context,
    pub org: Organisation,
    pub grant: Grant,
    pub pass: Pass,
    user: String,
    sealing: bool,
    cached: Option<RoleCredentials>,
}

impl Fetch {
    pub fn of(ctx: &Context, org: &Org, pass: Pass, sealing: bool, grant: &Grant, now: Timestamp) -> Self {
        let key = (grant.account.clone(), grant.role.clone());
        let cached = org.credentials.get(&key).filter(|c| renew_at(c.issued, c.expires) > now).cloned();
        Self {
            ctx: ctx.clone(),
            org: org.organisation.clone(),
            grant: grant.clone(),
            pass,
            user: org.user().unwrap_or_default().to_owned(),
            sealing,
            cached,
        }
    }

    /// Asks the server although something is cached.
    pub fn fresh(mut self) -> Self {
        self.cached = None;
        self
    }

    /// The credentials, and whether they are new.
    pub async fn credentials(&self) -> Result<(RoleCredentials, bool), SsoError> {
        if let Some(cached) = &self.cached {
            return Ok((cached.clone(), false));
        }
        let ports = &self.ctx.ports;
        let (account, role) = (&self.grant.account, &self.grant.role);
        let credentials = ports.sso.role_credentials(&self.org, &self.pass.token, account, role).await?;
        if self.sealing {
            let name = format!("{account}/{role}");
            let secret = Sealable::RoleCredentials(credentials.clone());
            let row = ports.vault.seal(&self.org.id, &self.user, &name, &secret).map_err(SsoError::Other)?;
            // A full disk costs the cache, not the credentials.
            let _ = self.ctx.committed(vec![Write::Sealed(row)]).await;
        }
        Ok((credentials, true))
    }
}

pub(crate) fn finish(ctx: &Context, state: &mut State, outcome: Outcome) {
    let Outcome { wish, pass, result, fetched } = outcome;
    let grant = wish.grant.clone();
    let now = ctx.now();
    if let Some(credentials) = fetched {
        renewal::remember(ctx, state, &grant, &pass, credentials);
    }
    match result {
        Ok(browser) => {
            state.note_launch(grant.clone().into(), browser, now);
            ctx.commit(vec![Write::Launched(grant.clone().into(), now)]);
            crate::usage::of_role(ctx, state, &grant);
            let account_name = state.account_name(&grant);
            ctx.note(state, By::You, Happened::ConsoleOpened { grant, account_name });
        }
        Err(SsoError::Unauthorized) if state.org(&grant.org).is_some_and(|o| o.era == pass.era) => {
            // The wish is kept: it is done after the renewal, or after the sign-in that is needed now.
            renewal::unauthorized(ctx, state, &grant.org, &pass);
            if let Err(code) = begin(ctx, state, Wish { confirmed: true, ..wish }) {
                failed(ctx, state, &grant, code);
            }
        }
        Err(SsoError::StepUpNeeded) => {
            step_up::demanded(ctx, state, &grant, Held::Console(Wish { confirmed: true, ..wish }));
        }
        Err(error) => failed(ctx, state, &grant, sign_in::code_of(error)),
    }
}

/// A console that the person asked for did not open.
pub(crate) fn failed(ctx: &Context, state: &mut State, grant: &Grant, code: Code) {
    let now = ctx.now();
    let Destined { destination, region, private } = state.destined.get(grant).cloned().unwrap_or_default();
    let failed = Launch::Failed {
        at: now,
        code: code.clone(),
        destination: destination.clone(),
        region: region.clone(),
        private,
    };
    state.set_launch(&grant.clone().into(), failed);
    let account_name = state.account_name(grant);
    let notice = Notice::LaunchFailed {
        grant: grant.clone(),
        account_name: account_name.clone(),
        code: code.clone(),
        destination,
        region,
    };
    crate::notify::raise(state, notice, now);
    ctx.note(state, By::You, Happened::ConsoleFailed { grant: grant.clone(), account_name, code });
}

/// The console address for a service, a region or an address that was asked for.
fn destination(org: &Organisation, wanted: Option<&str>, region: Option<&str>) -> Result<Option<Url>, Code> {
    let given = |text: Option<&str>| text.map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned);
    let (wanted, region) = (given(wanted), given(region));
    if let Some(url) = wanted.as_deref().and_then(|w| Url::parse(w).ok()) {
        let host = url.host_str().unwrap_or_default().to_owned();
        let fits = Partition::of_region(&org.region).is_some_and(|p| p.is_console(&host));
        let own = org.kind != Kind::Aws && org.endpoints.federation.host_str() == Some(host.as_str());
        return if (fits && url.scheme() == "https") || own {
            Ok(Some(url))
        } else {
            Err(Code::ForeignUrl { host })
        };
    }
    if wanted.is_none() && region.is_none() {
        return Ok(None);
    }
    let service = wanted.unwrap_or_else(|| "console".to_owned());
    let region = region.unwrap_or_else(|| org.region.clone());
    let plain = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    for part in [&service, &region] {
        if !plain(part) {
            return Err(Code::BadDestination { wanted: part.clone() });
        }
    }
    // A role is of one partition, and opens no console of another.
    let there = Partition::of_region(&region).filter(|p| Partition::of_region(&org.region) == Some(*p));
    let host = there.ok_or_else(|| Code::BadDestination { wanted: region.clone() })?.console_of(&region);
    let url = format!("https://{host}/{service}/home?region={region}");
    Url::parse(&url).map(Some).map_err(|_| Code::BadDestination { wanted: service })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use crate::model::{ids::OrgId, partition};

    #[test]
    fn a_destination_is_a_console_of_the_roles_partition() {
        let check = |home: &str, wanted: Option<&str>, region: Option<&str>, expect: Option<&str>| {
            let endpoints = partition::endpoints(home, false).unwrap();
            let org = Organisation {
                id: OrgId::new("acme"),
                name: "Acme".into(),
                start_url: Url::parse("https://acme.awsapps.com/start").unwrap(),
                region: home.into(),
                kind: Kind::Aws,
                endpoints,
                added: Timestamp::UNIX_EPOCH,
            };
            let found = destination(&org, wanted, region).ok().map(|url| url.unwrap().to_string());
            assert_eq!(found.as_deref(), expect, "{home} {wanted:?} {region:?}");
        };
        let s3 = Some("s3");
        let there = "https://us-west-2.console.aws.amazon.com/s3/home?region=us-west-2";
        check("eu-west-1", s3, Some("us-west-2"), Some(there));
        let gov = "https://console.amazonaws-us-gov.com/s3/home?region=us-gov-east-1";
        check("us-gov-west-1", s3, Some("us-gov-east-1"), Some(gov));
        check("cn-north-1", s3, None, Some("https://console.amazonaws.cn/s3/home?region=cn-north-1"));
        check("eu-west-1", s3, Some("cn-north-1"), None);
        check("cn-north-1", s3, Some("eu-west-1"), None);
        check("eu-west-1", s3, Some("us-iso-east-1"), None);
        check(
            "cn-north-1",
            Some("https://console.amazonaws.cn/s3"),
            None,
            Some("https://console.amazonaws.cn/s3"),
        );
        check("cn-north-1", Some("https://console.aws.amazon.com/s3"), None, None);
        check("eu-west-1", Some("https://console.aws.amazon.com.evil.test/s3"), None, None);
        check("eu-west-1", Some("http://console.aws.amazon.com/s3"), None, None);
    }
}
