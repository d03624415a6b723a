//! Another issuer in the place of [`super::OwnKeys`]: everything that needs role credentials goes through it.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use std::sync::{Mutex, atomic::Ordering::SeqCst};
use std::{collections::HashMap, sync::atomic::AtomicBool};

use jiff::SignedDuration;
use url::form_urlencoded;

use super::*;
use crate::{
    rig::{Reply, Rig},
    sts::tests::{Keys, call},
};

/// Keeps its keys to itself, one for each account and role, and may be out of reach.
#[derive(Debug, Default)]
struct Elsewhere {
    keys: Mutex<HashMap<String, IssuedKey>>,
    unreachable: Arc<AtomicBool>,
}

const SECRET: &str = "secret-of-elsewhere-secret-of-elsewhere-";
const SESSION_TOKEN: &str = "token-of-elsewhere";

impl Elsewhere {
    fn reach(&self) -> Result<(), IssuingError> {
        if self.unreachable.load(SeqCst) { Err(IssuingError::new("ask STS", "timed out")) } else { Ok(()) }
    }
}

impl RoleCredentialIssuer for Elsewhere {
    fn issue(
        &self,
        to: Assigned<'_>,
        _: &AuditEntry,
        now: Timestamp,
    ) -> Result<RoleCredentials, IssuingError> {
        self.reach()?;
        let credentials = RoleCredentials {
            access_key_id: "ASIAELSEWHERE0000000".to_owned(),
            secret_access_key: Token::new(SECRET.to_owned()),
            session_token: Token::new(SESSION_TOKEN.to_owned()),
            ends: now.checked_add(SignedDuration::from_hours(1)).unwrap(),
        };
        let key = to.key(&credentials, "Elsewhere".to_owned(), "AROAELSEWHERE".to_owned());
        self.keys.lock().unwrap().insert(key.access_key_id.clone(), key);
        Ok(credentials)
    }

    fn assume(
        &self,
        _: &Role,
        _: Assumption,
        _: &AuditEntry,
        _: Timestamp,
    ) -> Result<(RoleCredentials, IssuedKey), IssuingError> {
        Err(IssuingError::new("ask STS", "it knows no such role"))
    }

    fn find(&self, access_key_id: &str) -> Result<Option<IssuedKey>, IssuingError> {
        self.reach()?;
        Ok(self.keys.lock().unwrap().get(access_key_id).cloned())
    }

    fn find_presented(
        &self,
        access_key_id: &str,
        session_token: &str,
    ) -> Result<Option<IssuedKey>, IssuingError> {
        Ok(self.find(access_key_id)?.filter(|_| session_token == SESSION_TOKEN))
    }

    fn secret_passes(&self, _: &IssuedKey, check: &dyn Fn(&Token) -> bool) -> bool {
        check(&Token::new(SECRET.to_owned()))
    }
}

fn federation(fields: &[(&str, &str)]) -> String {
    let query: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    format!("/federation?{query}")
}

async fn signin_token(rig: &Rig) -> Reply {
    let session = format!(
        "{{\"sessionId\":\"ASIAELSEWHERE0000000\",\"sessionKey\":\"{SECRET}\",\"sessionToken\":\"{SESSION_TOKEN}\"}}"
    );
    rig.browser().get(&federation(&[("Action", "getSigninToken"), ("Session", &session)])).await
}

#[tokio::test]
async fn another_issuers_credentials_are_known_everywhere() {
    let unreachable = Arc::new(AtomicBool::default());
    let elsewhere = Elsewhere { unreachable: Arc::clone(&unreachable), ..Elsewhere::default() };
    let rig = Rig::with(|instance| instance.issuer = Box::new(elsewhere));
    let (_, token, _) = rig.tokens("sam").await;
    let path = "/federation/credentials?account_id=111122223333&role_name=ReadOnly";
    let answer = rig.portal_get(path, &token).await.is(200).json();
    assert_eq!(answer["roleCredentials"]["secretAccessKey"], SECRET);

    let keys = Keys {
        id: "ASIAELSEWHERE0000000".to_owned(),
        secret: SECRET.to_owned(),
        token: SESSION_TOKEN.to_owned(),
    };
    let identity = call(&rig, &keys, 0, |_, _| {}).await.is(200);
    assert!(identity.body.contains("assumed-role/Elsewhere/sam"), "{}", identity.body);

    let signin = signin_token(&rig).await.is(200).json()["SigninToken"].as_str().unwrap().to_owned();
    let browser = rig.browser();
    let login = federation(&[("Action", "login"), ("SigninToken", &signin)]);
    browser.get(&login).await.is(303);
    assert!(browser.get("/console").await.is(200).body.contains("payments-prod"));

    unreachable.store(true, SeqCst);
    assert_eq!(rig.portal_get(path, &token).await.is(500).error(), "InternalServerException");
    assert!(call(&rig, &keys, 0, |_, _| {}).await.is(500).body.contains("<Code>InternalFailure</Code>"));
    signin_token(&rig).await.is(500);
    browser.get(&login).await.is(500);
    browser.get("/console").await.is(500);
}
