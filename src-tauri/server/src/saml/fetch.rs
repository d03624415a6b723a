//! Fetches an application's metadata from the address that its administrator gave.

use super::import::{self, ImportError, Imported};
use crate::fetch::{self, FetchError, Reach};

/// Why there is no metadata.
#[derive(Debug, thiserror::Error)]
pub enum MetadataError {
    /// Not an address to fetch from.
    #[error(transparent)]
    Address(FetchError),
    /// Not fetched.
    #[error("{0}; download the metadata yourself and give the file")]
    Fetch(FetchError),
    /// An answer that is no metadata.
    #[error("what the address answers {0}")]
    Import(#[from] ImportError),
}

impl From<FetchError> for MetadataError {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::NotHttps => Self::Address(error),
            _ => Self::Fetch(error),
        }
    }
}

/// Fetches and reads metadata; `sandbox` allows this machine and plain http to it.
///
/// # Errors
/// [`MetadataError`] says what to do instead.
pub async fn metadata(address: &str, sandbox: bool) -> Result<Imported, MetadataError> {
    Ok(import::read(&document(address, sandbox).await?)?)
}

/// Fetches what stands at an address, as [`metadata`] does, for somebody else to read.
///
/// # Errors
/// [`MetadataError`] says what to do instead.
pub async fn document(address: &str, sandbox: bool) -> Result<String, MetadataError> {
    let reach = if sandbox { Reach::Everywhere } else { Reach::Network };
    Ok(fetch::document(address, reach).await?)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;
    use crate::fetch::tests::{ok, serve};

    const METADATA: &str = "<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"sp\">\
         <SPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
         <AssertionConsumerService index=\"0\" Location=\"https://app.test/acs\" \
         Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\"/></SPSSODescriptor></EntityDescriptor>";

    #[tokio::test]
    async fn metadata_is_fetched_and_read_and_what_is_none_is_refused() {
        let _ = crate::install_provider();
        let address = serve(ok(METADATA)).await;
        assert_eq!(metadata(&address, true).await.unwrap().acs_url, "https://app.test/acs");
        let named = address.replace("127.0.0.1", "localhost");
        assert_eq!(metadata(&named, true).await.unwrap().audience, "sp");
        let other = serve(ok("{\"token_endpoint\": \"x\"}")).await;
        let secure = address.replace("http:", "https:");
        for (address, sandbox, words) in [
            (&other, true, "what the address answers describes an OpenID Connect"),
            (&address, false, "give an https address"),
            (
                &secure,
                false,
                "127.0.0.1 is not an address that may be fetched from here; download the metadata",
            ),
        ] {
            let error = metadata(address, sandbox).await.unwrap_err().to_string();
            assert!(error.contains(words), "{words}: {error}");
        }
    }
}
