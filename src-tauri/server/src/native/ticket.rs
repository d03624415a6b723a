//! Tickets: one use, 30 seconds, for a browser on the same computer to go on with the app's sign-in.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::wire::NativeError;
use crate::{
    audit::{self, Event},
    instance::Instance,
    origin::Origin,
    portal::Caller,
    signin::sign_in::safe_path,
    store,
};

/// How long a ticket lives.
pub const LASTS: SignedDuration = SignedDuration::from_secs(30);

/// Where the browser shall go.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wanted {
    /// A path of this server; the portal by default.
    #[serde(rename = "continue")]
    back: Option<String>,
}

/// What to open.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Made {
    ticket: String,
    /// The same as an address: the ticket stands in its fragment, which no server and no `Referer` sees.
    url: String,
    /// Epoch milliseconds.
    expires_at: i64,
}

/// POST `/native/v1/ticket`.
pub fn make(instance: &Instance, caller: &Caller, Wanted { back }: Wanted) -> Result<Made, NativeError> {
    let now = instance.now();
    let ticket = instance.chance.token();
    let kept = store::Ticket {
        session_id: caller.session.id.clone(),
        source_ip: Origin::current().source_ip,
        back: safe_path(instance, back.as_deref()),
        ends: now.checked_add(LASTS).unwrap_or(now),
    };
    let event = instance.entry(&Event {
        source: audit::SSO,
        name: "CreateSignInTicket",
        user: Some(&caller.user),
        session: Some(&caller.session),
        details: Value::Null,
        ..Event::default()
    });
    instance.store.add_ticket(ticket.digest(), &kept, &event)?;
    Ok(Made {
        url: format!("{}#{}", instance.addresses.url("/native/open"), ticket.expose()),
        ticket: ticket.expose().to_owned(),
        expires_at: kept.ends.as_millisecond(),
    })
}
