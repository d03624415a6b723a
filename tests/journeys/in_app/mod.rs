//! Signing in in the window, without a browser, and what the security key of who did so is good for.

mod browser;
mod codes;
mod delivered;
mod finger;
mod first_key;
mod guarded;
mod other_keys;
mod programs;
mod sign_in;
mod spare;
mod verified;

use super::{arrival::add, steps::wait_signed_in};
use anyhow::Result;
use fantoccini::Locator;
use serde_json::json;
use support::{App, Desk, KeyDesk, SandboxServer, User, deadline::WHILE, driver::Driver, organisation};

/// The account of [`serve_guarded`], and its role in the window's list.
const ACCOUNT: &str = "111122223333";
const ROLE: &str = "111122223333/Deploy";

/// The organisation is there, and nobody is signed in: the browser that adding it opened is given up.
async fn added(desk: &Desk, window: &Driver, server: &SandboxServer) -> Result<()> {
    add(desk, window, server).await?;
    // The form before has a button of the same name.
    window.read(WHILE, "Finish signing in in your browser").await?;
    window.press("Cancel").await?;
    window.read(WHILE, "Password is sent only to localhost").await
}

async fn enter(window: &Driver, username: &str, password: &str) -> Result<()> {
    window.fill_labelled("User name", username).await?;
    window.fill_labelled("Password", password).await?;
    window.press("Sign in").await
}

/// Signs in with what is enough: the password.
async fn by_password(app: &App, window: &Driver, user: &User) -> Result<()> {
    let mark = app.mark();
    enter(window, &user.username, &user.password).await?;
    wait_signed_in(app, mark).await.map(drop)
}

async fn sign_out(app: &App, window: &Driver) -> Result<()> {
    let mark = app.mark();
    app.tray().await?.click(&["Sign out of*"]).await?;
    app.says(mark, "signin", &json!({ "state": "signed_out" })).await?;
    // The banner that says so moves what is below it, and with it what is clicked.
    window.see(Locator::XPath("//button[normalize-space(.)='Sign in']")).await?;
    window.press("Portal").await?;
    // What the portal listed stays in sight. Whoever signed in here is asked here again.
    window.press("Sign in").await?;
    window.read(WHILE, "Password is sent only to localhost").await
}

/// Registers the key on show, which has no PIN, under this name for who is signed in.
async fn register(keys: &KeyDesk, name: &str) -> Result<()> {
    ask_to_register(keys, name).await?;
    keys.view().says(&format!("as \"{name}\"")).await
}

async fn ask_to_register(keys: &KeyDesk, name: &str) -> Result<()> {
    keys.view().page("Overview").await?;
    let register = "//button[starts-with(normalize-space(.), 'Register at')]";
    keys.window.click(Locator::XPath(register)).await?;
    keys.window.fill_labelled("Name", name).await?;
    keys.window.press("Register").await
}

/// An organisation of `sam` and `pat`, who may deploy to an account that is neither production nor privileged: it is
/// the organisation's policy alone that asks for a key.
async fn serve_guarded(desk: &Desk) -> Result<SandboxServer> {
    let another = "[[user]]\nusername = \"pat\"\ndisplay_name = \"Pat Example\"\nemail = \"pat@acme.test\"\n\
                   groups = [\"everybody\"]\n";
    let account = organisation::account(ACCOUNT, "payments-dev", "Deploy", "everybody");
    let guarded =
        account.replace("\nname = \"Deploy\"\n", "\nname = \"Deploy\"\nrequires_security_key = true\n");
    let file = organisation::head("Acme", "700000000001", "everybody", "sam", another) + &guarded;
    organisation::serve(&desk.folders().root().join("acme"), &file).await
}

/// The user of that name.
fn user<'a>(server: &'a SandboxServer, name: &str) -> Result<&'a User> {
    let found = server.ready().users.iter().find(|user| user.username == name);
    anyhow::Context::context(found, "no such user")
}

/// Clicks the role's button for a console.
async fn open_console(window: &Driver) -> Result<()> {
    window.press("Portal").await?;
    window.click(Locator::Css(&format!("[data-row='{ROLE}'] button[aria-label^='Open console']"))).await
}
