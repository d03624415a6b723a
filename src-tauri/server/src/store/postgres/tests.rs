//! What only PostgreSQL does: several servers on one database, and a database that goes away.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};

use super::{
    super::{
        AuditEntry, Job, NewTokens, SamlRequest, Store, StoreError, Verdict, sql,
        testing::{TestDatabase, is_postgres},
    },
    MIGRATIONS, Migration, Session, known, migrate_by,
};
use crate::{
    domain::device_grant::{Approved, Facts, Pending},
    limits::Limits,
    secret::{Digest, InstanceKey},
};

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

/// The key of [`AuditEntry::empty`].
fn key() -> InstanceKey {
    InstanceKey::new([7; 32])
}

/// Servers of one database; `None` where tests do not run on PostgreSQL.
fn servers<const N: usize>() -> Option<([Store; N], TestDatabase)> {
    if !is_postgres() {
        return None;
    }
    let test = TestDatabase::new();
    let stores = std::array::from_fn(|_| Store::connect(&test.database()).unwrap());
    Some((stores, test))
}

/// Ends all connections of a database, as a restart does.
fn cut(store: &Store) {
    // The one that asks stays, and is cut by another.
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    store.read("cut", |c| c.query_row(sql, [], |_| Ok(()))).ok();
}

fn saml(store: &Store, handle: &str) -> Result<(), StoreError> {
    let request = SamlRequest {
        application: "a".to_owned(),
        id: "i".to_owned(),
        relay_state: None,
        force_authn: false,
        is_passive: false,
        received: now(),
        ends: now().checked_add(SignedDuration::from_hours(1)).unwrap(),
    };
    store.add_saml_request(Digest::of(handle), &request)
}

fn approved(store: &Store, session: &str) -> Facts {
    let facts = Facts {
        code: Digest::of("code"),
        user_code: Digest::of("user code"),
        client_id: "client".to_owned(),
        scopes: Vec::new(),
        ends: now().checked_add(SignedDuration::from_hours(1)).unwrap(),
    };
    store.add_device_grant(&Pending(facts.clone()), now()).unwrap();
    let approved = Approved { facts: facts.clone(), session_id: session.to_owned() };
    assert!(store.approve_device_grant(&approved, &AuditEntry::empty(now())).unwrap());
    facts
}

#[test]
fn a_code_is_accepted_once_by_all_servers_together() {
    let Some((stores, _test)) = servers::<3>() else { return };
    stores[0].begin_audit(&key()).unwrap();
    let sql =
        "INSERT INTO sign_in_session (id, cookie, username, began, ends) VALUES ('s', ?1, 'sam', 0, ?2)";
    let cookie = Digest::of("cookie");
    stores[0].write("begin", |tx| tx.execute(sql, sql::params![cookie.as_bytes(), i64::MAX])).unwrap();
    let facts = approved(&stores[0], "s");
    let exchange = |store: &Store, number: usize| {
        let tokens = NewTokens {
            native: false,
            family_id: format!("family {number}"),
            client_id: "client".to_owned(),
            session_id: "s".to_owned(),
            scopes: Vec::new(),
            access: Digest::of(&format!("access {number}")),
            access_ends: now(),
            refresh: None,
        };
        store.exchange_device_grant(&facts, &tokens, &AuditEntry::empty(now())).unwrap()
    };
    let (stores, exchange) = (&stores, &exchange);
    let accepted = thread::scope(|scope| {
        let all: Vec<_> =
            (0..24).map(|number| scope.spawn(move || exchange(&stores[number % 3], number))).collect();
        all.into_iter().map(|one| one.join().unwrap()).filter(|ok| *ok).count()
    });
    assert_eq!(accepted, 1);
    let Verdict::Whole(whole) = stores[2].verify_audit(&key(), None).unwrap() else { panic!("broken") };
    assert_eq!(whole.events, 2, "approved once, exchanged once");
}

