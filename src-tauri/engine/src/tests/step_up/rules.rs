//! Rules of the person: what makes an account production makes its privileged roles ask for a touch.

use super::{asks, in_world, key, open, role, touch};
use crate::{
    Reply,
    model::{
        environment::Environment,
        ids::{AccountId, RoleName},
        portal::{Account, Portal},
        rules::{Field, Rule},
    },
    ports::Clock,
};

#[tokio::test(start_paused = true)]
async fn a_rule_that_makes_an_account_production_asks_for_a_touch() {
    for ruled in [false, true] {
        let (world, engine) = in_world(|world| {
            *world.step_up_keys.lock().unwrap() = vec![key("0a", "Desk")];
            world.keys.plug(&["a"]);
            let account = Account {
                id: AccountId::new("5"),
                name: "web-5".into(),
                email: None,
                roles: Some(vec![RoleName::new("Admin"), RoleName::new("ReadOnly")]),
            };
            let portal = Portal { accounts: vec![account], synced: Some(world.now()), ..Portal::default() };
            *world.portal.lock().unwrap() = Some(portal);
            let rule =
                Rule { field: Field::Name, pattern: "^web-".into(), environment: Environment::Production };
            world.settings.lock().unwrap().safety.rules = if ruled { vec![rule] } else { Vec::new() };
        })
        .await;
        assert_eq!(engine.ask(open(&role("5", "ReadOnly"))).await, Ok(Reply::Done), "a role that only looks");
        if ruled {
            let waits = asks(&engine, open(&role("5", "Admin")));
            touch(&world, &engine).await;
            assert_eq!(waits.await.unwrap(), Ok(Reply::Done));
        } else {
            assert_eq!(engine.ask(open(&role("5", "Admin"))).await, Ok(Reply::Done), "without the rule");
        }
    }
}
