//! 1,000 accounts with 10 roles each: how long the tray's menu of them takes to open, and searching them, from a
//! keystroke to the frame with its results, timed in the page.

use crate::{
    figure::{Figure, median, ms, share},
    organisation::{prepared, serve},
};
use anyhow::{Context, Result, ensure};
use fantoccini::Locator;
use serde_json::{Value, json};
use std::{fs::File, io::Write, time::Instant};
use support::{
    App, Desk,
    deadline::{SOON, WHILE},
    desktop::Item,
    driver::Driver,
    programs, within,
};

const ACCOUNTS: usize = 1_000;
const ROLES: usize = 10;
/// What script and layout may take, and one frame.
const WORK_MS: f64 = 8.0;
const FRAME_MS: f64 = 1000.0 / 60.0;
/// What the menu may take, and how often it is opened.
const MENU_MS: f64 = 100.0;
const OPENINGS: usize = 40;

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
/// How often each is typed. The share is that of all keystrokes.
const TIMES: usize = 3;

/// Times every `input` event of the page, and the frame that follows. Script and layout are what happens from the
/// event to a layout forced after all of its handlers (a window's listener comes last, and the microtasks in
/// which the window renders come between listeners), and from the frame's beginning to the end of its layout
/// with all that observers of sizes do: an observer made last is told last. The frame ends where a message comes
/// that was posted at its beginning, which is after it was painted.
const WATCH: &str = r"
    const probe = document.createElement('div');
    probe.style.cssText = 'position: fixed; inset-block-start: -9px; inline-size: 1px; block-size: 1px';
    const empty = document.createElement('input');
    empty.id = 'empty';
    document.body.append(empty, probe);
    const height = () => document.documentElement.scrollHeight + (document.querySelector('.list')?.scrollHeight ?? 0);
    const channel = new MessageChannel();
    let [begin, frame, sample] = [0, 0, null];
    window.samples = [];
    new ResizeObserver(() => {
        if (!sample || !frame) return;
        sample.height = height();
        sample.inFrame = performance.now() - frame;
    }).observe(probe);
    channel.port1.onmessage = () => {
        if (!sample) return;
        sample.work = sample.handled + sample.inFrame;
        sample.frame = performance.now() - begin;
        sample.result = document.querySelector('.bar [role=status]')?.textContent ?? '';
        window.samples.push(sample);
        sample = null;
        window.sampled?.();
    };
    window.addEventListener('input', () => {
        [begin, frame, sample] = [performance.now(), 0, {}];
        requestAnimationFrame(() => {
            frame = performance.now();
            probe.style.blockSize = probe.style.blockSize === '1px' ? '2px' : '1px';
            channel.port2.postMessage(0);
        });
    }, true);
    window.addEventListener('input', () => {
        sample.height = height();
        sample.handled = performance.now() - begin;
    });
";

/// Answers after the frame in which a cleared field is seen.
const CLEARED: &str = r"
    const [done] = arguments;
    requestAnimationFrame(() => requestAnimationFrame(() => {
        window.samples = [];
        done(true);
    }));
";

/// Answers once so many keystrokes were measured: nobody asks meanwhile, which would be measured too.
const SAMPLED: &str = r"
    const [count, done] = arguments;
    window.sampled = () => window.samples.length >= count && done(true);
    window.sampled();
";

/// Two frames later: whether what is said of the results is what was said in the measured frame; else both.
const SAID: &str = r"
    const [done] = arguments;
    requestAnimationFrame(() => requestAnimationFrame(() => {
        const measured = window.samples.at(-1).result, now = document.querySelector('.bar [role=status]')?.textContent ?? '';
        done(measured === now && measured !== '' ? true : { measured, now });
    }));
";

/// The field of the portal.
const SEARCH: &str = "#search";

/// Types a text and gives what the page measured of each keystroke.
async fn typed(window: &Driver, field: &str, text: &str) -> Result<Vec<Value>> {
    let input = window.see(Locator::Css(field)).await?;
    input.clear().await?;
    within(SOON, "a frame", window.client().execute_async(CLEARED, Vec::new())).await?;
    for (at, letter) in text.chars().enumerate() {
        input.send_keys(&letter.to_string()).await?;
        let sampled = window.client().execute_async(SAMPLED, vec![json!(at + 1)]);
        within(SOON, "the frame after a keystroke", sampled).await?;
        if field == SEARCH {
            // What came in that frame is what stays: nothing is left for a later one.
            let said = within(SOON, "two frames", window.client().execute_async(SAID, Vec::new())).await?;
            ensure!(said == true, "after {letter:?} of {text:?} the frame had {said}, which changed");
        }
    }
    let samples = window.client().execute("return window.samples", Vec::new()).await?;
    samples.as_array().cloned().context("the page kept no samples")
}

