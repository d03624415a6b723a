//! The administration from outside: who gets in, and what each form does.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

mod access;
mod applications;
mod directory;
mod doors;
mod issuers;
mod paging;
mod settings;

use super::{ROUTES, invite};
use crate::{
    instance::Instance,
    rig::{Browser, PASSWORD, Reply, Rig},
};

/// A rig whose Ada is an administrator.
fn rig() -> Rig {
    rig_with(|_| {})
}

/// The same with a change made to it before it answers.
fn rig_with(change: impl FnOnce(&mut Instance)) -> Rig {
    let rig = Rig::with(change);
    let ada = rig.user("ada");
    let entry = rig.entry();
    assert!(rig.instance.store.appoint_administrator(&ada.id, rig.instance.now(), &entry).unwrap());
    rig
}

/// Where a page's list goes on, if it does.
fn next_page(reply: &Reply) -> Option<String> {
    let (before, _) = reply.body.split_once("\" rel=\"next\"")?;
    let (_, href) = before.rsplit_once("href=\"")?;
    Some(href.replace("&#38;", "&"))
}

/// Submits a form of a page, where it leads.
async fn submit(browser: &Browser<'_>, page: &str, action: &str, fields: &[(&str, &str)]) -> Reply {
    let shown = browser.get(page).await.is(200);
    browser.submit(&shown, action, fields).await
}

/// The names of the events since the trail had so many.
fn events_after(rig: &Rig, before: usize) -> Vec<String> {
    rig.instance.store.audit_trail().into_iter().skip(before).map(|(name, _)| name).collect()
}

fn set_arn(rig: &Rig, name: &str) -> String {
    rig.instance.store.permission_set_by_name(name).unwrap().unwrap().arn
}
