//! The order of checks as AWS answers them: is there a signature, is the key known, is the moment right, has
//! the key expired, does the signature match.

use axum::http::{Uri, header};
use jiff::{SignedDuration, Timestamp};
use url::form_urlencoded;

use super::{
    Request,
    signature::{self, Signed},
    wire::StsError,
};
use crate::{instance::Instance, organisation::is_region, secret::Token, store::IssuedKey};

/// How far a request's moment may be from the server's.
const SKEW: SignedDuration = SignedDuration::from_mins(15);
const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const LONGEST_PRESIGNED: i64 = 7 * 24 * 60 * 60;

/// Finds the key that signed the request.
pub fn verify(instance: &Instance, request: &Request) -> Result<IssuedKey, StsError> {
    let claim = Claim::read(request)?;
    let now = instance.now();
    let token = claim.session_token.as_deref().ok_or_else(StsError::invalid_client_token)?;
    let key = instance.issuer.find_presented(&claim.access_key_id, token)?;
    let key = key.ok_or_else(StsError::invalid_client_token)?;
    claim.check_moment(now)?;
    if now >= key.ends {
        return Err(StsError::expired_token());
    }
    let signed = |secret: &Token| signature::matches(&claim.signed, request, secret);
    if instance.issuer.secret_passes(&key, &signed) { Ok(key) } else { Err(StsError::does_not_match()) }
}

/// What a request says about its signature, in its header or in its query.
struct Claim {
    access_key_id: String,
    session_token: Option<String>,
    moment: Timestamp,
    expires: Option<SignedDuration>,
    signed: Signed,
}

impl Claim {
    fn read(request: &Request) -> Result<Self, StsError> {
        let header =
            |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        if let Some(line) = request.headers.get(header::AUTHORIZATION) {
            let line =
                line.to_str().map_err(|_| StsError::incomplete_signature("Authorization is not ASCII"))?;
            let rest = line.strip_prefix(ALGORITHM).ok_or_else(|| {
                StsError::incomplete_signature("Authorization header requires the algorithm AWS4-HMAC-SHA256")
            })?;
            let part = |name: &str| {
                rest.split(',')
                    .filter_map(|pair| pair.trim().split_once('='))
                    .find(|(key, _)| *key == name)
                    .map(|(_, value)| value.to_owned())
                    .ok_or_else(|| {
                        StsError::incomplete_signature(&format!(
                            "Authorization header requires '{name}' parameter"
                        ))
                    })
            };
            let stamp = header("x-amz-date").ok_or_else(|| {
                StsError::incomplete_signature(
                    "Authorization header requires existence of a 'X-Amz-Date' header",
                )
            })?;
            let fields = (
                part("Credential")?,
                part("SignedHeaders")?,
                part("Signature")?,
                stamp,
                header("x-amz-security-token"),
            );
            return Self::build(fields, None, false);
        }
        let query = query_of(&request.uri);
        let field = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let need = |name: &str| {
            field(name).ok_or_else(|| {
                StsError::incomplete_signature(&format!("AWS query-string parameters must include '{name}'"))
            })
        };
        match field("X-Amz-Algorithm").as_deref() {
            None => return Err(StsError::missing_authentication()),
            Some(ALGORITHM) => {}
            Some(_) => {
                return Err(StsError::incomplete_signature("X-Amz-Algorithm must be AWS4-HMAC-SHA256"));
            }
        }
        let seconds = need("X-Amz-Expires")?
            .parse::<i64>()
            .ok()
            .filter(|seconds| (1..=LONGEST_PRESIGNED).contains(seconds))
            .ok_or_else(|| {
                StsError::incomplete_signature("X-Amz-Expires must be between 1 and 604800 seconds")
            })?;
        let fields = (
            need("X-Amz-Credential")?,
            need("X-Amz-SignedHeaders")?,
            need("X-Amz-Signature")?,
            need("X-Amz-Date")?,
            field("X-Amz-Security-Token"),
        );
        Self::build(fields, Some(SignedDuration::from_secs(seconds)), true)
    }

    fn build(
        (credential, signed_headers, hex_signature, stamp, session_token): (
            String,
            String,
            String,
            String,
            Option<String>,
        ),
        expires: Option<SignedDuration>,
        in_query: bool,
    ) -> Result<Self, StsError> {
        let parts: Vec<&str> = credential.split('/').collect();
        let [access_key_id, date, region, service, "aws4_request"] = parts.as_slice() else {
            return Err(StsError::incomplete_signature(
                "Credential must have exactly 5 slash-delimited elements, keyid/date/region/service/term",
            ));
        };
        let moment = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", &stamp)
            .and_then(|civil| civil.to_zoned_datetime(jiff::tz::TimeZone::UTC))
            .map_err(|_| StsError::incomplete_signature("Date must be in ISO-8601 'basic format'"))?
            .timestamp();
        if !stamp.starts_with(date) || date.len() != 8 {
            let words =
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP";
            return Err(StsError::signature_refused(words.to_owned()));
        }
        if *service != "sts" {
            let words = "Credential should be scoped to correct service: 'sts'.";
            return Err(StsError::signature_refused(words.to_owned()));
        }
        if !is_region(region) {
            let words = "Credential should be scoped to a valid region.";
            return Err(StsError::signature_refused(words.to_owned()));
        }
        let headers: Vec<String> = signed_headers.split(';').map(str::to_owned).collect();
        if !headers.iter().any(|name| name == "host") {
            return Err(StsError::signature_refused(
                "'Host' must be a 'SignedHeader' in the AWS Authorization.".to_owned(),
            ));
        }
        Ok(Self {
            access_key_id: (*access_key_id).to_owned(),
            session_token,
            moment,
            expires,
            signed: Signed {
                headers,
                signature: hex_signature,
                scope: format!("{date}/{region}/{service}/aws4_request"),
                date: (*date).to_owned(),
                region: (*region).to_owned(),
                stamp,
                in_query,
            },
        })
    }

    fn check_moment(&self, now: Timestamp) -> Result<(), StsError> {
        let stamp = |moment: Timestamp| moment.strftime("%Y%m%dT%H%M%SZ").to_string();
        let (then, shown) = (stamp(self.moment), stamp(now));
        let earliest = now.checked_sub(SKEW).unwrap_or(Timestamp::MIN);
        let latest = now.checked_add(SKEW).unwrap_or(Timestamp::MAX);
        if self.moment > latest {
            let words = format!(
                "Signature not yet current: {then} is still later than {} ({shown} + 15 min.)",
                stamp(latest)
            );
            return Err(StsError::signature_refused(words));
        }
        let ends = match self.expires {
            Some(expires) => self.moment.checked_add(expires).unwrap_or(Timestamp::MAX),
            None => self.moment.checked_add(SKEW).unwrap_or(Timestamp::MAX),
        };
        if now > ends {
            let words = format!(
                "Signature expired: {then} is now earlier than {} ({shown} - 15 min.)",
                stamp(earliest)
            );
            return Err(StsError::signature_refused(words));
        }
        Ok(())
    }
}

fn query_of(uri: &Uri) -> Vec<(String, String)> {
    form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect()
}
