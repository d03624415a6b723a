//! axe-core over every view in every state, light and dark. Names, roles and structure do not depend on the
//! theme, so that they are looked at once; colours are measured in both. No state is wider than its window, as
//! narrow and with text as large as they come.

use super::pages;
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

/// Window widths in CSS pixels with text sizes in percent: 400 % zoom (WCAG 2.2, 1.4.10 Reflow), and text twice
/// as large (1.4.4 Resize Text) in the narrowest window.
const NARROW: [(u32, u32); 2] = [(320, 100), (480, 200)];

/// Each part of the window that sticks out at the side. Tables, code and differences scroll in frames of their
/// own.
const SIDES: &str = "const [size] = arguments, page = document.documentElement;
    page.style.fontSize = `${size}%`;
    return [page, ...document.querySelectorAll('header, nav, main, aside, dialog[open]')]
        .filter((part) => part.scrollWidth > part.clientWidth + 1)
        .map((part) => `${part.localName} is ${part.scrollWidth} wide in ${part.clientWidth}`);";

/// What sticks out of the page that is shown.
async fn sides(browser: &Driver) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for (width, size) in NARROW {
        pages::resize(browser, width, 800).await?;
        let parts: Value = browser.client().execute(SIDES, vec![json!(size)]).await?;
        let parts: Vec<String> = serde_json::from_value(parts).context("what sticks out")?;
        found.extend(parts.into_iter().map(|part| format!("{width} px, text {size} %: {part}")));
    }
    pages::usual(browser).await?;
    Ok(found)
}

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

/// Every state, looked at by this. Each way to look is a test of its own, as a journey has a time by which it ends.
fn look_at_all(name: &str, theme: &'static str, look: impl AsyncFn(&Driver) -> Result<Vec<String>>) {
    journey(name, |desk| async move {
        let gallery = Gallery::serve(&desk).await?;
        let browser = driver::chromium(&desk).await?;
        let mut breaches = Vec::new();
        for state in &gallery.states {
            gallery.show(&browser, state, theme).await?;
            breaches.extend(look(&browser).await?.into_iter().map(|found| format!("{state}: {found}")));
        }
        ensure!(breaches.is_empty(), "{} violations, {theme}:\n{}", breaches.len(), breaches.join("\n"));
        Ok(())
    });
}

#[test]
fn everybody_can_use_every_state() {
    look_at_all("gallery-access", "light", async |browser| violations(browser, &axe()?, "light").await);
}

#[test]
fn every_state_can_be_read_in_the_dark_theme() {
    look_at_all("gallery-dark", "dark", async |browser| violations(browser, &axe()?, "dark").await);
}

#[test]
fn every_state_fits_a_narrow_window() {
    look_at_all("gallery-narrow", "light", async |browser| sides(browser).await);
}
