//! Applications, whose they are, and what they are made from.

pub mod create_application;
pub mod create_application_assignment;
pub mod delete_application;
pub mod delete_application_assignment;
pub mod describe_application;
pub mod describe_application_assignment;
pub mod describe_application_provider;
pub mod get_application_assignment_configuration;
pub mod get_application_session_configuration;
pub mod list_application_assignments;
pub mod list_application_assignments_for_principal;
pub mod list_application_providers;
pub mod list_applications;
pub mod put_application_assignment_configuration;
pub mod put_application_session_configuration;
pub mod update_application;

use serde_json::{Value, json};

use super::{not_found, seconds};
use crate::{
    admin::{
        Call, Outcome,
        body::{self, Body, invalid, missing},
        wire::AdminError,
    },
    catalogue::{self, Entry},
    instance::Instance,
    store::{ApplicationAssignment, ApplicationRecord, Edited},
};

/// A mere link: what AWS calls a customer-managed application of OAuth 2.0.
const CUSTOM: &str = "arn:aws:sso::aws:applicationProvider/custom";
const CUSTOM_SAML: &str = "arn:aws:sso::aws:applicationProvider/custom-saml";
const CATALOG: &str = "arn:aws:sso::aws:applicationProvider/catalog/";

impl Call<'_> {
    fn application_prefix(&self) -> String {
        application_arn_prefix(self.instance)
    }

    /// The application with this ARN. One of another instance is somebody else's.
    pub(super) fn application_at(&self, arn: &str) -> Result<ApplicationRecord, AdminError> {
        if !arn.starts_with("arn:aws:sso::") || !arn.contains(":application/") {
            let words = "arn:aws(-[a-z]{1,5}){0,3}:sso::\\d{12}:application/(sso)?ins-[a-zA-Z0-9-.]{16}/apl-[a-zA-Z0-9]{16}";
            return Err(body::pattern("ApplicationArn", words));
        }
        let id = arn.strip_prefix(&self.application_prefix()).ok_or_else(|| self.denied_on(arn))?;
        self.instance.store.application_record(id)?.ok_or_else(|| not_found("Application", arn))
    }

    /// The application that the request names.
    pub(super) fn application(&self) -> Result<ApplicationRecord, AdminError> {
        self.application_at(self.body().need("ApplicationArn")?)
    }

    fn application_arn(&self, id: &str) -> String {
        format!("{}{id}", self.application_prefix())
    }

    /// Changes the application that the request names, in one transaction with the event.
    fn edit_application(
        &self,
        change: impl FnOnce(&mut ApplicationRecord) -> Result<(), AdminError>,
    ) -> Outcome {
        let id = self.application()?.application.id;
        let entry = self.entry(json!({ "application": id }));
        match self.instance.store.edit_application(&id, &entry, change)? {
            Edited::Done(_) => Ok(json!({})),
            Edited::Missing => Err(not_found("Application", &id)),
            Edited::Taken => Err(super::conflict("An application with this name already exists.")),
            Edited::Refused(error) => Err(error),
        }
    }
}

/// What the ARN of each application begins with.
pub fn application_arn_prefix(instance: &Instance) -> String {
    let account = &instance.settings().management_account;
    format!("arn:aws:sso::{account}:application/{}/", instance.addresses.instance_id())
}

fn provider_of(record: &ApplicationRecord) -> String {
    match &record.application.saml {
        None => CUSTOM.to_owned(),
        Some(saml) => match &saml.catalogue {
            Some(choice) => format!("{CATALOG}{}", choice.id),
            None => CUSTOM_SAML.to_owned(),
        },
    }
}

fn status(enabled: bool) -> &'static str {
    if enabled { "ENABLED" } else { "DISABLED" }
}

fn is_enabled(body: Body<'_>, member: &str) -> Result<Option<bool>, AdminError> {
    match body.get(member) {
        Some(_) => Ok(Some(body.one_of(member, &["ENABLED", "DISABLED"])? == "ENABLED")),
        None => Ok(None),
    }
}

/// `Name`, `Description`, `Status` and `PortalOptions`, where they are given.
fn change(record: &mut ApplicationRecord, body: Body<'_>) -> Result<(), AdminError> {
    if let Some(name) = body.sized("Name", 1..=100)? {
        if name.trim().is_empty() {
            return Err(missing("Name"));
        }
        record.application.name = name.to_owned();
    }
    if let Some(description) = body.sized("Description", 1..=128)? {
        record.application.description = description.to_owned();
    }
    if let Some(enabled) = is_enabled(body, "Status")? {
        record.enabled = enabled;
    }
    let Some(options) = body.object("PortalOptions")? else { return Ok(()) };
    if let Some(visible) = is_enabled(options, "Visibility")? {
        record.visible = visible;
    }
    if let Some(sign_in) = options.object("SignInOptions")? {
        record.application.url = match sign_in.one_of("Origin", &["IDENTITY_CENTER", "APPLICATION"])? {
            "APPLICATION" => Some(url(sign_in)?.to_owned()),
            _ => None,
        };
    }
    Ok(())
}

