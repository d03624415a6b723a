//! One desk: folders, display, buses, keyring, tray, notifications and default browser of a journey.

mod bus;
mod display;
mod folders;
pub mod keyboard;
mod keyring;
mod screen_reader;

pub use bus::Bus;
pub use display::Display;
pub use folders::Folders;
pub use keyring::{Keyring, PASSWORD as KEYRING_PASSWORD};
pub use screen_reader::{Read, ScreenReader};

use crate::{
    desktop::{BrowserRequests, Machine, Notifications, ScreenSaver, TrayHost},
    driver::Driver,
    process::{Process, Program, end_marked},
};
use anyhow::{Context, Result};
use std::{
    any::Any,
    collections::BTreeMap,
    ffi::OsStr,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

/// The variable that marks every process of a desk; its value is the desk's folder.
pub const MARK: &str = "LATCHKEY_TEST_DESK";

/// What a desk is to have. A fresh desk has everything.
#[derive(Clone, Debug)]
pub struct Plan {
    name: String,
    keyring: bool,
    tray: bool,
    notifications: bool,
}

impl Plan {
    /// A desk with no OS keyring on its bus.
    #[must_use]
    pub fn without_keyring(mut self) -> Self {
        self.keyring = false;
        self
    }

    /// A desk whose panel shows no tray icons, as GNOME's.
    #[must_use]
    pub fn without_tray(mut self) -> Self {
        self.tray = false;
        self
    }

    /// A desk with no notification server.
    #[must_use]
    pub fn without_notifications(mut self) -> Self {
        self.notifications = false;
        self
    }

    /// Sets the desk up: everything on it is ready when this returns.
    ///
    /// # Errors
    /// Which part could not be started, or was not ready in time.
    pub async fn start(self) -> Result<Desk> {
        let folders = Folders::create()?;
        let mut env = folders.environment()?;
        env.insert(MARK.to_owned(), folders.root().to_string_lossy().into_owned());
        let display = Display::start(&folders, &env).await?;
        env.insert("DISPLAY".to_owned(), display.name().to_owned());
        let session = Bus::start("session", &folders, &env).await?;
        env.insert("DBUS_SESSION_BUS_ADDRESS".to_owned(), session.address().to_owned());
        let system = Bus::start("system", &folders, &env).await?;
        env.insert("DBUS_SYSTEM_BUS_ADDRESS".to_owned(), system.address().to_owned());
        let keyring = match self.keyring {
            true => Some(Keyring::start(&folders, &env, &session).await.context("the keyring")?),
            false => None,
        };
        let tray = match self.tray {
            true => Some(TrayHost::start(&session).await.context("the tray host")?),
            false => None,
        };
        let notifications = match self.notifications {
            true => Some(Notifications::start(&session).await.context("the notification server")?),
            false => None,
        };
        let screen_saver = ScreenSaver::start(&session).await.context("the screen saver")?;
        let machine = Machine::start(&system).await.context("logind and NetworkManager")?;
        let browser_requests = BrowserRequests::start(&folders)?;
        Ok(Desk(Arc::new(Parts {
            name: self.name,
            env,
            drivers: Mutex::default(),
            programs: Mutex::default(),
            further: Mutex::default(),
            keyring,
            tray,
            notifications,
            screen_saver,
            machine,
            browser_requests,
            system,
            session,
            display,
            folders,
        })))
    }
}

#[derive(Debug)]
struct Parts {
    name: String,
    env: BTreeMap<String, String>,
    drivers: Mutex<Vec<Driver>>,
    programs: Mutex<Vec<Arc<Process>>>,
    further: Mutex<Vec<Box<dyn Any + Send + Sync>>>,
    keyring: Option<Keyring>,
    tray: Option<TrayHost>,
    notifications: Option<Notifications>,
    screen_saver: ScreenSaver,
    machine: Machine,
    browser_requests: BrowserRequests,
    system: Bus,
    session: Bus,
    display: Display,
    // Last, so that the folders go after the programs that write in them.
    folders: Folders,
}

impl Drop for Parts {
    fn drop(&mut self) {
        end_marked(MARK, &self.folders.root().to_string_lossy());
    }
}

/// A desk that is set up; clones are the same desk. It is torn down when the last is dropped.
#[derive(Clone, Debug)]
pub struct Desk(Arc<Parts>);

impl Desk {
    /// A desk with everything, to be changed and started.
    #[must_use]
    pub fn plan(name: &str) -> Plan {
        Plan { name: name.to_owned(), keyring: true, tray: true, notifications: true }
    }

    /// A desk with everything.
    ///
    /// # Errors
    /// As [`Plan::start`].
    pub async fn start(name: &str) -> Result<Self> {
        Self::plan(name).start().await
    }

    /// The journey's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The folders.
    #[must_use]
    pub fn folders(&self) -> &Folders {
        &self.0.folders
    }

    /// The environment of every program at this desk.
    #[must_use]
    pub fn env(&self) -> &BTreeMap<String, String> {
        &self.0.env
    }

    /// The display.
    #[must_use]
    pub fn display(&self) -> &Display {
        &self.0.display
    }

    /// The session bus.
    #[must_use]
    pub fn session_bus(&self) -> &Bus {
        &self.0.session
    }

    /// The system bus.
    #[must_use]
    pub fn system_bus(&self) -> &Bus {
        &self.0.system
    }

    /// The keyring.
    ///
    /// # Errors
    /// That the plan has none.
    pub fn keyring(&self) -> Result<&Keyring> {
        self.0.keyring.as_ref().context("this desk has no keyring")
    }

    /// The tray.
    ///
    /// # Errors
    /// That the plan has none.
    pub fn tray(&self) -> Result<&TrayHost> {
        self.0.tray.as_ref().context("this desk has no tray")
    }

    /// The notifications.
    ///
    /// # Errors
    /// That the plan has none.
    pub fn notifications(&self) -> Result<&Notifications> {
        self.0.notifications.as_ref().context("this desk has no notification server")
    }

    /// Whether the person is idle, as the screen saver tells.
    #[must_use]
    pub fn screen_saver(&self) -> &ScreenSaver {
        &self.0.screen_saver
    }

    /// Sleep, lock and network, as logind and NetworkManager tell.
    #[must_use]
    pub fn machine(&self) -> &Machine {
        &self.0.machine
    }

    /// What programs at this desk asked the default browser to open.
    #[must_use]
    pub fn browser_requests(&self) -> &BrowserRequests {
        &self.0.browser_requests
    }

    /// A program with this desk's environment that logs to `logs/<name>.log`.
    #[must_use]
    pub fn program(&self, name: &str, program: impl AsRef<OsStr>) -> Program {
        let log = self.folders().logs().join(format!("{name}.log"));
        Program::new(name, program).envs(self.env()).current_dir(&self.folders().home()).log(log)
    }

    /// Starts a program that ends with the desk at the latest.
    ///
    /// # Errors
    /// As [`Program::start`].
    pub fn spawn(&self, program: Program) -> Result<Arc<Process>> {
        let process = Arc::new(program.start()?);
        self.0.programs.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&process));
        Ok(process)
    }

    /// Keeps what ends with the desk, and not before its evidence was taken.
    pub fn hold(&self, part: impl Any + Send + Sync) {
        self.0.further.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(part));
    }

    /// Keeps a WebDriver session for evidence and for the tear-down.
    pub(crate) fn keep(&self, driver: Driver) {
        self.0.drivers.lock().unwrap_or_else(PoisonError::into_inner).push(driver);
    }

    /// The WebDriver sessions opened at this desk.
    #[must_use]
    pub fn drivers(&self) -> Vec<Driver> {
        self.0.drivers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many processes of the program file `program` run at this desk.
    #[must_use]
    pub fn running(&self, program: &str) -> usize {
        self.processes(program).len()
    }

    /// The process numbers of this desk's programs of that name.
    #[must_use]
    pub fn processes(&self, program: &str) -> Vec<i32> {
        crate::process::running(MARK, &self.folders().root().to_string_lossy(), program)
    }

    /// A file of this desk's home.
    #[must_use]
    pub fn home(&self, path: &str) -> std::path::PathBuf {
        self.folders().home().join(Path::new(path))
    }

    /// Ends everything, politely where it matters for the next journey.
    pub async fn tear_down(&self) {
        for driver in self.drivers() {
            driver.quit().await;
        }
        self.0.drivers.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.0.programs.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.0.further.lock().unwrap_or_else(PoisonError::into_inner).clear();
        end_marked(MARK, &self.folders().root().to_string_lossy());
    }
}
