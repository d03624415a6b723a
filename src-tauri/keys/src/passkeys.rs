//! The passkeys (discoverable credentials) on a key: `authenticatorCredentialManagement`.

use crypto_glue::s256::Sha256Output;
use jiff::Timestamp;
use webauthn_authenticator_rs::ctap2::commands::{
    CredSubCommand, CredentialManagementRequest, CredentialManagementRequestTrait,
    CredentialManagementResponse, DiscoverableCredential, PrototypeCredentialManagementRequest,
    PublicKeyCredentialDescriptorCM, UserCM,
};
use webauthn_rs_proto::CredentialProtectionPolicy;

use crate::{
    Ask, Error, Feature, Unlocked,
    ctap::{Effect, Fail, Run, Status},
};

/// The most bytes of UTF-8 that every key keeps of a user's name (CTAP 2.1, 6.8.3).
pub const LONGEST_NAME: usize = 64;

/// A site and the passkeys for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The site's id: a host name. Keys may cut long ones; then it ends early.
    pub rp_id: Option<String>,
    /// What the site calls itself, if the key kept it.
    pub name: Option<String>,
    /// SHA-256 of the id: always whole.
    pub id_hash: [u8; 32],
    /// In the key's order.
    pub passkeys: Vec<Passkey>,
}

/// A passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// The credential's id.
    pub id: Vec<u8>,
    /// The site's number for the person.
    pub user_id: Vec<u8>,
    /// The account's name.
    pub user_name: Option<String>,
    /// The person's name.
    pub display_name: Option<String>,
    /// When the key uses it.
    pub protection: Protection,
}

/// When a key uses a passkey (`credProtect`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// Whenever it is touched.
    Optional,
    /// Without PIN or finger only for a site that names it.
    OptionalWithList,
    /// With PIN or finger only.
    Required,
    /// The key does not tell.
    Unknown,
}

/// Space for passkeys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// How many are there.
    pub existing: u32,
    /// How many more fit at most.
    pub remaining: u32,
}

impl Unlocked {
    /// How many passkeys there are and how many more fit.
    ///
    /// # Errors
    /// [`Error::NotSupported`], [`Error::Locked`], and what ends any operation.
    pub async fn space(&mut self, now: Timestamp, ask: &Ask) -> Result<Space, Error> {
        let mut run = self.begin(now, ask).await?;
        let answer = self.manage(CredSubCommand::GetCredsMetadata, Effect::Reads, &mut run).await?;
        let told = answer.storage_metadata.ok_or_else(|| Error::Unexpected("no numbers".to_owned()))?;
        Ok(Space {
            existing: told.existing_resident_credentials_count,
            remaining: told.max_possible_remaining_resident_credentials_count,
        })
    }

    /// All passkeys by site. Credentials that are no passkeys cannot be listed.
    ///
    /// # Errors
    /// As [`Self::space`].
    pub async fn passkeys(&mut self, now: Timestamp, ask: &Ask) -> Result<Vec<Site>, Error> {
        let mut run = self.begin(now, ask).await?;
        let mut sites = Vec::new();
        let first = match self.manage(CredSubCommand::EnumerateRPsBegin, Effect::Reads, &mut run).await {
            Err(Error::NotFound) => return Ok(sites),
            answer => answer?,
        };
        let total = first.total_rps.unwrap_or_default();
        let mut answer = first;
        for number in 0..total {
            if number > 0 {
                answer = self.next(CredentialManagementRequest::ENUMERATE_RPS_GET_NEXT, &mut run).await?;
            }
            if let Some(site) = answer.rp.take() {
                let hash =
                    site.hash.ok_or_else(|| Error::Unexpected("a site without its hash".to_owned()))?;
                sites.push(Site {
                    rp_id: site.id,
                    name: site.name,
                    id_hash: hash.into(),
                    passkeys: Vec::new(),
                });
            }
        }
        // Keys remember one listing at a time, so that of the passkeys begins when that of the sites is over.
        for site in &mut sites {
            site.passkeys = self.passkeys_of(&site.id_hash, &mut run).await?;
        }
        Ok(sites)
    }

    async fn passkeys_of(&mut self, site: &[u8; 32], run: &mut Run<'_>) -> Result<Vec<Passkey>, Error> {
        let begin = CredSubCommand::EnumerateCredentialsBegin(Sha256Output::from(*site));
        let mut answer = match self.manage(begin, Effect::Reads, run).await {
            Err(Error::NotFound) => return Ok(Vec::new()),
            answer => answer?,
        };
        let total = answer.total_credentials.unwrap_or(1);
        let mut passkeys = Vec::new();
        for number in 0..total {
            if number > 0 {
                answer = self.next(CredentialManagementRequest::ENUMERATE_CREDENTIALS_GET_NEXT, run).await?;
            }
            passkeys.extend(passkey(std::mem::take(&mut answer.discoverable_credential)));
        }
        Ok(passkeys)
    }

