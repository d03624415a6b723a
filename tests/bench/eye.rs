//! Sees when a window shows what it will show: the moment after which the picture stays as it is.

use anyhow::{Context, Result, bail, ensure};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use support::{deadline::WHILE, desk::Display, within};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use x11rb::{
    connection::Connection,
    protocol::{
        Event,
        damage::{ConnectionExt as _, Damage, ReportLevel},
        xproto::{ConnectionExt as _, ImageFormat, Window},
    },
    rust_connection::RustConnection,
};

/// What is looked at: the middle of the screen, where windows open.
const CORNER: (i16, i16) = (320, 200);
const SIZE: (u16, u16) = (640, 480);
/// Colours so near, of 255, are the same to who looks: the engine draws a text again a shade apart.
const NEAR: u8 = 32;
/// So many rows of pixels may differ where the picture counts as the same: a line of text may tell the time.
const SAME: usize = 24;
/// A picture that stayed the same for so long is the last.
const QUIET: Duration = Duration::from_millis(1500);

/// Watches one display.
pub struct Eye {
    x: Arc<RustConnection>,
    root: Window,
    damage: Damage,
    changes: UnboundedReceiver<()>,
}

impl Eye {
    /// Begins to watch.
    pub fn open(display: &Display) -> Result<Self> {
        let (x, screen) =
            RustConnection::connect(Some(display.name())).context("could not reach the display")?;
        let root = x.setup().roots.get(screen).context("the display has no screen")?.root;
        x.damage_query_version(1, 1)?.reply().context("the display does not tell what changes")?;
        let damage = x.generate_id()?;
        x.damage_create(damage, root, ReportLevel::NON_EMPTY)?.check()?;
        let x = Arc::new(x);
        let (tell, changes) = unbounded_channel();
        let events = Arc::clone(&x);
        // Ends with the display at the latest.
        std::thread::spawn(move || {
            while let Ok(event) = events.wait_for_event() {
                if matches!(event, Event::DamageNotify(_)) && tell.send(()).is_err() {
                    return;
                }
            }
        });
        Ok(Self { x, root, damage, changes })
    }

    /// How long after `begin` the picture was first what it is at last. `begin` is before the first change.
    pub async fn settled_since(&mut self, begin: Instant) -> Result<Duration> {
        within(WHILE, "a picture that stays", self.settled(begin)).await
    }

    async fn settled(&mut self, begin: Instant) -> Result<Duration> {
        let before = self.picture()?;
        let mut pictures: Vec<(Instant, Vec<u8>)> = Vec::new();
        loop {
            // The wait is for a change; that none comes is what ends it.
            match tokio::time::timeout(QUIET, self.changes.recv()).await {
                Ok(Some(())) => {
                    self.x.damage_subtract(self.damage, x11rb::NONE, x11rb::NONE)?.check()?;
                    let picture = self.picture()?;
                    if pictures.last().is_none_or(|(_, last)| rows_apart(last, &picture) > SAME) {
                        pictures.push((Instant::now(), picture));
                    }
                }
                Ok(None) => bail!("the display ended"),
                Err(_) if pictures.last().is_some_and(|(_, last)| rows_apart(last, &before) > SAME) => break,
                Err(_) => {}
            }
        }
        let (_, last) = pictures.last().context("nothing changed")?;
        let first = pictures.iter().find(|(_, picture)| rows_apart(picture, last) <= SAME);
        let (at, _) = first.context("nothing stayed")?;
        Ok(at.duration_since(begin))
    }

    fn picture(&self) -> Result<Vec<u8>> {
        let (x, y) = CORNER;
        let (width, height) = SIZE;
        let picture =
            self.x.get_image(ImageFormat::Z_PIXMAP, self.root, x, y, width, height, u32::MAX)?.reply()?.data;
        ensure!(picture.len() % usize::from(height) == 0, "the picture is no rectangle");
        Ok(picture)
    }
}

/// How many rows of pixels differ.
fn rows_apart(one: &[u8], other: &[u8]) -> usize {
    let row = (one.len() / usize::from(SIZE.1)).max(1);
    one.chunks(row).zip(other.chunks(row)).filter(|(one, other)| apart(one, other)).count()
}

fn apart(one: &[u8], other: &[u8]) -> bool {
    one != other && one.iter().zip(other).any(|(one, other)| one.abs_diff(*other) > NEAR)
}
