//! The API `sso-admin`, 2020-07-20: permission sets, assignments to accounts, attributes for access control,
//! applications.

mod access_control;
mod account_assignments;
pub mod applications;
mod instances;
mod integrations;
mod permission_sets;
mod policies;
mod provisioning;
mod status;
mod tags;
pub mod template;
#[cfg(test)]
mod template_tests;
#[cfg(test)]
mod tests;
mod trusted_token_issuers;

use serde_json::{Value, json};

use super::{
    Call, Known, Operation, Outcome,
    body::{self, Body},
    identitystore::seconds,
    wire::AdminError,
};
use crate::{
    organisation::{PermissionSet, Principal},
    store::Edited,
};

pub(super) const OPERATIONS: &[Known] = &[
    of("ListInstances", instances::list_instances::list_instances),
    of("DescribeInstance", instances::describe_instance::describe_instance),
    of("UpdateInstance", instances::update_instance::update_instance),
    of("CreateInstance", instances::create_instance::create_instance),
    of("DeleteInstance", instances::delete_instance::delete_instance),
    of("CreatePermissionSet", permission_sets::create_permission_set::create_permission_set),
    of("DescribePermissionSet", permission_sets::describe_permission_set::describe_permission_set),
    of("UpdatePermissionSet", permission_sets::update_permission_set::update_permission_set),
    of("DeletePermissionSet", permission_sets::delete_permission_set::delete_permission_set),
    of("ListPermissionSets", permission_sets::list_permission_sets::list_permission_sets),
    of(
        "ListPermissionSetsProvisionedToAccount",
        provisioning::list_permission_sets_provisioned_to_account::list_permission_sets_provisioned_to_account,
    ),
    of(
        "ListAccountsForProvisionedPermissionSet",
        provisioning::list_accounts_for_provisioned_permission_set::list_accounts_for_provisioned_permission_set,
    ),
    of("ProvisionPermissionSet", provisioning::provision_permission_set::provision_permission_set),
    of(
        "DescribePermissionSetProvisioningStatus",
        provisioning::describe_permission_set_provisioning_status::describe_permission_set_provisioning_status,
    ),
    of(
        "ListPermissionSetProvisioningStatus",
        provisioning::list_permission_set_provisioning_status::list_permission_set_provisioning_status,
    ),
    of(
        "AttachManagedPolicyToPermissionSet",
        policies::attach_managed_policy_to_permission_set::attach_managed_policy_to_permission_set,
    ),
    of(
        "DetachManagedPolicyFromPermissionSet",
        policies::detach_managed_policy_from_permission_set::detach_managed_policy_from_permission_set,
    ),
    of(
        "ListManagedPoliciesInPermissionSet",
        policies::list_managed_policies_in_permission_set::list_managed_policies_in_permission_set,
    ),
    of(
        "AttachCustomerManagedPolicyReferenceToPermissionSet",
        policies::attach_customer_managed_policy_reference::attach_customer_managed_policy_reference,
    ),
    of(
        "DetachCustomerManagedPolicyReferenceFromPermissionSet",
        policies::detach_customer_managed_policy_reference::detach_customer_managed_policy_reference,
    ),
    of(
        "ListCustomerManagedPolicyReferencesInPermissionSet",
        policies::list_customer_managed_policy_references::list_customer_managed_policy_references,
    ),
    of(
        "PutInlinePolicyToPermissionSet",
        policies::put_inline_policy_to_permission_set::put_inline_policy_to_permission_set,
    ),
    of(
        "GetInlinePolicyForPermissionSet",
        policies::get_inline_policy_for_permission_set::get_inline_policy_for_permission_set,
    ),
    of(
        "DeleteInlinePolicyFromPermissionSet",
        policies::delete_inline_policy_from_permission_set::delete_inline_policy_from_permission_set,
    ),
    of("PutPermissionsBoundaryToPermissionSet", policies::put_permissions_boundary::put_permissions_boundary),
    of("GetPermissionsBoundaryForPermissionSet", policies::get_permissions_boundary::get_permissions_boundary),
    of(
        "DeletePermissionsBoundaryFromPermissionSet",
        policies::delete_permissions_boundary::delete_permissions_boundary,
    ),
    of("CreateAccountAssignment", account_assignments::create_account_assignment::create_account_assignment),
    of("DeleteAccountAssignment", account_assignments::delete_account_assignment::delete_account_assignment),
    of("ListAccountAssignments", account_assignments::list_account_assignments::list_account_assignments),
    of(
        "ListAccountAssignmentsForPrincipal",
        account_assignments::list_account_assignments_for_principal::list_account_assignments_for_principal,
    ),
    of(
        "DescribeAccountAssignmentCreationStatus",
        account_assignments::describe_creation_status::describe_account_assignment_creation_status,
    ),
    of(
        "DescribeAccountAssignmentDeletionStatus",
        account_assignments::describe_deletion_status::describe_account_assignment_deletion_status,
    ),
    of(
        "ListAccountAssignmentCreationStatus",
        account_assignments::list_creation_status::list_account_assignment_creation_status,
    ),
    of(
        "ListAccountAssignmentDeletionStatus",
        account_assignments::list_deletion_status::list_account_assignment_deletion_status,
    ),
    of("CreateInstanceAccessControlAttributeConfiguration", access_control::create::create),
    of("DescribeInstanceAccessControlAttributeConfiguration", access_control::describe::describe),
    of("UpdateInstanceAccessControlAttributeConfiguration", access_control::update::update),
    of("DeleteInstanceAccessControlAttributeConfiguration", access_control::delete::delete),
    of("CreateApplication", applications::create_application::create_application),
    of("DescribeApplication", applications::describe_application::describe_application),
    of("UpdateApplication", applications::update_application::update_application),
    of("DeleteApplication", applications::delete_application::delete_application),
    of("ListApplications", applications::list_applications::list_applications),
    of("CreateApplicationAssignment", applications::create_application_assignment::create_application_assignment),
    of("DeleteApplicationAssignment", applications::delete_application_assignment::delete_application_assignment),
    of("DescribeApplicationAssignment", applications::describe_application_assignment::describe_application_assignment),
    of("ListApplicationAssignments", applications::list_application_assignments::list_application_assignments),
    of("ListApplicationAssignmentsForPrincipal", applications::list_application_assignments_for_principal::list_application_assignments_for_principal),
    of("ListApplicationProviders", applications::list_application_providers::list_application_providers),
    of("DescribeApplicationProvider", applications::describe_application_provider::describe_application_provider),
    of("GetApplicationAssignmentConfiguration", applications::get_application_assignment_configuration::get_application_assignment_configuration),
    of("PutApplicationAssignmentConfiguration", applications::put_application_assignment_configuration::put_application_assignment_configuration),
    of("GetApplicationSessionConfiguration", applications::get_application_session_configuration::get_application_session_configuration),
    of("PutApplicationSessionConfiguration", applications::put_application_session_configuration::put_application_session_configuration),
    of("PutApplicationGrant", integrations::put_application_grant::put_application_grant),
    of("GetApplicationGrant", integrations::get_application_grant::get_application_grant),
    of("ListApplicationGrants", integrations::list_application_grants::list_application_grants),
    of("DeleteApplicationGrant", integrations::delete_application_grant::delete_application_grant),
    of("PutApplicationAuthenticationMethod", integrations::put_application_authentication_method::put_application_authentication_method),
    of("GetApplicationAuthenticationMethod", integrations::get_application_authentication_method::get_application_authentication_method),
    of("ListApplicationAuthenticationMethods", integrations::list_application_authentication_methods::list_application_authentication_methods),
    of("DeleteApplicationAuthenticationMethod", integrations::delete_application_authentication_method::delete_application_authentication_method),
    of("PutApplicationAccessScope", integrations::put_application_access_scope::put_application_access_scope),
    of("GetApplicationAccessScope", integrations::get_application_access_scope::get_application_access_scope),
    of("ListApplicationAccessScopes", integrations::list_application_access_scopes::list_application_access_scopes),
    of("DeleteApplicationAccessScope", integrations::delete_application_access_scope::delete_application_access_scope),
    of("CreateTrustedTokenIssuer", trusted_token_issuers::create_trusted_token_issuer::create_trusted_token_issuer),
    of("DescribeTrustedTokenIssuer", trusted_token_issuers::describe_trusted_token_issuer::describe_trusted_token_issuer),
    of("UpdateTrustedTokenIssuer", trusted_token_issuers::update_trusted_token_issuer::update_trusted_token_issuer),
    of("DeleteTrustedTokenIssuer", trusted_token_issuers::delete_trusted_token_issuer::delete_trusted_token_issuer),
    of("ListTrustedTokenIssuers", trusted_token_issuers::list_trusted_token_issuers::list_trusted_token_issuers),
    of("TagResource", tags::tag_resource::tag_resource),
    of("UntagResource", tags::untag_resource::untag_resource),
    of("ListTagsForResource", tags::list_tags_for_resource::list_tags_for_resource),
];

