//! The certificates of each application, and their rotation: a new one is made before the old one ends, both stand
//! in the metadata while the application learns of the new one, then the new one signs, and the old one goes.
//!
//! An application begins with the instance's own key, which it has a copy of from its first rotation on.

use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce, aead::Aead, aead::Payload};
use jiff::{SignedDuration, Timestamp};
use saml_rs::SamlError;
use serde_json::json;
use zeroize::Zeroizing;

use super::{SigningKey, Target, certificate::Certificate};
use crate::{
    audit::{self, Event},
    instance::Instance,
    organisation::User,
    store::{AuditEntry, SamlCertificate, StoreError},
};

/// A new one is made so long before the old one ends: time to tell an application's administrator.
pub const MADE_BEFORE: SignedDuration = SignedDuration::from_hours(24 * 90);
/// It signs so long before the old one ends, whoever was told.
pub const SIGNS_BEFORE: SignedDuration = SignedDuration::from_hours(24 * 14);
/// One that signs and one that is to; applications rarely take more.
const MOST: usize = 2;
const NONCE: usize = 24;
/// The id of the instance's own certificate, until an application has a copy.
const INHERITED: &str = "instance";

/// A certificate with its key, opened.
#[derive(Debug, Clone)]
pub struct Held {
    /// Its id.
    pub id: String,
    /// Key and certificate.
    pub key: SigningKey,
    /// What the certificate says.
    pub certificate: Certificate,
    /// Whether it is the one that signs.
    pub active: bool,
    /// When it came.
    pub made: Timestamp,
}

/// Why certificates are not as they should be.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Somebody changed the database, or the instance's key is another one.
    #[error(
        "a signing key of {0} cannot be opened: instance.key and the database do not belong together; bring back copies that do"
    )]
    Sealed(String),
    /// The library.
    #[error("could not make a signing key: {0}")]
    Make(#[from] rcgen::Error),
    /// There are two already.
    #[error("it has two certificates already; delete the one that does not sign")]
    Enough,
    /// It is gone, or it signs.
    #[error("there is no such certificate, or it is the one that signs")]
    NotThere,
    /// Two at the same moment.
    #[error("its certificates were changed at the same moment; look at them again")]
    Raced,
    /// It would be refused.
    #[error("it has ended or does not begin yet; no application would accept it")]
    NotGood,
}

impl From<CertificateError> for SamlError {
    fn from(error: CertificateError) -> Self {
        tracing::error!(%error, "a signing key is missing");
        Self::Invalid("the signing key cannot be used".to_owned())
    }
}

/// All certificates of an application, the one that signs first.
///
/// # Errors
/// [`CertificateError`] if they cannot be read.
pub fn all(instance: &Instance, target: Target<'_>) -> Result<Vec<Held>, CertificateError> {
    let rows = instance.store.saml_certificates(&target.application.id)?;
    if rows.is_empty() {
        return Ok(vec![inherited(instance)?]);
    }
    rows.iter().map(|row| open(instance, target, row)).collect()
}

/// Those that metadata tells: the one that signs, and what is not over.
///
/// # Errors
/// [`CertificateError`] if they cannot be read.
pub fn told(instance: &Instance, target: Target<'_>) -> Result<Vec<Held>, CertificateError> {
    let now = instance.now();
    let held = all(instance, target)?;
    Ok(held.into_iter().filter(|held| held.active || held.certificate.not_after > now).collect())
}

/// The one that signs.
///
/// # Errors
/// [`CertificateError`] if there is none that can be read.
pub fn signing(instance: &Instance, target: Target<'_>) -> Result<SigningKey, CertificateError> {
    let held = all(instance, target)?.into_iter().find(|held| held.active);
    held.map(|held| held.key).ok_or(CertificateError::NotThere)
}