    /// Deletes a passkey for good.
    ///
    /// # Errors
    /// As [`Self::space`], and [`Error::NotFound`].
    pub async fn delete_passkey(&mut self, id: &[u8], now: Timestamp, ask: &Ask) -> Result<(), Error> {
        let mut run = self.begin(now, ask).await?;
        let delete = CredSubCommand::DeleteCredential(PublicKeyCredentialDescriptorCM::from(id.to_vec()));
        self.manage(delete, Effect::Writes, &mut run).await.map(|_| ())
    }

    /// Changes what a passkey says about its user.
    ///
    /// # Errors
    /// As [`Self::delete_passkey`]; [`Error::NotSupported`] also by keys older than CTAP 2.1;
    /// [`Error::NameTooLong`] for more than [`LONGEST_NAME`] bytes.
    pub async fn rename_passkey(
        &mut self,
        passkey: &Passkey,
        user_name: &str,
        display_name: &str,
        now: Timestamp,
        ask: &Ask,
    ) -> Result<(), Error> {
        if !self.info().can.rename_passkeys {
            return Err(Error::NotSupported(Feature::PasskeyRename));
        }
        if user_name.len().max(display_name.len()) > LONGEST_NAME {
            return Err(Error::NameTooLong(LONGEST_NAME));
        }
        let mut run = self.begin(now, ask).await?;
        let user = UserCM {
            id: passkey.user_id.clone(),
            name: Some(user_name.to_owned()),
            display_name: Some(display_name.to_owned()),
        };
        let credential = PublicKeyCredentialDescriptorCM::from(passkey.id.clone());
        let rename = CredSubCommand::UpdateUserInformation(credential, user);
        self.manage(rename, Effect::Writes, &mut run).await.map(|_| ())
    }

    async fn manage(
        &mut self,
        command: CredSubCommand,
        effect: Effect,
        run: &mut Run<'_>,
    ) -> Result<CredentialManagementResponse, Error> {
        let can = self.info().can;
        if !can.manage_passkeys {
            return Err(Error::NotSupported(Feature::PasskeyManagement));
        }
        let (key, token) = self.parts()?;
        let (protocol, proof) = (Some(token.protocol()), Some(token.prove(&command.prf())?));
        let answer = if can.rename_passkeys {
            let request = CredentialManagementRequest::new(command, protocol, proof);
            key.talk.call(&request, effect, run).await
        } else {
            let request = PrototypeCredentialManagementRequest::new(command, protocol, proof);
            key.talk.call(&request, effect, run).await
        };
        self.ended(answer, run)
    }

    /// The next of a listing, which needs no proof.
    async fn next(
        &mut self,
        request: CredentialManagementRequest,
        run: &mut Run<'_>,
    ) -> Result<CredentialManagementResponse, Error> {
        let standard = self.info().can.rename_passkeys;
        let (key, _) = self.parts()?;
        let answer = if standard {
            key.talk.call(&request, Effect::Reads, run).await
        } else {
            let sites = request == CredentialManagementRequest::ENUMERATE_RPS_GET_NEXT;
            let request = if sites {
                PrototypeCredentialManagementRequest::ENUMERATE_RPS_GET_NEXT
            } else {
                PrototypeCredentialManagementRequest::ENUMERATE_CREDENTIALS_GET_NEXT
            };
            key.talk.call(&request, Effect::Reads, run).await
        };
        self.ended(answer, run)
    }

    fn ended<T>(&mut self, answer: Result<T, Fail>, run: &Run<'_>) -> Result<T, Error> {
        answer.map_err(|fail| match fail {
            // For a credential that is not there, some keys say so in other words.
            Fail::Status(Status::Ctap2InvalidCredential) => Error::NotFound,
            other => self.refused(other, Feature::PasskeyManagement, run),
        })
    }
}

fn passkey(told: DiscoverableCredential) -> Option<Passkey> {
    let id = told.credential_id?.id;
    let (user_id, user_name, display_name) =
        told.user.map_or_else(Default::default, |user| (user.id, user.name, user.display_name));
    let protection = match told.cred_protect {
        Some(CredentialProtectionPolicy::UserVerificationOptional) => Protection::Optional,
        Some(CredentialProtectionPolicy::UserVerificationOptionalWithCredentialIDList) => {
            Protection::OptionalWithList
        }
        Some(CredentialProtectionPolicy::UserVerificationRequired) => Protection::Required,
        None => Protection::Unknown,
    };
    Some(Passkey { id, user_id, user_name, display_name, protection })
}
