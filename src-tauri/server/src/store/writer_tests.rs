//! Who shares a commit, and what the others have of one that fails.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use std::{thread, time::Duration, time::Instant};

use super::*;

fn writer() -> (tempfile::TempDir, Writer) {
    let home = tempfile::tempdir().unwrap();
    let connection = rusqlite::Connection::open(home.path().join("writer.sqlite")).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL;
             CREATE TABLE thing (name TEXT PRIMARY KEY) STRICT;
             CREATE TRIGGER undo BEFORE INSERT ON thing WHEN new.name = 'undo all'
             BEGIN SELECT RAISE(ROLLBACK, 'undone'); END;",
        )
        .unwrap();
    (home, Writer::new(Connection::Sqlite(connection)))
}

fn add(writer: &Writer, name: &str, keep: bool) -> sql::Result<usize> {
    writer.attempt(Effect::Adds, |c| Ok((c.execute("INSERT INTO thing (name) VALUES (?1)", [name])?, keep)))
}

fn names(writer: &Writer) -> Vec<String> {
    let connection = writer.connection();
    let mut statement = connection.prepare_cached("SELECT name FROM thing ORDER BY name").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().collect::<sql::Result<_>>().unwrap()
}

/// Counts commits, and makes them fail if told so.
fn watch(writer: &Writer, fail: bool) -> Arc<AtomicUsize> {
    let commits = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&commits);
    let hook = move || {
        counted.fetch_add(1, Ordering::SeqCst);
        fail
    };
    writer.connection().sqlite().unwrap().commit_hook(Some(hook)).unwrap();
    commits
}

/// Runs `first` alone, and the others once they all wait behind it: what each of them got.
fn together<T: Send>(
    writer: &Writer,
    others: impl IntoIterator<Item = Other<T>>,
) -> (sql::Result<()>, Vec<thread::Result<T>>) {
    let others: Vec<_> = others.into_iter().collect();
    let number = others.len();
    thread::scope(|scope| {
        let first = scope.spawn(move || {
            writer.attempt(Effect::Adds, |c| {
                c.execute("INSERT INTO thing (name) VALUES ('first')", [])?;
                let begun = Instant::now();
                while writer.waiting.load(Ordering::SeqCst) < number {
                    assert!(begun.elapsed() < Duration::from_secs(30), "the others wait");
                    thread::yield_now();
                }
                Ok(((), true))
            })
        });
        while lock_is_free(writer) {
            thread::yield_now();
        }
        let others: Vec<_> = others.into_iter().map(|other| scope.spawn(move || other(writer))).collect();
        (first.join().unwrap(), others.into_iter().map(|other| other.join()).collect())
    })
}

fn lock_is_free(writer: &Writer) -> bool {
    writer.connection.try_lock().is_ok()
}

type Other<T> = Box<dyn FnOnce(&Writer) -> T + Send>;

fn adding(number: usize) -> Other<sql::Result<usize>> {
    Box::new(move |writer| add(writer, &number.to_string(), true))
}

#[test]
fn who_waits_shares_a_commit() {
    let (_home, writer) = writer();
    let commits = watch(&writer, false);
    let others = (0..8).map(adding);
    let (first, others) = together(&writer, others);
    first.unwrap();
    assert!(others.into_iter().all(|other| other.unwrap().unwrap() == 1));
    assert_eq!(names(&writer), ["0", "1", "2", "3", "4", "5", "6", "7", "first"]);
    assert_eq!(commits.load(Ordering::SeqCst), 1);
    // Alone, one does not wait for others.
    add(&writer, "later", true).unwrap();
    assert_eq!(commits.load(Ordering::SeqCst), 2);
}

