//! The portal API: what the person may use, credentials for it, and the end of the sign-in.

use super::http::{Answer, Http, at};
use engine::{
    model::{
        Timestamp,
        ids::{AccountId, RoleName},
        organisation::Organisation,
        secret::RoleCredentials,
    },
    ports::{AccountRow, Page, SsoError, WhoAmI},
};
use reqwest::{
    Method,
    header::{HeaderName, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// With underscores, as the service's model spells it.
const BEARER: HeaderName = HeaderName::from_static("x-amz-sso_bearer_token");
/// The most that the service gives at once.
const PAGE: &str = "100";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Accounts {
    next_token: Option<String>,
    account_list: Vec<AccountInfo>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AccountInfo {
    account_id: String,
    account_name: Option<String>,
    email_address: Option<String>,
}

/// One page of `ListAccounts`.
pub(crate) async fn accounts(
    http: &Http,
    org: &Organisation,
    token: &SecretString,
    next: Option<&str>,
) -> Result<Page<AccountRow>, SsoError> {
    let mut query = vec![("max_result", PAGE)];
    query.extend(next.map(|next| ("next_token", next)));
    let page: Accounts = get(http, org, token, "/assignment/accounts", &query).await?.json()?;
    let rows = page.account_list.into_iter().map(|info| AccountRow {
        // An account may have no name; its number is the next best.
        name: info.account_name.filter(|n| !n.is_empty()).unwrap_or_else(|| info.account_id.clone()),
        id: AccountId::new(info.account_id),
        email: info.email_address.filter(|e| !e.is_empty()),
    });
    Ok(Page { rows: rows.collect(), next: more(page.next_token) })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Roles {
    next_token: Option<String>,
    role_list: Vec<RoleInfo>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RoleInfo {
    role_name: String,
}

/// One page of `ListAccountRoles`.
pub(crate) async fn roles(
    http: &Http,
    org: &Organisation,
    token: &SecretString,
    account: &AccountId,
    next: Option<&str>,
) -> Result<Page<RoleName>, SsoError> {
    let mut query = vec![("account_id", account.as_str()), ("max_result", PAGE)];
    query.extend(next.map(|next| ("next_token", next)));
    let page: Roles = get(http, org, token, "/assignment/roles", &query).await?.json()?;
    let rows = page.role_list.into_iter().map(|info| RoleName::new(info.role_name));
    Ok(Page { rows: rows.collect(), next: more(page.next_token) })
}

/// The last page has no token, a null one, an empty one or, on some hosts, the word "null".
pub(super) fn more(next: Option<String>) -> Option<String> {
    next.filter(|token| !token.is_empty() && token != "null")
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Federated {
    role_credentials: Keys,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Keys {
    access_key_id: SecretString,
    secret_access_key: SecretString,
    session_token: SecretString,
    /// Epoch milliseconds.
    expiration: i64,
}

/// `GetRoleCredentials`.
pub(crate) async fn role_credentials(
    http: &Http,
    org: &Organisation,
    token: &SecretString,
    account: &AccountId,
    role: &RoleName,
) -> Result<RoleCredentials, SsoError> {
    let query = [("role_name", role.as_str()), ("account_id", account.as_str())];
    let answer = get(http, org, token, "/federation/credentials", &query).await?;
    let Federated { role_credentials: keys } = answer.json()?;
    let expires =
        Timestamp::from_millisecond(keys.expiration).map_err(|_| SsoError::Other(answer.garbled()))?;
    // The server counts by its clock, everything here by this computer's.
    let expires = answer.by_our_clock(expires);
    Ok(RoleCredentials {
        access_key_id: keys.access_key_id,
        secret_access_key: keys.secret_access_key,
        session_token: keys.session_token,
        issued: http.clock.now(),
        expires,
    })
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct TokenInfo {
    user_identifier: Option<String>,
    expire_date: Option<serde_json::Value>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct UserInfo {
    preferred_username: Option<String>,
    email: Option<String>,
    name: Option<String>,
}

/// Who is signed in and until when. AWS does not document these two; a server that does not know them, or
/// does not let this token call them, simply does not tell.
pub(crate) async fn who_am_i(
    http: &Http,
    org: &Organisation,
    token: &SecretString,
) -> Result<WhoAmI, SsoError> {
    let answer = get(http, org, token, "/token/whoAmI", &[]).await?;
    let token_info: TokenInfo = told(&answer)?;
    // A name is not worth losing the moment over.
    let user: UserInfo = match get(http, org, token, "/user", &[]).await {
        Ok(answer) => told(&answer).unwrap_or_default(),
        Err(_) => UserInfo::default(),
    };
    let names = [user.preferred_username, user.email, user.name];
    Ok(WhoAmI {
        // Never a name: a person whose name was not told once must not seem to be another.
        id: token_info.user_identifier.filter(|id| !id.is_empty()),
        user: names.into_iter().flatten().find(|name| !name.is_empty()),
        ends: token_info.expire_date.as_ref().and_then(moment).map(|ends| answer.by_our_clock(ends)),
    })
}

fn told<T: serde::de::DeserializeOwned + Default>(answer: &Answer) -> Result<T, SsoError> {
    if answer.status.is_server_error() || answer.status.as_u16() == 429 {
        answer.ok()?;
    }
    if !answer.status.is_success() {
        return Ok(T::default());
    }
    Ok(serde_json::from_slice(&answer.body).unwrap_or_default())
}

/// Epoch milliseconds or seconds; no sign-in ends before 1973 or after 5138.
fn moment(value: &serde_json::Value) -> Option<Timestamp> {
    let number = match value {
        serde_json::Value::String(text) => text.parse().ok()?,
        other => other.as_i64()?,
    };
    if number > 100_000_000_000 {
        Timestamp::from_millisecond(number).ok()
    } else {
        Timestamp::from_second(number).ok().filter(|_| number > 0)
    }
}

/// `Logout`. A token that is not valid any more ends nothing: [`SsoError::Unauthorized`].
pub(crate) async fn logout(http: &Http, org: &Organisation, token: &SecretString) -> Result<(), SsoError> {
    let request = http
        .request(Method::POST, &at(&org.endpoints.portal, "/logout"))
        .map_err(SsoError::Other)?
        .header(BEARER, bearer(token)?);
    http.send(request).await.map_err(SsoError::Other)?.ok()
}

pub(super) async fn get(
    http: &Http,
    org: &Organisation,
    token: &SecretString,
    path: &str,
    query: &[(&str, &str)],
) -> Result<Answer, SsoError> {
    let request = http
        .request(Method::GET, &at(&org.endpoints.portal, path))
        .map_err(SsoError::Other)?
        .query(query)
        .header(BEARER, bearer(token)?);
    http.send(request).await.map_err(SsoError::Other)
}

fn bearer(token: &SecretString) -> Result<HeaderValue, SsoError> {
    // A token that cannot stand in a header was never one of the server's.
    let mut value = HeaderValue::from_str(token.expose_secret()).map_err(|_| SsoError::Unauthorized)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn the_last_page_is_known_by_any_sign() {
        assert_eq!(more(Some("t".into())).as_deref(), Some("t"));
        for last in [None, Some(""), Some("null")] {
            assert_eq!(more(last.map(str::to_owned)), None);
        }
    }

    #[test]
    fn moments_in_either_unit() {
        let at = Timestamp::from_second(1_800_000_000).unwrap();
        for value in [
            serde_json::json!(1_800_000_000_i64),
            serde_json::json!(1_800_000_000_000_i64),
            serde_json::json!("1800000000000"),
        ] {
            assert_eq!(moment(&value), Some(at));
        }
        assert_eq!(moment(&serde_json::json!("soon")), None);
    }
}
