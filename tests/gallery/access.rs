//! axe-core over every view in every state, light and dark. Names, roles and structure do not depend on the
//! theme, so that they are looked at once; colours are measured in both.

use anyhow::{Context, Result};
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

async fn violations(browser: &Driver, axe: &str, theme: &str) -> Result<Vec<String>> {
    let mut options = json!({ "resultTypes": ["violations"] });
    if theme == "dark" {
        options["runOnly"] = json!(["color-contrast"]);
    }
    browser.client().execute(axe, vec![]).await.context("axe-core")?;
    let found: Value = within(WHILE, "axe-core", browser.client().execute_async(LOOK, vec![options])).await?;
    serde_json::from_value(found).context("what axe-core found")
}

#[test]
fn everybody_can_use_every_state_in_both_themes() {
    journey("gallery-access", |desk| async move {
        let axe = fs::read_to_string(ui()?.join("node_modules/axe-core/axe.min.js")).context("axe-core")?;
        let gallery = Gallery::serve(&desk).await?;
        let browser = driver::chromium(&desk).await?;
        let mut breaches = Vec::new();
        for state in &gallery.states {
            for theme in ["light", "dark"] {
                gallery.show(&browser, state, theme).await?;
                let found = violations(&browser, &axe, theme).await?;
                breaches.extend(found.into_iter().map(|found| format!("{state}, {theme}: {found}")));
            }
        }
        anyhow::ensure!(breaches.is_empty(), "{} violations:\n{}", breaches.len(), breaches.join("\n"));
        Ok(())
    });
}
