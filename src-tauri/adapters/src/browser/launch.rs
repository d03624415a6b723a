//! Starting the browser. What is started is detached from us, outlives us, and is reaped.

use super::{installed::ENCODED, is_plain};
use async_trait::async_trait;
use engine::model::code::Code;
use std::{
    ffi::{OsStr, OsString},
    path::Path,
    process::Stdio,
    time::Duration,
};
use tokio::process::{Child, Command};
use url::{Url, form_urlencoded::byte_serialize};

/// A starter that fails does so at once; after this long it is believed to work, or to be the browser.
const FAILS_WITHIN: Duration = Duration::from_millis(1500);

/// How a browser is started.
#[async_trait]
pub trait Launch: Send + Sync {
    /// Gives it the address, which carries no secret: other users can see command lines.
    ///
    /// # Errors
    /// [`Code::BrowserFailed`].
    /// `with` is a command that a person chose, `%u` standing for the address; the desktop's own without.
    async fn launch(&self, url: &Url, with: Option<&[String]>) -> Result<(), Code>;
    /// The desktop entry of the desktop's own browser, where it is known.
    async fn default_browser(&self) -> Option<String>;
    /// Whether that one is started where the person chose none.
    fn asks_the_desktop(&self) -> bool;
}

/// The desktop's own way to open an address. On Linux `$BROWSER` goes first, as it does for `xdg-open`.
#[derive(Clone, Debug, Default)]
pub struct SystemLaunch {
    /// `$BROWSER`: programs divided by colons, `%s` standing for the address.
    browser: Option<OsString>,
}

impl SystemLaunch {
    /// As the environment says.
    #[must_use]
    pub fn from_env(env: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let browser = if cfg!(any(windows, target_os = "macos")) { None } else { env("BROWSER") };
        Self { browser: browser.filter(|b| !b.is_empty()) }
    }

    fn commands(&self, url: &Url) -> Vec<Vec<OsString>> {
        let listed = self.browser.as_deref().and_then(OsStr::to_str).unwrap_or_default();
        let mut commands: Vec<Vec<OsString>> =
            listed.split(':').filter_map(|entry| command_of(entry, url)).collect();
        commands.push(platform(url));
        commands
    }
}

/// `chromium --app=%s` with the address in its place, or at the end where no place is named.
fn command_of(entry: &str, url: &Url) -> Option<Vec<OsString>> {
    let mut words: Vec<OsString> =
        entry.split_whitespace().map(|word| word.replace("%s", url.as_str()).into()).collect();
    if words.is_empty() {
        return None;
    }
    if !entry.contains("%s") {
        words.push(url.as_str().into());
    }
    Some(words)
}

#[cfg(all(unix, not(target_os = "macos")))]
fn platform(url: &Url) -> Vec<OsString> {
    vec!["xdg-open".into(), url.as_str().into()]
}

#[cfg(target_os = "macos")]
fn platform(url: &Url) -> Vec<OsString> {
    vec!["/usr/bin/open".into(), url.as_str().into()]
}

/// Not `cmd /c start`, which would read `&` as its own.
#[cfg(windows)]
fn platform(url: &Url) -> Vec<OsString> {
    vec!["rundll32.exe".into(), "url.dll,FileProtocolHandler".into(), url.as_str().into()]
}

/// How long the desktop may take to say which browser is its own.
const SAYS_WITHIN: Duration = Duration::from_secs(3);

/// What a program says in a line.
async fn says(program: &str, arguments: &[&str]) -> Option<String> {
    let asked = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    let said = tokio::time::timeout(SAYS_WITHIN, asked).await.ok()?.ok()?;
    let line = String::from_utf8(said.stdout).ok()?;
    Some(line.trim().to_owned()).filter(|line| !line.is_empty())
}

#[async_trait]
impl Launch for SystemLaunch {
    fn asks_the_desktop(&self) -> bool {
        self.browser.is_none()
    }

    async fn default_browser(&self) -> Option<String> {
        // Elsewhere browsers have no desktop entries, and none is found by its name.
        if !cfg!(all(unix, not(target_os = "macos"))) {
            return None;
        }
        match says("xdg-settings", &["get", "default-web-browser"]).await {
            Some(id) => Some(id),
            None => says("xdg-mime", &["query", "default", "x-scheme-handler/https"]).await,
        }
    }

