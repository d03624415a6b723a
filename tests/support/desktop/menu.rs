//! A menu as com.canonical.dbusmenu gives it, as a value.

use anyhow::{Context, Result, bail};
use std::{collections::HashMap, fmt};
use zbus::zvariant::{Array, Dict, OwnedValue, Structure, Value};

/// What kind of row it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A row to click, or that opens a submenu.
    Row,
    /// A line.
    Separator,
    /// A row with a mark that is set or not.
    Check(bool),
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The number by which it is clicked.
    pub id: i32,
    /// The text a person reads: mnemonic underscores resolved.
    pub label: String,
    /// What kind.
    pub kind: Kind,
    /// Whether it can be clicked.
    pub enabled: bool,
    /// Whether it is shown.
    pub visible: bool,
    /// The rows of its submenu.
    pub children: Vec<Entry>,
}

/// A whole menu.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Menu {
    /// The rows of the top level.
    pub entries: Vec<Entry>,
}

impl Menu {
    /// Reads the rows of the root in `GetLayout`'s answer, each a struct `(ia{sv}av)`.
    ///
    /// # Errors
    /// That one is not shaped so.
    pub fn from_rows(rows: &[OwnedValue]) -> Result<Self> {
        let entries = rows.iter().map(|row| Entry::from_layout(row)).collect::<Result<_>>()?;
        Ok(Self { entries })
    }

    /// The visible row reached by `path`: at each level the first whose text is the path's part,
    /// or starts with it when the part ends with `*`.
    #[must_use]
    pub fn find(&self, path: &[&str]) -> Option<&Entry> {
        let (first, rest) = path.split_first()?;
        let fits = |label: &str| match first.strip_suffix('*') {
            Some(start) => label.starts_with(start),
            None => label == *first,
        };
        let found = self.visible().find(|e| fits(&e.label))?;
        match rest {
            [] => Some(found),
            rest => {
                // A short look into the submenu by the same rule.
                let below = Self { entries: found.children.clone() };
                let id = below.find(rest)?.id;
                found.child(id)
            }
        }
    }

    /// The rows shown at the top level.
    pub fn visible(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|e| e.visible)
    }

    /// The texts shown at the top level, lines left out.
    #[must_use]
    pub fn labels(&self) -> Vec<&str> {
        self.visible().filter(|e| e.kind != Kind::Separator).map(|e| e.label.as_str()).collect()
    }
}

impl Entry {
    fn child(&self, id: i32) -> Option<&Self> {
        self.children.iter().find_map(|c| if c.id == id { Some(c) } else { c.child(id) })
    }

    fn from_layout(layout: &Value<'_>) -> Result<Self> {
        let parts = <&Structure<'_>>::try_from(unwrap(layout))?.fields();
        let [id, properties, children] = parts else {
            bail!("a menu row has {} parts instead of 3", parts.len());
        };
        let id = i32::try_from(id)?;
        let properties = <&Dict<'_, '_>>::try_from(properties)?.try_clone()?;
        let properties: HashMap<String, Value<'_>> = properties.try_into()?;
        let text = |key: &str| match properties.get(key).map(unwrap) {
            Some(Value::Str(s)) => s.to_string(),
            _ => String::new(),
        };
        let truth = |key: &str| !matches!(properties.get(key).map(unwrap), Some(Value::Bool(false)));
        let on = matches!(properties.get("toggle-state").map(unwrap), Some(Value::I32(1)));
        let kind = match (text("type").as_str(), text("toggle-type").is_empty()) {
            ("separator", _) => Kind::Separator,
            (_, true) => Kind::Row,
            (_, false) => Kind::Check(on),
        };
        let below = <&Array<'_>>::try_from(children)?.iter();
        let below =
            below.map(Self::from_layout).collect::<Result<_>>().with_context(|| format!("below {id}"))?;
        Ok(Self {
            id,
            label: without_mnemonics(&text("label")),
            kind,
            enabled: truth("enabled"),
            visible: truth("visible"),
            children: below,
        })
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        if !self.visible {
            return Ok(());
        }
        let indent = "    ".repeat(depth);
        match self.kind {
            Kind::Separator => writeln!(f, "{indent}-----")?,
            kind => {
                let mark = match kind {
                    Kind::Check(true) => "[x] ",
                    Kind::Check(false) => "[ ] ",
                    Kind::Row | Kind::Separator => "",
                };
                let off = if self.enabled { "" } else { "  (off)" };
                writeln!(f, "{indent}{mark}{}{off}", self.label)?;
            }
        }
        self.children.iter().try_for_each(|c| c.write(f, depth + 1))
    }
}

impl fmt::Display for Menu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entries.iter().try_for_each(|e| e.write(f, 0))
    }
}

/// A value without the variants around it.
fn unwrap<'a>(value: &'a Value<'a>) -> &'a Value<'a> {
    match value {
        Value::Value(inner) => unwrap(inner),
        other => other,
    }
}

/// dbusmenu: a single underscore marks the mnemonic, two stand for one.
fn without_mnemonics(label: &str) -> String {
    let mut text = String::with_capacity(label.len());
    let mut chars = label.chars();
    while let Some(c) = chars.next() {
        match c {
            '_' => text.extend(chars.next()),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Entry, Kind, Menu, without_mnemonics};

    fn row(id: i32, label: &str, children: Vec<Entry>) -> Entry {
        Entry { id, label: label.into(), kind: Kind::Row, enabled: true, visible: true, children }
    }

    #[test]
    fn a_path_leads_to_the_row_a_person_would_click() {
        let hidden = Entry { visible: false, ..row(9, "Accounts", vec![]) };
        let role = row(3, "ReadOnly", vec![]);
        let menu = Menu {
            entries: vec![hidden, row(1, "Accounts", vec![row(2, "payments-prod [PROD]", vec![role])])],
        };
        assert_eq!(menu.find(&["Accounts", "payments-prod*", "ReadOnly"]).map(|e| e.id), Some(3));
        assert_eq!(menu.find(&["Accounts", "payments-prod", "ReadOnly"]), None);
        assert_eq!(menu.find(&[]), None);
        assert_eq!(menu.to_string(), "Accounts\n    payments-prod [PROD]\n        ReadOnly\n");
    }

    #[test]
    fn mnemonics_are_not_text() {
        assert_eq!(without_mnemonics("_Open a__b"), "Open a_b");
    }
}
