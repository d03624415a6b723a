//! Readiness and metrics of an instance.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use axum::{
    body::{Body, to_bytes},
    http::{Request, header},
};
use jiff::{SignedDuration, Timestamp};
use tower::ServiceExt;

use super::routes;
use crate::{
    ldap::sync::Report,
    rig::Rig,
    store::{AwsRole, AwsRoleState, Job},
};

async fn ask(rig: &Rig, for_others: bool, path: &str, host: &str) -> (u16, String) {
    let request = Request::get(path).header(header::HOST, host).body(Body::empty()).unwrap();
    let response = routes(&rig.instance, for_others).oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn it_is_ready_while_the_database_answers_and_nobody_stops_it() {
    let rig = Rig::new();
    let host = "127.0.0.1:9464";
    assert_eq!(ask(&rig, false, "/readyz", host).await, (200, "ok\n".to_owned()));
    rig.instance.operations.begin_draining();
    assert_eq!(ask(&rig, false, "/readyz", host).await, (503, "draining\n".to_owned()));
    assert_eq!(ask(&rig, false, "/healthz", host).await.0, 200, "it is alive");

    let rig = Rig::new();
    rig.instance.store.tamper("ALTER TABLE organisation RENAME TO elsewhere");
    assert_eq!(ask(&rig, false, "/readyz", host).await, (503, "the database fails\n".to_owned()));
    assert_eq!(ask(&rig, false, "/healthz", host).await.0, 200);
}

#[tokio::test]
async fn metrics_count_by_route_and_say_nothing_of_what_was_asked() {
    let rig = Rig::new();
    let get = |path: &str| {
        let request = Request::get(path).header(header::HOST, "localhost:4711");
        rig.send(request.body(Body::empty()).unwrap())
    };
    get("/sign-in?secret=xyzzy").await.is(200);
    get("/sign-in").await.is(200);
    get("/no/such/xyzzy").await.is(404);
    get("/saml/metadata/xyzzy").await;
    let (status, text) = ask(&rig, false, "/metrics", "localhost:9464").await;
    assert_eq!(status, 200);
    for line in [
        "latchkey_http_requests_total{method=\"GET\",route=\"/sign-in\",status=\"200\"} 2",
        "latchkey_http_requests_total{method=\"GET\",route=\"none\",status=\"404\"} 1",
        "latchkey_http_request_duration_seconds_count{route=\"/sign-in\"} 2",
        "latchkey_http_requests_in_flight 0",
        "latchkey_draining 0",
    ] {
        assert!(text.lines().any(|said| said == line), "{line} in:\n{text}");
    }
    assert!(!text.contains("xyzzy"), "{text}");
    assert!(text.ends_with("# EOF\n"));
}

#[tokio::test]
async fn metrics_tell_of_work_in_the_background() {
    let rig = Rig::new();
    let said = async || {
        let (status, text) = ask(&rig, false, "/metrics", "localhost:9464").await;
        assert_eq!(status, 200);
        text
    };
    let has = |text: &str, line: &str| {
        assert!(text.lines().any(|said| said == line), "{line} in:\n{text}");
    };
    let store = &rig.instance.store;
    let before = said().await;
    has(&before, "latchkey_job_led{job=\"mail\"} 0");
    has(&before, "latchkey_aws_roles{state=\"failed\"} 0");
    assert!(!before.contains("latchkey_directory_sync_timestamp_seconds{"), "{before}");

    let lead = store.lead(Job::Mail).unwrap();
    let now = rig.instance.now();
    let until = now.checked_add(SignedDuration::from_mins(2)).unwrap();
    assert!(store.claim_ldap_sync(now, until).unwrap());
    let problem = Some("no server answers".to_owned());
    let report = Report { ended: now.as_millisecond(), problem, ..Report::default() };
    assert!(store.put_ldap_report(until, &report, &rig.entry()).unwrap());
    for (set, state) in [("one", AwsRoleState::Failed), ("two", AwsRoleState::Applied)] {
        store.put_aws_role(&role(set, state, now), None).unwrap();
    }
    let during = said().await;
    has(&during, "latchkey_job_led{job=\"mail\"} 1");
    has(&during, "latchkey_job_led{job=\"sweep\"} 0");
    has(&during, "latchkey_job_turns_total{job=\"mail\"} 1");
    has(&during, "latchkey_aws_roles{state=\"failed\"} 1");
    has(&during, "latchkey_aws_roles{state=\"changed\"} 1");
    has(&during, "latchkey_aws_roles{state=\"applied\"} 0");
    has(&during, "latchkey_database_answers 1");
    let seconds = now.as_second();
    has(&during, &format!("latchkey_directory_sync_timestamp_seconds{{outcome=\"failure\"}} {seconds}"));

    drop(lead);
    drop(store.lead(Job::Mail).unwrap());
    store.tamper("ALTER TABLE aws_role RENAME TO elsewhere");
    let after = said().await;
    has(&after, "latchkey_job_led{job=\"mail\"} 0");
    has(&after, "latchkey_job_turns_total{job=\"mail\"} 2");
    has(&after, "latchkey_database_answers 0");
    assert!(!after.contains("latchkey_aws_roles{"), "what cannot be read is not told: {after}");
}

/// One that others changed.
fn role(set: &str, state: AwsRoleState, now: Timestamp) -> AwsRole {
    AwsRole {
        account_id: "111122223333".to_owned(),
        permission_set: set.to_owned(),
        role_name: "AWSReservedSSO_ReadOnly_0000000000000000".to_owned(),
        state,
        revision: 1,
        applied: None,
        failure: None,
        attempts: 0,
        next_try: now,
        drift: vec!["AdministratorAccess was attached".to_owned()],
        checked: now,
    }
}

/// A page in the same machine's browser, under a name that points here.
#[tokio::test]
async fn metrics_are_for_this_machine_unless_it_is_said_otherwise() {
    let rig = Rig::new();
    for host in ["localhost:9464", "127.0.0.1:9464", "[::1]:9464", "localhost"] {
        assert_eq!(ask(&rig, false, "/metrics", host).await.0, 200, "{host}");
    }
    for host in ["evil.test", "evil.test:9464", "192.0.2.1:9464", "localhost.evil.test"] {
        assert_eq!(ask(&rig, false, "/metrics", host).await.0, 421, "{host}");
        assert_eq!(ask(&rig, true, "/metrics", host).await.0, 200, "{host}");
    }
    let public = Request::get("/metrics").header(header::HOST, "localhost:4711");
    rig.send(public.body(Body::empty()).unwrap()).await.is(404);
}
