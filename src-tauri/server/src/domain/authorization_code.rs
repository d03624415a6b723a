//! An authorization code of `/authorize`: one use, 60 seconds, bound to client, redirect URI and PKCE verifier
//! (RFC 6749 §4.1, RFC 7636).

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

/// How long a code lives.
pub const LIFETIME: SignedDuration = SignedDuration::from_secs(60);

/// A code that was handed out and not yet presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationCode {
    /// The client it was made for.
    pub client_id: String,
    /// The redirect URI of the request, with its port.
    pub redirect_uri: String,
    /// `code_challenge` of the request, S256.
    pub challenge: String,
    /// Scopes of the registration.
    pub scopes: Vec<String>,
    /// The sign-in session that consented.
    pub session_id: String,
    /// The token family that its exchange starts; known before, so that a second use can end it.
    pub family_id: String,
    /// Whether the person signed in in the app itself, which is more than letting a program in.
    pub native: bool,
    /// When it stops working.
    pub ends: Timestamp,
}

/// Why a code buys nothing. All but the first look the same to the client (`invalid_grant`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The verifier is not one (RFC 7636 §4.1).
    #[error("codeVerifier must be 43 to 128 unreserved characters")]
    MalformedVerifier,
    /// More than 60 seconds passed.
    #[error("the authorization code has expired")]
    Expired,
    /// It belongs to another client.
    #[error("the authorization code was issued to another client")]
    OtherClient,
    /// The redirect URI is not the one of the request.
    #[error("redirectUri is not the one of the authorization request")]
    OtherRedirectUri,
    /// The verifier does not match the challenge.
    #[error("codeVerifier does not match the code challenge")]
    WrongVerifier,
}

impl AuthorizationCode {
    /// Spends the code.
    ///
    /// # Errors
    /// [`Refused`] says which binding does not hold.
    pub fn redeem(
        self,
        client_id: &str,
        redirect_uri: &str,
        verifier: &str,
        at: Timestamp,
    ) -> Result<Redeemed, Refused> {
        if !is_verifier(verifier) {
            return Err(Refused::MalformedVerifier);
        }
        if self.client_id != client_id {
            return Err(Refused::OtherClient);
        }
        if at >= self.ends {
            return Err(Refused::Expired);
        }
        if self.redirect_uri != redirect_uri {
            return Err(Refused::OtherRedirectUri);
        }
        let presented = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        if !bool::from(presented.as_bytes().ct_eq(self.challenge.as_bytes())) {
            return Err(Refused::WrongVerifier);
        }
        Ok(Redeemed {
            scopes: self.scopes,
            session_id: self.session_id,
            family_id: self.family_id,
            native: self.native,
        })
    }
}

/// What a spent code entitles to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redeemed {
    /// Scopes of the tokens.
    pub scopes: Vec<String>,
    /// The sign-in session behind the tokens.
    pub session_id: String,
    /// The token family to start.
    pub family_id: String,
    /// Whether it is one of a sign-in in the app itself.
    pub native: bool,
}

/// Whether `code_challenge` can be a base64url SHA-256 (RFC 7636 §4.2).
pub fn is_challenge(challenge: &str) -> bool {
    challenge.len() == 43 && BASE64_URL_SAFE_NO_PAD.decode(challenge).is_ok_and(|bytes| bytes.len() == 32)
}

fn is_verifier(verifier: &str) -> bool {
    (43..=128).contains(&verifier.len())
        && verifier.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    // The pair is RFC 7636's own example (appendix B).
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    const URI: &str = "http://127.0.0.1:5000/oauth/callback";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + seconds).unwrap()
    }

    fn code() -> AuthorizationCode {
        AuthorizationCode {
            client_id: "c".into(),
            redirect_uri: URI.into(),
            challenge: CHALLENGE.into(),
            scopes: vec!["sso:account:access".into()],
            session_id: "s".into(),
            family_id: "f".into(),
            native: false,
            ends: at(60),
        }
    }

    #[test]
    fn redeems_with_everything_right() {
        let redeemed = code().redeem("c", URI, VERIFIER, at(59)).unwrap();
        assert_eq!((redeemed.session_id.as_str(), redeemed.family_id.as_str()), ("s", "f"));
    }

    #[test]
    fn each_binding_holds() {
        let other_verifier = VERIFIER.replace('d', "e");
        let other_port = URI.replace("5000", "5001");
        for (client, uri, verifier, when, expected) in [
            ("x", URI, VERIFIER, 1, Refused::OtherClient),
            ("c", URI, VERIFIER, 60, Refused::Expired),
            ("c", other_port.as_str(), VERIFIER, 1, Refused::OtherRedirectUri),
            ("c", URI, other_verifier.as_str(), 1, Refused::WrongVerifier),
            ("c", URI, "short", 1, Refused::MalformedVerifier),
        ] {
            assert_eq!(code().redeem(client, uri, verifier, at(when)), Err(expected));
        }
    }

    #[test]
    fn challenges_are_sha256_shaped() {
        assert!(is_challenge(CHALLENGE));
        assert!(!is_challenge(""));
        assert!(!is_challenge(&"=".repeat(43)));
        assert!(!is_challenge(&CHALLENGE[1..]));
    }
}
