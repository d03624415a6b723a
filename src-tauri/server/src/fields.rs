//! Parameters of queries and forms.

use url::form_urlencoded;

/// Decoded `application/x-www-form-urlencoded` pairs.
#[derive(Debug, Clone, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Decodes a query string or a form body.
    pub fn parse(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// The value of a parameter, the first if it is given several times; empty counts as absent.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// These parameters.
    pub fn of<'a>(pairs: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// All values of a parameter that may be given several times, but empty ones.
    pub fn all<'f>(&'f self, name: &str) -> impl Iterator<Item = &'f str> {
        self.pairs().filter(move |(key, value)| *key == name && !value.is_empty()).map(|(_, value)| value)
    }

    /// All of them.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether a parameter is given more than once, which OAuth forbids (RFC 6749 §3.1).
    pub fn repeats(&self) -> bool {
        self.0
            .iter()
            .enumerate()
            .any(|(index, (key, _))| self.0[..index].iter().any(|(other, _)| other == key))
    }

    /// Both sets of parameters; `other`'s count after these.
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }
}
