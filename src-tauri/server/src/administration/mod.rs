//! The administration in the browser: who gets in, and which page does what. A page is a function of a request by
//! an administrator; every change goes through the store's own functions, with its event in its transaction.
//!
//! Invariant: a path below `/admin` is answered through [`ROUTES`] alone, so that no page is without the check.

mod account_form;
mod accounts;
mod application_certificates;
mod application_edit;
mod application_form;
mod application_oauth;
mod application_tokens;
mod application_tokens_set;
mod applications;
mod assign;
mod assign_choices;
mod attribute_lines;
mod audit;
mod aws;
mod external_source;
mod groups;
mod identity_source;
pub mod invite;
mod issuers;
mod ldap_form;
mod ldap_source;
mod overview;
mod page;
mod permission_set_form;
mod permission_sets;
mod provisioning;
mod radius_source;
mod requests;
#[cfg(test)]
mod set_up_tests;
mod settings;
mod settings_mfa;
mod source_change;
#[cfg(test)]
mod tests;
mod units;
mod upload;
mod user_actions;
mod user_form;
mod users;

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::{get, post},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::{
    audit::Event,
    fields::Fields,
    instance::{Instance, Shared},
    ldap,
    signin::{self, PageError, SignedIn, Visit, mfa::devices::was_known},
    store::{AuditEntry, StoreError},
};
use page::way;

/// How long ago an administrator may have signed in to change something without signing in again.
const FRESH: SignedDuration = SignedDuration::from_mins(15);
/// The longest form: an inline policy has up to 32,768 characters (sso-admin API, `PermissionSetPolicyDocument`),
/// each of which may take three in a form.
const BODY_LIMIT: usize = 128 * 1024;
/// What is typed travels through a new sign-in in the address of the page, which has room for this much.
const LONGEST_WAY_BACK: usize = 6 * 1024;

/// The field of a form that holds a secret of somebody else's.
const SECRET: &str = "secret";

/// The administration's sections.
const SECTIONS: [(&str, &str); 10] = [
    ("/admin", "Overview"),
    ("/admin/identity-source", "Identity source"),
    ("/admin/users", "Users"),
    ("/admin/groups", "Groups"),
    ("/admin/accounts", "AWS accounts"),
    ("/admin/permission-sets", "Permission sets"),
    ("/admin/applications", "Applications"),
    ("/admin/requests", "Requests"),
    ("/admin/settings", "Settings"),
    ("/admin/audit", "Audit"),
];

/// An administrator's request.
pub struct Administrator<'a> {
    /// The instance.
    pub instance: &'a Instance,
    /// The browser.
    pub visit: &'a Visit,
    /// Who.
    pub person: &'a SignedIn,
    /// What was asked for.
    pub route: &'static Route,
}

type Answer = Result<Response, PageError>;
type Act = fn(&Administrator<'_>, &Fields) -> Answer;

/// One way into the administration.
pub struct Route {
    path: &'static str,
    act: Act,
    /// Of a form: the page that it stands on.
    form_of: Option<&'static str>,
}

impl Route {
    /// The page that it is, or that it stands on.
    pub fn page(&self) -> &'static str {
        self.form_of.unwrap_or(self.path)
    }
}

const fn shown(path: &'static str, act: Act) -> Route {
    Route { path, act, form_of: None }
}

const fn submitted(path: &'static str, page: &'static str, act: Act) -> Route {
    Route { path, act, form_of: Some(page) }
}

