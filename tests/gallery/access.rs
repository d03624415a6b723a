//! axe-core over every view in every state, light and dark. Names, roles and structure do not depend on the
//! theme, so that they are looked at once; colours are measured in both.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::fs;
use support::{
    deadline::{WHILE, within},
    driver::{self, Driver},
    gallery::{Gallery, ui},
    journey,
};

/// Each violation in one line: the rule, the element, what is wrong.
const LOOK: &str = "const [options, done] = arguments;
    axe.run(document, options).then(({ violations }) => done(violations.flatMap(({ id, nodes }) =>
        nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary.replaceAll(/\\s+/g, ' ')}`))),
        (error) => done([`axe: ${error}`]));";

/// The program that looks.
pub fn axe() -> Result<String> {
    fs::read_to_string(ui()?.join("node_modules/axe-core/axe.min.js")).context("axe-core")
}

/// What it finds on the page that is shown.
pub async fn violations(browser: &Driver, axe: &str, theme: &str) -> Result<Vec<String>> {
    let mut options = json!({ "resultTypes": ["violations"] });
    if theme == "dark" {
        options["runOnly"] = json!(["color-contrast"]);
    }
    browser.client().execute(axe, vec![]).await.context("axe-core")?;
    let found: Value = within(WHILE, "axe-core", browser.client().execute_async(LOOK, vec![options])).await?;
    serde_json::from_value(found).context("what axe-core found")
}

/// Every state in one theme. Each theme is a test of its own, as a journey has a time by which it ends.
fn look_at_all(name: &str, theme: &'static str) {
    journey(name, |desk| async move {
        let axe = axe()?;
        let gallery = Gallery::serve(&desk).await?;
        let browser = driver::chromium(&desk).await?;
        let mut breaches = Vec::new();
        for state in &gallery.states {
            gallery.show(&browser, state, theme).await?;
            let found = violations(&browser, &axe, theme).await?;
            breaches.extend(found.into_iter().map(|found| format!("{state}: {found}")));
        }
        ensure!(breaches.is_empty(), "{} violations, {theme}:\n{}", breaches.len(), breaches.join("\n"));
        Ok(())
    });
}

#[test]
fn everybody_can_use_every_state() {
    look_at_all("gallery-access", "light");
}

#[test]
fn every_state_can_be_read_in_the_dark_theme() {
    look_at_all("gallery-dark", "dark");
}