#[test]
fn the_trail_is_one_chain_whoever_writes() {
    let Some((stores, _test)) = servers::<3>() else { return };
    stores[0].begin_audit(&key()).unwrap();
    thread::scope(|scope| {
        for store in stores.iter().cycle().take(9) {
            scope.spawn(move || {
                for _ in 0..20 {
                    store.append_audit(&[AuditEntry::empty(now())]).unwrap();
                }
            });
        }
    });
    let Verdict::Whole(whole) = stores[1].verify_audit(&key(), None).unwrap() else { panic!("broken") };
    assert_eq!(whole.events, 180);
}

#[test]
fn what_another_server_altered_is_seen_with_the_next_request() {
    let Some(([one, other], _test)) = servers::<2>() else { return };
    let seen = one.revision();
    assert_eq!(one.revision(), seen);
    assert_eq!(one.known_revision(), seen);
    other.revoke_family("none", now()).unwrap();
    assert_ne!(one.revision(), seen);
    let seen = one.revision();
    other.append_audit(&[AuditEntry::empty(now())]).unwrap();
    assert_eq!(one.revision(), seen, "what only adds leaves it");
}

#[test]
fn a_connection_that_broke_comes_back_by_itself() {
    let Some(([one, other], _test)) = servers::<2>() else { return };
    saml(&one, "before").unwrap();
    assert!(one.saml_request(Digest::of("before"), now()).unwrap().is_some());
    cut(&other);
    saml(&one, "after").unwrap();
    cut(&other);
    assert!(one.saml_request(Digest::of("after"), now()).unwrap().is_some());
}

#[test]
fn a_change_whose_connection_breaks_is_not_kept_and_said_so() {
    let Some(([one, other], _test)) = servers::<2>() else { return };
    let broken = one.write("change", |tx| {
        tx.execute("INSERT INTO meta (name, value) VALUES ('a', 'b')", [])?;
        cut(&other);
        tx.execute("INSERT INTO meta (name, value) VALUES ('c', 'd')", [])
    });
    let said = broken.unwrap_err().to_string();
    assert!(said.contains("nothing was changed, try again"), "{said}");
    // The same where it breaks before it is kept: what became of it is found out.
    let broken = one.write("change", |tx| {
        tx.execute("INSERT INTO meta (name, value) VALUES ('a', 'b')", [])?;
        cut(&other);
        Ok(())
    });
    let said = broken.unwrap_err().to_string();
    assert!(said.contains("nothing was changed, try again"), "{said}");
    assert_eq!(one.once("a", || "drawn".to_owned()).unwrap(), "drawn");
}

#[test]
fn a_statement_that_fails_unseen_undoes_the_change() {
    let Some(([one], _test)) = servers::<1>() else { return };
    let kept = one.write("change", |tx| {
        tx.execute("INSERT INTO meta (name, value) VALUES ('a', 'b')", [])?;
        // PostgreSQL gives the whole transaction up with it, and would say of its commit that it went well.
        let _ = tx.execute("INSERT INTO meta (name, value) VALUES ('a', 'b')", []);
        Ok(())
    });
    assert!(kept.is_err());
    assert_eq!(one.once("a", || "drawn".to_owned()).unwrap(), "drawn");
}

#[test]
fn one_server_at_a_time_has_a_job_and_another_takes_over() {
    let Some(([one, other], _test)) = servers::<2>() else { return };
    let lead = one.lead(Job::Mail).unwrap().unwrap();
    assert!(other.lead(Job::Mail).unwrap().is_none());
    assert!(other.lead(Job::Sweep).unwrap().is_some());
    assert!(lead.is_held());
    // As when its server ends: the connection does.
    cut(&other);
    let taken = (0..100).find_map(|_| other.lead(Job::Mail).unwrap()).unwrap();
    assert!(taken.is_held());
    assert!(!lead.is_held(), "who had it hears of it");
    drop(lead);
    assert!(taken.is_held(), "and takes nothing away by ending");
}

