//! `/admin/applications/new-oauth`: an application of OAuth 2.0, which exchanges tokens by itself and signs nobody in
//! here. How it gets them is said on its next page.

use super::{
    Administrator, Answer, application_tokens,
    applications::details,
    page::{Field, Form, Kind, Mistakes, Page, Part, way},
};
use crate::{
    audit,
    fields::Fields,
    organisation::{Application, is_web_url},
    signin::see_other,
    store::ApplicationRecord,
};

/// The page.
pub const PAGE: &str = "/admin/applications/new-oauth";

fn page() -> Page {
    let about = "A program that acts for people in AWS: it exchanges a token that it has of somebody for tokens of this \
                 server (trusted identity propagation). People sign in to it elsewhere.";
    Page::new("Add an OAuth 2.0 application")
        .below("/admin/applications", "Applications")
        .with(Part::Note(about.to_owned()))
}

fn form(fields: &Fields) -> Form {
    Form {
        action: PAGE,
        fields: vec![
            Field::line("name", "Name", fields).of(Kind::Required),
            Field::line("description", "Description", fields),
            Field::line("url", "Address", fields)
                .hint("Where the portal leads. Without one, the portal does not list the application."),
        ],
        submit: "Add application",
        ..Form::default()
    }
}

/// GET [`PAGE`].
pub fn show(of: &Administrator<'_>, fields: &Fields) -> Answer {
    Ok(page().with(Part::Form(form(fields))).show(of))
}

/// POST [`PAGE`].
pub fn create(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let text = |name: &str| fields.get(name).unwrap_or_default().trim().to_owned();
    let (name, description, url) = (text("name"), text("description"), text("url"));
    let mut mistakes = Mistakes::default();
    check(&name, &description, &url, &mut mistakes);
    if mistakes.is_empty() {
        let (id, instance_id) = of.instance.ids().random_application();
        let url = Some(url).filter(|url| !url.is_empty());
        let record = ApplicationRecord {
            visible: url.is_some(),
            application: Application { id, instance_id, name, description, url, saml: None },
            enabled: true,
            assignment_required: true,
            created: of.now(),
            declared: false,
        };
        let application = &record.application;
        let entry = of.entry(audit::SSO, "CreateApplication", details(application));
        if of.instance.store.create_application(&record, ("", &<_>::default()), &entry)? {
            let parameters = [("id", application.id.as_str()), ("done", "made")];
            return Ok(see_other(&way(application_tokens::PAGE, parameters)));
        }
        mistakes.add("name", "Another application has this name. Choose a different one.");
    }
    let mut form = form(fields);
    mistakes.mark(&mut form);
    Ok(page().with_some(mistakes.banner()).with(Part::Form(form)).show_as(of, mistakes.status()))
}

/// What the API demands (sso-admin API, `ApplicationNameType`, `Description` and `ApplicationUrl`).
pub fn check(name: &str, description: &str, url: &str, mistakes: &mut Mistakes) {
    if !(1..=100).contains(&name.chars().count()) {
        mistakes.add("name", "A name has 1 to 100 characters.");
    }
    if description.chars().count() > 128 {
        mistakes.add("description", "A description has at most 128 characters.");
    }
    if !url.is_empty() && !is_web_url(url) {
        mistakes.add("url", "This is not an http or https address.");
    }
}
