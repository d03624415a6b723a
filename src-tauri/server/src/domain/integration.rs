//! What may be said of issuers whose tokens are believed, and of applications that exchange tokens (SSO Admin API), for
//! whoever says it: a program by the API, or an administrator on a page.

use url::Url;

use super::loopback::is_owners_word;

/// What people are found by: what is one person's alone (`IdentityStoreAttributePath`).
pub const ATTRIBUTES: [&str; 3] = ["userName", "emails.value", "externalIds.value"];
/// The only way for an application to prove itself (`AuthenticationMethodType`).
pub const IAM: &str = "IAM";
/// AWS's quota of access scopes of one application.
pub const MOST_SCOPES: u32 = 10;
/// Issuers, audiences, redirect addresses and targets in one list, at most.
pub const MOST_MEMBERS: usize = 10;

/// An application brings the code that a browser got here.
pub const AUTHORIZATION_CODE: &str = "authorization_code";
/// An application brings a token of a trusted issuer (RFC 7523).
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// An application renews what it has.
pub const REFRESH_TOKEN: &str = "refresh_token";
/// An application brings another application's token (RFC 8693).
pub const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// The grants, and the member of `Grant` that each has.
pub const GRANTS: [(&str, &str); 4] = [
    (AUTHORIZATION_CODE, "AuthorizationCode"),
    (REFRESH_TOKEN, "RefreshToken"),
    (JWT_BEARER, "JwtBearer"),
    (TOKEN_EXCHANGE, "TokenExchange"),
];

/// Whether a text can be the name of an issuer (`TrustedTokenIssuerName`).
pub fn is_issuer_name(text: &str) -> bool {
    (1..=255).contains(&text.chars().count())
        && text.chars().all(|c| c.is_alphanumeric() || "_+=,.@-".contains(c))
}

/// Whether a text can be where a token says whose it is: letters, with up to two more parts after dots or underscores
/// (`ClaimAttributePath`).
pub fn is_claim_path(text: &str) -> bool {
    let parts: Vec<&str> = text.split(['.', '_']).collect();
    text.chars().count() <= 255
        && parts.len() <= 3
        && parts.iter().all(|part| !part.is_empty() && part.chars().all(char::is_alphabetic))
}

/// Whether a text can be the address of an issuer (`TrustedTokenIssuerUrl`): one that keys can be had from without
/// anybody between.
pub fn is_issuer_url(text: &str) -> bool {
    let url = Url::parse(text).ok().filter(|url| url.query().is_none() && url.fragment().is_none());
    text.chars().count() <= 512 && url.is_some_and(|url| is_owners_word(&url))
}

/// Whether a text can be an access scope (`Scope`).
pub fn is_scope(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    let good = |part: &&str| {
        (1..=50).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    parts.len() <= 3 && parts.iter().all(good)
}

/// Whether a text can be an audience, or a redirect address's length is right (`TokenIssuerAudience`, `URI`).
pub fn is_member(text: &str) -> bool {
    (1..=512).contains(&text.chars().count())
}

/// Whether codes may be sent to an address: an absolute one without a fragment (RFC 6749 §3.1.2).
pub fn is_redirect_uri(text: &str) -> bool {
    is_member(text) && Url::parse(text).is_ok_and(|url| url.has_host() && url.fragment().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_said_is_told_from_what_may_not() {
        for (text, is_path) in
            [("sub", true), ("a.b_c", true), ("a.b.c.d", false), ("", false), ("a..b", false), ("a1", false)]
        {
            assert_eq!(is_claim_path(text), is_path, "{text}");
        }
        for (text, is_url) in [
            ("https://idp.acme.test/realm", true),
            ("http://127.0.0.1:9", true),
            ("http://idp.acme.test", false),
            ("https://idp.acme.test/?x=1", false),
            ("https://idp.acme.test/#x", false),
            ("idp.acme.test", false),
        ] {
            assert_eq!(is_issuer_url(text), is_url, "{text}");
        }
        for (text, is) in
            [("reports:read", true), ("a:b:c", true), ("a:b:c:d", false), ("a:", false), ("a b", false)]
        {
            assert_eq!(is_scope(text), is, "{text}");
        }
        for (text, is) in [
            ("https://app.test/back", true),
            ("app://host/x", true),
            ("https://app.test/#x", false),
            ("/x", false),
        ] {
            assert_eq!(is_redirect_uri(text), is, "{text}");
        }
        assert!(is_issuer_name("Corp_IdP+1") && !is_issuer_name("two words") && !is_issuer_name(""));
        assert!(!is_issuer_name(&"x".repeat(256)) && !is_member("") && !is_member(&"x".repeat(513)));
    }
}
