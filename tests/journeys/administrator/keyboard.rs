//! Access is given with the keyboard alone.

use super::{heading, looks::Console};
use anyhow::{Result, bail, ensure};
use support::{
    Desk,
    deadline::{SOON, WHILE, until},
    driver::Driver,
    journey,
};

const TAB: char = '\u{e004}';
const ENTER: char = '\u{e007}';
/// More than any page of the wizard has.
const MOST_TABS: usize = 90;

/// Goes from one thing to the next until what has the focus is called so, or begins so.
async fn tab_to(browser: &Driver, name: &str) -> Result<()> {
    let mut passed = Vec::new();
    for _ in 0..MOST_TABS {
        browser.keys(&[TAB]).await?;
        let focused = browser.focused().await?;
        if focused.starts_with(name) {
            return Ok(());
        }
        passed.push(focused);
    }
    bail!("the keyboard does not reach {name}: {passed:?}")
}

#[test]
fn access_is_given_with_the_keyboard_alone() {
    journey("console-keyboard", |desk: Desk| async move {
        let console = Console::open(&desk).await?;
        let browser = &console.browser;
        // The first stop of each page skips what all have in common.
        browser.keys(&[TAB]).await?;
        ensure!(browser.focused().await? == "Skip to content", "first is {}", browser.focused().await?);
        tab_to(browser, "AWS accounts").await?;
        browser.keys(&[ENTER]).await?;
        heading(browser, "AWS accounts").await?;
        browser.keys(&[TAB]).await?;
        browser.keys(&[ENTER]).await?;
        tab_to(browser, "Give access to accounts").await?;
        ensure!(browser.client().current_url().await?.fragment() == Some("content"), "nothing was skipped");
        browser.keys(&[ENTER]).await?;
        let steps = [
            (1, "choose accounts", "log-archive"),
            (2, "choose users and groups", "User Alex Moreno"),
            (3, "choose permission sets", "ReadOnly"),
        ];
        for (n, what, choice) in steps {
            heading(browser, &format!("Give access, step {n} of 4: {what}")).await?;
            tab_to(browser, choice).await?;
            browser.keys(&[' ']).await?;
            tab_to(browser, "Continue").await?;
            browser.keys(&[ENTER]).await?;
        }
        heading(browser, "Give access, step 4 of 4: review").await?;
        browser.read(SOON, "This asks for 1 assignment.").await?;
        tab_to(browser, "Give access").await?;
        browser.keys(&[ENTER]).await?;
        heading(browser, "Requests").await?;
        until(WHILE, "the request to be settled", async || {
            tab_to(browser, "Load again").await?;
            browser.keys(&[ENTER]).await?;
            heading(browser, "Requests").await?;
            let text = browser.text().await?;
            Ok((text.contains("log-archive") && !text.contains("IN_PROGRESS")).then_some(()))
        })
        .await?;
        browser.read(SOON, "Alex Moreno").await
    });
}
