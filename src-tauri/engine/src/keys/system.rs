//! What the system offers where it keeps keys from us.

use crate::{
    engine::Context,
    model::{code::Code, keys::SystemWay},
    request::{Answer, Reply},
};
use tokio::sync::oneshot;

pub(crate) fn ask(ctx: &Context, way: SystemWay, answer: oneshot::Sender<Answer>) {
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let done = ctx.ports.keys.system(way).await.map(|()| match way {
            SystemWay::Settings => Reply::Done,
            SystemWay::Administrator => Reply::Restarting,
        });
        let _ = answer.send(done.map_err(|fault| Code::SecurityKey { fault }));
    });
}
