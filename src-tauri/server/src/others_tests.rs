//! Nobody learns what others have: whatever names something that is somebody else's is answered as if there were no
//! such thing.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use serde_json::json;

use crate::{
    rig::{Reply, Rig},
    saml::{Target, profile_of, profile_path},
};

/// Sam's and not Alex's.
const ACCOUNT: &str = "111122223333";
const ROLE: &str = "ReadOnly";
const APPLICATION: &str = "Grafana";
/// Nobody's.
const NO_ACCOUNT: &str = "222233334444";
const NO_ROLE: &str = "Nothing";
const NO_INSTANCE: &str = "ins-0123456789abcdef";

/// Something that is asked for, of somebody else's and of nobody's.
struct Pair {
    theirs: String,
    nobodys: String,
}

/// What is answered, without what was asked for.
fn told(reply: &Reply, names: &[&str]) -> (u16, String, String) {
    let plain = |text: &str| names.iter().fold(text.to_owned(), |text, name| text.replace(name, "*"));
    (reply.status.as_u16(), plain(&reply.body), plain(reply.header("location")))
}

fn roles() -> Vec<(&'static str, &'static str)> {
    vec![(NO_ACCOUNT, ROLE), (ACCOUNT, NO_ROLE), (NO_ACCOUNT, NO_ROLE)]
}

fn pairs(rig: &Rig) -> (Vec<Pair>, Vec<Pair>) {
    let instance = rig.application(APPLICATION).instance_id;
    let mut portal = vec![
        Pair {
            theirs: format!("/instance/appinstance/{instance}/profiles"),
            nobodys: format!("/instance/appinstance/{NO_INSTANCE}/profiles"),
        },
        Pair {
            theirs: format!("/assignment/roles?account_id={ACCOUNT}"),
            nobodys: format!("/assignment/roles?account_id={NO_ACCOUNT}"),
        },
    ];
    // An account is an application there, too.
    let of_account = |id: &str| format!("ins-{}", rig.instance.key.public_id("account instance", &[id], 16));
    portal.push(Pair {
        theirs: format!("/instance/appinstance/{}/profiles", of_account(ACCOUNT)),
        nobodys: format!("/instance/appinstance/{NO_INSTANCE}/profiles"),
    });
    let profile = |instance: &str| {
        profile_path(&rig.instance, instance, &profile_of(&rig.instance, instance, "Default"))
    };
    let address = Target::of(&rig.application(APPLICATION)).unwrap().path(&rig.instance);
    let assertions = [
        Pair { theirs: profile(&instance), nobodys: profile(NO_INSTANCE) },
        Pair { theirs: address, nobodys: "/saml/assertion/bm9uc2Vuc2U=".to_owned() },
    ];
    let mut pages: Vec<Pair> = Vec::new();
    for (account, role) in roles() {
        for path in ["/federation/credentials", "/federation/console"] {
            portal.push(Pair {
                theirs: format!("{path}?account_id={ACCOUNT}&role_name={ROLE}"),
                nobodys: format!("{path}?account_id={account}&role_name={role}"),
            });
        }
        for path in ["/start/keys", "/start/console", "/start/step-up"] {
            pages.push(Pair {
                theirs: format!("{path}?account_id={ACCOUNT}&role_name={ROLE}&then=keys"),
                nobodys: format!("{path}?account_id={account}&role_name={role}&then=keys"),
            });
        }
    }
    pages.push(Pair {
        theirs: format!("/start/console?account_id={ACCOUNT}"),
        nobodys: format!("/start/console?account_id={NO_ACCOUNT}"),
    });
    pages.push(Pair {
        theirs: format!("/start/saml/default/{APPLICATION}/{instance}"),
        nobodys: format!("/start/saml/default/{APPLICATION}/{NO_INSTANCE}"),
    });
    for Pair { theirs, nobodys } in assertions {
        let custom = |path: &str| path.replace("/saml/assertion/", "/start/saml/custom/x/");
        pages.push(Pair { theirs: custom(&theirs), nobodys: custom(&nobodys) });
        portal.push(Pair { theirs: theirs.clone(), nobodys: nobodys.clone() });
        pages.push(Pair { theirs, nobodys });
    }
    (portal, pages)
}

#[tokio::test]
async fn what_is_somebody_elses_is_answered_as_what_is_nobodys() {
    let rig = Rig::new();
    let (_, token, _) = rig.tokens("alex").await;
    let (_, sams, _) = rig.tokens("sam").await;
    let (alex, sam) = (rig.browser_of("alex").await, rig.browser_of("sam").await);
    let (portal, pages) = pairs(&rig);
    let call = async |path: &str, token: &str| {
        let request = Request::get(path).header("x-amz-sso_bearer_token", token);
        rig.send(request.header(header::HOST, "127.0.0.1:4711").body(Body::empty()).unwrap()).await
    };
    for Pair { theirs, nobodys } in &portal {
        assert!(call(theirs, &sams).await.status.is_success(), "{theirs}: not Sam's");
        let seen = told(&call(theirs, &token).await, &[]);
        assert!((400..500).contains(&seen.0), "{theirs}: {seen:?}");
        assert_eq!(seen, told(&call(nobodys, &token).await, &[]), "{theirs} and {nobodys}");
    }
    for Pair { theirs, nobodys } in &pages {
        let own = sam.get(theirs).await.status;
        assert!(own.is_success() || own.is_redirection(), "{theirs}: {own}, not Sam's");
        let seen = told(&alex.get(theirs).await, &[]);
        assert!((400..500).contains(&seen.0), "{theirs}: {seen:?}");
        assert!(!seen.1.contains(APPLICATION) && !seen.1.contains("payments"), "{theirs}: {}", seen.1);
        assert_eq!(seen, told(&alex.get(nobodys).await, &[]), "{theirs} and {nobodys}");
    }
    // Forms as well.
    let portal = alex.get("/start").await.is(200);
    for path in ["/start/keys", "/start/console"] {
        let post = async |account: &str, role: &str| {
            let fields =
                [("account_id", account), ("role_name", role), ("reason", "x"), ("confirmed", "yes")];
            told(&alex.submit(&portal, path, &fields).await, &[account, role])
        };
        let seen = post(ACCOUNT, ROLE).await;
        assert_eq!(seen.0, 403, "{path}: {seen:?}");
        for (account, role) in roles() {
            assert_eq!(seen, post(account, role).await, "{path} {account} {role}");
        }
    }
    // And what the app asks.
    let asked = async |account: &str, role: &str| {
        let body = json!({ "accountId": account, "roleName": role }).to_string();
        let request = Request::builder().method(Method::POST).uri("/native/v1/step-up/challenge");
        let request = request.header("x-amz-sso_bearer_token", &token);
        let request = request.header(header::CONTENT_TYPE, "application/json");
        told(&rig.send(request.body(Body::from(body)).unwrap()).await, &[account, role])
    };
    let seen = asked(ACCOUNT, ROLE).await;
    assert!((400..500).contains(&seen.0), "{seen:?}");
    for (account, role) in roles() {
        assert_eq!(seen, asked(account, role).await, "{account} {role}");
    }
}
