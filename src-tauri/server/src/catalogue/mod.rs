//! Applications that are known beforehand: what to ask the administrator, what follows from it, and what to do on
//! the application's side. One file each under `catalogue/`; each says where its values come from.

mod entry;
mod files;
pub mod icon;
mod pattern;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

pub use entry::{Entry, IdentityProviderFacts, NameFormat};
pub use icon::Icon;
use pattern::Pattern;

/// All entries, by name.
static ALL: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let mut all: Vec<Entry> = files::FILES
        .iter()
        .filter_map(|(id, text)| match toml::from_str(text) {
            Ok(entry) => Some(entry),
            // A test reads every file, so this is a defect of this very build, which the other entries outlive.
            Err(error) => {
                tracing::error!(id, %error, "an entry of the catalogue cannot be read");
                None
            }
        })
        .collect();
    all.sort_by_key(|entry| entry.name.to_lowercase());
    all
});

/// All entries, by name.
pub fn all() -> &'static [Entry] {
    &ALL
}

/// The entry with this id.
pub fn entry(id: &str) -> Option<&'static Entry> {
    ALL.iter().find(|entry| entry.id == id)
}

/// Entries in which every word of the text begins a word of name, description or categories; all, without words.
pub fn search(text: &str) -> Vec<&'static Entry> {
    let wanted: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    ALL.iter()
        .filter(|entry| {
            let about = format!("{} {} {}", entry.name, entry.description, entry.categories.join(" "));
            let about = about.to_lowercase();
            let words: Vec<&str> = about.split(|c: char| !c.is_alphanumeric()).collect();
            wanted.iter().all(|wanted| words.iter().any(|word| word.starts_with(wanted)))
        })
        .collect()
}