/// Makes another one, which does not sign yet; its id.
///
/// # Errors
/// [`CertificateError::Enough`] where there are two, and others.
pub fn create(
    instance: &Instance,
    target: Target<'_>,
    by: Option<&User>,
) -> Result<String, CertificateError> {
    let had = instance.store.saml_certificates(&target.application.id)?.len();
    if had >= MOST {
        return Err(CertificateError::Enough);
    }
    let now = instance.now();
    let mut added = Vec::new();
    if had == 0 {
        let Held { key, made, .. } = inherited(instance)?;
        added.push(row(instance, target, &key, true, made)?);
    }
    let new = row(instance, target, &SigningKey::make(&instance.chance, now)?, false, now)?;
    let id = new.id.clone();
    added.push(new);
    let entry = entry(instance, target, "CreateApplicationInstanceCertificate", &id, by);
    if instance.store.add_saml_certificates(had, &added, &entry)? {
        Ok(id)
    } else {
        Err(CertificateError::Raced)
    }
}

/// Makes one the one that signs.
///
/// # Errors
/// [`CertificateError`] if it is not there or not good now.
pub fn activate(
    instance: &Instance,
    target: Target<'_>,
    id: &str,
    by: Option<&User>,
) -> Result<(), CertificateError> {
    let held = all(instance, target)?.into_iter().find(|held| held.id == id);
    let certificate = held.ok_or(CertificateError::NotThere)?.certificate;
    if !(certificate.not_before..certificate.not_after).contains(&instance.now()) {
        return Err(CertificateError::NotGood);
    }
    let entry = entry(instance, target, "UpdateApplicationInstanceActiveCertificate", id, by);
    if instance.store.activate_saml_certificate(&target.application.id, id, &entry)? {
        Ok(())
    } else {
        Err(CertificateError::NotThere)
    }
}

/// Forgets one that does not sign.
///
/// # Errors
/// [`CertificateError::NotThere`] if it is not there, or signs.
pub fn delete(
    instance: &Instance,
    target: Target<'_>,
    id: &str,
    by: Option<&User>,
) -> Result<(), CertificateError> {
    let entry = entry(instance, target, "DeleteApplicationInstanceCertificate", id, by);
    if instance.store.delete_saml_certificate(&target.application.id, id, &entry)? {
        Ok(())
    } else {
        Err(CertificateError::NotThere)
    }
}

/// Does what is due for an application: makes a certificate before the one that signs ends, lets it sign before
/// then, and forgets what is over. Done often or late, it does the same.
///
/// # Errors
/// [`CertificateError`] if a step fails; the next call goes on from there.
pub fn tend(instance: &Instance, target: Target<'_>) -> Result<(), CertificateError> {
    let now = instance.now();
    reseal(instance, target)?;
    let held = all(instance, target)?;
    let Some(active) = held.iter().find(|held| held.active) else { return Ok(()) };
    let left = active.certificate.not_after.duration_since(now);
    for over in held.iter().filter(|held| !held.active && held.certificate.not_after <= now) {
        delete(instance, target, &over.id, None)?;
    }
    let newer =
        held.iter().filter(|held| !held.active && held.certificate.not_after > active.certificate.not_after);
    let next = newer.max_by_key(|held| held.certificate.not_after);
    match next {
        None if left <= MADE_BEFORE && held.len() < MOST => {
            create(instance, target, None)?;
            // What is later than both of these dates at once goes on right away.
            if left <= SIGNS_BEFORE { tend(instance, target) } else { Ok(()) }
        }
        Some(next) if left <= SIGNS_BEFORE && next.certificate.not_before <= now => {
            activate(instance, target, &next.id, None)
        }
        _ => Ok(()),
    }
}

fn inherited(instance: &Instance) -> Result<Held, CertificateError> {
    let certificate = Certificate::read(instance.saml_key.certificate());
    let certificate = certificate.ok_or_else(|| CertificateError::Sealed("this instance".to_owned()))?;
    let made = certificate.not_before;
    Ok(Held { id: INHERITED.to_owned(), key: instance.saml_key.clone(), certificate, active: true, made })
}

