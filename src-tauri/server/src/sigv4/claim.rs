//! What a request says about its signature, in its header or in its query, read and checked as far as that needs
//! no secret: form, scope, moment.

use axum::http::{Uri, header};
use jiff::{SignedDuration, Timestamp};
use url::form_urlencoded;

use super::{
    Refusal, SignedRequest,
    signature::{self, Signed},
};
use crate::{organisation::is_region, secret::Token};

/// How far a request's moment may be from the server's.
const SKEW: SignedDuration = SignedDuration::from_mins(15);
const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const LONGEST_PRESIGNED: i64 = 7 * 24 * 60 * 60;

/// What a request says about its signature, in its header or in its query.
#[derive(Debug)]
pub struct Claim {
    /// Whose key.
    pub access_key_id: String,
    /// What temporary keys bring along.
    pub session_token: Option<String>,
    moment: Timestamp,
    expires: Option<SignedDuration>,
    signed: Signed,
}

impl Claim {
    /// Reads it; the scope has to name `service`.
    ///
    /// # Errors
    /// [`Refusal`], in AWS's words.
    pub fn read(request: &SignedRequest, service: &str) -> Result<Self, Refusal> {
        let header =
            |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        if let Some(line) = request.headers.get(header::AUTHORIZATION) {
            let line = line.to_str().map_err(|_| Refusal::incomplete("Authorization is not ASCII"))?;
            let rest = line.strip_prefix(ALGORITHM).ok_or_else(|| {
                Refusal::incomplete("Authorization header requires the algorithm AWS4-HMAC-SHA256")
            })?;
            let part = |name: &str| {
                rest.split(',')
                    .filter_map(|pair| pair.trim().split_once('='))
                    .find(|(key, _)| *key == name)
                    .map(|(_, value)| value.to_owned())
                    .ok_or_else(|| {
                        Refusal::Incomplete(format!("Authorization header requires '{name}' parameter"))
                    })
            };
            let stamp = header("x-amz-date").ok_or_else(|| {
                Refusal::incomplete("Authorization header requires existence of a 'X-Amz-Date' header")
            })?;
            let fields = (
                part("Credential")?,
                part("SignedHeaders")?,
                part("Signature")?,
                stamp,
                header("x-amz-security-token"),
            );
            return Self::build(fields, service, None, false);
        }
        let query = query_of(&request.uri);
        let field = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let need = |name: &str| {
            field(name).ok_or_else(|| {
                Refusal::Incomplete(format!("AWS query-string parameters must include '{name}'"))
            })
        };
        match field("X-Amz-Algorithm").as_deref() {
            None => return Err(Refusal::Missing),
            Some(ALGORITHM) => {}
            Some(_) => {
                return Err(Refusal::incomplete("X-Amz-Algorithm must be AWS4-HMAC-SHA256"));
            }
        }
        let seconds = need("X-Amz-Expires")?
            .parse::<i64>()
            .ok()
            .filter(|seconds| (1..=LONGEST_PRESIGNED).contains(seconds))
            .ok_or_else(|| Refusal::incomplete("X-Amz-Expires must be between 1 and 604800 seconds"))?;
        let fields = (
            need("X-Amz-Credential")?,
            need("X-Amz-SignedHeaders")?,
            need("X-Amz-Signature")?,
            need("X-Amz-Date")?,
            field("X-Amz-Security-Token"),
        );
        Self::build(fields, service, Some(SignedDuration::from_secs(seconds)), true)
    }

    fn build(
        (credential, signed_headers, hex_signature, stamp, session_token): (
            String,
            String,
            String,
            String,
            Option<String>,
        ),
        wanted: &str,
        expires: Option<SignedDuration>,
        in_query: bool,
    ) -> Result<Self, Refusal> {
        let parts: Vec<&str> = credential.split('/').collect();
        let [access_key_id, date, region, service, "aws4_request"] = parts.as_slice() else {
            return Err(Refusal::incomplete(
                "Credential must have exactly 5 slash-delimited elements, keyid/date/region/service/term",
            ));
        };
        let moment = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", &stamp)
            .and_then(|civil| civil.to_zoned_datetime(jiff::tz::TimeZone::UTC))
            .map_err(|_| Refusal::incomplete("Date must be in ISO-8601 'basic format'"))?
            .timestamp();
        if !stamp.starts_with(date) || date.len() != 8 {
            let words =
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP";
            return Err(Refusal::Refused(words.to_owned()));
        }
        if *service != wanted {
            let words = format!("Credential should be scoped to correct service: '{wanted}'.");
            return Err(Refusal::Refused(words));
        }
        if !is_region(region) {
            let words = "Credential should be scoped to a valid region.";
            return Err(Refusal::Refused(words.to_owned()));
        }
        let headers: Vec<String> = signed_headers.split(';').map(str::to_owned).collect();
        if !headers.iter().any(|name| name == "host") {
            return Err(Refusal::Refused(
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
                service: wanted.to_owned(),
                stamp,
                in_query,
            },
        })
    }

    /// Whether it stands in the address, where it is good for as long as it says.
    pub fn is_in_query(&self) -> bool {
        self.signed.in_query
    }

    /// Whether this secret made the signature over this request.
    pub fn is_signed_with(&self, request: &SignedRequest, secret: &Token) -> bool {
        signature::matches(&self.signed, request, secret)
    }

    /// Whether the moment is the server's, give or take a quarter of an hour.
    ///
    /// # Errors
    /// [`Refusal::Refused`].
    pub fn check_moment(&self, now: Timestamp) -> Result<(), Refusal> {
        let stamp = |moment: Timestamp| moment.strftime("%Y%m%dT%H%M%SZ").to_string();
        let (then, shown) = (stamp(self.moment), stamp(now));
        let earliest = now.checked_sub(SKEW).unwrap_or(Timestamp::MIN);
        let latest = now.checked_add(SKEW).unwrap_or(Timestamp::MAX);
        if self.moment > latest {
            let words = format!(
                "Signature not yet current: {then} is still later than {} ({shown} + 15 min.)",
                stamp(latest)
            );
            return Err(Refusal::Refused(words));
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
            return Err(Refusal::Refused(words));
        }
        Ok(())
    }
}

fn query_of(uri: &Uri) -> Vec<(String, String)> {
    form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect()
}
