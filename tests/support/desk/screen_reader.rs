//! What a person with a screen reader reads of the windows: the accessibility bus of a desk. The one way into the
//! window for PINs, which no WebDriver sees.

use super::Desk;
use crate::deadline::{SOON, START, until, within};
use anyhow::{Result, bail};
use std::{collections::VecDeque, sync::Arc};
use zbus::{Connection, proxy, proxy::CacheProperties, zvariant::OwnedObjectPath};

/// AT-SPI's state "enabled", likewise.
const ENABLED: u32 = 1 << 8;

/// AT-SPI's state "focused", as a bit of the first word.
const FOCUSED: u32 = 1 << 12;
/// AT-SPI's role "password text".
const PASSWORD: u32 = 40;

#[proxy(
    interface = "org.a11y.Bus",
    default_service = "org.a11y.Bus",
    default_path = "/org/a11y/bus",
    gen_blocking = false
)]
trait AccessibilityBus {
    fn get_address(&self) -> zbus::Result<String>;
}

#[proxy(
    interface = "org.a11y.atspi.Accessible",
    default_service = "org.a11y.atspi.Registry",
    default_path = "/org/a11y/atspi/accessible/root",
    gen_blocking = false
)]
trait Accessible {
    // Its sibling `GetChildren` leaves out what another process shows: all of a page.
    fn get_child_at_index(&self, index: i32) -> zbus::Result<(String, OwnedObjectPath)>;
    // Pages have no names of roles.
    fn get_role(&self) -> zbus::Result<u32>;
    fn get_interfaces(&self) -> zbus::Result<Vec<String>>;
    fn get_state(&self) -> zbus::Result<Vec<u32>>;
    #[zbus(property(emits_changed_signal = "false"))]
    fn child_count(&self) -> zbus::Result<i32>;
    #[zbus(property(emits_changed_signal = "false"))]
    fn name(&self) -> zbus::Result<String>;
}

#[proxy(interface = "org.a11y.atspi.Text", gen_blocking = false)]
trait Text {
    fn get_text(&self, start: i32, end: i32) -> zbus::Result<String>;
}

/// Something in a window, as it is read out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// Whether it is a field that shows dots.
    pub password: bool,
    /// What it is called.
    pub name: String,
    /// What it holds.
    pub text: String,
    /// Whether keys go to it.
    pub focused: bool,
    /// Whether it can be pressed.
    pub enabled: bool,
}

/// A screen reader that is on. Programs that are to be read are started with its [`Self::environment`].
#[derive(Clone, Debug)]
pub struct ScreenReader {
    bus: Connection,
    address: Arc<str>,
}

impl ScreenReader {
    /// Starts the accessibility bus.
    ///
    /// # Errors
    /// That it is not installed (Debian's at-spi2-core), or not ready in time.
    pub async fn start(desk: &Desk) -> Result<Self> {
        let launcher = "/usr/libexec/at-spi-bus-launcher";
        desk.spawn(desk.program("accessibility-bus", launcher).args(["--launch-immediately"]))?;
        desk.session_bus().owned("org.a11y.Bus").await?;
        let session = desk.session_bus().connect().await?;
        let launcher = AccessibilityBusProxy::new(&session).await?;
        let address = within(START, "the accessibility bus", launcher.get_address()).await?;
        let builder = zbus::connection::Builder::address(address.as_str())?;
        let bus = within(START, "a connection to the accessibility bus", builder.build()).await?;
        Ok(Self { bus, address: address.into() })
    }

    /// The variables of a program that is to be read.
    #[must_use]
    pub fn environment(&self) -> [(&str, &str); 2] {
        [("AT_SPI_BUS_ADDRESS", &self.address), ("NO_AT_BRIDGE", "0")]
    }

    /// All that is in the window of this title, in reading order; `None` where there is no such window.
    ///
    /// # Errors
    /// That the bus is gone.
    pub async fn read(&self, title: &str) -> Result<Option<Vec<Read>>> {
        let desktop =
            AccessibleProxy::builder(&self.bus).cache_properties(CacheProperties::No).build().await?;
        let mut windows = Vec::new();
        for program in children(&desktop).await? {
            // A program may end at any moment, and a window be replaced: what is gone is not the one that is meant.
            let Ok(program) = self.one(program).await else { continue };
            windows.extend(children(&program).await.unwrap_or_default());
        }
        for window in windows {
            let Ok(one) = self.one(window.clone()).await else { continue };
            if one.name().await.is_ok_and(|name| name == title) {
                return Ok(self.all(window).await.ok());
            }
        }
        Ok(None)
    }

    /// Waits until the window of this title reads as `wanted`, and gives what that finds.
    ///
    /// # Errors
    /// That it did not in time, with what it read.
    pub async fn wait<T>(&self, title: &str, what: &str, wanted: impl Fn(&[Read]) -> Option<T>) -> Result<T> {
        let found = until(SOON, &format!("{title:?}: {what}"), || async {
            Ok(self.read(title).await?.and_then(|all| wanted(&all)))
        })
        .await;
        match found {
            Ok(found) => Ok(found),
            Err(error) => match self.read(title).await? {
                Some(all) => Err(error.context(format!("the window read:\n{all:#?}"))),
                None => Err(error.context("there is no such window")),
            },
        }
    }

    async fn one(
        &self,
        (program, path): (String, OwnedObjectPath),
    ) -> zbus::Result<AccessibleProxy<'static>> {
        let one = AccessibleProxy::builder(&self.bus).destination(program)?.path(path)?;
        // Its objects do not tell all properties at once.
        one.cache_properties(CacheProperties::No).build().await
    }

    async fn all(&self, window: (String, OwnedObjectPath)) -> Result<Vec<Read>> {
        let (mut found, mut left) = (Vec::new(), VecDeque::from([window]));
        while let Some(at) = left.pop_front() {
            let one = self.one(at.clone()).await?;
            let state = one.get_state().await?;
            // What has no text complains when it is asked for it.
            let has_text = one.get_interfaces().await?.iter().any(|name| name == "org.a11y.atspi.Text");
            found.push(Read {
                password: one.get_role().await? == PASSWORD,
                name: one.name().await?,
                text: if has_text { self.text(at).await? } else { String::new() },
                focused: state.first().is_some_and(|word| word & FOCUSED != 0),
                enabled: state.first().is_some_and(|word| word & ENABLED != 0),
            });
            for child in children(&one).await?.into_iter().rev() {
                left.push_front(child);
            }
            if found.len() > 5_000 {
                bail!("the window has no end");
            }
        }
        Ok(found)
    }

    async fn text(&self, (program, path): (String, OwnedObjectPath)) -> zbus::Result<String> {
        let text = TextProxy::builder(&self.bus).destination(program)?.path(path)?;
        text.cache_properties(CacheProperties::No).build().await?.get_text(0, -1).await
    }
}

async fn children(of: &AccessibleProxy<'_>) -> zbus::Result<Vec<(String, OwnedObjectPath)>> {
    let mut all = Vec::new();
    for index in 0..of.child_count().await? {
        all.push(of.get_child_at_index(index).await?);
    }
    Ok(all)
}