fn row(
    instance: &Instance,
    target: Target<'_>,
    key: &SigningKey,
    active: bool,
    now: Timestamp,
) -> Result<SamlCertificate, CertificateError> {
    let certificate = Certificate::read(key.certificate()).ok_or_else(|| lost(target))?;
    let id = format!("cert-{}", instance.chance.hex(16));
    let sealed = seal(instance, target, &id, key.to_pem().expose().as_bytes())?;
    let Certificate { not_before, not_after, .. } = certificate;
    let application_id = target.application.id.clone();
    Ok(SamlCertificate { id, application_id, sealed, not_before, not_after, active, made: now })
}

fn seal(instance: &Instance, target: Target<'_>, id: &str, pem: &[u8]) -> Result<Vec<u8>, CertificateError> {
    let mut sealed = instance.chance.key()[..NONCE].to_vec();
    let message = Payload { msg: pem, aad: &bound_to(&target.application.id, id) };
    let nonce = XNonce::from_slice(&sealed).to_owned();
    sealed.extend(cipher(instance).encrypt(&nonce, message).map_err(|_| lost(target))?);
    Ok(sealed)
}

fn open(instance: &Instance, target: Target<'_>, row: &SamlCertificate) -> Result<Held, CertificateError> {
    let (opened, _) = unseal(instance, target, row)?;
    let text = std::str::from_utf8(&opened).map_err(|_| lost(target))?;
    let key = SigningKey::from_pem(text).ok_or_else(|| lost(target))?;
    let certificate = Certificate::read(key.certificate()).ok_or_else(|| lost(target))?;
    Ok(Held { id: row.id.clone(), key, certificate, active: row.active, made: row.made })
}

/// What is sealed, and whether it is bound to the application's id as it should be.
fn unseal(
    instance: &Instance,
    target: Target<'_>,
    row: &SamlCertificate,
) -> Result<(Zeroizing<Vec<u8>>, bool), CertificateError> {
    let (nonce, sealed) = row.sealed.split_at_checked(NONCE).ok_or_else(|| lost(target))?;
    let (cipher, nonce) = (cipher(instance), XNonce::from_slice(nonce));
    let opened = |to: &str| {
        let message = Payload { msg: sealed, aad: &bound_to(to, &row.id) };
        cipher.decrypt(nonce, message).map(Zeroizing::new)
    };
    match opened(&target.application.id) {
        Ok(opened) => Ok((opened, true)),
        // Before names could change, keys were bound to them.
        Err(_) => opened(&target.application.name).map(|opened| (opened, false)).map_err(|_| lost(target)),
    }
}

/// Binds keys to the application's id that are bound to its name, before that changes.
fn reseal(instance: &Instance, target: Target<'_>) -> Result<(), CertificateError> {
    for row in instance.store.saml_certificates(&target.application.id)? {
        let (opened, is_bound) = unseal(instance, target, &row)?;
        if !is_bound {
            instance.store.reseal_saml_certificate(&row.id, &seal(instance, target, &row.id, &opened)?)?;
        }
    }
    Ok(())
}

/// A key as it was sealed when names were bound.
#[cfg(test)]
pub fn sealed_for_name(instance: &Instance, target: Target<'_>, id: &str, key: &SigningKey) -> Vec<u8> {
    let mut named = target.application.clone();
    named.id.clone_from(&named.name);
    let pem = key.to_pem();
    let target = Target { application: &named, saml: target.saml };
    seal(instance, target, id, pem.expose().as_bytes()).unwrap_or_default()
}

fn lost(target: Target<'_>) -> CertificateError {
    CertificateError::Sealed(target.application.name.clone())
}

fn cipher(instance: &Instance) -> XChaCha20Poly1305 {
    let key = instance.key.derive("saml certificate", &[]);
    XChaCha20Poly1305::new(key.as_slice().into())
}

/// A sealed key is no good for another application or under another id.
fn bound_to(application: &str, id: &str) -> Vec<u8> {
    [application.as_bytes(), &[0], id.as_bytes()].concat()
}

fn entry(instance: &Instance, target: Target<'_>, name: &str, id: &str, by: Option<&User>) -> AuditEntry {
    instance.entry(&Event {
        source: audit::SSO,
        name,
        user: by,
        details: json!({ "application": target.application.name, "certificateId": id }),
        ..Event::default()
    })
}
