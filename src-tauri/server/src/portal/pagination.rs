//! Pages of a list: `max_result` (singular) and `next_token` in, `nextToken` out (SSO Portal API,
//! ListAccounts).

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

use super::wire::PortalError;
use crate::fields::Fields;

/// AWS does not say how long a page is when the client does not; short enough that paging is used.
const DEFAULT_PAGE: usize = 20;
const LONGEST_PAGE: usize = 100;

/// One page of a list that is ordered by key, and the token of the next one. A token names the last key that
/// was seen and the list it belongs to, so it stays right when entries come and go.
pub fn page<T>(
    fields: &Fields,
    list: &str,
    entries: Vec<T>,
    key: impl Fn(&T) -> &str,
) -> Result<(Vec<T>, Option<String>), PortalError> {
    let size = match fields.get("max_result") {
        None => DEFAULT_PAGE,
        Some(text) => {
            text.parse().ok().filter(|size| (1..=LONGEST_PAGE).contains(size)).ok_or_else(|| {
                PortalError::InvalidRequest("ResultSize value must be in the range 1-100".to_owned())
            })?
        }
    };
    let prefix = format!("{list}\n");
    let after = match fields.get("next_token") {
        None => None,
        Some(token) => {
            let invalid = || PortalError::InvalidRequest("next_token is not valid".to_owned());
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).map_err(|_| invalid())?;
            let text = String::from_utf8(bytes).map_err(|_| invalid())?;
            Some(text.strip_prefix(&prefix).ok_or_else(invalid)?.to_owned())
        }
    };
    let mut rest = entries.into_iter().filter(|entry| after.as_deref().is_none_or(|last| key(entry) > last));
    let page: Vec<T> = rest.by_ref().take(size).collect();
    let next = match (rest.next(), page.last()) {
        (Some(_), Some(last)) => Some(BASE64_URL_SAFE_NO_PAD.encode(format!("{prefix}{}", key(last)))),
        _ => None,
    };
    Ok((page, next))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    fn list() -> Vec<String> {
        (0..45).map(|n| format!("{n:02}")).collect()
    }

    fn get(query: &str) -> Result<(Vec<String>, Option<String>), PortalError> {
        page(&Fields::parse(query.as_bytes()), "l", list(), |entry| entry)
    }

    #[test]
    fn pages_cover_the_list_once() {
        for size in [1, 7, 44, 45, 100] {
            let (mut all, mut next) = get(&format!("max_result={size}")).unwrap();
            while let Some(token) = next {
                let (page, after) = get(&format!("max_result={size}&next_token={token}")).unwrap();
                assert!(!page.is_empty());
                all.extend(page);
                next = after;
            }
            assert_eq!(all, list(), "page size {size}");
        }
        assert_eq!(get("").unwrap().0.len(), 20);
    }

    #[test]
    fn bad_sizes_and_tokens_are_refused() {
        let foreign = BASE64_URL_SAFE_NO_PAD.encode("other\n05");
        for query in ["max_result=0", "max_result=101", "max_result=x", "max_result=-1", "next_token=%21"] {
            assert!(matches!(get(query), Err(PortalError::InvalidRequest(_))), "{query}");
        }
        assert!(matches!(get(&format!("next_token={foreign}")), Err(PortalError::InvalidRequest(_))));
    }
}
