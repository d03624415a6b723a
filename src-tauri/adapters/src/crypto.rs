//! One TLS provider for the whole program.

/// Makes aws-lc the process's rustls provider. Every program that uses the network calls it first
/// thing: with two providers linked and none chosen, the first TLS handshake panics. Calling it again
/// changes nothing.
pub fn install_crypto_provider() {
    // An error means that a provider is installed already, which is what was wanted.
    let _already = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_second_call_changes_nothing() {
        super::install_crypto_provider();
        let first = rustls::crypto::CryptoProvider::get_default().cloned();
        super::install_crypto_provider();
        let second = rustls::crypto::CryptoProvider::get_default().cloned();
        let (Some(first), Some(second)) = (first, second) else { panic!("no provider installed") };
        assert!(std::sync::Arc::ptr_eq(&first, &second));
    }
}
