//! Chromium's virtual authenticators, over WebDriver (Web Authentication, §11): a key that a person would
//! touch, and one built into the computer.

use crate::driver::Driver;
use anyhow::{Context, Result};
use fantoccini::{error::CmdError, wd::WebDriverCompatibleCommand};
use http::Method;
use serde_json::{Value, json};
use url::{ParseError, Url};

/// An authenticator that answers at once; it is there until the browser ends or it is taken away.
#[derive(Clone, Debug)]
pub struct Authenticator {
    id: String,
}

/// A command below the session's address.
#[derive(Debug)]
struct Command {
    path: String,
    method: Method,
    body: Option<Value>,
}

impl WebDriverCompatibleCommand for Command {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (self.method.clone(), self.body.as_ref().map(Value::to_string))
    }
}

async fn send(browser: &Driver, method: Method, path: &str, body: Option<Value>) -> Result<Value, CmdError> {
    browser.client().issue_cmd(Command { path: path.to_owned(), method, body }).await
}

impl Driver {
    /// Runs a script in Chromium before those of every page to come.
    ///
    /// # Errors
    /// That the browser does not take it.
    pub async fn before_each_page(&self, script: &str) -> Result<()> {
        self.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script })).await
    }

    /// Gives Chromium a command of its developer tools (CDP).
    ///
    /// # Errors
    /// That the browser does not take it.
    pub async fn devtools(&self, command: &str, params: Value) -> Result<()> {
        let wanted = json!({ "cmd": command, "params": params });
        send(self, Method::POST, "goog/cdp/execute", Some(wanted)).await?;
        Ok(())
    }
}

impl Authenticator {
    /// Plugs a security key in that cannot tell who touches it.
    ///
    /// # Errors
    /// That the browser has no such thing.
    pub async fn simple_key(browser: &Driver) -> Result<Self> {
        Self::add(browser, "usb", false).await
    }

    /// Gives the computer an authenticator of its own.
    ///
    /// # Errors
    /// As [`Self::simple_key`].
    pub async fn built_in(browser: &Driver) -> Result<Self> {
        Self::add(browser, "internal", true).await
    }

    async fn add(browser: &Driver, transport: &str, verifies: bool) -> Result<Self> {
        let wanted = json!({
            "protocol": "ctap2", "transport": transport, "hasResidentKey": verifies,
            "hasUserVerification": verifies, "isUserVerified": verifies, "isUserConsenting": true,
        });
        let id = send(browser, Method::POST, "webauthn/authenticator", Some(wanted)).await?;
        Ok(Self { id: id.as_str().context("the browser names no authenticator")?.to_owned() })
    }

    /// Takes it away.
    ///
    /// # Errors
    /// That it was not there.
    pub async fn remove(&self, browser: &Driver) -> Result<()> {
        let path = format!("webauthn/authenticator/{}", self.id);
        send(browser, Method::DELETE, &path, None).await?;
        Ok(())
    }

    /// Whether it finds out who touches it: `false` after a wrong PIN.
    ///
    /// # Errors
    /// That it is not there.
    pub async fn verifies(&self, browser: &Driver, verifies: bool) -> Result<()> {
        let path = format!("webauthn/authenticator/{}/uv", self.id);
        send(browser, Method::POST, &path, Some(json!({ "isUserVerified": verifies }))).await?;
        Ok(())
    }

    /// The key pairs it holds.
    ///
    /// # Errors
    /// That it is not there.
    pub async fn credentials(&self, browser: &Driver) -> Result<Vec<Value>> {
        let path = format!("webauthn/authenticator/{}/credentials", self.id);
        let held = send(browser, Method::GET, &path, None).await?;
        Ok(held.as_array().cloned().unwrap_or_default())
    }
}
