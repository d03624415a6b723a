//! People who sign in as browsers do: the page, and its form.

use anyhow::{Context, Result, ensure};

use crate::client::Connection;

/// A job of [`crate::load::measure`]: the next of these people opens the page in a browser without cookies and signs
/// in.
pub fn visitor(origin: &str, people: Vec<String>, password: &str) -> Result<impl FnMut() -> Result<()>> {
    ensure!(!people.is_empty(), "more connections than people");
    let (mut connection, host) = Connection::to(origin)?;
    let (origin, password) = (origin.to_owned(), password.to_owned());
    let mut people = people.into_iter().cycle();
    Ok(move || {
        let person = people.next().context("there is nobody")?;
        let page = connection.ask(format!("GET /sign-in HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes())?;
        ensure!(page.status() == "200", "{}", page.head);
        let cookie = page.headers("set-cookie").next().context("the page set no cookie")?;
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        let text = String::from_utf8_lossy(&page.body);
        let (_, token) = text.split_once("name=\"csrf\" value=\"").context("the page has no form")?;
        let token = token.split('"').next().unwrap_or_default();
        // Names and passwords of the measurement need no encoding.
        let form = format!("csrf={token}&continue=%2Fstart&username={person}&password={password}");
        let request = format!(
            "POST /sign-in HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nCookie: {cookie}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        );
        let answer = connection.ask(request.as_bytes())?;
        let signed_in = answer.headers("set-cookie").any(|cookie| {
            // Where the public address is https, all of them have the prefix.
            cookie.strip_prefix("__Host-").unwrap_or(cookie).starts_with("latchkey-session-")
        });
        ensure!(signed_in, "{person} was not signed in: {}", answer.head);
        Ok(())
    })
}