const fn of(name: &'static str, run: Operation) -> Known {
    let (target, service, source) = ("SWBExternalService", "sso", crate::audit::SSO);
    Known { target, name, service, source, shown: Value::clone, run }
}

fn not_found(what: &str, id: &str) -> AdminError {
    AdminError::modelled("ResourceNotFoundException", format!("{what} with id {id} does not exist."))
}

fn conflict(words: impl Into<String>) -> AdminError {
    AdminError::modelled("ConflictException", words)
}

fn too_many(words: impl Into<String>) -> AdminError {
    AdminError::modelled("ServiceQuotaExceededException", words)
}

impl Call<'_> {
    /// The instance's ARN.
    fn instance_arn(&self) -> String {
        self.instance.addresses.instance_arn()
    }

    /// Whether the request names this instance. Another one is somebody else's.
    fn own_instance(&self) -> Result<(), AdminError> {
        self.is_own_instance(self.body().need("InstanceArn")?)
    }

    fn is_own_instance(&self, arn: &str) -> Result<(), AdminError> {
        if !arn.starts_with("arn:aws:sso:::instance/") {
            let words = "arn:aws(-[a-z]{1,5}){0,3}:sso:::instance/(sso)?ins-[a-zA-Z0-9-.]{16}";
            return Err(body::pattern("InstanceArn", words));
        }
        if arn == self.instance_arn() { Ok(()) } else { Err(self.denied_on(arn)) }
    }

    fn denied_on(&self, resource: &str) -> AdminError {
        let (account, name) = (&self.instance.settings().management_account, &self.key.name);
        AdminError::modelled(
            "AccessDeniedException",
            format!(
                "User: arn:aws:iam::{account}:user/{name} is not authorized to perform: sso:{} on resource: {resource}",
                self.known.name
            ),
        )
    }

    /// The permission set that the request names.
    fn permission_set(&self) -> Result<PermissionSet, AdminError> {
        let arn = self.body().need("PermissionSetArn")?;
        if !arn.starts_with("arn:aws:sso:::permissionSet/") {
            let words = "arn:aws(-[a-z]{1,5}){0,3}:sso:::permissionSet/(sso)?ins-[a-zA-Z0-9-.]{16}/ps-[a-zA-Z0-9-./]{16}";
            return Err(body::pattern("PermissionSetArn", words));
        }
        self.instance.store.permission_set(arn)?.ok_or_else(|| not_found("PermissionSet", arn))
    }

    /// Changes the permission set that the request names, in one transaction with the event.
    fn edit_permission_set(
        &self,
        change: impl FnOnce(&mut PermissionSet) -> Result<(), AdminError>,
    ) -> Outcome {
        self.own_instance()?;
        let set = self.permission_set()?;
        let entry = self.entry(json!({ "role_name": set.name }));
        concluded(self.instance.store.edit_permission_set(&set.arn, &entry, change)?, &set.arn)
    }

    /// The principal that the request names, whether there is one or not.
    fn principal(&self) -> Result<Principal, AdminError> {
        let kind = self.body().one_of("PrincipalType", &["USER", "GROUP"])?;
        let id = self.body().need("PrincipalId")?;
        let bare = id.split_once('-').filter(|(first, _)| first.len() == 10).map_or(id, |(_, rest)| rest);
        if !body::is_uuid(bare) {
            let words =
                "([0-9a-f]{10}-|)[A-Fa-f0-9]{8}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{12}";
            return Err(body::pattern("PrincipalId", words));
        }
        Principal::of(kind, id.to_lowercase()).ok_or_else(AdminError::wrong_type)
    }
}

/// 12 digits under this member.
fn account_id<'v>(body: Body<'v>, member: &str) -> Result<&'v str, AdminError> {
    let id = body.need(member)?;
    let good = id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit());
    if good { Ok(id) } else { Err(body::pattern(member, "\\d{12}")) }
}

/// What an edit is answered with.
fn concluded(edited: Edited<AdminError>, arn: &str) -> Outcome {
    match edited {
        Edited::Done(_) => Ok(json!({})),
        Edited::Missing => Err(not_found("PermissionSet", arn)),
        Edited::Taken => Err(conflict("Another has the name.")),
        Edited::Refused(error) => Err(error),
    }
}