#[test]
fn one_that_fails_is_undone_alone() {
    let (_home, writer) = writer();
    let others: [Other<bool>; 5] = [
        Box::new(|w| add(w, "kept", true).is_ok()),
        Box::new(|w| add(w, "not kept", false).is_ok()),
        Box::new(|w| add(w, "first", true).is_ok()),
        Box::new(|w| {
            let outcome: sql::Result<()> = w.attempt(Effect::Adds, |c| {
                c.execute("INSERT INTO thing (name) VALUES ('before a panic')", [])?;
                panic!("as it happens")
            });
            outcome.is_ok()
        }),
        Box::new(|w| add(w, "kept too", true).is_ok()),
    ];
    let (first, others) = together(&writer, others);
    first.unwrap();
    let others: Vec<Option<bool>> = others.into_iter().map(Result::ok).collect();
    assert_eq!(others, [Some(true), Some(true), Some(false), None, Some(true)]);
    assert_eq!(names(&writer), ["first", "kept", "kept too"]);
}

#[test]
fn a_commit_that_fails_is_everybodys_error() {
    let (_home, writer) = writer();
    watch(&writer, true);
    let others = (0..4).map(adding);
    let (first, others) = together(&writer, others);
    assert!(first.is_err());
    assert!(others.into_iter().all(|other| other.unwrap().is_err()));
    watch(&writer, false);
    assert_eq!(names(&writer), Vec::<String>::new());
    add(&writer, "later", true).unwrap();
    assert_eq!(names(&writer), ["later"]);
}

#[test]
fn nobody_is_told_that_something_is_kept_which_sqlite_undid() {
    let (_home, writer) = writer();
    let undo: Other<bool> = Box::new(|w| {
        let swallowed = w.attempt(Effect::Adds, |c| {
            let _ = c.execute("INSERT INTO thing (name) VALUES ('undo all')", []);
            Ok(((), true))
        });
        swallowed.is_ok()
    });
    let (first, others) = together(&writer, [undo]);
    assert!(first.is_err());
    assert!(!others.into_iter().next().unwrap().unwrap());
    assert_eq!(names(&writer), Vec::<String>::new());
    // The only member as well.
    let alone = writer.attempt(Effect::Adds, |c| {
        let _ = c.execute("INSERT INTO thing (name) VALUES ('undo all')", []);
        Ok(((), true))
    });
    assert!(alone.is_err());
    assert!(add(&writer, "undo all", true).is_err());
    add(&writer, "later", true).unwrap();
    assert_eq!(names(&writer), ["later"]);
}

#[test]
fn the_revision_tells_what_may_have_been_altered() {
    let (home, writer) = writer();
    add(&writer, "begins", true).unwrap();
    let first = writer.revision();
    add(&writer, "added", true).unwrap();
    assert_eq!(writer.revision(), first);
    let within = writer.attempt(Effect::Alters, |_| Ok((writer.revision(), true))).unwrap();
    // Who comes after it in its transaction may not go by what is still to be read; who reads before it is committed
    // reads what was.
    assert_ne!(within, first);
    let after = writer.revision();
    assert_ne!(after, within);
    let other = rusqlite::Connection::open(home.path().join("writer.sqlite")).unwrap();
    other.execute("DELETE FROM thing WHERE name = 'added'", []).unwrap();
    let seen = writer.attempt(Effect::Adds, |_| Ok((writer.revision(), true))).unwrap();
    assert_ne!(seen, after, "another process altered something");
    add(&writer, "added", true).unwrap();
    assert_eq!(writer.revision(), seen);
}

#[test]
fn what_was_read_between_a_change_and_its_commit_is_nothing_to_go_by() {
    let (_home, writer) = writer();
    let (writer, seen) = (&writer, &Mutex::new(None));
    let within = thread::scope(|scope| {
        let changes = scope.spawn(move || {
            writer.attempt(Effect::Alters, |_| {
                // Somebody reads now: what was there before.
                *lock(seen) = Some(writer.revision());
                let begun = Instant::now();
                while writer.waiting.load(Ordering::SeqCst) == 0 {
                    assert!(begun.elapsed() < Duration::from_secs(30), "the other waits");
                    thread::yield_now();
                }
                Ok(((), true))
            })
        });
        while lock(seen).is_none() {
            thread::yield_now();
        }
        // And joins the transaction of the change.
        let within = writer.attempt(Effect::Adds, |_| Ok((writer.revision(), true))).unwrap();
        changes.join().unwrap().unwrap();
        within
    });
    assert_ne!(Some(within), *lock(seen));
    assert_ne!(writer.revision(), within, "it is read from now on");
}
