//! Whose key signed, and whether it is an administrator's. The order is AWS's: is there a signature, is the key
//! known, is the moment right, has it expired, does the signature match, may its owner do this.

use super::{Known, keys, wire::AdminError};
use crate::{
    audit::{Administrator, Event},
    instance::Instance,
    secret::Token,
    sigv4::{Claim, SignedRequest},
    store::AdministratorKey,
};

/// Finds the administrator.
pub fn authenticate(
    instance: &Instance,
    request: &SignedRequest,
    known: &'static Known,
) -> Result<AdministratorKey, AdminError> {
    let claim = Claim::read(request, known.service)?;
    if claim.is_in_query() {
        // Such an address would be good for a week, for whoever comes by it.
        return Err(AdminError::in_query());
    }
    if let Some(token) = &claim.session_token {
        return Err(refuse_person(instance, request, &claim, token, known)?);
    }
    let key = instance.store.administrator_key(&claim.access_key_id)?;
    let key = key.ok_or_else(AdminError::unrecognized_client)?;
    let refused = |error: AdminError| {
        let event = Event {
            source: known.source,
            name: known.name,
            administrator: Some(Administrator { access_key_id: &key.access_key_id, name: &key.name }),
            error: Some((error.kind(), error.message())),
            ..Event::default()
        };
        match instance.record(&event) {
            Ok(()) => error,
            Err(cause) => cause.into(),
        }
    };
    if key.disabled.is_some() {
        return Err(refused(AdminError::unrecognized_client()));
    }
    claim.check_moment(instance.now())?;
    let secret = keys::secret_access_key(&instance.key, &key.access_key_id);
    if claim.is_signed_with(request, &secret) { Ok(key) } else { Err(refused(AdminError::does_not_match())) }
}

/// Role credentials are a person's: known, and not allowed.
fn refuse_person(
    instance: &Instance,
    request: &SignedRequest,
    claim: &Claim,
    token: &str,
    known: &'static Known,
) -> Result<AdminError, AdminError> {
    let key = instance.issuer.find_presented(&claim.access_key_id, token)?;
    let key = key.ok_or_else(AdminError::unrecognized_client)?;
    let now = instance.now();
    claim.check_moment(now)?;
    if now >= key.ends {
        return Ok(AdminError::expired_token());
    }
    let signed = |secret: &Token| claim.is_signed_with(request, secret);
    if !instance.issuer.secret_passes(&key, &signed) {
        return Ok(AdminError::does_not_match());
    }
    let error = AdminError::access_denied(&key.session_arn(), known.service, known.name);
    instance.record(&Event {
        source: known.source,
        name: known.name,
        // By id: what a session is called may be the caller's choice, and so somebody else's name.
        user: instance.store.user(&key.user_id)?.as_ref(),
        key: Some(&key),
        error: Some((error.kind(), error.message())),
        ..Event::default()
    })?;
    Ok(error)
}
