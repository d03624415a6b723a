//! `latch credentials` with the app and without it, beside `/bin/true`, which is what starting a process costs,
//! and beside AWS's CLI that finds out the same from its own cache.

use crate::{
    figure::{Figure, median, ms, share},
    organisation::{self, serve, sign_in, synced},
};
use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};
use support::{AwsCli, Desk, Person, SandboxServer, deadline::WHILE, programs, until};

/// Pairs of runs.
const PAIRS: usize = 300;
/// Runs beside what takes long.
const FEW: usize = 15;
/// Callers at the same time.
const CROWD: usize = 100;
/// The first account of the organisation.
const ACCOUNT: &str = "100000000000";
const ASK: [&str; 3] = ["credentials", "--profile", "pay"];

/// Gates in times that `/bin/true` takes in the same run; what is wanted in milliseconds is reported beside it.
const TIMES_TRUE: f64 = 4.0;
const TIMES_TRUE_P99: f64 = 10.0;
const TIMES_TRUE_ALONE: f64 = 40.0;
const CROWD_TIMES_TRUE: f64 = 2.5;
const TIMES_FASTER: f64 = 100.0;
const MEMORY_MB: f64 = 6.0;
/// Not a gate yet.
const BINARY_MB: f64 = 12.0;

/// A program run to its end at the desk.
fn run(desk: &Desk, program: &Path, args: &[&str]) -> Result<f64> {
    let mut command = Command::new(program);
    command.args(args).env_clear().envs(desk.env()).env("AWS_PAGER", "");
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let began = Instant::now();
    let status = command.status()?;
    let took = began.elapsed();
    ensure!(status.success(), "{} {args:?} ended with {status}", program.display());
    Ok(ms(took))
}

/// AWS's CLI, signed in to the same, with the role's keys in its cache; and the command that finds them there.
async fn aws(desk: &Desk, server: &SandboxServer) -> Result<Vec<&'static str>> {
    let cli = AwsCli::in_home(&desk.home(""), server);
    cli.point_at(server)?;
    let (login, address) = cli.login(&["--profile", "pay"]).await?;
    Person::new()?.sign_in(&address, server.user()?).await?;
    ensure!(login.ended(WHILE).await?.success(), "aws sso login failed");
    let said = cli.who_is("pay").await?;
    ensure!(said.ok, "{} {}", said.out, said.err);
    // It came with 2.11. Without it, the command that resolves them and prints their ends.
    let export = vec!["configure", "export-credentials", "--profile", "pay"];
    Ok(if cli.run(&export).await?.ok { export } else { vec!["configure", "list", "--profile", "pay"] })
}