/// Keeps what the page measured of each keystroke of a text, for who looks into a figure.
fn keep(query: &str, samples: &[Value]) -> Result<()> {
    let folder = programs::target()?.join("bench");
    std::fs::create_dir_all(&folder)?;
    let mut file = File::options().create(true).append(true).open(folder.join("search.tsv"))?;
    for (sample, typed) in samples.iter().zip(1..) {
        let text: String = query.chars().take(typed).collect();
        let ms = |name: &str| sample[name].as_f64().unwrap_or(f64::NAN);
        let [handled, laid, frame] = ["handled", "inFrame", "frame"].map(ms);
        writeln!(file, "{text}\t{handled:.1}\t{laid:.1}\t{frame:.1}\t{}", sample["result"])?;
    }
    Ok(())
}

/// What a keystroke took, in milliseconds.
struct Keystroke {
    work: f64,
    frame: f64,
}

/// What the page measured of each keystroke.
fn keystrokes(samples: &[Value]) -> Result<Vec<Keystroke>> {
    let of = |one: &Value| Some(Keystroke { work: one["work"].as_f64()?, frame: one["frame"].as_f64()? });
    samples.iter().map(|one| of(one).with_context(|| format!("half measured: {one}"))).collect()
}

/// Opens the tray's menu again and again, the first time after the app has come to rest.
async fn openings(tray: &Item) -> Result<Figure> {
    let all = format!("All {ACCOUNTS} accounts*");
    tray.wait_menu(WHILE, "all accounts", |menu| menu.find(&["Accounts", &all]).map(drop)).await?;
    let mut taken = Vec::new();
    for _ in 0..OPENINGS {
        taken.push(ms(tray.opening().await?));
    }
    let worst = taken.iter().copied().fold(0.0, f64::max);
    Ok(Figure {
        what: format!("tray menu of {ACCOUNTS} accounts opened, the slowest of {OPENINGS}"),
        ours: format!("{worst:.1} ms"),
        beside: format!("{:.1} ms median", median(&taken)),
        verdict: format!("at most {MENU_MS} ms"),
        met: Some(worst <= MENU_MS),
    })
}

/// Measures at a desk of its own.
pub async fn measure(desk: Desk) -> Result<()> {
    let server = serve(&desk, ACCOUNTS, ROLES).await?;
    prepared(&desk, &server, ACCOUNTS).await?;
    // What is shown from here on comes from the cache: nobody else has it.
    server.end().await?;

    let (app, window) = App::start_driven(&desk, &["--hidden"], &[]).await?;
    let tray = app.tray().await?;
    openings(&tray).await?.report()?;
    let begin = Instant::now();
    tray.click(&["Open Latchkey"]).await?;
    let window = window.window().await?;
    window.see(Locator::Css("#search")).await?;
    window.see(Locator::Css("[data-row]")).await?;
    let usable = begin.elapsed().as_secs_f64();
    window.read(WHILE, &format!("{ACCOUNTS} accounts")).await?;
    window.client().execute(WATCH, Vec::new()).await?;
    let (mut ours, mut empty) = (Vec::new(), Vec::new());
    // Once unmeasured: what is compiled at its first use is not what a person waits for at each key.
    typed(&window, SEARCH, "payments").await?;
    typed(&window, "#empty", "payments").await?;
    for query in QUERIES {
        for _ in 0..TIMES {
            let samples = typed(&window, SEARCH, query).await?;
            let last = samples.last().context("no keystroke was seen")?;
            ensure!(
                last["result"].as_str().is_some_and(|text| text.contains("match")),
                "the frame after {query:?} has no results: {last}"
            );
            keep(query, &samples)?;
            ours.extend(keystrokes(&samples)?);
            empty.extend(keystrokes(&typed(&window, "#empty", query).await?)?);
        }
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
