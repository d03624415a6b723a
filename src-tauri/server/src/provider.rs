//! The one rustls provider of this program.

/// Another provider was installed first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a TLS provider is installed already; install_provider must run first, once")]
pub struct AlreadyInstalled;

/// Installs aws-lc as rustls' default. First thing in `main`: with two providers linked in, rustls panics at
/// its first use unless one was chosen.
///
/// # Errors
/// [`AlreadyInstalled`] on a second call.
pub fn install_provider() -> Result<(), AlreadyInstalled> {
    rustls::crypto::aws_lc_rs::default_provider().install_default().map_err(|_| AlreadyInstalled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installs_once() {
        // Another test may have needed it before this one.
        let _ = install_provider();
        assert!(rustls::crypto::CryptoProvider::get_default().is_some());
        assert_eq!(install_provider(), Err(AlreadyInstalled));
    }
}
