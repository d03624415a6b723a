//! `latchkey-server export` and `import`: an instance from one database into another, SQLite's or PostgreSQL's.

use std::{
    fs::OpenOptions,
    io::{BufReader, BufWriter, Write},
    path::Path,
};

use anyhow::{Context, Result, bail};

use crate::{config, store::Verdict};

/// Writes all that the instance of a configuration remembers into a new file, while it is served or not.
///
/// # Errors
/// What kept it from being written.
pub fn export(config: &Path, to: &Path) -> Result<()> {
    let (store, key) = config::look(config)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    // Hashes of passwords and sealed secrets are in it.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(to).with_context(|| format!("could not make {}", to.display()))?;
    let mut out = BufWriter::new(file);
    let rows = store.export(&key, &mut out)?;
    let file = out.into_inner().context("could not write the export")?;
    file.sync_all().context("could not write the export")?;
    say(&format!(
        "{rows} rows are in {}. The keys in the data folder are not: keep them with it.",
        to.display()
    ))
}

/// Reads an export into the empty database of a configuration whose data folder has the instance's keys already, and
/// follows the audit trail there.
///
/// # Errors
/// What kept it from being read; then nothing has changed.
pub fn import(config: &Path, from: &Path) -> Result<()> {
    let (store, key) = config::empty(config)?;
    let file = std::fs::File::open(from).with_context(|| format!("could not open {}", from.display()))?;
    let rows = store.import(&key, &mut BufReader::new(file))?.with_context(|| from.display().to_string())?;
    match store.verify_audit(&key, None)? {
        Verdict::Whole(whole) => {
            say(&format!("{rows} rows are imported. The audit trail is whole: {} events.", whole.events))
        }
        Verdict::Broken(_) => bail!(
            "{rows} rows are imported, and the audit trail does not hold with the key in the data folder: \
             `latchkey-server audit verify` says where. It did not where it was exported, either."
        ),
    }
}

fn say(words: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{words}").context("could not say so")
}
