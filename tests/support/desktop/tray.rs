//! A tray: StatusNotifierWatcher, its host, and the reader of the icons' menus.

use super::Menu;
use crate::{deadline::SOON, desk::Bus, record::Record};
use anyhow::{Context, Result, anyhow, bail};
use futures_util::StreamExt;
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Mutex;
use zbus::{
    Connection, fdo, interface,
    message::Header,
    object_server::SignalEmitter,
    proxy,
    zvariant::{OwnedObjectPath, OwnedValue, Value},
};

const WATCHER: &str = "/StatusNotifierWatcher";

/// Where a program registered its icon.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    owner: String,
    path: String,
    at: Instant,
}

struct Watcher {
    places: Record<Place>,
}

#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    /// Programs register a bus name, a path, or both in one string; libayatana registers a path.
    async fn register_status_notifier_item(
        &self,
        service: &str,
        #[zbus(header)] header: Header<'_>,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
    ) -> fdo::Result<()> {
        let sender = header.sender().map(ToString::to_string).unwrap_or_default();
        let (owner, path) = match service.find('/') {
            Some(0) => (sender, service),
            Some(at) => (service[..at].to_owned(), &service[at..]),
            None => (service.to_owned(), "/StatusNotifierItem"),
        };
        let place = Place { owner, path: path.to_owned(), at: Instant::now() };
        let name = format!("{}{}", place.owner, place.path);
        self.places.push(place);
        Ok(Self::status_notifier_item_registered(&emitter, &name).await?)
    }

    async fn register_status_notifier_host(
        &self,
        _service: &str,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
    ) -> fdo::Result<()> {
        Ok(Self::status_notifier_host_registered(&emitter).await?)
    }

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        self.places.all().iter().map(|p| format!("{}{}", p.owner, p.path)).collect()
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }

    #[zbus(signal)]
    async fn status_notifier_item_registered(emitter: &SignalEmitter<'_>, item: &str) -> zbus::Result<()>;
    #[zbus(signal)]
    async fn status_notifier_item_unregistered(emitter: &SignalEmitter<'_>, item: &str) -> zbus::Result<()>;
    #[zbus(signal)]
    async fn status_notifier_host_registered(emitter: &SignalEmitter<'_>) -> zbus::Result<()>;
}

#[proxy(interface = "org.kde.StatusNotifierItem", gen_blocking = false)]
trait StatusNotifierItem {
    #[zbus(property(emits_changed_signal = "false"))]
    fn id(&self) -> zbus::Result<String>;
    #[zbus(property(emits_changed_signal = "false"))]
    fn status(&self) -> zbus::Result<String>;
    #[zbus(property(emits_changed_signal = "false"))]
    fn icon_name(&self) -> zbus::Result<String>;
    #[zbus(property(emits_changed_signal = "false"))]
    fn menu(&self) -> zbus::Result<OwnedObjectPath>;
    #[zbus(signal)]
    fn new_icon(&self) -> zbus::Result<()>;
}

/// A row: number, properties, the rows below it as structs of the same shape.
type Layout = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);

#[proxy(interface = "com.canonical.dbusmenu", gen_blocking = false)]
trait DbusMenu {
    fn get_layout(&self, parent: i32, depth: i32, properties: &[&str]) -> zbus::Result<(u32, Layout)>;
    fn event(&self, id: i32, event: &str, data: Value<'_>, time: u32) -> zbus::Result<()>;
    fn about_to_show(&self, id: i32) -> zbus::Result<bool>;
    #[zbus(signal)]
    fn items_properties_updated(&self, updated: Value<'_>, removed: Value<'_>) -> zbus::Result<()>;
    #[zbus(signal)]
    fn layout_updated(&self, revision: u32, parent: i32) -> zbus::Result<()>;
}

/// The tray.
#[derive(Debug)]
pub struct TrayHost {
    connection: Connection,
    places: Record<Place>,
    last: Arc<Mutex<Option<Menu>>>,
}

impl TrayHost {
    /// Serves watcher and host.
    ///
    /// # Errors
    /// That a name is taken.
    pub async fn start(bus: &Bus) -> Result<Self> {
        let connection = bus.connect().await?;
        let places = Record::default();
        connection.object_server().at(WATCHER, Watcher { places: places.clone() }).await?;
        bus.own(&connection, &format!("org.kde.StatusNotifierHost-{}", std::process::id())).await?;
        bus.own(&connection, "org.kde.StatusNotifierWatcher").await?;
        Ok(Self { connection, places, last: Arc::default() })
    }

    /// How many icons registered so far.
    #[must_use]
    pub fn mark(&self) -> usize {
        self.places.mark()
    }

    /// When the first icon after `mark` was registered, awaited.
    ///
    /// # Errors
    /// That no program registered one in time.
    pub async fn registered_after(&self, mark: usize, limit: Duration) -> Result<Instant> {
        self.places.wait_after(mark, limit, "a tray icon", |p| Some(p.at)).await
    }

    /// The newest icon, awaited.
    ///
    /// # Errors
    /// That no program registered one in time.
    pub async fn item(&self, limit: Duration) -> Result<Item> {
        self.item_after(self.mark().saturating_sub(1), limit).await
    }

    /// The first icon registered after `mark`, awaited: for an app that starts again.
    ///
    /// # Errors
    /// That no program registered one in time.
    pub async fn item_after(&self, mark: usize, limit: Duration) -> Result<Item> {
        let place = self.places.wait_after(mark, limit, "a tray icon", |p| Some(p.clone())).await?;
        let item = StatusNotifierItemProxy::builder(&self.connection)
            .destination(place.owner.clone())?
            .path(place.path.clone())?
            .cache_properties(zbus::proxy::CacheProperties::No)
            .build()
            .await?;
        let path = item.menu().await.context("the icon has no menu")?;
        let menu =
            DbusMenuProxy::builder(&self.connection).destination(place.owner)?.path(path)?.build().await?;
        Ok(Item { item, menu, last: Arc::clone(&self.last) })
    }

    /// The menu as last read, for evidence.
    pub async fn last_menu(&self) -> Option<Menu> {
        self.last.lock().await.clone()
    }
}

/// One tray icon.
#[derive(Clone, Debug)]
pub struct Item {
    item: StatusNotifierItemProxy<'static>,
    menu: DbusMenuProxy<'static>,
    last: Arc<Mutex<Option<Menu>>>,
}

impl Item {
    /// `Active`, or `Passive` for one that panels hide.
    ///
    /// # Errors
    /// That the program does not answer.
    pub async fn status(&self) -> Result<String> {
        Ok(self.item.status().await?)
    }

    /// The icon's name: the file that shows the state.
    ///
    /// # Errors
    /// That the program does not answer.
    pub async fn icon(&self) -> Result<String> {
        Ok(self.item.icon_name().await?)
    }

    /// Waits for an icon that `wanted` accepts.
    ///
    /// # Errors
    /// That it did not come in time, with the icon that was there.
    pub async fn wait_icon(&self, limit: Duration, what: &str, wanted: impl Fn(&str) -> bool) -> Result<()> {
        let mut changes = self.item.receive_new_icon().await?;
        let deadline = tokio::time::Instant::now() + limit;
        loop {
            let icon = self.icon().await?;
            if wanted(&icon) {
                return Ok(());
            }
            match tokio::time::timeout_at(deadline, changes.next()).await {
                Ok(Some(_)) => {}
                Ok(None) => bail!("the bus ended while waiting for {what}"),
                Err(_) => bail!("waited {} s for {what}, in vain; the icon is {icon}", limit.as_secs_f32()),
            }
        }
    }

    /// The menu now, asked for as a panel does before showing it.
    ///
    /// # Errors
    /// That the program does not answer.
    pub async fn menu(&self) -> Result<Menu> {
        let read = async {
            // Some programs answer AboutToShow with an error; a panel reads the layout all the same.
            let _ = self.menu.about_to_show(0).await;
            let (_, layout) = self.menu.get_layout(0, -1, &[]).await?;
            Menu::from_rows(&layout.2)
        };
        let menu = crate::deadline::within(SOON, "the tray's menu", read).await?;
        *self.last.lock().await = Some(menu.clone());
        Ok(menu)
    }

    /// How long the program takes to say what its menu holds, from the first word of a panel that is about to
    /// show it to the last of the answer.
    ///
    /// # Errors
    /// That the program does not answer.
    pub async fn opening(&self) -> Result<Duration> {
        let asked = async {
            let begin = Instant::now();
            // As in `menu`.
            let _ = self.menu.about_to_show(0).await;
            self.menu.get_layout(0, -1, &[]).await?;
            anyhow::Ok(begin.elapsed())
        };
        crate::deadline::within(SOON, "the tray's menu", asked).await
    }

    /// Waits for a menu in which `pick` finds what it looks for.
    ///
    /// # Errors
    /// That it did not come in time, with the menu that was there.
    pub async fn wait_menu<R>(
        &self,
        limit: Duration,
        what: &str,
        pick: impl Fn(&Menu) -> Option<R>,
    ) -> Result<R> {
        let rows = self.menu.receive_items_properties_updated().await?.map(|_| ());
        let layout = self.menu.receive_layout_updated().await?.map(|_| ());
        let mut changes = futures_util::stream::select(rows, layout);
        let deadline = tokio::time::Instant::now() + limit;
        loop {
            let menu = self.menu().await?;
            if let Some(found) = pick(&menu) {
                return Ok(found);
            }
            match tokio::time::timeout_at(deadline, changes.next()).await {
                Ok(Some(())) => {}
                Ok(None) => bail!("the bus ended while waiting for {what} in the tray's menu"),
                Err(_) => {
                    bail!("waited {} s for {what} in the tray's menu, in vain:\n{menu}", limit.as_secs_f32())
                }
            }
        }
    }

    /// Waits for the row at `path` (see [`Menu::find`]) to be there and enabled, and clicks it.
    ///
    /// # Errors
    /// That it did not come in time, with the menu that was there.
    pub async fn click(&self, path: &[&str]) -> Result<()> {
        let what = format!("an enabled row {path:?}");
        let find = |menu: &Menu| menu.find(path).filter(|e| e.enabled).map(|e| e.id);
        let id = self.wait_menu(SOON, &what, find).await?;
        match self.menu.event(id, "clicked", Value::from(0_i32), 0).await {
            Ok(()) => Ok(()),
            // The program ended while handling the click: that is how "Quit" answers.
            Err(zbus::Error::MethodError(name, _, _)) if name.as_str().ends_with(".NoReply") => Ok(()),
            Err(e) => Err(anyhow!(e).context(format!("could not click {path:?}"))),
        }
    }
}