    async fn launch(&self, url: &Url, with: Option<&[String]>) -> Result<(), Code> {
        if !is_plain(url) {
            return Err(Code::BrowserFailed { reason: "the address is not one for a browser".to_owned() });
        }
        let mut reason = String::new();
        // Not the default one instead: a private window may have been chosen for a reason.
        let commands = match with {
            Some(words) => {
                let encoded: String = byte_serialize(url.as_str().as_bytes()).collect();
                let filled =
                    |word: &String| word.replace(ENCODED, &encoded).replace("%u", url.as_str()).into();
                vec![words.iter().map(filled).collect()]
            }
            None => self.commands(url),
        };
        for command in commands {
            match start(&command).await {
                Ok(()) => return Ok(()),
                Err(why) => reason = why,
            }
        }
        Err(Code::BrowserFailed { reason })
    }
}

/// Shows a folder with the desktop's file manager.
pub(crate) async fn show(folder: &Url) -> Result<(), String> {
    start(&platform(folder)).await
}

/// Shows a file, selected in its folder, where the desktop's file manager can be asked for that.
pub(crate) async fn select(file: &Path) -> bool {
    #[cfg(all(unix, not(target_os = "macos")))]
    {
        let Ok(url) = Url::from_file_path(file) else { return false };
        let asked = file_manager::select(&url);
        matches!(tokio::time::timeout(SAYS_WITHIN, asked).await, Ok(Ok(())))
    }
    #[cfg(target_os = "macos")]
    {
        start(&["/usr/bin/open".into(), "-R".into(), file.as_os_str().to_owned()]).await.is_ok()
    }
    #[cfg(windows)]
    {
        let mut word = OsString::from("/select,");
        word.push(file);
        // It ends with 1 also where it did what it was asked for.
        start(&["explorer.exe".into(), word]).await.map_or_else(|why| why.contains("exit code: 1"), |()| true)
    }
}

/// The desktop's file manager, by its interface on the session bus.
#[cfg(all(unix, not(target_os = "macos")))]
mod file_manager {
    use url::Url;

    #[zbus::proxy(
        interface = "org.freedesktop.FileManager1",
        default_service = "org.freedesktop.FileManager1",
        default_path = "/org/freedesktop/FileManager1",
        gen_blocking = false
    )]
    trait FileManager {
        fn show_items(&self, uris: &[&str], startup_id: &str) -> zbus::Result<()>;
    }

    pub(super) async fn select(file: &Url) -> zbus::Result<()> {
        let bus = zbus::Connection::session().await?;
        FileManagerProxy::new(&bus).await?.show_items(&[file.as_str()], "").await
    }
}