fn url<'v>(body: Body<'v>) -> Result<&'v str, AdminError> {
    let text = body.sized("ApplicationUrl", 1..=512)?.ok_or_else(|| missing("ApplicationUrl"))?;
    let good =
        url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if good { Ok(text) } else { Err(invalid("ApplicationUrl", "Member must be an http or https URL")) }
}

/// What the portal lists leads somewhere. What it does not list may be an application of OAuth 2.0, which comes for its
/// tokens by itself.
fn check(record: &ApplicationRecord) -> Result<(), AdminError> {
    if record.visible && record.application.saml.is_none() && record.application.url.is_none() {
        let words = "PortalOptions.SignInOptions must have Origin APPLICATION and an ApplicationUrl: the server signs \
                     nobody in to an application without SAML. One that only exchanges tokens has Visibility DISABLED.";
        return Err(AdminError::validation(words));
    }
    Ok(())
}

fn written(call: &Call<'_>, record: &ApplicationRecord) -> Value {
    let application = &record.application;
    let settings = call.instance.settings();
    let sign_in = match &application.url {
        Some(url) => json!({ "Origin": "APPLICATION", "ApplicationUrl": url }),
        None => json!({ "Origin": "IDENTITY_CENTER" }),
    };
    let mut written = json!({
        "ApplicationArn": call.application_arn(&application.id),
        "ApplicationProviderArn": provider_of(record),
        "Name": application.name,
        "ApplicationAccount": settings.management_account,
        "InstanceArn": call.instance_arn(),
        "IdentityStoreArn": call.identity_store_arn(),
        "Status": status(record.enabled),
        "PortalOptions": { "SignInOptions": sign_in, "Visibility": status(record.visible) },
        "CreatedDate": seconds(record.created),
        "CreatedFrom": settings.region,
    });
    if !application.description.is_empty() {
        written["Description"] = json!(application.description);
    }
    written
}

fn written_assignment(call: &Call<'_>, (application, principal): &ApplicationAssignment) -> Value {
    json!({
        "ApplicationArn": call.application_arn(application),
        "PrincipalId": principal.id(),
        "PrincipalType": principal.kind(),
    })
}

fn written_provider(arn: &str, name: &str, description: &str, protocol: &str) -> Value {
    // `Description` has at most 128 characters.
    let description: String = description.chars().take(128).collect();
    json!({
        "ApplicationProviderArn": arn,
        "FederationProtocol": protocol,
        "DisplayData": { "DisplayName": name, "Description": description },
    })
}

/// Every provider, by ARN.
fn providers() -> Vec<(String, Value)> {
    let custom = [
        (CUSTOM, "Link", "An application that signs in by itself", "OAUTH"),
        (CUSTOM_SAML, "Custom SAML 2.0", "An application that takes SAML 2.0 assertions", "SAML"),
    ];
    let custom = custom
        .map(|(arn, name, about, protocol)| (arn.to_owned(), written_provider(arn, name, about, protocol)));
    let of = |entry: &Entry| {
        let arn = format!("{CATALOG}{}", entry.id);
        let written = written_provider(&arn, &entry.name, &entry.description, "SAML");
        (arn, written)
    };
    custom.into_iter().chain(catalogue::all().iter().map(of)).collect()
}

/// Assigns or no longer; the answer is the same if it was so already.
fn set_assigned(call: &Call<'_>, assigned: bool) -> Outcome {
    let (id, principal) = (call.application()?.application.id, call.principal()?);
    let store = &call.instance.store;
    if assigned && !store.has_principal(&principal)? {
        return Err(not_found(if principal.kind() == "USER" { "User" } else { "Group" }, principal.id()));
    }
    let who = if principal.kind() == "USER" { "user_id" } else { "group_id" };
    let entry = call.entry(json!({ "application": id, who: principal.id() }));
    let changed = store.set_application_assignment(&id, &principal, assigned, &entry)?;
    match (changed, assigned) {
        (true, _) => Ok(json!({})),
        (false, true) => Err(super::conflict("The principal is already assigned to the application.")),
        (false, false) => Err(not_found("ApplicationAssignment of principal", principal.id())),
    }
}
