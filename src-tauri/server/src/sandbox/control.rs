//! The sandbox's test controls: JSON lines on standard input, each answered with one on standard output.

use std::io::{self, BufRead, Read};

use anyhow::{Context, Result, anyhow, bail};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::say;
use crate::{
    config,
    domain::sign_in_session,
    instance::{Instance, Shared},
    mfa::{self, Policy},
    signin::password::one_time,
};

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
    /// How long role credentials issued from now on last; `null` as their permission set says.
    RoleCredentialsSeconds(Option<u16>),
    /// How long a touch opens a role from now on; `null` for as long as it does.
    StepUpSeconds(Option<u16>),
    /// Portal requests a second; 0 lifts the limit. The answer counts what met the limit before.
    Throttle(u32),
    /// When a second factor is asked for, as `[mfa]` of a configuration file has it.
    Mfa(Policy),
    /// Takes all of a user's devices away.
    MfaReset(String),
    /// Gives a user a password for one use, which the answer names.
    OneTimePassword(String),
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
pub async fn obey(instance: Shared, stop: CancellationToken) {
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
         {\"role_credentials_seconds\":N|null}, {\"step_up_seconds\":N|null}, {\"throttle\":N}, \
         {\"mfa\":{\"mode\":\"off\"|\"always\"|\"context\",\"allowed\":[…],\"without_device\":\"enrol\"|\"block\"|\"allow\"}}, \
         {\"mfa_reset\":USER}, {\"one_time_password\":USER}, {\"clock_offset_seconds\":N}",
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
        Control::RoleCredentialsSeconds(seconds) => {
            if seconds == Some(0) {
                bail!("role_credentials_seconds must be 1 or more, or null");
            }
            instance.set_role_credentials_length(seconds);
        }
        Control::StepUpSeconds(seconds) => {
            if seconds == Some(0) {
                bail!("step_up_seconds must be 1 or more, or null");
            }
            instance.set_step_up_length(seconds);
        }
        Control::Throttle(per_second) => {
            if let Some(counted) = instance.throttle.set(per_second, now) {
                return Ok(json!({ "throttle": per_second, "before": counted }));
            }
        }
        Control::Mfa(policy) => config::policy_set(instance, &policy)?,
        Control::MfaReset(user) => drop(mfa::reset::reset(instance, &user)?),
        Control::OneTimePassword(user) => {
            let password = one_time::give(instance, &user)?;
            return Ok(json!({ "one_time_password": user, "password": password.expose() }));
        }
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
        control(&rig.instance, "{\"throttle\":1}").unwrap();
        let (_, token, _) = rig.tokens("sam").await;
        rig.portal_get("/user", &token).await.is(200);
        rig.portal_get("/user", &token).await.is(429);
        assert_eq!(
            control(&rig.instance, "{\"throttle\":0}").unwrap(),
            json!({"throttle": 0, "before": {"passed": 1, "refused": 1}})
        );
        control(&rig.instance, "{\"role_credentials_seconds\":30}").unwrap();
        let set = &rig.instance.store.permission_set_by_name("ReadOnly").unwrap().unwrap();
        assert_eq!(rig.instance.lasting(set).session_duration, SignedDuration::from_secs(30));
        control(&rig.instance, "{\"role_credentials_seconds\":null}").unwrap();
        assert_eq!(rig.instance.lasting(set).session_duration, set.session_duration);
        control(&rig.instance, "{\"step_up_seconds\":30}").unwrap();
        assert_eq!(rig.instance.step_up_length(), SignedDuration::from_secs(30));
        control(&rig.instance, "{\"step_up_seconds\":null}").unwrap();
        assert_eq!(rig.instance.step_up_length(), SignedDuration::from_mins(15));
        let before = rig.instance.now();
        control(&rig.instance, "{\"clock_offset_seconds\":660}").unwrap();
        assert_eq!(rig.instance.now().duration_since(before), SignedDuration::from_secs(660));
        for bad in [
            "",
            "{}",
            "{\"expire\":\"all\"}",
            "{\"mfa\":{\"mode\":\"always\",\"allowed\":[]}}",
            "{\"mfa_reset\":\"nobody\"}",
            "{\"session_minutes\":1}",
            "{\"throttle\":-1}",
            "{\"role_credentials_seconds\":0}",
            "{\"step_up_seconds\":0}",
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
}
