//! A browser that keeps cookies and fills in forms.

use std::{collections::BTreeMap, sync::Mutex};

use axum::{
    body::Body,
    http::{Request, header},
};
use url::form_urlencoded;

use super::{Reply, Rig};

/// Keeps cookies, fills in forms.
pub struct Browser<'r> {
    pub(super) rig: &'r Rig,
    pub cookies: Mutex<BTreeMap<String, String>>,
}

impl Browser<'_> {
    pub async fn get(&self, path: &str) -> Reply {
        let request = Request::get(path).header(header::COOKIE, self.cookie_line());
        self.keep(self.rig.send(request.body(Body::empty()).unwrap()).await)
    }

    /// Posts the hidden fields of a page and these.
    pub async fn submit(&self, page: &Reply, path: &str, fields: &[(&str, &str)]) -> Reply {
        self.keep(self.rig.send(self.form(page, path, fields)).await)
    }

    /// The request of [`Browser::submit`].
    pub fn form(&self, page: &Reply, path: &str, fields: &[(&str, &str)]) -> Request<Body> {
        let mut all = hidden_fields(&page.body);
        for (name, value) in fields {
            all.retain(|(known, _)| known != name);
            all.push(((*name).to_owned(), (*value).to_owned()));
        }
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(all).finish();
        Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ORIGIN, "http://localhost:4711")
            .header(header::COOKIE, self.cookie_line())
            .body(Body::from(body))
            .unwrap()
    }

    /// Posts the hidden fields of a page, these, and a file under a name, as a form with a file in it.
    pub async fn submit_file(
        &self,
        page: &Reply,
        path: &str,
        fields: &[(&str, &str)],
        (name, file): (&str, &[u8]),
    ) -> Reply {
        const BOUNDARY: &str = "----rig";
        let mut body = Vec::new();
        let typed = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        for (name, value) in hidden_fields(&page.body).into_iter().chain(typed) {
            let part =
                format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend(part.into_bytes());
        }
        let head = format!("Content-Disposition: form-data; name=\"{name}\"; filename=\"sp.xml\"");
        body.extend(format!("--{BOUNDARY}\r\n{head}\r\nContent-Type: text/xml\r\n\r\n").into_bytes());
        body.extend(file);
        body.extend(format!("\r\n--{BOUNDARY}--\r\n").into_bytes());
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"))
            .header(header::ORIGIN, "http://localhost:4711")
            .header(header::COOKIE, self.cookie_line());
        self.keep(self.rig.send(request.body(Body::from(body)).unwrap()).await)
    }

    pub async fn sign_in(&self, user: &str, password: &str, back: &str) -> Reply {
        let page = self.get("/sign-in").await.is(200);
        let fields = [("username", user), ("password", password), ("continue", back)];
        self.submit(&page, "/sign-in", &fields).await
    }

    fn cookie_line(&self) -> String {
        let cookies = self.cookies.lock().unwrap();
        cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    /// Keeps the cookies of an answer to a request of [`Browser::form`].
    pub fn keep(&self, reply: Reply) -> Reply {
        let mut cookies = self.cookies.lock().unwrap();
        for set in reply.headers.get_all(header::SET_COOKIE) {
            let (name, rest) = set.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            cookies.insert(name.to_owned(), value.to_owned());
            if rest.contains("Max-Age=0") {
                cookies.remove(name);
            }
        }
        drop(cookies);
        reply
    }
}

/// Names and values of a page's first run of hidden inputs with the form they stand in.
fn hidden_fields(html: &str) -> Vec<(String, String)> {
    let main = html.split_once("<main").map_or(html, |(_, main)| main);
    let unescape = |text: &str| {
        text.replace("&#38;", "&").replace("&#60;", "<").replace("&#62;", ">").replace("&#34;", "\"")
    };
    main.split("<input type=\"hidden\" name=\"")
        .skip(1)
        .map(|rest| {
            let (name, rest) = rest.split_once("\" value=\"").unwrap();
            (name.to_owned(), unescape(rest.split_once('"').unwrap().0))
        })
        .collect()
}
