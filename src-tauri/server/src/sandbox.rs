//! `latchkey-server sandbox`: the sample organisation with keys and passwords of its own, for one person on one
//! machine. Says where it is on standard output, takes test controls on standard input, and ends with it.

use std::{
    collections::HashMap,
    io::{self, BufRead, Read, Write},
    net::SocketAddr,
    path::Path,
    sync::Arc,
};

use anyhow::{Context, Result, anyhow, bail};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{
    addresses::Addresses,
    chance::Chance,
    clock::Clock,
    data_folder::DataFolder,
    domain::sign_in_session,
    instance::{Identity, Instance, Shared},
    listeners,
    organisation::{self, SAMPLE},
    passwords::{self, PasswordBook},
    secret::Token,
    serving,
};

/// Serves the sandbox until standard input ends or the process is told to stop.
///
/// # Errors
/// What kept it from starting, with what to do.
pub async fn run(listen: SocketAddr, data: &Path, json: bool) -> Result<()> {
    let wish = listeners::only_loopback(listen)?;
    let folder = DataFolder::open(data)?;
    let chance = Arc::new(Chance::from_system());
    let store = Arc::new(folder.store()?);
    let organisation = organisation::read("sample.toml", SAMPLE)?;
    let key = folder.key(&chance)?;
    let passwords = folder.passwords(organisation.users.keys(), &chance)?;
    let mut hashes = HashMap::new();
    for (user, password) in &passwords {
        let hash =
            passwords::hash(password, &chance).map_err(|error| anyhow::anyhow!("could not hash: {error}"))?;
        hashes.insert(user.clone(), hash);
    }
    let book =
        PasswordBook::new(hashes, &chance).map_err(|error| anyhow::anyhow!("could not hash: {error}"))?;
    let identity = Identity::of(&store, &chance)?;

    let wishes = Some(wish).filter(|port| *port != 0).into_iter().chain(folder.port()?);
    let listeners = listeners::preferably(wishes).await?;
    folder.keep_port(listeners.port)?;
    let addresses = Addresses::loopback(listeners.port, &identity.instance_id, &identity.directory_id);
    let instance =
        Shared::new(Instance::new(Clock::system(), chance, store, organisation, addresses, key, book));

    let stop = CancellationToken::new();
    crate::command::stop_on_signals(stop.clone()).context("could not watch for signals")?;
    say(&if json { ready(&instance, &passwords).to_string() } else { welcome(&instance, &passwords) })?;
    tokio::spawn(obey(Shared::clone(&instance), stop.clone()));
    serving::serve(instance, listeners.sockets, stop).await.context("the server stopped")?;
    drop(folder);
    Ok(())
}

fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

/// What a program needs to know to use this sandbox.
fn ready(instance: &Instance, passwords: &std::collections::BTreeMap<String, Token>) -> Value {
    let addresses = &instance.addresses;
    let origin = addresses.origin();
    // Sam, who sees most, comes first.
    let mut users: Vec<_> = instance.organisation.users.values().collect();
    users.sort_by_key(|user| std::cmp::Reverse(instance.organisation.accounts_of(user).len()));
    let users: Vec<Value> = users
        .into_iter()
        .map(|user| {
            json!({
                "username": user.username,
                "password": passwords.get(&user.username).map(Token::expose),
                "display_name": user.display_name,
                "email": user.email,
            })
        })
        .collect();
    json!({
        "name": instance.organisation.name,
        "start_url": addresses.start_url(),
        "region": instance.organisation.region,
        "oidc_endpoint": origin,
        "portal_endpoint": origin,
        "sts_endpoint": origin,
        "federation_endpoint": addresses.federation_url(),
        "issuer_url": addresses.issuer_url(),
        "start_url_alias": addresses.start_url_alias(),
        "instance_id": addresses.instance_id(),
        "port": addresses.port(),
        "users": users,
    })
}

/// The same for a person.
fn welcome(instance: &Instance, passwords: &std::collections::BTreeMap<String, Token>) -> String {
    let mut text = format!(
        "{} is open at {} (region {}).\nEnd of input stops it. Sign in as\n",
        instance.organisation.name,
        instance.addresses.start_url(),
        instance.organisation.region
    );
    for (user, password) in passwords {
        text.push_str(&format!("  {user:<8} {}\n", password.expose()));
    }
    text
}

/// No control comes near this.
const LONGEST_LINE: usize = 4096;

/// A line on standard input.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Control {
    /// Makes things expired.
    Expire(Expire),
    /// How long new sign-ins last.
    SessionMinutes(i64),
    /// Portal requests a second; 0 lifts the limit.
    Throttle(u32),
    /// Shifts the server's clock.
    ClockOffsetSeconds(i64),
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Expire {
    /// Every issued role credential, at STS and at the federation endpoint.
    Credentials,
    /// Every access token; refreshing goes on.
    AccessToken,
    /// Every sign-in session and all its tokens.
    Session,
}

/// Obeys lines until the input ends, then stops the server.
async fn obey(instance: Shared, stop: CancellationToken) {
    let (lines, mut received) = mpsc::channel(1);
    // A thread of its own: a blocked read must not keep the runtime from ending.
    std::thread::spawn(move || {
        let mut input = io::stdin().lock();
        loop {
            let line = match next_line(&mut input) {
                Ok(Some(line)) => line,
                Ok(None) => return,
                Err(error) => return tracing::error!(%error, "could not read the input; stopping"),
            };
            if lines.blocking_send(line).is_err() {
                return;
            }
        }
    });
    while let Some(line) = received.recv().await {
        if line.as_ref().is_ok_and(|line| line.trim().is_empty()) {
            continue;
        }
        let answer = Shared::clone(&instance)
            .run(move |instance| match line.and_then(|line| control(instance, &line)) {
                Ok(done) => json!({ "done": done }),
                Err(error) => json!({ "error": error.to_string() }),
            })
            .await;
        if say(&answer.to_string()).is_err() {
            break;
        }
    }
    stop.cancel();
}