#[test]
fn what_comes_from_a_place_is_counted_together() {
    let Some(([one, other], _test)) = servers::<2>() else { return };
    let (cost, most) = (SignedDuration::from_secs(10), SignedDuration::from_secs(30));
    let count = |store: &Store| store.owe("place", now(), cost, most).unwrap();
    assert!(count(&one).is_ok() && count(&other).is_ok() && count(&one).is_ok());
    assert_eq!(count(&other), Err(cost));
    assert!(one.forgive_owed("place", cost));
    assert!(count(&other).is_ok());
    assert!(count(&one).is_err());
}

/// The number of the migration that came last, and the revision.
fn counted(session: &Session) -> (i64, i64) {
    let state = session.batch("SELECT schema, value FROM revision").unwrap().concat();
    (state[0].parse().unwrap(), state[1].parse().unwrap())
}

#[test]
fn servers_that_start_at_once_migrate_once() {
    if !is_postgres() {
        return;
    }
    for before in 0..MIGRATIONS.len() {
        let test = TestDatabase::without_schema();
        if before > 0 {
            migrate_by(&test.session(), &MIGRATIONS[..before]).unwrap();
        }
        thread::scope(|scope| {
            let starting: Vec<_> =
                (0..4).map(|_| scope.spawn(|| Store::connect(&test.database()).map(drop))).collect();
            for server in starting {
                server.join().unwrap().unwrap();
            }
        });
        // Each counts the revision up: one that came twice would have, too, if it had not failed.
        let all = i64::try_from(MIGRATIONS.len()).unwrap();
        assert_eq!(counted(&test.session()), (known(), all), "from {before} on");
    }
}

/// A migration that breaks off leaves nothing of itself, and the next server makes it.
#[test]
fn a_migration_that_fails_is_undone_and_made_by_the_next() {
    if !is_postgres() {
        return;
    }
    let test = TestDatabase::without_schema();
    let last = MIGRATIONS.len() - 1;
    migrate_by(&test.session(), &MIGRATIONS[..last]).unwrap();
    let broken = "CREATE TABLE half (a BIGINT); SELECT 1 / 0";
    let broken = [&MIGRATIONS[..last], &[Migration { number: known(), least: 27, sql: broken }]];
    assert!(migrate_by(&test.session(), &broken.concat()).is_err());
    assert!(test.session().batch("SELECT * FROM half").is_err());
    drop(Store::connect(&test.database()).unwrap());
    assert_eq!(counted(&test.session()).0, known());
}

/// What a version's statements rely on: each column with its type, whether it must be given, and what its table
/// demands of rows.
fn relied_on(session: &Session) -> BTreeSet<String> {
    let columns = "SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' '
            || coalesce(collation_name, '') || CASE WHEN is_nullable = 'NO' AND column_default IS NULL
                                               AND is_generated = 'NEVER' AND is_identity = 'NO' THEN ' needed' ELSE '' END
        FROM information_schema.columns WHERE table_schema = 'public'";
    let demands =
        "SELECT 'demand ' || conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND conrelid <> 0
        UNION ALL SELECT 'demand ' || indrelid::regclass || ' ' || pg_get_indexdef(indexrelid) FROM pg_index i
        JOIN pg_class c ON c.oid = i.indrelid WHERE indisunique AND c.relnamespace = 'public'::regnamespace";
    [columns, demands].iter().flat_map(|sql| session.batch(sql).unwrap()).map(|row| row.concat()).collect()
}

fn table(demand: &str) -> &str {
    demand.split([' ', '.']).nth(1).unwrap_or_default()
}

/// The version before goes on with what a migration makes that says so: all it uses is still there, and what it
/// writes needs nothing that it does not know.
#[test]
fn a_migration_that_lets_the_version_before_go_on_only_adds() {
    if !is_postgres() {
        return;
    }
    let test = TestDatabase::without_schema();
    let session = test.session();
    let mut breaches = Vec::new();
    for (at, step) in MIGRATIONS.iter().enumerate() {
        let before = if at == 0 { BTreeSet::new() } else { relied_on(&session) };
        migrate_by(&session, &MIGRATIONS[..=at]).unwrap();
        if at == 0 || step.least == step.number {
            continue;
        }
        let after = relied_on(&session);
        let tables: BTreeSet<&str> = before.iter().map(|line| table(line)).collect();
        breaches.extend(before.difference(&after).map(|line| format!("{}: lost {line}", step.number)));
        let new = after.difference(&before).filter(|line| tables.contains(table(line)));
        let demands = new.filter(|line| line.starts_with("demand ") || line.ends_with(" needed"));
        breaches.extend(demands.map(|line| format!("{}: demands {line}", step.number)));
    }
    assert!(breaches.is_empty(), "{breaches:#?}");
}

