//! An administrator of a server of one's own, who uses its pages with a browser without script.

use crate::{
    ServedOrganisation,
    page::{Form, Page},
    person::Person,
};
use anyhow::{Context, Result, ensure};

/// The administrator, signed in.
#[derive(Debug)]
pub struct Administrator {
    /// Their browser.
    pub person: Person,
}

impl Administrator {
    /// Makes the organisation's user one, and signs in.
    ///
    /// # Errors
    /// That the pages do not let them in.
    pub async fn of(served: &ServedOrganisation) -> Result<Self> {
        let said = served.command(&["admin", "invite"], &["--user", &served.user().username]).await?;
        ensure!(said.ok, "{}", said.err);
        let person = Person::new()?;
        let page = person.open(&served.start_url().join("/admin")?).await?;
        let page = person.give_password(&page, &served.user()).await?;
        ensure!(page.html.contains("<h1"), "{}: {}", page.status, page.text());
        Ok(Self { person })
    }

    /// Opens a page of the administration.
    ///
    /// # Errors
    /// That it is not shown.
    pub async fn open(&self, served: &ServedOrganisation, path: &str) -> Result<Page> {
        let page = self.person.open(&served.start_url().join(path)?).await?;
        ensure!(page.status.is_success() && page.url.path() == path, "{}: {}", page.status, page.text());
        Ok(page)
    }

    /// Sends a form that a page has.
    ///
    /// # Errors
    /// That the page has no such form, or nothing answers.
    pub async fn submit(&self, page: &Page, action: &str, fields: &[(&str, &str)]) -> Result<Page> {
        ensure!(page.html.contains(&format!("action=\"{action}\"")), "no {action} on {}", page.html);
        let csrf = page.html.split_once("name=\"csrf\" value=\"").and_then(|(_, rest)| rest.split_once('"'));
        let csrf = csrf.context("no form on the page")?.0.to_owned();
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let fields = fields.chain([("csrf".to_owned(), csrf)]).collect();
        self.person.send(&Form { action: page.url.join(action)?, post: true, fields }).await
    }

    /// What a page has to copy, by the id of its field.
    ///
    /// # Errors
    /// That it has none.
    pub fn copied(page: &Page, id: &str) -> Result<String> {
        let field = format!("id=\"{id}\" class=\"mono\" value=\"");
        let value = page.html.split_once(&field).and_then(|(_, rest)| rest.split_once('"'));
        Ok(value.with_context(|| format!("no {id}: {}", page.text()))?.0.to_owned())
    }
}
