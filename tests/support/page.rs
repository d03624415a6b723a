//! A page without script, as a text browser sees it: text, forms, links.

use anyhow::{Context, Result, bail};
use reqwest::StatusCode;
use url::Url;

/// One answer of a server.
#[derive(Clone, Debug)]
pub struct Page {
    /// Where it came from, after redirects.
    pub url: Url,
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: reqwest::header::HeaderMap,
    /// Its HTML.
    pub html: String,
    /// Where it sends the browser on another origin, not followed.
    pub leads_to: Option<Url>,
}

/// A form, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// Where to.
    pub action: Url,
    /// Whether by POST.
    pub post: bool,
    /// Names and values, as the page filled them, with the pressed button's own.
    pub fields: Vec<(String, String)>,
}

impl Form {
    /// Fills a field in, or adds it.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        match self.fields.iter_mut().find(|(n, _)| n == name) {
            Some(field) => field.1 = value.to_owned(),
            None => self.fields.push((name.to_owned(), value.to_owned())),
        }
        self
    }

    /// The value of a field.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// A start tag: its name in lower case, and its attributes.
#[derive(Clone, Debug, Default)]
struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
    /// Where in the HTML it begins.
    at: usize,
}

impl Tag {
    fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

impl Page {
    /// Whether it has an element with this id.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        tags(&self.html).iter().any(|t| t.get("id") == Some(id))
    }

    /// The form that the button with the id `button` sends.
    ///
    /// # Errors
    /// That there is no such button in a form, with the page's text.
    pub fn form(&self, button: &str) -> Result<Form> {
        let tags = tags(&self.html);
        let at = tags.iter().position(|t| t.get("id") == Some(button));
        let at =
            at.with_context(|| format!("no #{button} on {} ({}):\n{}", self.url, self.status, self.text()))?;
        let start = tags[..at].iter().rposition(|t| t.name == "form");
        let start = start.with_context(|| format!("#{button} is in no form"))?;
        let end = self.html[tags[start].at..].find("</form>").map_or(self.html.len(), |e| tags[start].at + e);
        let form = &tags[start];
        let action = tags[at].get("formaction").or_else(|| form.get("action")).unwrap_or("");
        let mut fields = Vec::new();
        for tag in tags[start..].iter().take_while(|t| t.at < end) {
            let pressed = tag.get("id") == Some(button);
            let kind = tag.get("type").unwrap_or("");
            let sends = match tag.name.as_str() {
                "input" => match kind {
                    "submit" | "button" => pressed,
                    "checkbox" | "radio" => tag.get("checked").is_some(),
                    _ => true,
                },
                "button" => pressed,
                _ => false,
            };
            if let (true, Some(name)) = (sends, tag.get("name")) {
                fields.push((name.to_owned(), tag.get("value").unwrap_or("").to_owned()));
            }
        }
        let post = form.get("method").is_some_and(|m| m.eq_ignore_ascii_case("post"));
        Ok(Form { action: self.url.join(action)?, post, fields })
    }

    /// The addresses of its links.
    #[must_use]
    pub fn links(&self) -> Vec<Url> {
        let tags = tags(&self.html);
        let anchors = tags.iter().filter(|t| t.name == "a").filter_map(|t| t.get("href"));
        anchors.filter_map(|href| self.url.join(href).ok()).collect()
    }

