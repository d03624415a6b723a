//! The harness itself, against foreign programs: what it says of the app is worth no more than this.

use anyhow::{Context, Result, bail, ensure};
use fantoccini::Locator;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};
use support::{
    Desk,
    deadline::{SOON, until},
    driver, journey,
    process::{Process, run},
    programs,
};
use url::Url;

/// A `dbus-monitor` of the signals of `interface` on one of the desk's buses, listening already.
async fn listener(desk: &Desk, bus: &str, interface: &str) -> Result<Arc<Process>> {
    let rules = format!("type='signal',interface='{interface}'");
    let args = ["--address", bus, &rules, "type='signal',interface='org.freedesktop.DBus.Properties'"];
    let process = desk.spawn(desk.program("listener", "dbus-monitor").args(args).lines())?;
    // The bus takes a monitor's name away when it begins to listen.
    process.line(SOON, "dbus-monitor to listen", |l| l.contains("member=NameLost").then_some(())).await?;
    Ok(process)
}

/// Waits for the signal `member` and, after it, each of the `values`.
async fn heard(listener: &Process, member: &str, values: &[&str]) -> Result<()> {
    let lines = listener.lines();
    lines.wait(SOON, member, |l| l.contains(&format!("member={member}")).then_some(())).await?;
    let all = lines.all();
    let at = all.iter().position(|l| l.contains(&format!("member={member}"))).unwrap_or(all.len());
    for value in values {
        lines.wait_after(at, SOON, &format!("{member} {value}"), |l| l.contains(value).then_some(())).await?;
    }
    Ok(())
}

/// Calls a method with `gdbus`.
async fn call(desk: &Desk, bus: &str, target: [&str; 3], args: &[&str]) -> Result<String> {
    let [name, path, method] = target;
    let start = ["call", "--address", bus, "--dest", name, "--object-path", path, "--method", method, "--"];
    let args: Vec<_> = start.iter().chain(args).copied().collect();
    let said = run(SOON, "gdbus", &args, desk.env(), "").await?;
    ensure!(said.ok, "gdbus {method}: {}", said.err);
    Ok(said.out.trim().to_owned())
}

#[test]
fn notifications_are_recorded_and_buttons_pressed() {
    journey("harness-notifications", |desk| async move {
        let bus = desk.session_bus().address();
        let name = "org.freedesktop.Notifications";
        let listener = listener(&desk, bus, name).await?;
        let target = [name, "/org/freedesktop/Notifications", "org.freedesktop.Notifications.Notify"];
        let args = ["foreign", "0", "", "Title", "Body", "['in', 'Sign in', 'later', 'Later']"];
        let hints = ["{'urgency': <byte 2>}", "-1"];
        let id = call(&desk, bus, target, &[&args[..], &hints[..]].concat()).await?;
        ensure!(id == "(uint32 1,)", "the server answered {id}");
        let shown = desk.notifications()?.wait(SOON, "Title", |n| n.summary == "Title").await?;
        ensure!(shown.body == "Body" && shown.urgency == Some(2), "{shown:?}");
        ensure!(shown.action("Later") == Some("later"), "{shown:?}");
        desk.notifications()?.press(&shown, "Sign in").await?;
        heard(&listener, "ActionInvoked", &["uint32 1", "string \"in\""]).await?;
        heard(&listener, "NotificationClosed", &["uint32 1", "uint32 2"]).await?;
        let missing = desk.notifications()?.press(&shown, "Nothing").await;
        ensure!(missing.is_err(), "a button that is not there was pressed");

        // Pressed before the program knows the number: what it is told is over already.
        let tell = desk.notifications()?.press_at_once("Later");
        let arguments = [&args[..], &hints[..]].concat();
        let pressed = async {
            heard(&listener, "ActionInvoked", &["uint32 2", "string \"later\""]).await?;
            heard(&listener, "NotificationClosed", &["uint32 2", "uint32 2"]).await?;
            drop(tell);
            anyhow::Ok(())
        };
        let (id, ()) = tokio::try_join!(call(&desk, bus, target, &arguments), pressed)?;
        ensure!(id == "(uint32 2,)", "the server answered {id}");
        ensure!(desk.notifications()?.all().iter().all(|n| n.closed.is_some()), "it is still shown");
        let id = call(&desk, bus, target, &[&args[..], &hints[..]].concat()).await?;
        ensure!(id == "(uint32 3,)", "the server answered {id}");
        desk.notifications()?.wait(SOON, "one left alone", |n| n.id == 3 && n.closed.is_none()).await?;
        Ok(())
    });
}

#[test]
fn the_keyring_is_unlocked_and_can_be_locked() {
    journey("harness-keyring", |desk| async move {
        let keyring = desk.keyring()?;
        keyring.store("service", "harness", "a secret of the harness").await?;
        ensure!(keyring.lookup("service", "harness").await? == "a secret of the harness");
        let found = keyring.secrets(&[("service", "harness")]).await?;
        ensure!(found == [b"a secret of the harness"], "{} secrets", found.len());
        keyring.lock().await?;
        ensure!(keyring.lookup("service", "harness").await.is_err(), "a locked keyring gave a secret");
        Ok(())
    });
}

