//! Ids of new things. What a document names gets an id that is derived from its name under the instance's key, so
//! that the sample's are the same after its folder's database was made anew; what is made by hand gets a random
//! one, and so does a name whose derived id is somebody's already.

use crate::{chance::Chance, secret::InstanceKey};

/// Where ids come from.
#[derive(Debug)]
pub struct Ids<'a> {
    /// What names are derived under.
    pub key: &'a InstanceKey,
    /// Where random ones are drawn.
    pub chance: &'a Chance,
    /// `ssoins-…`
    pub instance_id: &'a str,
}

impl Ids<'_> {
    /// `UserId` of the identity store.
    pub fn user(&self, username: &str) -> String {
        self.uuid("user id", username)
    }

    /// `GroupId` of the identity store.
    pub fn group(&self, name: &str) -> String {
        self.uuid("group id", name)
    }

    /// `arn:aws:sso:::permissionSet/ssoins-…/ps-…`
    pub fn permission_set(&self, name: &str) -> String {
        self.permission_set_arn(&self.key.public_id("permission set", &[name], 16))
    }

    /// The ARN of a new permission set.
    pub fn random_permission_set(&self) -> String {
        self.permission_set_arn(&self.chance.hex(16))
    }

    /// `apl-…`
    pub fn application(&self, name: &str) -> String {
        format!("apl-{}", self.key.public_id("application id", &[name], 16))
    }

    /// `ins-…`
    pub fn application_instance(&self, name: &str) -> String {
        format!("ins-{}", self.key.public_id("application instance", &[name], 16))
    }

    /// `apl-…` and `ins-…` of a new application.
    pub fn random_application(&self) -> (String, String) {
        (format!("apl-{}", self.chance.hex(16)), format!("ins-{}", self.chance.hex(16)))
    }

    /// `tti-…` of an issuer that a document brings.
    pub fn trusted_issuer(&self, name: &str) -> String {
        format!("tti-{}", self.uuid("trusted token issuer id", name))
    }

    /// `tti-…` of a new issuer.
    pub fn random_trusted_issuer(&self) -> String {
        format!("tti-{}", self.chance.uuid())
    }

    /// `r-…` for the root, `ou-…` for a unit below it (AWS Organizations API, `OrganizationalUnit`).
    pub fn unit(&self, path: &str) -> String {
        let root = self.key.public_id("organization root", &[], 4);
        if path.is_empty() {
            return format!("r-{root}");
        }
        format!("ou-{root}-{}", self.key.public_id("organizational unit", &[path], 8))
    }

    /// A random UUID.
    pub fn random(&self) -> String {
        self.chance.uuid()
    }

    fn permission_set_arn(&self, hex: &str) -> String {
        format!("arn:aws:sso:::permissionSet/{}/ps-{hex}", self.instance_id)
    }

    fn uuid(&self, kind: &str, name: &str) -> String {
        let hex = self.key.public_id(kind, &[name], 32);
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}
