//! A sample application of OAuth 2.0: it sends people to sign in and gets a code, and shows how whoever may act as it
//! makes tokens of that with `CreateTokenWithIAM`. It has no keys of AWS's kind itself, and keeps nothing.

use askama::Template;
use axum::{
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::{PATIENCE, REQUEST};
use crate::{
    admin::application_arn_prefix,
    domain::integration::{AUTHORIZATION_CODE, GRANTS, MOST_SCOPES},
    fields::Fields,
    instance::{Instance, Shared},
    organisation::Application,
    secret::Token,
    signin::{self, Frame, PageError, html, redirect},
    store::Permission,
};

/// An application that is played here, and where its codes come back to.
pub struct Played {
    application: Application,
    back: String,
}

#[derive(Template)]
#[template(path = "sample_app_oauth.html")]
struct HomePage<'a> {
    frame: Frame,
    name: &'a str,
    description: &'a str,
    arn: String,
    home: &'a str,
    grants: Vec<String>,
    scopes: Vec<String>,
}

#[derive(Template)]
#[template(path = "sample_app_code.html")]
struct CodePage<'a> {
    frame: Frame,
    name: &'a str,
    home: &'a str,
    code: &'a str,
    verifier: &'a str,
    command: String,
}

impl Played {
    /// The application whose codes come back to `/sample-apps/{name}/back`, if there is one.
    pub fn find(instance: &Instance, name: &str) -> Result<Option<Self>, PageError> {
        let back = instance.addresses.url(&format!("/sample-apps/{name}/back"));
        // There are a handful of them.
        for application in instance.store.applications("", 100)? {
            if application.saml.is_some() {
                continue;
            }
            let store = &instance.store;
            let grant =
                store.application_permission(&application.id, Permission::Grant, AUTHORIZATION_CODE)?;
            let uris = grant.unwrap_or_default()["AuthorizationCode"]["RedirectUris"].clone();
            if uris.as_array().is_some_and(|uris| uris.iter().any(|uri| *uri == Value::String(back.clone())))
            {
                return Ok(Some(Self { application, back }));
            }
        }
        Ok(None)
    }

    fn arn(&self, instance: &Instance) -> String {
        format!("{}{}", application_arn_prefix(instance), self.application.id)
    }

    fn home(&self) -> &str {
        self.back.strip_suffix("/back").unwrap_or_default()
    }

    /// The front door: what it is and what it may.
    pub fn show(&self, instance: &Instance) -> Result<Response, PageError> {
        let (store, id) = (&instance.store, &self.application.id);
        let names = |permission| -> Result<Vec<String>, PageError> {
            let all = store.application_permissions(id, permission, "", MOST_SCOPES)?;
            Ok(all.into_iter().map(|(name, _)| name).collect())
        };
        let known = |name: &String| GRANTS.iter().any(|(grant, _)| grant == name);
        let page = HomePage {
            frame: Frame::bare(instance),
            name: &self.application.name,
            description: &self.application.description,
            arn: self.arn(instance),
            home: self.home(),
            grants: names(Permission::Grant)?.into_iter().filter(known).collect(),
            scopes: names(Permission::Scope)?,
        };
        Ok(html(StatusCode::OK, &page))
    }

    /// Sends a browser to sign in (RFC 6749 §4.1.1) with a challenge (RFC 7636), which it keeps the answer to.
    pub fn begin(&self, instance: &Instance) -> Result<Response, PageError> {
        let (verifier, state) = (Token::new(instance.chance.hex(64)), Token::new(instance.chance.hex(32)));
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose().as_bytes()));
        let mut way =
            Url::parse(&instance.addresses.url("/authorize")).map_err(|error| PageError::failed(&error))?;
        way.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.arn(instance))
            .append_pair("redirect_uri", &self.back)
            .append_pair("state", state.expose())
            .append_pair("code_challenge_method", "S256")
            .append_pair("code_challenge", &challenge);
        let mut response = redirect(&way);
        let kept = format!("{}.{}", verifier.expose(), state.expose());
        if let Some(cookie) = signin::set_cookie(instance, REQUEST, &kept, Some(PATIENCE)) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        Ok(response)
    }

    fn end(&self, instance: &Instance, headers: &HeaderMap, fields: &Fields) -> Result<Response, PageError> {
        let refuse = |text: &str| {
            let title = format!("{} does not let you in", self.application.name);
            PageError::new(StatusCode::FORBIDDEN, &title, text)
        };
        let kept = signin::cookie(instance, headers, REQUEST).and_then(|kept| kept.split_once('.'));
        let asked = kept.filter(|(_, state)| fields.get("state") == Some(*state));
        let (verifier, _) = asked
            .ok_or_else(|| refuse("It did not send this browser to sign in. Start again from its page."))?;
        let code = fields
            .get("code")
            .ok_or_else(|| refuse("The sign-in was not allowed. Start again from its page."))?;
        let origin = instance.addresses.url("");
        let command = format!(
            "aws sso-oidc create-token-with-iam --endpoint-url {origin} --region {} \\\n  --client-id {} \\\n  \
             --grant-type {AUTHORIZATION_CODE} --redirect-uri {} \\\n  --code {code} \\\n  --code-verifier {verifier}",
            instance.settings().region,
            self.arn(instance),
            self.back,
        );
        let page = CodePage {
            frame: Frame::bare(instance),
            name: &self.application.name,
            home: self.home(),
            code,
            verifier,
            command,
        };
        Ok(html(StatusCode::OK, &page))
    }
}

/// GET `/sample-apps/{name}/back`, with the code.
pub async fn back(
    State(instance): State<Shared>,
    Path(name): Path<String>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    instance
        .run(move |instance| {
            let fields = Fields::parse(query.unwrap_or_default().as_bytes());
            let shown = Played::find(instance, &name).and_then(|played| match played {
                Some(played) => played.end(instance, &headers, &fields),
                None => Err(super::unknown()),
            });
            shown.unwrap_or_else(|error| error.render(instance, None))
        })
        .await
}
