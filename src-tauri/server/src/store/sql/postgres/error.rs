//! What PostgreSQL says, without the values that it would say it of.

use tokio_postgres::error::SqlState;

/// A statement failed, or the connection did.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Fault {
    /// PostgreSQL refused it.
    #[error("PostgreSQL refused it ({code}): {words}")]
    Refused {
        /// `SQLSTATE`.
        code: String,
        /// Its words, where no value is in them.
        words: String,
    },
    /// It does not speak TLS as it must, or its certificate is not to be trusted. That does not pass by itself.
    #[error("PostgreSQL is not spoken to: {0}")]
    Tls(String),
    /// There is no connection. Nothing of the transaction is kept.
    #[error("PostgreSQL cannot be reached ({0}); nothing was changed, try again")]
    Away(String),
    /// A newer version's server has made a schema that this version must not work with any more.
    #[error("a newer version of latchkey-server has changed the schema: replace this server, too")]
    Outdated,
    /// The connection broke while a transaction was committed, and it could not be found out since.
    #[error("PostgreSQL could not be reached any more while a change was kept; it may have been or not")]
    Unknown,
}

impl Fault {
    /// Whether there is no connection, or there is none soon.
    pub(super) fn is_away(&self) -> bool {
        matches!(self, Self::Away(_))
    }

    /// A connection that answers too late.
    pub(super) fn late() -> Self {
        Self::Away("it does not answer".to_owned())
    }
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(said) = error.as_db_error() else {
            let cause = std::error::Error::source(&error);
            let outside = cause.and_then(|cause| cause.downcast_ref::<std::io::Error>());
            if outside.and_then(std::io::Error::get_ref).is_some_and(|inner| inner.is::<rustls::Error>()) {
                return Self::Tls(error.to_string());
            }
            // What stands behind it may be a value that did not fit.
            let is_ours = cause.is_some() && outside.is_none();
            return match is_ours && !error.is_closed() {
                true => Self::Refused { code: "client".to_owned(), words: error.to_string() },
                false => Self::Away(error.to_string()),
            };
        };
        let code = said.code();
        // Connections that fail, a server that stops or begins, one that lost its place (SQLSTATE classes 08 and 57).
        let ends = [&SqlState::ADMIN_SHUTDOWN, &SqlState::CRASH_SHUTDOWN, &SqlState::CANNOT_CONNECT_NOW];
        if code.code().starts_with("08")
            || ends.contains(&code)
            || *code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
        {
            return Self::Away(said.message().to_owned());
        }
        let words = match code.code().get(..2) {
            // Data exceptions quote the data.
            Some("22") => "a value does not fit".to_owned(),
            _ => said.message().to_owned(),
        };
        Self::Refused { code: code.code().to_owned(), words }
    }
}
