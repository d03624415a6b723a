//! AWS Signature Version 4: the canonical form of a request and its signature. The form is AWS's; the
//! HMAC and its constant-time comparison are the library's.

use hmac::{Hmac, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str};
use sha2::{Digest as _, Sha256};

use super::SignedRequest;
use crate::secret::Token;

/// Everything but the unreserved characters of RFC 3986.
const ENCODE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The parts of a signature as the client named them.
#[derive(Debug)]
pub struct Signed {
    /// Lower-case names of the headers that were signed, in the client's order.
    pub headers: Vec<String>,
    /// 64 hex digits.
    pub signature: String,
    /// `date/region/service/aws4_request`.
    pub scope: String,
    /// `YYYYMMDD`.
    pub date: String,
    /// The region the key is derived for.
    pub region: String,
    /// The service the key is derived for.
    pub service: String,
    /// `YYYYMMDDTHHMMSSZ`.
    pub stamp: String,
    /// Whether it stands in the query; then it does not sign itself.
    pub in_query: bool,
}

/// Whether the signature is over this request and made with this secret.
pub fn matches(signed: &Signed, request: &SignedRequest, secret: &Token) -> bool {
    let Some(canonical) = canonical_request(signed, request) else { return false };
    let Ok(claimed) = hex::decode(&signed.signature) else { return false };
    let to_sign = format!(
        "AWS4-HMAC-SHA256\n{}\n{}\n{}",
        signed.stamp,
        signed.scope,
        hex::encode(Sha256::digest(canonical.as_bytes()))
    );
    let first = zeroize::Zeroizing::new(format!("AWS4{}", secret.expose()));
    let mut key = hmac(first.as_bytes(), signed.date.as_bytes()).finalize().into_bytes();
    for part in [signed.region.as_str(), &signed.service, "aws4_request"] {
        key = hmac(&key, part.as_bytes()).finalize().into_bytes();
    }
    hmac(&key, to_sign.as_bytes()).verify_slice(&claimed).is_ok()
}

fn hmac(key: &[u8], message: &[u8]) -> Hmac<Sha256> {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(key)
        .unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
    mac.update(message);
    mac
}

/// `None` if a header that was signed is not there, or if an `x-amz-` header was left out of the signature.
fn canonical_request(signed: &Signed, request: &SignedRequest) -> Option<String> {
    let mut headers = String::new();
    for name in &signed.headers {
        let values: Vec<String> = request
            .headers
            .get_all(name.as_str())
            .iter()
            .map(|value| value.to_str().ok().map(squeeze))
            .collect::<Option<_>>()?;
        if values.is_empty() {
            return None;
        }
        headers.push_str(&format!("{name}:{}\n", values.join(",")));
    }
    let unsigned = request.headers.keys().any(|name| {
        name.as_str().starts_with("x-amz-") && !signed.headers.iter().any(|known| known == name.as_str())
    });
    if unsigned {
        return None;
    }
    let payload = hex::encode(Sha256::digest(&request.body));
    Some(format!(
        "{}\n{}\n{}\n{headers}\n{}\n{payload}",
        request.method,
        request.uri.path(),
        canonical_query(request.uri.query().unwrap_or_default(), signed.in_query),
        signed.headers.join(";"),
    ))
}

/// Trimmed, runs of spaces made one.
fn squeeze(value: &str) -> String {
    value.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Each name and value encoded anew, sorted. A plus stays a plus: SigV4 knows `%20` only.
fn canonical_query(query: &str, without_signature: bool) -> String {
    let encode = |text: &str| {
        let bytes: Vec<u8> = percent_decode_str(text).collect();
        percent_encoding::percent_encode(&bytes, ENCODE).to_string()
    };
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (encode(name), encode(value)))
        .filter(|(name, _)| !(without_signature && name == "X-Amz-Signature"))
        .collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Signs like a client, for tests of the whole way.
    pub fn sign(signed: &Signed, request: &SignedRequest, secret: &str) -> String {
        let canonical = canonical_request(signed, request).expect("the signed headers are there");
        let hash = hex::encode(Sha256::digest(canonical.as_bytes()));
        let to_sign = format!("AWS4-HMAC-SHA256\n{}\n{}\n{hash}", signed.stamp, signed.scope);
        let mut key = format!("AWS4{secret}").into_bytes();
        for part in [signed.date.as_str(), &signed.region, &signed.service, "aws4_request"] {
            key = hmac(&key, part.as_bytes()).finalize().into_bytes().to_vec();
        }
        hex::encode(hmac(&key, to_sign.as_bytes()).finalize().into_bytes())
    }

    #[test]
    fn queries_are_sorted_and_encoded_once() {
        assert_eq!(canonical_query("b=2&a=1%2F2&a=&X-Amz-Signature=00", true), "a=&a=1%2F2&b=2");
        assert_eq!(canonical_query("a=x+y&c", false), "a=x%2By&c=");
        assert_eq!(squeeze("  a   b "), "a b");
    }
}
