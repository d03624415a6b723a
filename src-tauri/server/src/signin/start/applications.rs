//! GET `/start/applications`: the applications a person has.

use askama::Template;
use axum::{http::StatusCode, response::Response};

use super::{
    Tabs,
    search::{Page, Query},
    time_of_day,
};
use crate::{
    catalogue::Icon,
    fields::Fields,
    instance::Instance,
    organisation::Application,
    saml,
    signin::{Frame, PageError, Visit, frame::html_with_scripts},
    store::StoreError,
};

#[derive(Template)]
#[template(path = "start_applications.html")]
struct ApplicationsPage {
    frame: Frame,
    until: String,
    tabs: Tabs,
    page: Page<ApplicationRow>,
}

/// An application and where it is opened.
pub struct ApplicationRow {
    name: String,
    description: String,
    url: String,
    icon: Icon,
}

impl ApplicationRow {
    /// Whether it was searched for.
    pub fn is_found_by(&self, query: &Query) -> bool {
        query.finds(&[&self.name, &self.description])
    }
}

/// Shows them; `q` searches, `page` turns pages.
pub fn show(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    let person = visit.signed_in_or("/start/applications", fields, &["q", "page"])?;
    let query = Query::of(fields.get("q"));
    let applications = of(instance, &person.user.id)?;
    let tabs = Tabs {
        is_accounts: false,
        accounts: instance.store.accounts_of(&person.user.id)?.len(),
        applications: applications.len(),
        query: query.text.clone(),
    };
    let found = applications.into_iter().filter(|row| row.is_found_by(&query)).collect();
    let page = ApplicationsPage {
        frame: Frame::of(instance, visit),
        until: time_of_day(person.session.ends),
        tabs,
        page: Page::of(found, fields.get("page")),
    };
    Ok(html_with_scripts(StatusCode::OK, &page))
}

/// All applications of a person.
pub fn of(instance: &Instance, user_id: &str) -> Result<Vec<ApplicationRow>, StoreError> {
    let row = |application: Application| ApplicationRow {
        icon: Icon::of(&application),
        url: saml::way_to(instance, &application),
        name: application.name,
        description: application.description,
    };
    Ok(instance.store.applications_of(user_id)?.into_iter().map(row).collect())
}
