//! Searching 1,000 accounts with 10 roles each: from a keystroke to the frame with its results, timed in
//! the page.

use crate::{
    figure::{Figure, median, share},
    organisation::{prepared, serve},
};
use anyhow::{Context, Result, ensure};
use fantoccini::Locator;
use serde_json::{Value, json};
use std::time::Instant;
use support::{
    App, Desk,
    deadline::{SOON, WHILE},
    driver::Driver,
    until,
};

const ACCOUNTS: usize = 1_000;
const ROLES: usize = 10;
/// What script and layout may take, and one frame.
const WORK_MS: f64 = 8.0;
const FRAME_MS: f64 = 1000.0 / 60.0;

/// Names, numbers, roles, several words, and what is not there.
const QUERIES: [&str; 8] = [
    "payments-prod",
    "data-staging-2",
    "100000",
    "storefront administ",
    "readonly",
    "aws-mobile",
    "network-test 4 bil",
    "nothing like it",
];
/// How often each is typed. Of each keystroke the median counts, so that what else the machine does at a moment
/// is not measured; the share is that of all keystrokes.
const TIMES: usize = 5;

/// Times every `input` event of the page: the work up to a layout forced after all handlers, and the frame
/// that follows. A message is the task next after the microtasks in which the window renders; posted from a
/// frame's callback, it comes after that frame.
const WATCH: &str = r"
    const later = [];
    const channel = new MessageChannel();
    channel.port1.onmessage = () => later.shift()();
    const next = (task) => { later.push(task); channel.port2.postMessage(0); };
    window.samples = [];
    window.addEventListener('input', () => {
        const begin = performance.now();
        const sample = {};
        next(() => {
            sample.height = document.documentElement.scrollHeight + (document.querySelector('.list')?.scrollHeight ?? 0);
            sample.work = performance.now() - begin;
        });
        requestAnimationFrame(() => next(() => {
            sample.frame = performance.now() - begin;
            sample.result = document.querySelector('.bar [role=status]')?.textContent ?? '';
            window.samples.push(sample);
        }));
    }, true);
    const empty = document.createElement('input');
    empty.id = 'empty';
    document.body.append(empty);
";

/// Types a text and gives what the page measured of each keystroke.
async fn typed(window: &Driver, field: &str, text: &str) -> Result<Vec<Value>> {
    let input = window.see(Locator::Css(field)).await?;
    input.clear().await?;
    window.client().execute("window.samples.length = 0", Vec::new()).await?;
    for (at, letter) in text.chars().enumerate() {
        input.send_keys(&letter.to_string()).await?;
        until(SOON, "the frame after a keystroke", || async {
            let count = window.client().execute("return window.samples.length", Vec::new()).await?;
            Ok((count.as_u64() > u64::try_from(at).ok()).then_some(()))
        })
        .await?;
    }
    let samples = window.client().execute("return window.samples", Vec::new()).await?;
    samples.as_array().cloned().context("the page kept no samples")
}

/// What a keystroke took, in milliseconds.
struct Keystroke {
    work: f64,
    frame: f64,
}

/// Each keystroke of a text that was typed several times.
fn keystrokes(times: &[Vec<Value>]) -> Vec<Keystroke> {
    let length = times.iter().map(Vec::len).min().unwrap_or_default();
    let of = |at: usize, key: &str| {
        let numbers: Vec<f64> = times.iter().filter_map(|samples| samples.get(at)?[key].as_f64()).collect();
        median(&numbers)
    };
    (0..length).map(|at| Keystroke { work: of(at, "work"), frame: of(at, "frame") }).collect()
}

/// Measures at a desk of its own.
pub async fn measure(desk: Desk) -> Result<()> {
    let server = serve(&desk, ACCOUNTS, ROLES).await?;
    prepared(&desk, &server, ACCOUNTS).await?;
    // What is shown from here on comes from the cache: nobody else has it.
    server.end().await?;

    let (app, window) = App::start_driven(&desk, &["--hidden"], &[]).await?;
    let begin = Instant::now();
    app.tray().await?.click(&["Open Latchkey"]).await?;
    let window = window.window().await?;
    window.see(Locator::Css("#search")).await?;
    window.see(Locator::Css("[data-row]")).await?;
    let usable = begin.elapsed().as_secs_f64();
    window.read(WHILE, &format!("{ACCOUNTS} accounts")).await?;
    window.client().execute(WATCH, Vec::new()).await?;
    let (mut ours, mut empty) = (Vec::new(), Vec::new());
    // Once unmeasured: what is compiled at its first use is not what a person waits for at each key.
    typed(&window, "#search", "payments").await?;
    typed(&window, "#empty", "payments").await?;
    for query in QUERIES {
        let (mut times, mut still) = (Vec::new(), Vec::new());
        for _ in 0..TIMES {
            let samples = typed(&window, "#search", query).await?;
            let last = samples.last().context("no keystroke was seen")?;
            ensure!(
                last["result"].as_str().is_some_and(|text| text.contains("match")),
                "the frame after {query:?} has no results: {last}"
            );
            times.push(samples);
            still.push(typed(&window, "#empty", query).await?);
        }
        ours.extend(keystrokes(&times));
        empty.extend(keystrokes(&still));
    }
    window.client().execute("document.querySelector('#empty').remove()", vec![json!(null)]).await?;

    let works: Vec<f64> = ours.iter().map(|one| one.work).collect();
    let p95 = |strokes: &[Keystroke]| share(&strokes.iter().map(|one| one.frame).collect::<Vec<_>>(), 0.95);
    let (work, frame, still) = (share(&works, 0.95), p95(&ours), p95(&empty));
    Figure {
        what: format!("portal of {ACCOUNTS} x {ROLES} usable from the cache, driven"),
        ours: format!("{:.0} ms", 1000.0 * usable),
        beside: String::new(),
        verdict: "without its server".to_owned(),
        met: None,
    }
    .report()?;
    Figure {
        what: "search, script and layout, p95".to_owned(),
        ours: format!("{work:.1} ms of {} keystrokes", ours.len()),
        beside: format!("{:.1} ms median", median(&works)),
        verdict: format!("at most {WORK_MS} ms"),
        met: Some(work <= WORK_MS),
    }
    .report()?;
    Figure {
        what: "search, frame with the results, p95".to_owned(),
        ours: format!("{frame:.1} ms"),
        beside: format!("{still:.1} ms an empty list"),
        verdict: format!("at most one frame more = {:.1} ms", still + FRAME_MS),
        met: Some(frame <= still + FRAME_MS),
    }
    .report()
}
