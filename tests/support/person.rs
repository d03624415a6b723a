//! A person with a browser without script, who reads pages, fills forms and follows links.

use crate::{
    deadline::{WHILE, within},
    page::{Form, Page},
    sandbox::User,
};
use anyhow::{Context, Result, bail};
use reqwest::{
    Certificate, Client, ClientBuilder, Method,
    header::{COOKIE, HeaderMap, HeaderValue, LOCATION, ORIGIN, SET_COOKIE},
    redirect::Policy,
};
use std::{collections::BTreeMap, net::SocketAddr, sync::Mutex, sync::PoisonError};
use url::Url;

/// The person; cookies are kept per origin.
#[derive(Debug)]
pub struct Person {
    client: Client,
    cookies: Mutex<BTreeMap<(String, String), String>>,
}

/// One rustls provider for the whole test program, as the products do it: two linked together
/// and none chosen is a panic.
pub fn install_crypto() {
    // Somebody was first, which is as good.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

impl Person {
    /// With no cookies yet.
    ///
    /// # Errors
    /// That no HTTP client can be made.
    pub fn new() -> Result<Self> {
        Self::with(Ok)
    }

    /// Who finds `hosts` at these addresses, and trusts what the authority signed.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn trusting(authority: &str, hosts: &[(&str, SocketAddr)]) -> Result<Self> {
        Self::with(|builder| {
            let builder = builder.tls_certs_merge(Certificate::from_pem_bundle(authority.as_bytes())?);
            Ok(hosts.iter().fold(builder, |builder, (host, at)| builder.resolve(host, *at)))
        })
    }

    fn with(more: impl FnOnce(ClientBuilder) -> Result<ClientBuilder>) -> Result<Self> {
        install_crypto();
        let builder = Client::builder().redirect(Policy::none()).no_proxy().timeout(WHILE);
        Ok(Self { client: more(builder)?.build()?, cookies: Mutex::default() })
    }

    /// Somebody else who finds and trusts the same, with no cookies yet.
    #[must_use]
    pub fn another(&self) -> Self {
        Self { client: self.client.clone(), cookies: Mutex::default() }
    }

    /// Opens `address`.
    ///
    /// # Errors
    /// That nothing answers.
    pub async fn open(&self, address: &Url) -> Result<Page> {
        self.go(Method::GET, address.clone(), None).await
    }

    /// Sends `form`, from the page's origin.
    ///
    /// # Errors
    /// That nothing answers.
    pub async fn send(&self, form: &Form) -> Result<Page> {
        if form.post {
            return self.go(Method::POST, form.action.clone(), Some(form.fields.clone())).await;
        }
        let mut address = form.action.clone();
        address.query_pairs_mut().extend_pairs(&form.fields);
        self.go(Method::GET, address, None).await
    }

    async fn go(&self, method: Method, address: Url, fields: Option<Vec<(String, String)>>) -> Result<Page> {
        let (mut method, mut address, mut fields) = (method, address, fields);
        for _ in 0..10 {
            let origin = address.origin().ascii_serialization();
            let mut request =
                self.client.request(method.clone(), address.clone()).headers(self.headers(&origin)?);
            if let Some(fields) = &fields {
                request = request.header(ORIGIN, &origin).form(fields);
            }
            let what = format!("{method} {}", address.path());
            let answer = within(WHILE, &what, request.send()).await?;
            self.keep(&origin, answer.headers());
            let (status, headers) = (answer.status(), answer.headers().clone());
            let next = match headers.get(LOCATION) {
                Some(to) if status.is_redirection() => Some(address.join(to.to_str()?)?),
                _ => None,
            };
            match next {
                Some(next) if next.origin() == address.origin() => {
                    (method, address, fields) = (Method::GET, next, None);
                }
                leads_to => {
                    let html = within(WHILE, &what, answer.text()).await?;
                    return Ok(Page { url: address, status, headers, html, leads_to });
                }
            }
        }
        bail!("{} redirects without end", address.path())
    }

    fn headers(&self, origin: &str) -> Result<HeaderMap> {
        let cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = cookies.iter().filter(|((o, _), _)| o == origin);
        let line = mine.map(|((_, name), value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let mut headers = HeaderMap::new();
        if !line.is_empty() {
            headers.insert(COOKIE, HeaderValue::from_str(&line)?);
        }
        Ok(headers)
    }

    fn keep(&self, origin: &str, headers: &HeaderMap) {
        let mut cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        for line in headers.get_all(SET_COOKIE).iter().filter_map(|v| v.to_str().ok()) {
            let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
            let Some((name, value)) = pair.split_once('=') else { continue };
            let key = (origin.to_owned(), name.trim().to_owned());
            match value.is_empty() || attributes.to_ascii_lowercase().contains("max-age=0") {
                true => cookies.remove(&key),
                false => cookies.insert(key, value.trim().to_owned()),
            };
        }
    }

    /// The values of all cookies, by name.
    pub fn cookie_values(&self) -> Vec<(String, String)> {
        let cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        cookies.iter().map(|((_, name), value)| (name.clone(), value.clone())).collect()
    }

    /// Has the cookies of another's browser, too.
    pub fn take_cookies(&self, other: &Self) {
        let theirs = other.cookies.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner).extend(theirs);
    }

    /// Forgets all cookies.
    pub fn forget(&self) {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Opens `address` and answers the pages that come with yes: password, the code's
    /// confirmation, consent. Gives the page at the end, which may lead to another origin.
    ///
    /// # Errors
    /// Which page did not come.
    pub async fn sign_in(&self, address: &Url, user: &User) -> Result<Page> {
        let page = self.open(address).await?;
        let page = if page.has("sign-in") { self.give_password(&page, user).await? } else { page };
        self.say_yes(page).await
    }

    /// Fills the password page.
    ///
    /// # Errors
    /// That it is none.
    pub async fn give_password(&self, page: &Page, user: &User) -> Result<Page> {
        let form = page.form("sign-in")?.with("username", &user.username).with("password", &user.password);
        self.send(&form).await
    }

    /// Answers yes for as long as it is asked.
    ///
    /// # Errors
    /// That nothing was asked at all, or without end.
    pub async fn say_yes(&self, page: Page) -> Result<Page> {
        let mut page = page;
        for asked in 0..4 {
            let button = ["confirm-code", "allow"].into_iter().find(|id| page.has(id));
            match button {
                Some(button) => page = self.send(&page.form(button)?).await.context(button)?,
                None if asked == 0 && page.leads_to.is_none() => {
                    bail!("no page asked for consent; {} ({}) said:\n{}", page.url, page.status, page.text())
                }
                None => return Ok(page),
            }
        }
        bail!("asked for consent without end: {}", page.url)
    }
}