/// All ways into the administration.
static ROUTES: [Route; 100] = [
    shown("/admin", overview::show),
    shown("/admin/identity-source", identity_source::show),
    shown(external_source::PAGE, external_source::show),
    submitted(external_source::PAGE, external_source::PAGE, external_source::save),
    shown(ldap_source::PAGE, ldap_source::show),
    submitted(ldap_source::PAGE, ldap_source::PAGE, ldap_source::save),
    submitted("/admin/identity-source/ldap/sync", ldap_source::PAGE, ldap_source::sync_now),
    shown(radius_source::PAGE, radius_source::show),
    submitted(radius_source::PAGE, radius_source::PAGE, radius_source::save),
    submitted(radius_source::REMOVE, radius_source::PAGE, radius_source::remove),
    shown(source_change::PAGE, source_change::show),
    submitted(source_change::PAGE, source_change::PAGE, source_change::change),
    shown(provisioning::PAGE, provisioning::show),
    submitted("/admin/identity-source/provisioning/create", provisioning::PAGE, provisioning::create),
    submitted("/admin/identity-source/provisioning/revoke", provisioning::PAGE, provisioning::revoke),
    shown("/admin/users", users::list),
    shown("/admin/users/new", user_form::show_new),
    submitted("/admin/users/new", "/admin/users/new", user_form::create),
    shown("/admin/users/user", users::show),
    shown("/admin/users/edit", user_form::show_edit),
    submitted("/admin/users/edit", "/admin/users/edit", user_form::update),
    submitted("/admin/users/enable", "/admin/users/user", user_actions::enable),
    submitted("/admin/users/disable", "/admin/users/user", user_actions::disable),
    submitted("/admin/users/delete", "/admin/users/user", user_actions::delete),
    submitted("/admin/users/one-time-password", "/admin/users/user", user_actions::one_time_password),
    submitted("/admin/users/password-link", "/admin/users/user", user_actions::password_link),
    submitted("/admin/users/reset-mfa", "/admin/users/user", user_actions::reset_mfa),
    submitted("/admin/users/end-sessions", "/admin/users/user", user_actions::end_sessions),
    submitted("/admin/users/appoint", "/admin/users/user", user_actions::appoint),
    submitted("/admin/users/dismiss", "/admin/users/user", user_actions::dismiss),
    shown("/admin/groups", groups::list),
    shown("/admin/groups/new", groups::show_new),
    submitted("/admin/groups/new", "/admin/groups/new", groups::create),
    shown("/admin/groups/group", groups::show),
    submitted("/admin/groups/edit", "/admin/groups/group", groups::update),
    submitted("/admin/groups/delete", "/admin/groups/group", groups::delete),
    submitted("/admin/groups/add", "/admin/groups/group", groups::add_member),
    submitted("/admin/groups/remove", "/admin/groups/group", groups::remove_member),
    shown("/admin/accounts", accounts::list),
    shown("/admin/accounts/new", account_form::show_new),
    submitted("/admin/accounts/new", "/admin/accounts/new", account_form::create),
    shown("/admin/accounts/new-unit", units::show_new),
    submitted("/admin/accounts/new-unit", "/admin/accounts/new-unit", units::create),
    submitted("/admin/accounts/delete-unit", "/admin/accounts", units::delete),
    shown("/admin/accounts/account", accounts::show),
    shown("/admin/accounts/edit", account_form::show_edit),
    submitted("/admin/accounts/edit", "/admin/accounts/edit", account_form::update),
    submitted("/admin/accounts/delete", "/admin/accounts/account", account_form::delete),
    submitted("/admin/accounts/revoke", "/admin/accounts/account", accounts::revoke),
    shown(aws::PAGE, aws::show),
    submitted(aws::SYNC, aws::PAGE, aws::sync),
    submitted(aws::CHECK, aws::PAGE, aws::check),
    submitted(aws::REAPPLY, aws::PAGE, aws::reapply),
    shown("/admin/permission-sets", permission_sets::list),
    shown("/admin/permission-sets/set", permission_sets::show),
    shown("/admin/permission-sets/edit", permission_set_form::show),
    submitted("/admin/permission-sets/edit", "/admin/permission-sets/edit", permission_set_form::save),
    submitted("/admin/permission-sets/delete", "/admin/permission-sets/set", permission_sets::delete),
    submitted("/admin/permission-sets/reapply", "/admin/permission-sets/set", permission_sets::reapply),
    shown("/admin/requests", requests::list),
    shown("/admin/assign", assign::show),
    submitted("/admin/assign", "/admin/assign", assign::submit),
    shown("/admin/applications", applications::list),
    shown("/admin/applications/new", application_form::show),
    submitted("/admin/applications/new", "/admin/applications/new", application_form::create),
    shown(application_oauth::PAGE, application_oauth::show),
    submitted(application_oauth::PAGE, application_oauth::PAGE, application_oauth::create),
    shown("/admin/applications/application", applications::show),
    submitted("/admin/applications/assign", "/admin/applications/application", applications::assign),
    submitted("/admin/applications/remove", "/admin/applications/application", applications::remove),
    submitted("/admin/applications/delete", "/admin/applications/application", applications::delete),
    shown("/admin/applications/edit", application_edit::show),
    submitted("/admin/applications/edit", "/admin/applications/edit", application_edit::save),
    shown(application_certificates::PAGE, application_certificates::show),
    submitted(
        "/admin/applications/certificates/create",
        application_certificates::PAGE,
        application_certificates::create,
    ),
    submitted(
        "/admin/applications/certificates/activate",
        application_certificates::PAGE,
        application_certificates::activate,
    ),
    submitted(
        "/admin/applications/certificates/delete",
        application_certificates::PAGE,
        application_certificates::delete,
    ),
    shown(application_tokens::PAGE, application_tokens::show),
    submitted(application_tokens::ACTORS, application_tokens::PAGE, application_tokens_set::set_actors),
    submitted(application_tokens::ALLOW, application_tokens::PAGE, application_tokens_set::allow),
    submitted(application_tokens::FORBID, application_tokens::PAGE, application_tokens_set::forbid),
    submitted(application_tokens::REDIRECTS, application_tokens::PAGE, application_tokens_set::set_redirects),
    submitted(application_tokens::TAKE, application_tokens::PAGE, application_tokens_set::take),
    submitted(application_tokens::REFUSE, application_tokens::PAGE, application_tokens_set::refuse),
    submitted(application_tokens::SCOPE, application_tokens::PAGE, application_tokens_set::set_scope),
    submitted(application_tokens::NO_SCOPE, application_tokens::PAGE, application_tokens_set::remove_scope),
    submitted(application_tokens::PEOPLE, application_tokens::PAGE, application_tokens_set::set_people),
    shown("/admin/settings", settings::show),
    submitted("/admin/settings/name", "/admin/settings", settings::set_name),
    shown(issuers::LIST, issuers::list),
    shown(issuers::NEW, issuers::show_new),
    submitted(issuers::NEW, issuers::NEW, issuers::create),
    shown(issuers::PAGE, issuers::show),
    submitted(issuers::PAGE, issuers::PAGE, issuers::save),
    submitted(issuers::DELETE, issuers::PAGE, issuers::delete),
    submitted("/admin/settings/mfa", "/admin/settings", settings_mfa::set),
    submitted("/admin/settings/session", "/admin/settings", settings::set_session),
    submitted("/admin/settings/attributes", "/admin/settings", settings::set_attributes),
    shown("/admin/audit", audit::list),
    shown("/admin/audit/event", audit::show),
];