/// The next line, without its end; `None` at the end of the input. A line that is none does not end the input:
/// it is read to its end and answered.
fn next_line(input: &mut impl BufRead) -> io::Result<Option<Result<String>>> {
    let mut line = Vec::new();
    let limit = u64::try_from(LONGEST_LINE).unwrap_or(u64::MAX);
    if input.take(limit).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.len() == LONGEST_LINE && !line.ends_with(b"\n") {
        input.skip_until(b'\n')?;
        return Ok(Some(Err(anyhow!("longer than {LONGEST_LINE} bytes"))));
    }
    let text = String::from_utf8(line).map_err(|_| anyhow!("not UTF-8"));
    Ok(Some(text.map(|text| text.trim_end_matches(['\r', '\n']).to_owned())))
}

/// Obeys one line; gives back what it was.
fn control(instance: &Instance, line: &str) -> Result<Value> {
    let told: Value = serde_json::from_str(line).context("not a JSON line")?;
    let wanted = Control::deserialize(&told).context(
        "expected one of {\"expire\":\"credentials\"|\"access_token\"|\"session\"}, {\"session_minutes\":N}, \
         {\"throttle\":N}, {\"clock_offset_seconds\":N}",
    )?;
    let now = instance.now();
    match wanted {
        Control::Expire(Expire::Credentials) => instance.store.expire_role_credentials(now)?,
        Control::Expire(Expire::AccessToken) => instance.store.expire_access_tokens(now)?,
        Control::Expire(Expire::Session) => instance.store.end_all_sessions(now)?,
        Control::SessionMinutes(minutes) => {
            let lengths = sign_in_session::LENGTHS;
            let minutes_allowed = lengths.start().as_mins()..=lengths.end().as_mins();
            if !minutes_allowed.contains(&minutes) {
                bail!("session_minutes must be between 15 and 129600");
            }
            instance.set_session_length(SignedDuration::from_mins(minutes));
        }
        Control::Throttle(per_second) => instance.throttle.set(per_second, now),
        Control::ClockOffsetSeconds(seconds) => {
            let day = 24 * 60 * 60;
            if !(-day..=day).contains(&seconds) {
                bail!("clock_offset_seconds must be within a day");
            }
            instance.clock.set_offset(SignedDuration::from_secs(seconds));
        }
    }
    Ok(told)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;
    use crate::rig::Rig;

    #[tokio::test]
    async fn controls_do_what_they_say() {
        let rig = Rig::new();
        let (_, token, _) = rig.tokens("sam").await;
        assert_eq!(
            control(&rig.instance, "{\"expire\":\"access_token\"}").unwrap(),
            json!({"expire": "access_token"})
        );
        rig.portal_get("/user", &token).await.is(401);
        let (_, token, _) = rig.tokens("sam").await;
        control(&rig.instance, "{\"expire\":\"session\"}").unwrap();
        rig.portal_get("/user", &token).await.is(401);
        control(&rig.instance, "{\"session_minutes\":16}").unwrap();
        assert_eq!(rig.instance.session_length(), SignedDuration::from_mins(16));
        let before = rig.instance.now();
        control(&rig.instance, "{\"clock_offset_seconds\":660}").unwrap();
        assert_eq!(rig.instance.now().duration_since(before), SignedDuration::from_secs(660));
        for bad in [
            "",
            "{}",
            "{\"expire\":\"all\"}",
            "{\"session_minutes\":1}",
            "{\"throttle\":-1}",
            "[]",
            "{\"clock_offset_seconds\":99999999}",
        ] {
            assert!(control(&rig.instance, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_line_that_cannot_be_read_is_answered_and_the_next_is_read() {
        let mut bytes = b"{\"throttle\":1}\n\xff\xfe\n\n".to_vec();
        bytes.extend(vec![b'x'; 3 * LONGEST_LINE]);
        bytes.extend(b"\n{\"throttle\":2}\r\nlast");
        let mut input = bytes.as_slice();
        let mut lines = Vec::new();
        while let Some(line) = next_line(&mut input).unwrap() {
            lines.push(line.map_err(|error| error.to_string()));
        }
        assert_eq!(
            lines,
            [
                Ok("{\"throttle\":1}".to_owned()),
                Err("not UTF-8".to_owned()),
                Ok(String::new()),
                Err("longer than 4096 bytes".to_owned()),
                Ok("{\"throttle\":2}".to_owned()),
                Ok("last".to_owned()),
            ]
        );
    }

    #[tokio::test]
    async fn the_ready_line_names_everything_a_program_needs() {
        let rig = Rig::new();
        let passwords = [("sam".to_owned(), Token::new("pw".to_owned()))].into();
        let line = ready(&rig.instance, &passwords);
        for key in [
            "start_url",
            "region",
            "oidc_endpoint",
            "portal_endpoint",
            "sts_endpoint",
            "federation_endpoint",
            "issuer_url",
            "start_url_alias",
            "instance_id",
            "name",
        ] {
            assert!(line[key].is_string(), "{key}");
        }
        assert_eq!(line["port"], 4711);
        assert_eq!(line["users"][0]["username"], "sam");
        assert_eq!(line["users"][0]["display_name"], "Sam Sample");
        assert_eq!(line["users"][0]["password"], "pw");
        assert_eq!(line["users"].as_array().unwrap().len(), 4);
    }
}