/// A server that knows one migration less than the newest is at work while a new one migrates: statements that it has
/// prepared, changes that wait for their turn, locks of its jobs. (What it says to the tables is this version's; that an
/// older one's statements go on is what the test above shows.)
#[test]
fn a_server_of_the_version_before_goes_on_while_a_newer_one_migrates() {
    if !is_postgres() {
        return;
    }
    let test = TestDatabase::without_schema();
    let (last, before) = MIGRATIONS.split_last().unwrap();
    let knows = before.last().unwrap().number;
    let old = Store::connect_after(&test.database_of(knows), |session| migrate_by(session, before)).unwrap();
    old.begin_audit(&key()).unwrap();
    assert_eq!(counted(&test.session()).0, knows);
    let mail = old.lead(Job::Mail).unwrap().unwrap();
    let (rounds, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let work = |hand: usize| {
        for number in 0.. {
            let handle = format!("{hand} {number}");
            saml(&old, &handle).unwrap();
            assert!(old.saml_request(Digest::of(&handle), now()).unwrap().is_some(), "{handle}");
            old.append_audit(&[AuditEntry::empty(now())]).unwrap();
            assert!(old.owe(&handle, now(), SignedDuration::ZERO, SignedDuration::ZERO).unwrap().is_ok());
            old.identity_source().unwrap();
            rounds.fetch_add(1, Ordering::SeqCst);
            if is_over.load(Ordering::SeqCst) {
                break;
            }
        }
    };
    let more = || {
        let (begun, from) = (Instant::now(), rounds.load(Ordering::SeqCst));
        while rounds.load(Ordering::SeqCst) < from + 40 {
            assert!(begun.elapsed() < Duration::from_secs(60), "it stands still");
            thread::yield_now();
        }
    };
    let new = thread::scope(|scope| {
        let hands: Vec<_> = (0..4)
            .map(|hand| {
                scope.spawn({
                    let work = &work;
                    move || work(hand)
                })
            })
            .collect();
        more();
        let new = Store::connect(&test.database());
        more();
        is_over.store(true, Ordering::SeqCst);
        hands.into_iter().for_each(|hand| hand.join().unwrap());
        new.unwrap()
    });
    assert_eq!(counted(&test.session()).0, last.number);
    assert!(mail.is_held(), "its job went to nobody");
    assert!(new.lead(Job::Mail).unwrap().is_none());
    assert!(new.saml_request(Digest::of("3 0"), now()).unwrap().is_some());
    let Verdict::Whole(whole) = new.verify_audit(&key(), None).unwrap() else { panic!("broken") };
    assert_eq!(whole.events, u64::try_from(rounds.load(Ordering::SeqCst)).unwrap());
}

#[test]
fn a_server_that_is_too_old_for_a_new_schema_stops_working_with_it() {
    if !is_postgres() {
        return;
    }
    let test = TestDatabase::new();
    let new = Store::connect(&test.database_of(known() + 1)).unwrap();
    let old = Store::connect(&test.database()).unwrap();
    saml(&old, "before").unwrap();
    let sql = format!("UPDATE revision SET least = {}", known() + 1);
    new.write("migrate", |tx| tx.execute_batch(&sql)).unwrap();
    for said in [saml(&old, "after").unwrap_err(), old.settings().unwrap_err()] {
        assert!(said.to_string().contains("replace this server"), "{said}");
    }
    saml(&new, "after").unwrap();
}

#[test]
fn provisioning_is_counted_together() {
    let Some((stores, _test)) = servers::<2>() else { return };
    let rates = || serde_json::from_value(serde_json::json!({ "scim_reads_per_second": 5 })).unwrap();
    let [one, other] = stores.map(|store| Limits::new(rates(), false).together(&Arc::new(store)));
    let admitted = |operation, at| {
        let asked = (0..10).map(|n| if n % 2 == 0 { &one } else { &other });
        asked.filter(|limits| limits.admits_scim(operation, false, at)).count()
    };
    assert_eq!(admitted("ListUsers", now()), 5);
    assert_eq!(admitted("GetUser", now()), 5);
    assert_eq!(admitted("ListUsers", now().checked_add(SignedDuration::from_secs(1)).unwrap()), 5);
}

#[test]
fn whoever_starts_waits_for_the_migration_of_another_however_long_it_takes() {
    let Some(([one], test)) = servers::<1>() else { return };
    let session = test.hurried();
    assert!(session.batch("SELECT pg_sleep(1)").is_err(), "its statements have less than a second");
    let (tell, told) = std::sync::mpsc::channel();
    thread::scope(|scope| {
        let migrating = scope.spawn(|| {
            let work = |tx: &sql::Connection| {
                tell.send(()).unwrap();
                tx.execute_batch("SELECT pg_sleep(1)")
            };
            one.write("migrate", work).unwrap();
        });
        told.recv().unwrap();
        super::migrate(&session).unwrap();
        migrating.join().unwrap();
    });
}

#[test]
fn a_newer_servers_schema_is_worked_with_if_it_says_so() {
    let Some(([one], test)) = servers::<1>() else { return };
    let find = || one.client("none").unwrap().is_none();
    assert!(find());
    // What statements give changes under a server that is running.
    let add =
        "ALTER TABLE client ADD COLUMN later TEXT; UPDATE revision SET schema = 1000, value = value + 1";
    one.write("migrate", |tx| tx.execute_batch(add)).unwrap();
    assert!(find());
    drop(Store::connect(&test.database()).unwrap());
    one.write("migrate", |tx| tx.execute_batch("UPDATE revision SET least = 1000")).unwrap();
    let error = Store::connect(&test.database()).unwrap_err();
    assert!(error.to_string().contains("newer version"), "{error}");
    assert!(error.advice().contains("not older"), "{}", error.advice());
}

/// Tables with their columns, and whether each may be empty.
type Schema = BTreeMap<String, BTreeMap<String, bool>>;

fn schema(rows: Vec<(String, String, bool)>) -> Schema {
    let mut schema = Schema::new();
    for (table, column, is_needed) in rows {
        schema.entry(table).or_default().insert(column, is_needed);
    }
    schema
}

#[test]
fn both_databases_have_the_same_tables() {
    let Some(([one], _test)) = servers::<1>() else { return };
    let read = |row: &sql::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let postgres = one.read("look", |c| {
        let sql =
            "SELECT table_name::text, column_name::text, is_nullable = 'NO' FROM information_schema.columns
                   WHERE table_schema = 'public' AND table_name NOT IN ('revision', 'limit_owed')";
        super::super::all(c, sql, [], read)
    });
    let sqlite = rusqlite::Connection::open_in_memory().unwrap();
    let sqlite = Store::prepare(sqlite).unwrap().read("look", |c| {
        // What is generated from an event is a function there.
        let sql = "SELECT t.name, c.name, c.\"notnull\" OR c.pk > 0 FROM pragma_table_list t, pragma_table_xinfo(t.name) c
                   WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite_%'
                   AND t.name NOT LIKE 'user_search%' AND c.hidden = 0";
        super::super::all(c, sql, [], read)
    });
    let (postgres, sqlite) = (schema(postgres.unwrap()), schema(sqlite.unwrap()));
    for (table, columns) in &sqlite {
        assert_eq!(postgres.get(table), Some(columns), "{table}");
    }
    assert_eq!(postgres.keys().collect::<Vec<_>>(), sqlite.keys().collect::<Vec<_>>());
    let last = super::MIGRATIONS.last().unwrap().number;
    assert_eq!(usize::try_from(last), Ok(super::super::MIGRATIONS.len()), "each step has its twin");
}
