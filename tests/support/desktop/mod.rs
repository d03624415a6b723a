//! What a desktop is to the app, spoken over real buses: tray, notifications, idleness, sleep,
//! network, default browser.

mod browser_requests;
mod machine;
mod menu;
mod notifications;
mod screen_saver;
mod tray;

pub use browser_requests::BrowserRequests;
pub(crate) use browser_requests::read_fifo;
pub use machine::Machine;
pub use menu::{Entry, Kind, Menu};
pub use notifications::{Notification, Notifications};
pub use screen_saver::ScreenSaver;
pub use tray::{Item, TrayHost};