/// What of the machine's memory a `latch credentials` takes that waits for its answer, in MB.
async fn memory(desk: &Desk, latch: &Path, app: u64) -> Result<f64> {
    let app = i32::try_from(app).ok().and_then(Pid::from_raw).context("the app's pid")?;
    kill_process(app, Signal::STOP)?;
    let mut command = Command::new(latch);
    command.args(ASK).env_clear().envs(desk.env()).stdin(Stdio::null()).stdout(Stdio::null());
    let mut waiting = command.spawn()?;
    let pid = waiting.id();
    // It waits for the engine's hello in a read of its socket.
    let reads = || async {
        let call = fs::read_to_string(format!("/proc/{pid}/wchan")).unwrap_or_default();
        Ok(call.contains("unix_stream").then_some(()))
    };
    let found = until(WHILE, "latch waits", reads).await;
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"));
    kill_process(app, Signal::CONT)?;
    found?;
    ensure!(waiting.wait()?.success(), "latch had no answer");
    let pss =
        rollup?.lines().find_map(|l| l.strip_prefix("Pss:")?.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    Ok(pss.context("no Pss")? * 1024.0 / 1e6)
}

/// Measures.
pub async fn measure(desk: Desk) -> Result<()> {
    let server = serve(&desk, 1, 1).await?;
    let (app, _window) = sign_in(&desk, &server).await?;
    synced(&app, WHILE, 1).await?;
    let ready = server.ready();
    fs::create_dir_all(desk.home(".aws"))?;
    let config = format!(
        "[profile pay]\nsso_start_url = {}\nsso_region = {region}\nsso_account_id = {ACCOUNT}\n\
         sso_role_name = ReadOnly\nregion = {region}\n",
        ready.start_url,
        region = ready.region
    );
    fs::write(desk.home(".aws/config"), config)?;
    let latch = programs::latch()?;
    let nothing = Path::new("/bin/true");
    // The first one fetches; what is measured is answered from the cache.
    run(&desk, &latch, &ASK)?;
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        ours.push(run(&desk, &latch, &ASK)?);
        floor.push(run(&desk, nothing, &[])?);
    }
    for (name, at, times, wanted) in [("p50", 0.5, TIMES_TRUE, 5), ("p99", 0.99, TIMES_TRUE_P99, 10)] {
        let ours = share(&ours, at);
        beside_true(
            &format!("latch credentials, the app running, {name}"),
            ours,
            median(&floor),
            times,
            wanted,
        )?;
    }

    let began = Instant::now();
    let mut crowd = Vec::new();
    for _ in 0..CROWD {
        let mut command = Command::new(&latch);
        command.args(ASK).env_clear().envs(desk.env()).stdin(Stdio::null()).stdout(Stdio::null());
        crowd.push(command.spawn()?);
    }
    for mut caller in crowd {
        ensure!(caller.wait()?.success(), "one of {CROWD} callers had no answer");
    }
    let (took, hundred) = (ms(began.elapsed()), median(&floor) * f64::from(u8::try_from(CROWD)?));
    Figure {
        what: format!("{CROWD} callers at once, the app running"),
        ours: format!("{took:.0} ms"),
        beside: format!("{hundred:.0} ms {CROWD} times /bin/true"),
        verdict: format!("{:.2} times, at most {CROWD_TIMES_TRUE}; 150 ms wanted", took / hundred),
        met: Some(took <= CROWD_TIMES_TRUE * hundred),
    }
    .report()?;
    at_most("latch credentials, memory (PSS)", memory(&desk, &latch, app.pid().await?).await?, MEMORY_MB)?;
    let size = f64::from(u32::try_from(fs::metadata(&latch)?.len())?) / 1e6;
    Figure {
        what: "latch, the program's file".to_owned(),
        ours: format!("{size:.2} MB"),
        beside: String::new(),
        verdict: format!("at most {BINARY_MB} MB"),
        met: Some(size <= BINARY_MB),
    }
    .report()?;

    let how = aws(&desk, &server).await?;
    let program = programs::aws()?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..FEW {
        ours.push(run(&desk, &latch, &ASK)?);
        theirs.push(run(&desk, &program, &how)?);
    }
    let (ours, theirs) = (median(&ours), median(&theirs));
    Figure {
        what: "latch credentials beside AWS's CLI".to_owned(),
        ours: format!("{ours:.1} ms"),
        beside: format!("{theirs:.0} ms aws {} {}", how[0], how[1]),
        verdict: format!("{:.0} times faster, at least {TIMES_FASTER}", theirs / ours),
        met: Some(theirs >= TIMES_FASTER * ours),
    }
    .report()?;

    organisation::quit(&desk, &app).await?;
    run(&desk, &latch, &ASK)?;
    let (mut alone, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..FEW {
        alone.push(run(&desk, &latch, &ASK)?);
        floor.push(run(&desk, nothing, &[])?);
    }
    beside_true(
        "latch credentials without the app, p50",
        median(&alone),
        median(&floor),
        TIMES_TRUE_ALONE,
        50,
    )
}

fn beside_true(what: &str, ours: f64, floor: f64, times: f64, wanted: u32) -> Result<()> {
    Figure {
        what: what.to_owned(),
        ours: format!("{ours:.1} ms"),
        beside: format!("{floor:.1} ms /bin/true, p50"),
        verdict: format!("{:.1} times, at most {times}; {wanted} ms wanted", ours / floor),
        met: Some(ours <= times * floor),
    }
    .report()
}

fn at_most(what: &str, mb: f64, limit: f64) -> Result<()> {
    Figure {
        what: what.to_owned(),
        ours: format!("{mb:.2} MB"),
        beside: String::new(),
        verdict: format!("at most {limit} MB"),
        met: Some(mb <= limit),
    }
    .report()
}