    /// Its text, tags left out and white space joined.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut rest = self.html.as_str();
        while let Some(open) = rest.find('<') {
            text.push_str(&rest[..open]);
            text.push(' ');
            let tag = &rest[open..];
            let hidden = ["<style", "<script", "<title"].iter().find(|t| tag.starts_with(**t));
            let close = match hidden {
                Some(t) => tag.find(&format!("</{}", &t[1..])).map(|at| at + 2),
                None => Some(0),
            };
            let Some(close) = close else { return text };
            let Some(end) = tag[close..].find('>') else { return text };
            rest = &tag[close + end + 1..];
        }
        text.push_str(rest);
        plain(&text.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// Fails unless the page's text contains `text`.
    ///
    /// # Errors
    /// The text it has.
    pub fn says(&self, text: &str) -> Result<()> {
        if self.text().contains(text) {
            return Ok(());
        }
        bail!("{} ({}) does not say {text:?}:\n{}", self.url, self.status, self.text())
    }
}

fn plain(text: &str) -> String {
    let named =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#34;", "\""), ("&#39;", "'"), ("&#x27;", "'")];
    let text = named.iter().fold(text.to_owned(), |t, (from, to)| t.replace(from, to));
    text.replace("&#38;", "&").replace("&amp;", "&")
}

/// The start tags of well-formed HTML as our own templates make it; no parser for any page.
fn tags(html: &str) -> Vec<Tag> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = html[at..].find('<') {
        let start = at + open;
        let Some(inner) = html[start + 1..].chars().next() else { break };
        if !inner.is_ascii_alphabetic() {
            at = start + 1;
            continue;
        }
        let (tag, end) = tag(html, start);
        at = end;
        found.push(tag);
    }
    found
}

fn tag(html: &str, start: usize) -> (Tag, usize) {
    let bytes = html.as_bytes();
    let part = |from: usize, to: usize| html.get(from..to).unwrap_or("").to_ascii_lowercase();
    let until = |from: usize, stop: fn(u8) -> bool| {
        (from..bytes.len()).find(|i| stop(bytes[*i])).unwrap_or(bytes.len())
    };
    let name_end = until(start + 1, |b| b.is_ascii_whitespace() || b == b'>' || b == b'/');
    let mut tag = Tag { name: part(start + 1, name_end), attributes: Vec::new(), at: start };
    let mut at = name_end;
    loop {
        at = until(at, |b| !b.is_ascii_whitespace() && b != b'/');
        if at >= bytes.len() || bytes[at] == b'>' {
            return (tag, (at + 1).min(bytes.len()));
        }
        let end = until(at, |b| b.is_ascii_whitespace() || matches!(b, b'=' | b'>' | b'/'));
        let name = part(at, end);
        at = end;
        let mut value = "";
        if bytes.get(at) == Some(&b'=') {
            let quote = bytes.get(at + 1).copied();
            let (from, to) = match quote {
                Some(b'"') => (at + 2, until(at + 2, |b| b == b'"')),
                Some(b'\'') => (at + 2, until(at + 2, |b| b == b'\'')),
                _ => (at + 1, until(at + 1, |b| b.is_ascii_whitespace() || b == b'>')),
            };
            value = html.get(from..to).unwrap_or("");
            at = if matches!(quote, Some(b'"' | b'\'')) { to + 1 } else { to };
        }
        tag.attributes.push((name, plain(value)));
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

    use super::{Form, Page};

    #[test]
    fn a_form_is_read_as_a_browser_would_send_it() {
        let html = "<h1>Sign in &amp; go</h1><form method=POST action='/in?x=1&amp;y=2'>\
            <input type=\"hidden\" name=\"csrf\" value=\"a&quot;b\"><input name=username>\
            <input type=checkbox name=remember><button id=\"sign-in\" name=do value=in>Go</button>\
            <button id=other name=do value=out>No</button></form><input name=outside>";
        let page = Page {
            url: "http://localhost:1/start".parse().unwrap(),
            status: reqwest::StatusCode::OK,
            headers: Default::default(),
            html: html.into(),
            leads_to: None,
        };
        let fields = [("csrf", "a\"b"), ("username", ""), ("do", "in")];
        let expected = Form {
            action: "http://localhost:1/in?x=1&y=2".parse().unwrap(),
            post: true,
            fields: fields.map(|(n, v)| (n.into(), v.into())).to_vec(),
        };
        assert_eq!(page.form("sign-in").unwrap(), expected);
        assert!(page.form("absent").is_err());
        assert_eq!(page.text(), "Sign in & go Go No");
    }
}
