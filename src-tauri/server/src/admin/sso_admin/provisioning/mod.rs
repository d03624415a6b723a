//! Where permission sets are in force, and putting them in force.

pub mod describe_permission_set_provisioning_status;
pub mod list_accounts_for_provisioned_permission_set;
pub mod list_permission_set_provisioning_status;
pub mod list_permission_sets_provisioned_to_account;
pub mod provision_permission_set;
