//! What applications of OAuth 2.0 may do: their grants, how they prove themselves, their scopes. `CreateTokenWithIAM`
//! (`oidc/create_token_with_iam.rs`) goes by it.

pub mod delete_application_access_scope;
pub mod delete_application_authentication_method;
pub mod delete_application_grant;
pub mod get_application_access_scope;
pub mod get_application_authentication_method;
pub mod get_application_grant;
pub mod list_application_access_scopes;
pub mod list_application_authentication_methods;
pub mod list_application_grants;
pub mod put_application_access_scope;
pub mod put_application_authentication_method;
pub mod put_application_grant;

use serde_json::{Value, json};

use super::not_found;
use crate::{
    admin::{Call, Outcome, body, wire::AdminError},
    domain::{
        actor_policy,
        integration::{GRANTS, is_scope},
    },
    store::Permission,
};

impl Call<'_> {
    /// The id of the application that the request names, which is one of OAuth 2.0.
    fn integrated(&self) -> Result<String, AdminError> {
        let application = self.application()?.application;
        if application.saml.is_some() {
            let words = "The application signs people in with SAML; only applications of the provider custom have \
                         grants, authentication methods and access scopes.";
            return Err(AdminError::validation(words));
        }
        Ok(application.id)
    }

    fn grant_type(&self) -> Result<(&'static str, &'static str), AdminError> {
        let name = self.body().one_of("GrantType", &GRANTS.map(|(name, _)| name))?;
        Ok(GRANTS.into_iter().find(|(grant, _)| *grant == name).unwrap_or(GRANTS[0]))
    }

    /// `Scope` of the request.
    fn scope(&self) -> Result<&str, AdminError> {
        let scope = self.body().need("Scope")?;
        if is_scope(scope) {
            return Ok(scope);
        }
        let words = "([A-Za-z0-9_]{1,50})(:[A-Za-z0-9_]{1,50}){0,1}(:[A-Za-z0-9_]{1,50}){0,1}";
        Err(body::pattern("Scope", words))
    }

    fn put_permission(&self, permission: Permission, name: &str, value: &Value) -> Outcome {
        let id = self.integrated()?;
        let entry = self.entry(json!({ "application": id }));
        let store = &self.instance.store;
        if store.put_application_permission(&id, permission, (name, value), &entry)? {
            Ok(json!({}))
        } else {
            Err(not_found("Application", &id))
        }
    }

    fn permission(&self, permission: Permission, name: &str) -> Result<Value, AdminError> {
        let found = self.instance.store.application_permission(&self.integrated()?, permission, name)?;
        found.ok_or_else(|| missing(permission, name))
    }

    fn delete_permission(&self, permission: Permission, name: &str) -> Outcome {
        let id = self.integrated()?;
        let entry = self.entry(json!({ "application": id }));
        if self.instance.store.delete_application_permission(&id, permission, name, &entry)? {
            Ok(json!({}))
        } else {
            Err(missing(permission, name))
        }
    }

    /// A page of them; `write` makes a member of the list of name and value.
    fn list_permissions(
        &self,
        permission: Permission,
        member: &str,
        write: fn(&str, &Value) -> Value,
    ) -> Outcome {
        let (id, page) = (self.integrated()?, self.page()?);
        let rows =
            self.instance.store.application_permissions(&id, permission, page.after(), page.wanted())?;
        Ok(page.answer(member, rows, |(name, _)| name.clone(), |(name, value)| write(name, value)))
    }
}

fn missing(permission: Permission, name: &str) -> AdminError {
    let what = match permission {
        Permission::Grant => "Grant",
        Permission::Authentication => "AuthenticationMethod",
        Permission::Scope => "AccessScope",
    };
    not_found(what, name)
}

fn written_grant(name: &str, value: &Value) -> Value {
    json!({ "GrantType": name, "Grant": value })
}

fn written_method(name: &str, value: &Value) -> Value {
    json!({ "AuthenticationMethodType": name, "AuthenticationMethod": value })
}

fn written_scope(name: &str, value: &Value) -> Value {
    let mut scope = json!({ "Scope": name });
    if let Some(targets) = value.as_array() {
        scope["AuthorizedTargets"] = json!(targets);
    }
    scope
}

/// Refuses a policy that would let nobody, or somebody whom it does not mean, in.
fn check_policy(policy: &Value) -> Result<(), AdminError> {
    actor_policy::check(policy).map_err(|mistake| AdminError::validation(format!("ActorPolicy: {mistake}.")))
}
