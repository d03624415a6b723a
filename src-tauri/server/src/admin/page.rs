//! Lists by pages. `NextToken` is where the page before ended, under a MAC that binds it to the question it was
//! given for.

use base64::{Engine as _, prelude::BASE64_URL_SAFE};
use serde_json::{Value, json};

use super::{Call, body::invalid, wire::AdminError};
use crate::secret::InstanceKey;

/// Most on a page, and as many when nobody says (both models' `MaxResults`).
const MOST: u32 = 100;
const SEAL: usize = 32;

/// A page that is asked for.
#[derive(Debug)]
pub struct Page<'c> {
    key: &'c InstanceKey,
    limit: u32,
    after: String,
    binding: String,
}

impl Call<'_> {
    /// Which page is asked for.
    ///
    /// # Errors
    /// [`AdminError`] if its size cannot be had, or the token is of another question.
    pub fn page(&self) -> Result<Page<'_>, AdminError> {
        let body = self.body();
        let limit = match body.get("MaxResults") {
            None => MOST,
            Some(value) => {
                let number = value.as_i64().ok_or_else(AdminError::wrong_type)?;
                if number < 1 {
                    return Err(invalid("MaxResults", "Member must have value greater than or equal to 1"));
                }
                let small = u32::try_from(number).ok().filter(|number| *number <= MOST);
                small.ok_or_else(|| {
                    invalid("MaxResults", "Member must have value less than or equal to 100")
                })?
            }
        };
        let mut question = self.request.clone();
        if let Some(fields) = question.as_object_mut() {
            fields.retain(|name, _| name != "NextToken" && name != "MaxResults");
        }
        let binding = format!("{} {question}", self.known.name);
        let key = &self.instance.key;
        // Some clients say nothing with an empty one.
        let token = body.text("NextToken")?.filter(|token| !token.is_empty());
        let after = match token {
            None => String::new(),
            Some(token) => read(key, token, &binding).ok_or_else(|| {
                let words = "The NextToken is not one of this server's, or was given for another request.";
                AdminError::validation(words)
            })?,
        };
        Ok(Page { key, limit, after, binding })
    }
}

impl Page<'_> {
    /// Where the page before ended; empty for the first.
    pub fn after(&self) -> &str {
        &self.after
    }

    /// How many to read: one more than go on the page, which tells whether there is another.
    pub fn wanted(&self) -> u32 {
        self.limit + 1
    }

    /// The answer of what was read after [`Self::after`]; `position` is where a row is in the order, `write` what
    /// stands for it in the list `member`.
    pub fn answer<T>(
        &self,
        member: &str,
        mut rows: Vec<T>,
        position: impl Fn(&T) -> String,
        write: impl FnMut(&T) -> Value,
    ) -> Value {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let mut answer = json!({ member: rows.iter().map(write).collect::<Vec<_>>() });
        if let Some(last) = rows.last().filter(|_| more) {
            answer["NextToken"] = json!(token(self.key, &position(last), &self.binding));
        }
        answer
    }

    /// A page of what is all at hand, in the order of its positions.
    pub fn of<T>(
        &self,
        member: &str,
        rows: impl IntoIterator<Item = T>,
        position: impl Fn(&T) -> String,
        write: impl FnMut(&T) -> Value,
    ) -> Value {
        let mut rows: Vec<T> = rows.into_iter().collect();
        rows.sort_by_key(&position);
        rows.retain(|row| self.after.is_empty() || position(row) > self.after);
        self.answer(member, rows, position, write)
    }

    /// Reads on until the page is full of rows that pass; `read` gives rows after a position.
    ///
    /// # Errors
    /// What `read` fails with.
    pub fn filtered<T, E>(
        &self,
        mut read: impl FnMut(&str, u32) -> Result<Vec<T>, E>,
        position: impl Fn(&T) -> String,
        passes: impl Fn(&T) -> bool,
    ) -> Result<Vec<T>, E> {
        let (mut found, mut after) = (Vec::new(), self.after.clone());
        let wanted = usize::try_from(self.wanted()).unwrap_or(usize::MAX);
        loop {
            let batch = read(&after, self.wanted())?;
            let full = batch.len() >= wanted;
            let Some(last) = batch.last() else { return Ok(found) };
            after = position(last);
            found.extend(batch.into_iter().filter(|row| passes(row)));
            if !full || found.len() >= wanted {
                return Ok(found);
            }
        }
    }
}

fn seal(key: &InstanceKey, position: &str, binding: &str) -> String {
    key.public_id("page token", &[position, binding], SEAL)
}

fn token(key: &InstanceKey, position: &str, binding: &str) -> String {
    BASE64_URL_SAFE.encode(format!("{}{position}", seal(key, position, binding)))
}

fn read(key: &InstanceKey, token: &str, binding: &str) -> Option<String> {
    let bytes = BASE64_URL_SAFE.decode(token).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (sealed, position) = text.split_at_checked(SEAL)?;
    (seal(key, position, binding) == sealed).then(|| position.to_owned())
}
