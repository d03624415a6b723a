//! The SDK's requests over the server's own HTTP client, so that there is one TLS stack, one set of trusted roots and
//! one idea of proxies in the process.

use std::{error::Error, time::Duration};

use aws_smithy_runtime_api::{
    client::{
        http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);

/// An HTTP client of the SDK.
#[derive(Debug, Clone)]
pub struct Connector(reqwest::Client);

impl Connector {
    /// With the server's usual settings.
    pub fn new() -> Self {
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            // A redirect would carry a signed request elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            .build();
        Self(client.unwrap_or_default())
    }

    /// What requests go through.
    pub fn client(&self) -> &reqwest::Client {
        &self.0
    }
}

impl HttpClient for Connector {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move { send(&client, request).await })
    }
}

async fn send(client: &reqwest::Client, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    let (parts, body) = request.into_parts();
    // None of the operations that are called here streams.
    let body = body.bytes().map(<[u8]>::to_vec).unwrap_or_default();
    let sent = client.request(parts.method, parts.uri.to_string()).headers(parts.headers).body(body);
    let answer = sent.send().await.map_err(failed)?;
    let status = StatusCode::try_from(answer.status().as_u16())
        .map_err(|error| ConnectorError::other(error.into(), None))?;
    let headers = answer.headers().clone();
    let mut response = HttpResponse::new(status, SdkBody::from(answer.bytes().await.map_err(failed)?));
    for (name, value) in &headers {
        if let Ok(value) = value.to_str() {
            let _ = response.headers_mut().try_append(name.as_str().to_owned(), value.to_owned());
        }
    }
    Ok(response)
}

fn failed(error: reqwest::Error) -> ConnectorError {
    let is_timeout = error.is_timeout();
    // The address may have a query; what is behind the error says what happened.
    let cause: Box<dyn Error + Send + Sync> = error.without_url().into();
    if is_timeout { ConnectorError::timeout(cause) } else { ConnectorError::io(cause) }
}