/// The routes of the administration.
pub fn routes() -> Router<Shared> {
    ROUTES.iter().fold(Router::new(), |routes, route| {
        let answer =
            move |instance: &Instance, visit: &Visit, fields: &Fields| answer(route, instance, visit, fields);
        let methods = if route.form_of.is_none() {
            get(move |State(instance): State<Shared>, headers: HeaderMap, RawQuery(query): RawQuery| {
                signin::page(instance, headers, query.unwrap_or_default(), answer)
            })
        } else {
            post(async move |State(instance): State<Shared>, headers: HeaderMap, body: Bytes| {
                let fields = if signin::is_form(&headers) {
                    Some(Fields::parse(&body))
                } else if route.path == application_form::PAGE {
                    upload::fields(&headers, body).await
                } else {
                    None
                };
                signin::form_of(instance, headers, fields, answer).await
            })
            .layer(DefaultBodyLimit::max(limit_of(route.path)))
        };
        routes.route(route.path, methods)
    })
}

/// The longest body of a request to this path, in bytes.
pub fn limit_of(path: &str) -> usize {
    if path == application_form::PAGE { upload::LIMIT } else { BODY_LIMIT }
}

/// Checks who asks, then does it.
fn answer(route: &'static Route, instance: &Instance, visit: &Visit, fields: &Fields) -> Answer {
    let Some(person) = &visit.person else { return Err(PageError::SignIn { back: way_back(route, fields) }) };
    if !instance.store.is_administrator(&person.user.id)? {
        let text = "This page is for administrators. Ask one of them, or go back to the access portal.";
        return Err(PageError::new(StatusCode::FORBIDDEN, "You are not an administrator", text)
            .with_way_back("/start".to_owned()));
    }
    let age = instance.now().duration_since(person.session.authenticated);
    // A password in a browser that is known is not enough to change what others get, or what is asked of everybody.
    if route.form_of.is_some() && (age >= FRESH || was_known(instance, &person.session)?) {
        return Err(PageError::SignInAgain { back: way_back(route, fields) });
    }
    if is_of_directory(instance, route, fields)? {
        let text = "The directory that people sign in with keeps this user or group, and this server has a copy. Change \
                    it there; the next sync brings it here.";
        return Err(PageError::new(StatusCode::CONFLICT, "The directory keeps it", text)
            .with_way_back(way_back(route, fields)));
    }
    (route.act)(&Administrator { instance, visit, person, route }, fields)
}

