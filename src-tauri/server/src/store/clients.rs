//! Registered clients.

use jiff::Timestamp;

use super::{
    Result, Store, digest, millis, moment,
    sql::{OptionalExtension, params},
    words,
};
use crate::secret::Digest;

/// A registration (SSO-OIDC API, RegisterClient).
#[derive(Debug, Clone)]
pub struct Client {
    /// The `clientId`.
    pub id: String,
    /// Digest of the `clientSecret`.
    pub secret: Digest,
    /// `clientName`, shown at consent.
    pub name: String,
    /// Registered scopes; tokens carry all of them.
    pub scopes: Vec<String>,
    /// Loopback redirect URIs, any port.
    pub redirect_uris: Vec<String>,
    /// Empty when the client named none (the device flow of the CLI).
    pub grant_types: Vec<String>,
    /// `clientSecretExpiresAt`.
    pub ends: Timestamp,
}

impl Store {
    /// Adds a registration.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn add_client(&self, client: &Client) -> Result<()> {
        self.write("add a client", |tx| {
            tx.execute(
                "INSERT INTO client (id, secret, name, scopes, redirect_uris, grant_types, ends)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    client.id,
                    client.secret.as_bytes(),
                    client.name,
                    client.scopes.join(" "),
                    client.redirect_uris.join(" "),
                    client.grant_types.join(" "),
                    millis(client.ends),
                ],
            )
            .map(drop)
        })
    }

    /// Finds a registration, expired ones included.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn client(&self, id: &str) -> Result<Option<Client>> {
        self.read("find a client", |c| {
            c.query_row("SELECT * FROM client WHERE id = ?1", [id], |row| {
                Ok(Client {
                    id: row.get("id")?,
                    secret: digest(row, "secret")?,
                    name: row.get("name")?,
                    scopes: words(row, "scopes")?,
                    redirect_uris: words(row, "redirect_uris")?,
                    grant_types: words(row, "grant_types")?,
                    ends: moment(row, "ends")?,
                })
            })
            .optional()
        })
    }
}
