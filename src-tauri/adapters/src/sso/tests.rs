//! Against peers that no real server would be: hostile, broken, absent. Real servers are met in the
//! project's wire tests.
#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::{clock::SystemClock, urls::tests::custom};
use engine::{
    model::{Timestamp, ids::AppId},
    ports::Sso as _,
};
use std::{collections::VecDeque, sync::Mutex};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// Answers each request with the next of `answers` (the last one again and again) and keeps what it was
/// asked.
struct Peer {
    origin: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Peer {
    async fn answering(answers: &[(u16, &str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let mut answers: VecDeque<String> = answers
            .iter()
            .map(|(status, headers, body)| {
                format!(
                    "HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                )
            })
            .collect();
        let kept = Arc::clone(&asked);
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = read_request(&mut stream).await;
                kept.lock().unwrap().push(request);
                let answer =
                    if answers.len() > 1 { answers.pop_front().unwrap() } else { answers[0].clone() };
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        Self { origin, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn read_request(stream: &mut tokio::net::TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .to_ascii_lowercase()
                .split("content-length: ")
                .nth(1)
                .map_or(0, |rest| rest.split("\r\n").next().unwrap().parse().unwrap());
            if body.len() >= length {
                return text;
            }
        }
        let mut chunk = [0; 4096];
        let n = stream.read(&mut chunk).await.unwrap();
        if n == 0 {
            return text;
        }
        bytes.extend_from_slice(&chunk[..n]);
    }
}

fn sso() -> HttpSso {
    HttpSso::new(
        Arc::new(SystemClock),
        Arc::default(),
        &Network::default(),
        &|_| None,
        std::path::Path::new("/nowhere"),
    )
    .unwrap()
}

fn client() -> ClientRegistration {
    ClientRegistration {
        client_id: "cid".into(),
        client_secret: "csecret".into(),
        expires: Timestamp::MAX,
        method: Method::Browser,
    }
}

async fn accounts_error(answer: (u16, &str, &str)) -> SsoError {
    let peer = Peer::answering(&[answer]).await;
    sso().accounts(&custom(&peer.origin), &"tok".into(), None).await.unwrap_err()
}

fn host(origin: &str) -> String {
    origin.rsplit('/').next().unwrap().to_owned()
}

#[tokio::test]
async fn an_answer_that_is_no_json_is_garbled_and_a_500_is_a_server_error() {
    for body in ["<html>hello</html>", "", "{\"accountList\":", "[]", "{\"accountList\":[{\"accountId\":1}]}"]
    {
        let error = accounts_error((200, "", body)).await;
        assert!(matches!(error, SsoError::Other(Code::Garbled { .. })), "{body}: {error:?}");
    }
    let error = accounts_error((500, "", "<html>oops</html>")).await;
    assert!(matches!(error, SsoError::Other(Code::ServerError { status: 500, .. })), "{error:?}");
    let error = accounts_error((302, "Location: http://127.0.0.1:1/\r\n", "")).await;
    assert!(matches!(error, SsoError::Other(Code::ServerError { status: 302, .. })), "{error:?}");
}

#[tokio::test]
async fn a_dead_port_is_no_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = sso().accounts(&custom(&origin), &"tok".into(), None).await.unwrap_err();
    assert_eq!(error, SsoError::Other(Code::NoAnswer { host: host(&origin) }));
    assert_eq!(sso().discover(&origin, None, None).await, Err(Code::NoAnswer { host: host(&origin) }));
}

#[tokio::test]
async fn a_certificate_nobody_trusts_is_named_and_gets_nothing() {
    crate::install_crypto_provider();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        acceptor.accept(stream).await.is_ok()
    });
    let origin = format!("https://localhost:{port}");
    let error = sso().accounts(&custom(&origin), &"tok".into(), None).await.unwrap_err();
    let SsoError::Other(Code::Tls { host, reason }) = error else { panic!("{error:?}") };
    assert_eq!(host, format!("localhost:{port}"));
    assert!(!reason.is_empty());
    assert!(!served.await.unwrap(), "the handshake must not have succeeded");
}

#[tokio::test]
async fn http_to_elsewhere_is_refused_before_anything_is_sent() {
    let error = sso().accounts(&custom("http://sso.acme.test"), &"tok".into(), None).await.unwrap_err();
    assert!(matches!(error, SsoError::Other(Code::BadStartUrl { .. })), "{error:?}");
}

#[tokio::test]
async fn a_clock_that_is_off_explains_a_failure_and_is_remembered() {
    let late = Timestamp::from_second(SystemClock.now().as_second() - 660).unwrap();
    let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&late).unwrap();
    let header = format!("Date: {date}\r\n");
    let peer =
        Peer::answering(&[(400, &header, "{\"message\":\"no\"}"), (200, &header, "{\"accountList\":[]}")])
            .await;
    let sso = sso();
    assert_eq!(sso.clock_skew(), None);
    let org = custom(&peer.origin);
    let error = sso.accounts(&org, &"tok".into(), None).await.unwrap_err();
    let SsoError::Other(Code::ClockSkew { seconds }) = error else { panic!("{error:?}") };
    assert!((658..=670).contains(&seconds), "{seconds}");
    sso.accounts(&org, &"tok".into(), None).await.unwrap();
    assert!(sso.clock_skew().is_some(), "an answer that went well tells of the clock too");
}

#[tokio::test]
async fn lists_ask_as_the_service_wants_it() {
    let body = r#"{"nextToken":"n 2","accountList":[{"accountId":"111122223333","accountName":"a","emailAddress":"a@x.test"}]}"#;
    let peer = Peer::answering(&[(200, "", body)]).await;
    let page = sso().accounts(&custom(&peer.origin), &"tok".into(), Some("n&1")).await.unwrap();
    assert_eq!(page.next.as_deref(), Some("n 2"));
    assert_eq!(page.rows[0].id.as_str(), "111122223333");
    let asked = peer.asked();
    assert!(
        asked[0].starts_with("GET /assignment/accounts?max_result=100&next_token=n%261 HTTP/1.1\r\n"),
        "{asked:?}"
    );
    assert!(asked[0].contains("x-amz-sso_bearer_token: tok\r\n"), "{asked:?}");
}

#[tokio::test]
async fn the_code_is_exchanged_in_awss_json() {
    let peer = Peer::answering(&[(
        200,
        "Content-Type: application/json\r\n",
        r#"{"accessToken":"a","tokenType":"Bearer","expiresIn":3600,"refreshToken":"r","idToken":null}"#,
    )])
    .await;
    let (sso, org) = (sso(), custom(&peer.origin));
    let redirect = Url::parse("http://127.0.0.1:4321/oauth/callback").unwrap();
    let request = sso.authorize(&org, &client(), &redirect).unwrap();
    let query: std::collections::HashMap<_, _> = request.url.query_pairs().into_owned().collect();
    assert_eq!(query["scopes"], "sso:account:access");
    assert_eq!(query["code_challenge_method"], "S256");
    assert_eq!(query["redirect_uri"], redirect.as_str());
    assert!(!query.contains_key("scope"));
    assert!(query["state"].len() >= 43, "256 bits of state");
    let tokens = sso.exchange(&org, &client(), &request, &"the-code".into()).await.unwrap();
    assert!(tokens.refresh_token.is_some());
    let asked = peer.asked();
    let body: serde_json::Value = serde_json::from_str(asked[0].split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert!(asked[0].starts_with("POST /token HTTP/1.1"), "{asked:?}");
    assert_eq!(body["grantType"], "authorization_code");
    assert_eq!(body["redirectUri"], redirect.as_str());
    assert_eq!(body["code"], "the-code");
    assert_eq!(body["clientSecret"], "csecret");
    assert!(body["codeVerifier"].as_str().unwrap().len() >= 43);
}

#[tokio::test]
async fn a_refresh_without_a_new_token_keeps_the_old_one_and_a_used_one_is_told() {
    let peer = Peer::answering(&[
        (200, "", r#"{"accessToken":"a","expiresIn":3600}"#),
        (400, "x-amzn-ErrorType: InvalidGrantException:http://x/\r\n", r#"{"error":"invalid_grant"}"#),
        (401, "", r#"{"error":"invalid_client"}"#),
        (200, "", "no json"),
    ])
    .await;
    let (sso, org) = (sso(), custom(&peer.origin));
    let tokens = sso.refresh(&org, &client(), &"old".into()).await.unwrap();
    assert_eq!(secrecy::ExposeSecret::expose_secret(&tokens.refresh_token.unwrap()), "old");
    assert_eq!(sso.refresh(&org, &client(), &"old".into()).await.unwrap_err(), SsoError::InvalidGrant);
    assert_eq!(sso.refresh(&org, &client(), &"old".into()).await.unwrap_err(), SsoError::InvalidClient);
    let garbled = sso.refresh(&org, &client(), &"old".into()).await.unwrap_err();
    assert_eq!(garbled, SsoError::Other(Code::Garbled { host: host(&peer.origin) }));
}

#[tokio::test]
async fn a_gateway_that_refuses_the_token_endpoint_says_nothing_of_the_sign_in() {
    for (status, body) in [(401, ""), (403, "<html>"), (401, r#"{"__type":"UnauthorizedException"}"#)] {
        let peer = Peer::answering(&[(status, "", body)]).await;
        let error = sso().refresh(&custom(&peer.origin), &client(), &"r".into()).await.unwrap_err();
        assert_eq!(error, SsoError::Other(Code::ServerError { host: host(&peer.origin), status }), "{body}");
    }
}

fn grant(seconds: i64) -> DeviceGrant {
    DeviceGrant {
        device_code: "dc".into(),
        user_code: "ABCD-EFGH".into(),
        verification: Url::parse("http://localhost/device").unwrap(),
        expires: Timestamp::from_second(SystemClock.now().as_second() + seconds).unwrap(),
        interval: std::time::Duration::from_secs(1),
    }
}

#[tokio::test]
async fn a_device_code_is_polled_until_it_is_answered_denied_or_over() {
    let pending = (
        400,
        "x-amzn-ErrorType: AuthorizationPendingException:http://x/\r\n",
        r#"{"error":"authorization_pending"}"#,
    );
    let peer =
        Peer::answering(&[pending, (200, "", r#"{"accessToken":"a","expiresIn":3600,"refreshToken":"r"}"#)])
            .await;
    sso().await_device(&custom(&peer.origin), &client(), &grant(600)).await.unwrap();
    assert_eq!(peer.asked().len(), 2);
    let over = |answer: (u16, &'static str, &'static str), seconds| async move {
        let peer = Peer::answering(&[answer]).await;
        sso().await_device(&custom(&peer.origin), &client(), &grant(seconds)).await.unwrap_err()
    };
    let denied = over((400, "", r#"{"error":"access_denied"}"#), 600).await;
    assert_eq!(denied, SsoError::Other(Code::SignInDenied));
    let expired =
        over((400, "x-amzn-ErrorType: ExpiredTokenException\r\n", r#"{"error":"expired_token"}"#), 600).await;
    assert_eq!(expired, SsoError::Other(Code::SignInTimedOut));
    let timed_out = over(pending, 0).await;
    assert_eq!(timed_out, SsoError::Other(Code::SignInTimedOut));
}

#[tokio::test]
async fn a_device_page_elsewhere_is_not_shown() {
    let peer = Peer::answering(&[(200, "", r#"{"deviceCode":"d","userCode":"ABCD-EFGH","verificationUri":"https://evil.test/","verificationUriComplete":"https://evil.test/?user_code=ABCD-EFGH","expiresIn":600,"interval":1}"#)]).await;
    let error = sso().start_device(&custom(&peer.origin), &client()).await.unwrap_err();
    assert_eq!(error, SsoError::Other(Code::ForeignUrl { host: "evil.test".into() }));
}

#[tokio::test]
async fn who_am_i_never_ends_a_sign_in() {
    for status in [401, 403, 404] {
        let peer = Peer::answering(&[(status, "", "{}")]).await;
        let who = sso().who_am_i(&custom(&peer.origin), &"tok".into()).await;
        assert_eq!(who, Ok(WhoAmI::default()), "{status}");
    }
    let peer = Peer::answering(&[
        (200, "", r#"{"expireDate":1800000000000,"accountId":"1"}"#),
        (200, "", r#"{"preferredUsername":"sam"}"#),
    ])
    .await;
    let who = sso().who_am_i(&custom(&peer.origin), &"tok".into()).await.unwrap();
    assert_eq!(who.user.as_deref(), Some("sam"));
    assert_eq!(who.ends, Some(Timestamp::from_second(1_800_000_000).unwrap()));
}

#[tokio::test]
async fn a_name_that_is_not_told_is_not_made_up() {
    let peer = Peer::answering(&[(200, "", r#"{"userIdentifier":"guid-1"}"#), (500, "", "")]).await;
    let who = sso().who_am_i(&custom(&peer.origin), &"tok".into()).await.unwrap();
    assert_eq!((who.id.as_deref(), who.user), (Some("guid-1"), None));
}

#[tokio::test]
async fn credentials_end_by_this_computers_clock_however_wrong_it_is() {
    let now = SystemClock.now();
    let lifetime = 900;
    for ahead in [-660_i64, 0, 1200] {
        let server = Timestamp::from_second(now.as_second() - ahead).unwrap();
        let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&server).unwrap();
        let keys = format!(
            r#"{{"roleCredentials":{{"accessKeyId":"a","secretAccessKey":"s","sessionToken":"t","expiration":{}}}}}"#,
            (server.as_second() + lifetime) * 1000
        );
        let peer = Peer::answering(&[(200, &format!("Date: {date}\r\n"), &keys)]).await;
        let org = custom(&peer.origin);
        let (account, role) = (AccountId::new("1"), RoleName::new("Dev"));
        let found = sso().role_credentials(&org, &"tok".into(), &account, &role).await.unwrap();
        let life = found.expires.duration_since(found.issued).as_secs();
        assert!((lifetime - 10..=lifetime + 10).contains(&life), "{ahead}: {life}");
    }
}

#[tokio::test]
async fn a_token_that_never_ends_ends_within_the_calendar() {
    let body = format!(r#"{{"accessToken":"a","expiresIn":{},"refreshToken":"r"}}"#, i64::MAX / 2);
    let peer = Peer::answering(&[(200, "", &body)]).await;
    let tokens = sso().refresh(&custom(&peer.origin), &client(), &"r".into()).await.unwrap();
    assert!(tokens.expires < SystemClock.now() + jiff::SignedDuration::from_hours(11 * 365 * 24));
}

fn credentials() -> RoleCredentials {
    RoleCredentials {
        access_key_id: "ASIAKEY".into(),
        secret_access_key: "planted-secret".into(),
        session_token: "planted-token".into(),
        issued: Timestamp::UNIX_EPOCH,
        expires: Timestamp::from_second(3600).unwrap(),
    }
}

#[tokio::test]
async fn a_console_link_is_asked_for_by_form_and_again_without_a_duration() {
    let peer = Peer::answering(&[(400, "", "bad"), (200, "", r#"{"SigninToken":"st"}"#)]).await;
    let org = custom(&peer.origin);
    let link = sso().console_link(&org, &credentials(), None).await.unwrap();
    assert!(!format!("{link:?}").contains("SigninToken"), "Debug must not show the address");
    let url = Url::parse(secrecy::ExposeSecret::expose_secret(&link.url)).unwrap();
    assert_eq!(url.path(), "/federation");
    let query: std::collections::HashMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!((query["Action"].as_str(), query["SigninToken"].as_str()), ("login", "st"));
    assert_eq!(query["Destination"], "https://console.aws.amazon.com/");
    let asked = peer.asked();
    assert!(
        asked.iter().all(|r| r.starts_with("POST /federation HTTP/1.1")),
        "no secret in an address: {asked:?}"
    );
    assert!(asked[0].contains("SessionDuration=3600") && !asked[1].contains("SessionDuration"), "{asked:?}");
    let evil = Url::parse("https://evil.test/").unwrap();
    let error = sso().console_link(&org, &credentials(), Some(&evil)).await.unwrap_err();
    assert_eq!(error, SsoError::Other(Code::ForeignUrl { host: "evil.test".into() }));
}

#[tokio::test]
async fn credentials_that_expired_do_not_end_the_sign_in() {
    let peer = Peer::answering(&[(401, "", "no")]).await;
    let error = sso().console_link(&custom(&peer.origin), &credentials(), None).await.unwrap_err();
    assert!(matches!(error, SsoError::Other(Code::ServerError { status: 401, .. })), "{error:?}");
}

#[tokio::test]
async fn discovery_tells_a_portal_from_a_web_page() {
    let peer = Peer::answering(&[(200, "", "<html>welcome</html>")]).await;
    let start = format!("{}/start", peer.origin);
    assert_eq!(sso().discover(&start, None, None).await, Err(Code::NotAPortal { host: host(&peer.origin) }));
    let refused = (400, "x-amzn-ErrorType: InvalidRequestException\r\n", r#"{"error":"invalid_request"}"#);
    let registered = (200, "", r#"{"clientId":"c","clientSecret":"s","clientSecretExpiresAt":4000000000}"#);
    let device = (
        200,
        "",
        r#"{"deviceCode":"d","userCode":"ABCD-EFGH","verificationUri":"http://x.test/","expiresIn":600,"interval":1}"#,
    );
    let peer = Peer::answering(&[refused, registered, refused]).await;
    let start = format!("{}/wrong", peer.origin);
    assert_eq!(sso().discover(&start, None, None).await, Err(Code::NotAPortal { host: host(&peer.origin) }));
    let to_sign_in = (302, "Location: /sign-in\r\n", "");
    let page = (200, "", r#"<meta name="region" content="eu-north-1">"#);
    let peer = Peer::answering(&[refused, registered, device, to_sign_in, page]).await;
    let start = format!("{}/start/?x=1#/", peer.origin);
    let found = sso().discover(&start, None, None).await.unwrap();
    assert_eq!(found.start_url.as_str(), format!("{}/start", peer.origin));
    assert_eq!(found.endpoints.federation.as_str(), format!("{}/federation", peer.origin));
    assert_eq!(
        (found.kind, found.region.as_str()),
        (engine::model::organisation::Kind::Custom, "eu-north-1")
    );
}

#[tokio::test]
async fn a_logout_says_whether_the_server_took_the_token() {
    let peer = Peer::answering(&[
        (200, "", ""),
        (401, "", r#"{"__type":"x#UnauthorizedException"}"#),
        (500, "", ""),
    ])
    .await;
    let org = custom(&peer.origin);
    assert_eq!(sso().logout(&org, &"t".into()).await, Ok(()));
    assert_eq!(sso().logout(&org, &"t".into()).await, Err(SsoError::Unauthorized));
    assert!(sso().logout(&org, &"t".into()).await.is_err());
}

#[tokio::test]
async fn applications_are_listed_without_the_accounts() {
    let first = r#"{"paginationToken":"t 2","result":[
        {"id":"ins-1","name":"111122223333 (pay)","applicationName":"AWS Account","icon":"x","searchMetadata":{"AccountId":"111122223333"}},
        {"id":"ins-2","name":"AWS Account","searchMetadata":{"AccountId":"111122223334","AccountName":"lab"}},
        {"id":"ins-3","name":"Grafana","description":"Dashboards","applicationId":"app-1","applicationName":"Custom SAML 2.0 application","icon":null}]}"#;
    let last = r#"{"paginationToken":null,"result":[{"id":"ins-4","name":" ","description":"","applicationName":"Wiki"},{"id":"ins-5"}]}"#;
    let peer = Peer::answering(&[(200, "", first), (200, "", last)]).await;
    let (sso, org, token) = (sso(), custom(&peer.origin), "tok".into());
    let page = sso.applications(&org, &token, None).await.unwrap();
    let grafana = Application {
        id: AppId::new("ins-3"),
        name: "Grafana".into(),
        description: Some("Dashboards".into()),
        icon: None,
    };
    assert_eq!((page.rows, page.next.as_deref()), (vec![grafana], Some("t 2")));
    let page = sso.applications(&org, &token, page.next.as_deref()).await.unwrap();
    assert_eq!(page.rows.iter().map(|app| app.name.as_str()).collect::<Vec<_>>(), ["Wiki", "ins-5"]);
    assert_eq!(page.next, None);
    let asked = peer.asked();
    assert!(asked[0].starts_with("GET /instance/appinstances HTTP/1.1"), "{}", asked[0]);
    assert!(asked[1].starts_with("GET /instance/appinstances?paginationToken=t+2 "), "{}", asked[1]);
    assert!(asked.iter().all(|request| request.contains("x-amz-sso_bearer_token: tok")), "{asked:?}");
}

#[tokio::test]
async fn a_server_that_does_not_list_applications_is_told_from_one_that_fails() {
    let refused = r#"{"message":"x","__type":"com.amazonaws.switchboard.portal#UnauthorizedException"}"#;
    let cases = [
        (401, refused, SsoError::Unauthorized),
        (403, "", SsoError::Forbidden),
        (404, "<html>", SsoError::Forbidden),
        (404, r#"{"__type":"x#UnknownOperationException"}"#, SsoError::Forbidden),
    ];
    for (status, body, expect) in cases {
        let peer = Peer::answering(&[(status, "", body)]).await;
        let error = sso().applications(&custom(&peer.origin), &"tok".into(), None).await.unwrap_err();
        assert_eq!(error, expect, "{status} {body}");
    }
    for (status, body) in [(500, ""), (200, "<html>"), (200, r#"{"result":[{"name":"x"}]}"#)] {
        let peer = Peer::answering(&[(status, "", body)]).await;
        let error = sso().applications(&custom(&peer.origin), &"tok".into(), None).await.unwrap_err();
        assert!(matches!(error, SsoError::Other(_)), "{status} {body}: {error:?}");
    }
}

#[tokio::test]
async fn icons_of_other_servers_are_not_asked_for() {
    let peer = Peer::answering(&[(200, "", "")]).await;
    let org = custom(&peer.origin);
    let own = |icon: &str| icons::own(&org, icon).map(|url| url.path().to_owned());
    assert_eq!(own("/assets/icons/slack.svg").as_deref(), Some("/assets/icons/slack.svg"));
    assert_eq!(own(&format!("{}/a.png", peer.origin)).as_deref(), Some("/a.png"));
    for other in ["", " ", "https://icons.test/a.png", "//icons.test/a.png", "data:image/png,x", "file:///a"]
    {
        assert_eq!(own(other), None, "{other}");
    }
    let elsewhere = "http://127.0.0.1:9/a.svg".parse().unwrap();
    assert!(sso().icon(&org, &elsewhere).await.is_err());
    assert_eq!(peer.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn an_icon_is_a_small_image_or_nothing() {
    const SVG: &str = "Content-Type: image/svg+xml; charset=utf-8\r\n";
    let drawing = "<svg xmlns=\"http://www.w3.org/2000/svg\"/>";
    let large = format!("<svg>{}</svg>", " ".repeat(16 * 1024));
    let answers = [
        (200, SVG, drawing),
        (200, SVG, large.as_str()),
        (200, SVG, "<!DOCTYPE svg [<!ENTITY a \"b\">]><svg>&a;</svg>"),
        (200, SVG, "<?xml version=\"1.0\"?><!DOCTYPE svg><svg/>"),
        (200, SVG, "<html><script>alert(1)</script></html>"),
        (200, "Content-Type: text/html\r\n", drawing),
        (200, "Content-Type: image/png\r\n", drawing),
        (200, "", drawing),
        (302, "Location: /elsewhere.svg\r\nContent-Type: image/svg+xml\r\n", drawing),
        (404, SVG, drawing),
    ];
    let peer = Peer::answering(&answers).await;
    let (sso, org) = (sso(), custom(&peer.origin));
    let address = format!("{}/a.svg", peer.origin).parse().unwrap();
    let picture = sso.icon(&org, &address).await.unwrap();
    let data = "PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4=";
    assert_eq!(picture.as_str(), format!("data:image/svg+xml;base64,{data}"));
    for (status, headers, body) in &answers[1..] {
        let refused = sso.icon(&org, &address).await;
        assert!(refused.is_err(), "{status} {headers} {body}");
    }
    let asked = peer.asked();
    assert_eq!(asked.len(), answers.len(), "a redirect is not followed");
    assert!(asked.iter().all(|request| !request.to_ascii_lowercase().contains("bearer")), "{asked:?}");
    assert!(asked[0].contains("accept: image/svg+xml, image/png\r\n"), "{}", asked[0]);
}
