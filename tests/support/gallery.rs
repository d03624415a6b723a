//! The window's gallery, each view in each state, served to a browser.

use crate::{deadline::START, desk::Desk, driver::Driver, programs, until};
use anyhow::{Context, Result, ensure};
use fantoccini::Locator;
use std::{fs, path::PathBuf};
use url::Url;

/// The built gallery on a port of its own.
#[derive(Debug)]
pub struct Gallery {
    address: Url,
    /// The names of the states.
    pub states: Vec<String>,
}

impl Gallery {
    /// Serves `ui/dist-gallery`.
    ///
    /// # Errors
    /// That it is not built, or no server can be started.
    pub async fn serve(desk: &Desk) -> Result<Self> {
        let built = ui()?.join("dist-gallery");
        ensure!(
            built.join("gallery.html").is_file(),
            "{} is not built: run `make test`, or `npm run gallery` in ui/",
            built.display()
        );
        let listed = fs::read_to_string(ui()?.join("src/gallery/states.json"))?;
        let states = serde_json::from_str(&listed).context("states.json")?;
        let folder = built.to_string_lossy();
        let python = desk.program("gallery", "python3").args(["-u", "-m", "http.server", "0"]);
        let server = desk.spawn(python.args(["--bind", "127.0.0.1", "--directory", &folder]).lines())?;
        let port = |line: &str| line.split("port ").nth(1)?.split(' ').next()?.parse::<u16>().ok();
        let port = server.line(START, "the gallery's port", port).await?;
        Ok(Self { address: Url::parse(&format!("http://127.0.0.1:{port}/gallery.html"))?, states })
    }

    /// Shows a state, as it is when nothing moves any more.
    ///
    /// # Errors
    /// That the page did not come.
    pub async fn show(&self, browser: &Driver, state: &str, theme: &str) -> Result<()> {
        let mut address = self.address.clone();
        address.query_pairs_mut().append_pair("state", state).append_pair("theme", theme);
        browser.go(&address).await?;
        until(START, &format!("the state {state}"), || async {
            Ok(browser.client().find(Locator::Css("html[data-ready]")).await.ok().map(drop))
        })
        .await?;
        // What moves without end, like a spinner, cannot be finished.
        let still = "for (const one of document.getAnimations())
            one.effect.getComputedTiming().endTime === Infinity ? one.cancel() : one.finish();";
        browser.client().execute(still, vec![]).await.context("the page moves")?;
        Ok(())
    }
}

/// The window's sources.
///
/// # Errors
/// That this program is in no build folder.
pub fn ui() -> Result<PathBuf> {
    Ok(programs::target()?.parent().context("the target folder has no parent")?.join("ui"))
}
