//! Forms with files in them (`multipart/form-data`, RFC 7578). A file's text stands in the fields under its field's
//! name, as if it had been typed.

use std::convert::Infallible;

use axum::{
    body::Bytes,
    http::{HeaderMap, header},
};

use crate::{fetch::LARGEST, fields::Fields};

/// The longest form with a file: SAML metadata as large as is taken, and what is typed beside it.
pub const LIMIT: usize = LARGEST + 64 * 1024;
/// The parts of a form; no page has as many fields.
const MOST_PARTS: usize = 100;

/// Stands in place of a file that is no text: no page takes it.
const NO_TEXT: char = '\0';

/// The fields of a form with files; `None` if it is none, or broken.
pub async fn fields(headers: &HeaderMap, body: Bytes) -> Option<Fields> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let boundary = multer::parse_boundary(kind).ok()?;
    let whole = futures_util::stream::iter([Ok::<_, Infallible>(body)]);
    let mut parts = multer::Multipart::new(whole, boundary);
    let mut pairs = Vec::new();
    while let Some(part) = parts.next_field().await.ok()? {
        if pairs.len() == MOST_PARTS {
            return None;
        }
        let name = part.name()?.to_owned();
        let bytes = part.bytes().await.ok()?;
        let text = std::str::from_utf8(&bytes).map_or_else(|_| NO_TEXT.to_string(), str::to_owned);
        // What some editors put before the text (Unicode, "byte order mark").
        pairs.push((name, text.trim_start_matches('\u{feff}').to_owned()));
    }
    Some(Fields::of(pairs.iter().map(|(name, text)| (name.as_str(), text.clone()))))
}

/// The text of a file that was given under this name, if one was.
///
/// # Errors
/// That it is no text.
pub fn text<'f>(fields: &'f Fields, name: &str) -> Result<Option<&'f str>, String> {
    match fields.get(name) {
        Some(text) if text.contains(NO_TEXT) => {
            Err("This file is no text. Choose the XML file that the application gives you.".to_owned())
        }
        given => Ok(given),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    async fn read(kind: &str, body: &[u8]) -> Option<Fields> {
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, kind.parse().unwrap())]);
        fields(&headers, Bytes::copy_from_slice(body)).await
    }

    fn part(head: &str, text: &[u8]) -> Vec<u8> {
        let start = format!("--x\r\nContent-Disposition: form-data; {head}\r\n\r\n");
        [start.as_bytes(), text, b"\r\n"].concat()
    }

    #[tokio::test]
    async fn a_files_text_is_a_field_and_what_is_no_text_is_told() {
        let kind = "multipart/form-data; boundary=x";
        let file = "name=\"file\"; filename=\"sp.xml\"\r\nContent-Type: text/xml";
        let typed = part("name=\"name\"", "B\u{fc}cher".as_bytes());
        let good = [typed.clone(), part(file, b"\xef\xbb\xbf<a/>"), b"--x--\r\n".to_vec()].concat();
        let read_in = read(kind, &good).await.unwrap();
        assert_eq!((read_in.get("name"), text(&read_in, "file")), (Some("B\u{fc}cher"), Ok(Some("<a/>"))));
        let nothing =
            [typed.clone(), part("name=\"file\"; filename=\"\"", b""), b"--x--\r\n".to_vec()].concat();
        assert_eq!(text(&read(kind, &nothing).await.unwrap(), "file"), Ok(None));
        let picture = [typed, part(file, b"\x89PNG\xff"), b"--x--\r\n".to_vec()].concat();
        assert!(text(&read(kind, &picture).await.unwrap(), "file").unwrap_err().contains("no text"));
        let cut = &good[..good.len() - 8];
        assert!(read(kind, cut).await.is_none() && read("multipart/form-data", &good).await.is_none());
        let many = [part("name=\"a\"", b"").repeat(101), b"--x--\r\n".to_vec()].concat();
        assert!(read(kind, &many).await.is_none());
    }
}
