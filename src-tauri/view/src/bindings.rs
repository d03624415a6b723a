//! Writes `ui/src/bindings.ts`, the window's types, as one file: `UPDATE=1 cargo test -p view
//! export_bindings`. Without `UPDATE` the file is compared, so that it cannot fall behind.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use crate::{UiFirst, UiPortal, UiPrompt, UiReply, UiRequest, UiState};
use std::{any::TypeId, collections::BTreeMap, collections::HashSet, fmt::Write, path::Path};
use ts_rs::{Config, TS, TypeVisitor};

struct Collect<'a> {
    config: &'a Config,
    seen: HashSet<TypeId>,
    found: BTreeMap<String, String>,
}

impl TypeVisitor for Collect<'_> {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        if !self.seen.insert(TypeId::of::<T>()) {
            return;
        }
        // Only types of ours have a place of their own; `Option`, `Vec` and numbers are written inline.
        if T::output_path().is_some() {
            let mut text = String::new();
            if let Some(docs) = T::docs() {
                text.push_str(docs.trim_end());
                text.push('\n');
            }
            writeln!(text, "export {}", T::decl(self.config)).unwrap();
            self.found.insert(T::ident(self.config), text);
        }
        T::visit_dependencies(self);
        T::visit_generics(self);
    }
}

#[test]
fn export_bindings() {
    // Every i64 here is a moment, a duration in milliseconds or a row number: far below 2^53.
    let config = Config::new().with_large_int("number");
    let mut types = Collect { config: &config, seen: HashSet::new(), found: BTreeMap::new() };
    types.visit::<UiState>();
    types.visit::<UiPortal>();
    types.visit::<UiFirst>();
    types.visit::<UiRequest>();
    types.visit::<UiReply>();
    types.visit::<UiPrompt>();
    let mut text = String::from("// Generated from the view crate by `make gen`. Do not edit.\n");
    for declaration in types.found.values() {
        text.push('\n');
        text.push_str(declaration);
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/bindings.ts");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &text).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(there == text, "ui/src/bindings.ts is behind: run `UPDATE=1 cargo test -p view export_bindings`");
}
