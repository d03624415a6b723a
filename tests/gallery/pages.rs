//! Pages of the server as people see them: narrow and wide, light and dark.

use super::access;
use anyhow::{Result, ensure};
use serde_json::json;
use std::fs;
use support::{driver::Driver, programs};

/// Widths that pages must keep to: a small phone, and the desktop.
const WIDTHS: [u32; 2] = [320, 1200];
/// The tallest picture.
const TALLEST: u64 = 6000;

/// Takes pictures of the page that is shown, in both widths and themes, to `target/pictures/FOLDER`: nothing may
/// stick out at the side, and axe-core finds nothing.
pub async fn look(browser: &Driver, folder: &str, name: &str) -> Result<()> {
    let folder = programs::target()?.join("pictures").join(folder);
    fs::create_dir_all(&folder)?;
    let axe = access::axe()?;
    for width in WIDTHS {
        resize(browser, width, 800).await?;
        let [wide, tall] = size(browser).await?;
        ensure!(wide <= u64::from(width), "{name} is {wide} wide at {width}");
        resize(browser, width, tall.clamp(800, TALLEST)).await?;
        for theme in ["light", "dark"] {
            let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": theme }] });
            browser.devtools("Emulation.setEmulatedMedia", media).await?;
            let found = access::violations(browser, &axe, theme).await?;
            ensure!(found.is_empty(), "{name}, {width}, {theme}:\n{}", found.join("\n"));
            let picture = browser.screenshot().await?;
            fs::write(folder.join(format!("{name}-{width}-{theme}.png")), picture)?;
        }
    }
    usual(browser).await?;
    browser.devtools("Emulation.setEmulatedMedia", json!({})).await
}

/// Makes the window as small as a phone.
pub async fn phone(browser: &Driver) -> Result<()> {
    resize(browser, WIDTHS[0], 800).await
}

/// Gives the window its own size back.
pub async fn usual(browser: &Driver) -> Result<()> {
    browser.devtools("Emulation.clearDeviceMetricsOverride", json!({})).await
}

/// Makes the window this large, in CSS pixels.
pub async fn resize(browser: &Driver, width: u32, height: u64) -> Result<()> {
    let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
    browser.devtools("Emulation.setDeviceMetricsOverride", size).await
}

async fn size(browser: &Driver) -> Result<[u64; 2]> {
    let script = "const page = document.documentElement; return [page.scrollWidth, page.scrollHeight];";
    let size = browser.client().execute(script, vec![]).await?;
    Ok(serde_json::from_value(size)?)
}