/// What changes users and groups, and what does not count while a directory keeps them.
const KEPT_BY_DIRECTORY: [&str; 10] = [
    "/admin/users/edit",
    "/admin/users/enable",
    "/admin/users/disable",
    "/admin/users/delete",
    "/admin/users/one-time-password",
    "/admin/users/password-link",
    "/admin/groups/edit",
    "/admin/groups/delete",
    "/admin/groups/add",
    "/admin/groups/remove",
];

/// Whether a form would change what the directory keeps.
fn is_of_directory(instance: &Instance, route: &Route, fields: &Fields) -> Result<bool, StoreError> {
    if route.form_of.is_none() {
        return Ok(false);
    }
    match route.path {
        // Nobody could sign in as such a user.
        "/admin/users/new" => ldap::is_source(instance),
        path if KEPT_BY_DIRECTORY.contains(&path) => {
            instance.store.is_of_directory(fields.get("id").unwrap_or_default())
        }
        _ => Ok(false),
    }
}

/// The page to come back to after signing in, filled in as it was.
fn way_back(route: &Route, fields: &Fields) -> String {
    // A secret does not go into an address.
    let kept = fields.pairs().filter(|(name, _)| !["csrf", SECRET].contains(name));
    let whole = way(route.page(), kept);
    if whole.len() <= LONGEST_WAY_BACK {
        return whole;
    }
    way(route.page(), fields.get("id").map(|id| ("id", id)))
}

impl Administrator<'_> {
    /// An event of a change that this administrator makes.
    pub fn entry(&self, source: &str, name: &str, details: Value) -> AuditEntry {
        self.instance.entry(&Event {
            source,
            name,
            user: Some(&self.person.user),
            session: Some(&self.person.session),
            details,
            ..Event::default()
        })
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.instance.now()
    }
}

/// What to say when something is not there any more.
fn gone(what: &str) -> PageError {
    let title = format!("There is no such {what}");
    let text = "It may have been deleted in another window. Go back and load the list again.";
    PageError::new(StatusCode::NOT_FOUND, &title, text)
}

/// A moment for people.
fn moment(at: Timestamp) -> String {
    at.strftime("%-d %b %Y, %H:%M UTC").to_string()
}

/// A number of things.
fn number(n: usize, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}