async fn start(command: &[OsString]) -> Result<(), String> {
    let (program, arguments) = command.split_first().ok_or("no program")?;
    let name = program.to_string_lossy().into_owned();
    let mut starting = Command::new(program);
    starting.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // In a group of its own, so that what ends us does not end the browser.
    #[cfg(unix)]
    starting.process_group(0);
    let mut child: Child = starting.spawn().map_err(|e| format!("{name}: {e}"))?;
    match tokio::time::timeout(FAILS_WITHIN, child.wait()).await {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(format!("{name}: {status}")),
        Ok(Err(e)) => Err(format!("{name}: {e}")),
        Err(_) => {
            tokio::spawn(async move {
                let _reaped = child.wait().await;
            });
            Ok(())
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn url() -> Url {
        Url::parse("http://localhost:4040/start?a=b&c=%20d").unwrap()
    }

    fn script(dir: &std::path::Path, name: &str, text: &str) -> String {
        let path = dir.join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path.display().to_string()
    }

    #[tokio::test]
    async fn browser_names_programs_in_order_and_gets_one_argument() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        let failing = script(dir.path(), "failing", "exit 3");
        let works = script(dir.path(), "works", &format!("printf '%s|' \"$@\" > '{}'", out.display()));
        let launch =
            SystemLaunch { browser: Some(format!("/nowhere/at/all:{failing}:{works} --new %s").into()) };
        launch.launch(&url(), None).await.unwrap();
        assert_eq!(std::fs::read_to_string(&out).unwrap(), format!("--new|{}|", url()));
    }

    #[tokio::test]
    async fn a_chosen_browser_is_started_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        let works = script(dir.path(), "works", &format!("printf '%s|' \"$@\" > '{}'", out.display()));
        let launch = SystemLaunch { browser: Some(works.clone().into()) };
        let chosen = |program: &str| [program.to_owned(), "--private".to_owned(), "%u".to_owned()];
        launch.launch(&url(), Some(&chosen(&works))).await.unwrap();
        assert_eq!(std::fs::read_to_string(&out).unwrap(), format!("--private|{}|", url()));
        std::fs::remove_file(&out).unwrap();
        assert!(launch.launch(&url(), Some(&chosen("/nowhere/at/all"))).await.is_err());
        assert!(!out.exists());
    }

    #[tokio::test]
    async fn inside_another_address_it_is_encoded() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        let works = script(dir.path(), "works", &format!("printf '%s|' \"$@\" > '{}'", out.display()));
        let words = [works, format!("ext+container:name=Work&url={ENCODED}")];
        SystemLaunch::default().launch(&url(), Some(&words)).await.unwrap();
        let given = "ext+container:name=Work&url=http%3A%2F%2Flocalhost%3A4040%2Fstart%3Fa%3Db%26c%3D%2520d|";
        assert_eq!(std::fs::read_to_string(&out).unwrap(), given);
    }

    /// A file manager that remembers what it was asked to show.
    struct Manager(std::sync::mpsc::Sender<Vec<String>>);

    #[zbus::interface(name = "org.freedesktop.FileManager1")]
    impl Manager {
        fn show_items(&self, uris: Vec<String>, _startup_id: &str) {
            self.0.send(uris).unwrap();
        }
    }

    /// Runs itself on a session bus of its own.
    #[test]
    fn a_file_is_selected_in_the_desktops_file_manager_where_there_is_one() {
        const INSIDE: &str = "LATCHKEY_TEST_OWN_BUS";
        if std::env::var_os(INSIDE).is_none() {
            let inside = std::process::Command::new("dbus-run-session")
                .arg("--")
                .arg(std::env::current_exe().unwrap())
                .args(["a_file_is_selected_in_the_desktops_file_manager_where_there_is_one", "--nocapture"])
                .env(INSIDE, "1")
                .output()
                .unwrap();
            let said =
                [inside.stdout, inside.stderr].map(|it| String::from_utf8_lossy(&it).into_owned()).concat();
            assert!(inside.status.success() && said.contains("1 passed"), "{said}");
            return;
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(shown_in_the_file_manager());
    }

    async fn shown_in_the_file_manager() {
        let file = Path::new("/home/sam/.aws/my credentials");
        assert!(!select(file).await, "nobody answers on this bus");
        let (asked, shown) = std::sync::mpsc::channel();
        let builder = zbus::connection::Builder::session().unwrap();
        let builder = builder.serve_at("/org/freedesktop/FileManager1", Manager(asked)).unwrap();
        let _bus = builder.name("org.freedesktop.FileManager1").unwrap().build().await.unwrap();
        assert!(select(file).await);
        assert_eq!(shown.recv().unwrap(), ["file:///home/sam/.aws/my%20credentials"]);
    }

    #[test]
    fn the_desktops_own_way_comes_last() {
        let launch = SystemLaunch::from_env(&|name| (name == "BROWSER").then(|| "a %s:b -x".into()));
        let commands = launch.commands(&url());
        assert_eq!(commands[0], ["a", url().as_str()]);
        assert_eq!(commands[1], ["b", "-x", url().as_str()]);
        assert_eq!(commands[2], ["xdg-open", url().as_str()]);
    }

    #[tokio::test]
    async fn only_web_addresses_are_given_away() {
        let dir = tempfile::tempdir().unwrap();
        let works = script(dir.path(), "works", "exit 0");
        let launch = SystemLaunch { browser: Some(works.into()) };
        for bad in ["file:///etc/passwd", "javascript:alert(1)", "http://evil.test/"] {
            assert!(launch.launch(&Url::parse(bad).unwrap(), None).await.is_err(), "{bad}");
        }
    }
}
