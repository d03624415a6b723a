//! A display of one's own.

use super::Folders;
use crate::{
    deadline::{SOON, START},
    process::{Process, Program, run},
};
use anyhow::{Context, Result, bail};
use std::{collections::BTreeMap, path::Path};

/// An Xvfb that chose its own number.
#[derive(Debug)]
pub struct Display {
    name: String,
    _server: Process,
}

impl Display {
    /// Starts one of 1280 by 900 pixels.
    ///
    /// # Errors
    /// That Xvfb is not there or did not say its number in time.
    pub async fn start(folders: &Folders, env: &BTreeMap<String, String>) -> Result<Self> {
        let args = ["-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp", "-noreset"];
        let server = Program::new("Xvfb", "Xvfb")
            .args(args)
            .envs(env)
            .log(folders.logs().join("xvfb.log"))
            .lines()
            .start()?;
        let number = server.line(START, "Xvfb's display number", |l| l.trim().parse::<u32>().ok()).await?;
        Ok(Self { name: format!(":{number}"), _server: server })
    }

    /// `:N`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Writes what the display shows to a PNG file.
    ///
    /// # Errors
    /// That ImageMagick's `import` is not there or failed.
    pub async fn screenshot(&self, to: &Path) -> Result<()> {
        let to = to.to_str().context("the path is not UTF-8")?;
        let args = ["-display", &self.name, "-window", "root", to];
        let path = [("PATH", "/usr/local/bin:/usr/bin:/bin")];
        let said = run(SOON, "import", &args, path, "").await?;
        if !said.ok {
            bail!("import failed: {}", said.err);
        }
        Ok(())
    }
}