#[test]
fn logind_the_network_and_the_screen_saver_speak() {
    journey("harness-machine", |desk| async move {
        let bus = desk.system_bus().address();
        let login = "org.freedesktop.login1";
        let manager = listener(&desk, bus, "org.freedesktop.login1.Manager").await?;
        desk.machine().prepare_for_sleep(true).await?;
        heard(&manager, "PrepareForSleep", &["boolean true"]).await?;
        desk.machine().set_locked(true).await?;
        heard(&manager, "PropertiesChanged", &["\"LockedHint\"", "boolean true"]).await?;
        let get = "org.freedesktop.DBus.Properties.Get";
        let session = [login, "/org/freedesktop/login1/session/auto", get];
        let hint = call(&desk, bus, session, &["org.freedesktop.login1.Session", "LockedHint"]).await?;
        ensure!(hint == "(<true>,)", "the hint is {hint}");

        let network = "org.freedesktop.NetworkManager";
        let manager = listener(&desk, bus, network).await?;
        desk.machine().set_network(false).await?;
        heard(&manager, "StateChanged", &["uint32 20"]).await?;
        let state = [network, "/org/freedesktop/NetworkManager", get];
        let state = call(&desk, bus, state, &[network, "State"]).await?;
        ensure!(state == "(<uint32 20>,)", "the state is {state}");

        let saver = "org.freedesktop.ScreenSaver";
        let bus = desk.session_bus().address();
        desk.screen_saver().set_idle(400);
        let idle = [saver, "/org/freedesktop/ScreenSaver", "org.freedesktop.ScreenSaver.GetSessionIdleTime"];
        let idle = call(&desk, bus, idle, &[]).await?;
        ensure!(idle == "(uint32 400,)", "idle for {idle}");
        Ok(())
    });
}

#[test]
fn the_tray_host_is_what_a_program_looks_for() {
    journey("harness-tray", |desk| async move {
        let bus = desk.session_bus().address();
        let watcher = "org.kde.StatusNotifierWatcher";
        let get = [watcher, "/StatusNotifierWatcher", "org.freedesktop.DBus.Properties.Get"];
        let host = call(&desk, bus, get, &[watcher, "IsStatusNotifierHostRegistered"]).await?;
        ensure!(host == "(<true>,)", "host registered: {host}");
        let method = "org.kde.StatusNotifierWatcher.RegisterStatusNotifierItem";
        let register = [watcher, "/StatusNotifierWatcher", method];
        call(&desk, bus, register, &["/org/ayatana/NotificationItem/foreign"]).await?;
        let items = call(&desk, bus, get, &[watcher, "RegisteredStatusNotifierItems"]).await?;
        ensure!(items.contains("/org/ayatana/NotificationItem/foreign"), "items: {items}");
        Ok(())
    });
}

#[test]
fn the_default_browser_is_the_driven_one() {
    journey("harness-browser", |desk| async move {
        let mark = desk.browser_requests().mark();
        let page = "data:text/html,<title>t</title><button id=b aria-label=\"it's me\">x</button><p>hello";
        let said = run(SOON, "sh", &["-c", "xdg-open \"$0\"", page], desk.env(), "").await?;
        ensure!(said.ok, "xdg-open: {}", said.err);
        let opened: Url = desk.browser_requests().next(mark, SOON, "xdg-open's address").await?;
        let browser = driver::chromium(&desk).await?;
        browser.go(&opened).await?;
        browser.read(SOON, "hello").await?;
        browser.press("it's me").await?;
        browser.see(Locator::Css("#b")).await?;
        browser.see_no(Locator::Css("#absent")).await
    });
}

/// A failing journey fails, leaves its evidence, and leaves no process.
#[test]
fn a_failure_leaves_evidence_and_nothing_else() -> Result<()> {
    let name = "harness-failure";
    let seen: Arc<Mutex<Option<(PathBuf, u32)>>> = Arc::default();
    let told = Arc::clone(&seen);
    let failed = catch_unwind(AssertUnwindSafe(|| {
        journey(name, |desk| async move {
            // A program that leaves its process group, as a browser's helpers may.
            let program = desk.program("setsid", "setsid").args(["--wait", "sleep", "600"]);
            let process = desk.spawn(program)?;
            let helper = || async { Ok((desk.running("sleep") == 1).then_some(())) };
            until(SOON, "the helper to run", helper).await?;
            if let Ok(mut told) = told.lock() {
                *told = Some((desk.folders().root().to_owned(), process.pid()));
            }
            bail!("on purpose")
        });
    }));
    ensure!(failed.is_err(), "the journey did not fail");
    let seen = seen.lock().ok().and_then(|s| s.clone()).context("the journey failed too early")?;
    let root = seen.0.to_string_lossy().into_owned();
    let left = support::process::running(support::desk::MARK, &root, "sleep");
    ensure!(left.is_empty(), "{left:?} still run");
    ensure!(!seen.0.exists(), "{root} is still there");
    let folder = programs::target()?.join("journeys").join(name);
    for file in ["screen.png", "menu.txt", "notifications.txt", "logs/session-bus-traffic.log"] {
        let size = std::fs::metadata(folder.join(file)).with_context(|| file.to_owned())?.len();
        ensure!(size > 0 || file == "menu.txt", "{file} is empty");
    }
    Ok(())
}

/// A desk that lacks something lacks it for the programs too.
#[test]
fn a_desk_can_lack_a_keyring() {
    let plan = Desk::plan("harness-bare").without_keyring().without_tray().without_notifications();
    support::journey::journey_at("harness-bare", plan, |desk| async move {
        ensure!(desk.keyring().is_err() && desk.tray().is_err() && desk.notifications().is_err());
        let bus = desk.session_bus().address();
        let dbus = "org.freedesktop.DBus";
        let target = [dbus, "/org/freedesktop/DBus", "org.freedesktop.DBus.ListActivatableNames"];
        let names = call(&desk, bus, target, &[]).await?;
        ensure!(names == "(['org.freedesktop.DBus'],)", "the bus would start {names}");
        let said = run(Duration::from_secs(30), "secret-tool", &["lookup", "a", "b"], desk.env(), "").await?;
        ensure!(!said.ok, "a keyring answered");
        Ok(())
    });
}
