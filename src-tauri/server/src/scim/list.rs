//! Lists: pages by cursor (RFC 9865), with up to 100 resources, or by index, with up to 50, as AWS has both; and
//! which parts of a resource are told.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{
    path::{Condition, conditions},
    wire::{Answer, Kind, ScimError},
};
use crate::{fields::Fields, store::WantedRecords as Wanted};

const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// Without a cursor (SCIM guide, ServiceProviderConfig).
pub const MOST: u32 = 50;
/// With one (SCIM guide, ListUsers).
const MOST_BY_CURSOR: u32 = 100;

/// Which page of which list.
#[derive(Debug)]
pub struct Asked {
    /// What each must be; all of them.
    pub filter: Vec<Condition>,
    count: u32,
    start: u32,
    cursor: Option<String>,
}

impl Asked {
    /// Reads it from a query.
    ///
    /// # Errors
    /// [`ScimError`] if something in it cannot be read.
    pub fn read(query: &Fields) -> Result<Self, ScimError> {
        let number = |name: &str| {
            let number = query.get(name).map(str::parse::<i64>).transpose();
            number.map_err(|_| ScimError::value(format!("{name} must be a number.")))
        };
        let cursor = query.pairs().find(|(name, _)| *name == "cursor").map(|(_, cursor)| {
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok();
            let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
            text.ok_or_else(|| ScimError::bad(Kind::InvalidValue, "The cursor is none of this server's."))
        });
        let cursor = cursor.transpose()?;
        let most = if cursor.is_some() { MOST_BY_CURSOR } else { MOST };
        let count =
            number("count")?.map_or(most, |count| u32::try_from(count.max(0)).unwrap_or(most).min(most));
        let start = number("startIndex")?.map_or(1, |start| u32::try_from(start.max(1)).unwrap_or(u32::MAX));
        let filter = query.get("filter").map(conditions).transpose()?.unwrap_or_default();
        Ok(Self { filter, count, start, cursor })
    }

    /// What to ask the store for, of all there are.
    pub fn wanted(&self) -> (Wanted<'_>, u32) {
        match &self.cursor {
            Some(cursor) => (Wanted::After(cursor), self.count + 1),
            None => (Wanted::From(self.start - 1), self.count),
        }
    }

    /// The same of those who belong together.
    pub fn wanted_of<'w>(&'w self, with: &'w str) -> (Wanted<'w>, u32) {
        (Wanted::Members(with, self.cursor.as_deref().unwrap_or_default()), self.count + 1)
    }

    /// Writes a page. Where all are told, `total` is how many there are.
    pub fn answer<T>(
        &self,
        mut found: Vec<T>,
        total: Option<i64>,
        position: impl Fn(&T) -> &str,
        write: impl Fn(&T) -> Value,
    ) -> Answer {
        let most = usize::try_from(self.count).unwrap_or(usize::MAX);
        let more = found.len() > most;
        found.truncate(most);
        let next = found.last().filter(|_| more && self.cursor.is_some());
        let next = next.map(|last| BASE64_URL_SAFE_NO_PAD.encode(position(last)));
        let mut written = json!({
            "schemas": [LIST],
            "itemsPerPage": found.len(),
            "Resources": found.iter().map(write).collect::<Vec<_>>(),
        });
        match (&self.cursor, next) {
            (Some(_), Some(next)) => written["nextCursor"] = json!(next),
            (Some(_), None) => {}
            (None, _) => written["startIndex"] = json!(self.start),
        }
        let total = total.or_else(|| self.cursor.is_none().then(|| i64::try_from(found.len()).unwrap_or(0)));
        if let Some(total) = total {
            written["totalResults"] = json!(total);
        }
        Answer::of(written)
    }
}

/// A list that is whole.
pub fn whole(resources: &[Value]) -> Answer {
    Answer::of(json!({
        "schemas": [LIST],
        "totalResults": resources.len(),
        "itemsPerPage": resources.len(),
        "startIndex": 1,
        "Resources": resources,
    }))
}

/// The text that a condition compares with.
///
/// # Errors
/// `invalidFilter` if it is none.
pub fn text(condition: &Condition) -> Result<&str, ScimError> {
    let wrong =
        || ScimError::bad(Kind::InvalidFilter, format!("{} is compared with a string.", condition.attribute));
    condition.value.as_str().ok_or_else(wrong)
}
