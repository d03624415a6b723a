//! `latch credentials` while the app runs, beside `/bin/true`, which is what starting a process costs.

use crate::{
    figure::{Figure, median, ms, share},
    organisation::{serve, sign_in, synced},
};
use anyhow::{Result, ensure};
use std::{
    fs,
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use support::{Desk, deadline::WHILE, programs};

/// Pairs of runs.
const PAIRS: usize = 300;
/// Callers at the same time.
const CROWD: usize = 100;
/// The first account of the organisation.
const ACCOUNT: &str = "100000000000";

/// Measures.
pub async fn measure(desk: Desk) -> Result<()> {
    let server = serve(&desk, 1, 1).await?;
    let (app, _window) = sign_in(&desk, &server).await?;
    synced(&app, WHILE, 1).await?;
    let ready = server.ready();
    fs::create_dir_all(desk.home(".aws"))?;
    let config = format!(
        "[profile pay]\nsso_start_url = {}\nsso_region = {}\nsso_account_id = {ACCOUNT}\nsso_role_name = ReadOnly\n",
        ready.start_url, ready.region
    );
    fs::write(desk.home(".aws/config"), config)?;
    let latch = programs::latch()?;
    let run = |program: &std::path::Path, args: &[&str]| -> Result<Duration> {
        let mut command = Command::new(program);
        command.args(args).env_clear().envs(desk.env()).stdin(Stdio::null()).stdout(Stdio::null());
        let began = Instant::now();
        let status = command.status()?;
        let took = began.elapsed();
        ensure!(status.success(), "{} {args:?} ended with {status}", program.display());
        Ok(took)
    };
    let ask = ["credentials", "--profile", "pay"];
    // The first one fetches; what is measured is answered from the cache.
    run(&latch, &ask)?;
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        ours.push(ms(run(&latch, &ask)?));
        floor.push(ms(run(std::path::Path::new("/bin/true"), &[])?));
    }
    for (name, at) in [("p50", 0.5), ("p99", 0.99)] {
        let (ours, floor) = (share(&ours, at), share(&floor, at));
        Figure {
            what: format!("latch credentials, the app running, {name}"),
            ours: format!("{ours:.1} ms"),
            beside: format!("{floor:.1} ms /bin/true"),
            verdict: format!("{:.1} times; {} ms wanted", ours / floor, if at < 0.9 { 5 } else { 10 }),
            met: None,
        }
        .report()?;
    }
    let began = Instant::now();
    let mut crowd = Vec::new();
    for _ in 0..CROWD {
        let mut command = Command::new(&latch);
        command.args(ask).env_clear().envs(desk.env()).stdin(Stdio::null()).stdout(Stdio::null());
        crowd.push(command.spawn()?);
    }
    for mut caller in crowd {
        ensure!(caller.wait()?.success(), "one of {CROWD} callers had no answer");
    }
    Figure {
        what: format!("{CROWD} callers at once, the app running"),
        ours: format!("{:.0} ms", ms(began.elapsed())),
        beside: format!("{:.0} ms {CROWD} times /bin/true", median(&floor) * f64::from(u8::try_from(CROWD)?)),
        verdict: "150 ms wanted".to_owned(),
        met: None,
    }
    .report()
}
