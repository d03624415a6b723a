//! Lossless editing of `~/.aws/credentials`, and of `~/.aws/config` where the person asks for it.
//!
//! One promise: whatever is in the file that we did not write stays byte for byte. The file is read by
//! the grammar that botocore reads it by ([`Document`]); our keys are patched into our sections; the
//! result is read again where it was changed and compared before it replaces the file in one step ([`CredentialsFile`]). A
//! file that botocore would reject is left alone with the number of its line.
//!
//! A section is ours when it carries our stamp ([`STAMP_KEY`]): who it belongs to, and the fingerprint of
//! the access key id that we wrote. A stamp that does not fit the key id beside it tells that another
//! program changed the section ([`Standing`]).
//!
//! Synchronous; callers with a runtime use a blocking thread. Time comes in as an argument.

mod backup;
mod bytes;
mod change;
mod cli_cache;
mod config_file;
mod conversion;
mod convert_file;
mod credentials_file;
mod document;
mod error;
pub mod foreign;
mod grammar;
mod import;
mod lock;
pub mod managed;
mod on_demand;
mod paths;
mod place;
mod platform;
pub mod repair;
mod replace;
mod sso_cache;
mod sso_registration;
mod sso_section;
mod standing;
mod values;

#[cfg(test)]
mod tests;

pub use change::{Change, Consent, Outcome, ProfileOutcome, Put, Remove};
pub use cli_cache::CliCache;
pub use config_file::ConfigFile;
pub use conversion::{Conversion, DiffKind, DiffLine, NewSession, NotConvertible};
pub use convert_file::{ConvertError, Converted, Undone};
pub use credentials_file::{CredentialsFile, Reading};
pub use document::{Document, EditError};
pub use error::{Doing, FileError, NotPlain};
pub use grammar::{ParseError, ParseErrorKind};
pub use import::{ManagedProfile, SsoConfig, SsoProfile, UnreadLine};
pub use on_demand::{Ask, AskOutcome, ConfigStanding, command_line};
pub use paths::Paths;
pub use place::{Condition, Reads};
pub use sso_cache::{CachedRenewal, CachedSignIn, SsoCache};
pub use sso_registration::{RegisteredSession, SsoRegistration};
pub use sso_section::SsoWish;
pub use standing::{EXPIRES_KEY, ForeignKeys, STAMP_KEY, Standing};
pub use values::{Credentials, Fingerprint, Owner, ProfileName, Refused};
