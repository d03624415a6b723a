//! The order of checks as AWS answers them: is there a signature, is the key known, is the moment right, has
//! the key expired, does the signature match. Then the directory is asked whose key it is, if one is the source.

use super::wire::StsError;
use crate::{
    instance::Instance,
    ldap::access::has_put_out,
    secret::Token,
    sigv4::{Claim, Refusal, SignedRequest},
    store::IssuedKey,
};

/// Finds the key that signed the request.
pub fn verify(instance: &Instance, request: &SignedRequest) -> Result<IssuedKey, StsError> {
    let claim = Claim::read(request, "sts")?;
    let now = instance.now();
    let token = claim.session_token.as_deref().ok_or_else(StsError::invalid_client_token)?;
    let key = instance.issuer.find_presented(&claim.access_key_id, token)?;
    let key = key.ok_or_else(StsError::invalid_client_token)?;
    claim.check_moment(now)?;
    if now >= key.ends {
        return Err(StsError::expired_token());
    }
    let signed = |secret: &Token| claim.is_signed_with(request, secret);
    if !instance.issuer.secret_passes(&key, &signed) {
        return Err(StsError::does_not_match());
    }
    // By now they have ended.
    if has_put_out(instance, &key.user_id)? { Err(StsError::expired_token()) } else { Ok(key) }
}

impl From<Refusal> for StsError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Missing => Self::missing_authentication(),
            Refusal::Incomplete(words) => Self::incomplete_signature(&words),
            Refusal::Refused(words) => Self::signature_refused(words),
        }
    }
}
