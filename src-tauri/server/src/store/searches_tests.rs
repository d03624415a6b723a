//! Users are found by an index of trigrams, and are the same that looking at each of them finds.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use rusqlite_migration::Migrations;

use super::*;
use crate::{rig::Rig, store::MIGRATIONS};

/// First names, some of which differ in nothing but case or accents.
const FIRST: [&str; 10] =
    ["Zoé", "ZOÉ", "zoë", "Anna", "Søren", "søren", "Łukasz", "李小龍", "D\"arcy", "50%_off"];

/// A store with so many more people than the sample has.
fn store(people: usize) -> std::sync::Arc<Store> {
    let store = std::sync::Arc::clone(&Rig::new().instance.store);
    store
        .write("add people", |tx| {
            for number in 0..people {
                let first = FIRST[number % FIRST.len()];
                tx.execute(
                    "INSERT INTO user (id, username, display_name, email, email_verified, enabled, profile, created,
                         updated)
                     VALUES (?1, ?2, ?3, ?4, TRUE, TRUE, '{}', 0, 0)",
                    params![
                        format!("id-{number:06}"),
                        format!("user{number:05}"),
                        format!("{first} Person{}", number * 7 % 1000),
                        format!("{number:05}@example{}.test", number % 3)
                    ],
                )?;
            }
            Ok(())
        })
        .unwrap();
    store
}

fn names(users: Vec<User>) -> Vec<String> {
    users.into_iter().map(|user| user.username).collect()
}

/// What looking at each of them finds.
fn scanned(store: &Store, words: &str, after: &str, limit: u32) -> Vec<String> {
    let select = format!("SELECT {} FROM user u", users::COLUMNS);
    let by = ("u.username", ["u.username", "u.display_name", "u.email"].as_slice());
    let found =
        store.read("scan", |c| matching(c, &select, by, (words, after, limit), users::user_from)).unwrap();
    names(found)
}

#[test]
fn users_found_by_trigrams_are_those_that_contain_the_words() {
    let store = store(3000);
    let words = [
        "",
        " ",
        "z",
        "é",
        "oé",
        "zoé",
        "ZOÉ",
        "Zoë",
        "zoe",
        "anna p",
        "ANNA PERSON7",
        "søren person",
        "SØREN",
        "łuk",
        "李小龍",
        "小龍",
        "\"ar",
        "d\"a",
        "50%",
        "%_o",
        "_of",
        "\\",
        "n7 ",
        "01234",
        "1234@EXAMPLE",
        "@example1.test",
        "user0",
        "user02999",
        "example",
        "nobody-at-all",
        "sam",
        " sam ",
        "n\ns",
        "sam\n",
        "u\0s",
        "AND",
        "OR NOT",
        "NEAR(",
        "*",
        "a*b",
        "words:",
        "person100 ",
        "n1000",
        // Longer than all of their trigrams are looked up.
        "02999@example2.test",
        "søren person995",
        "02999@example1.test",
        "02999@exomple2.test",
        // Two letters: in the midst, at an end, of few, of nobody, in any case, between two columns.
        "st",
        "ZO",
        "t\n",
        " p",
        "99",
        "rc",
        "Q9",
        "\"a",
        "0%",
        "\\%",
        "é ",
    ];
    let mut found = 0;
    for words in words {
        for after in ["", "user01500", "user02990", "z"] {
            let users = names(store.find_users(words, after, 20).unwrap());
            assert_eq!(users, scanned(&store, words, after, 20), "{words:?} after {after:?}");
            found += users.len();
        }
    }
    assert!(found > 500, "the words find somebody: {found}");
}

#[test]
fn rare_words_are_looked_up_and_common_ones_found_in_order() {
    let store = store(FEW + 1000);
    if store.is_shared() {
        return;
    }
    let plan = |words: &str| store.plans(|| drop(store.find_users(words, "", 20).unwrap()));
    let by_trigrams = |step: &String| step == "SEARCH n USING INTEGER PRIMARY KEY (rowid=?)";
    let in_order = |step: &String| step == "SEARCH u USING COVERING INDEX user_text (username>?)";
    for words in ["user01234", "01234@example1.test"] {
        let rare = plan(words);
        assert!(rare.iter().any(by_trigrams) && !rare.iter().any(in_order), "{words}: {rare:#?}");
    }
    let rare = plan("qq");
    assert!(!rare.iter().any(in_order), "{rare:#?}");
    for words in ["example", "er", "q"] {
        let common = plan(words);
        assert!(common.iter().any(in_order) && !common.iter().any(by_trigrams), "{words}: {common:#?}");
    }
}

#[test]
fn who_is_changed_or_deleted_is_found_as_they_are() {
    let rig = Rig::new();
    let store = &rig.instance.store;
    let find = |words: &str| names(store.find_users(words, "", 10).unwrap());
    let mut sam = rig.user("sam");
    assert_eq!(find("sam sample"), ["sam"]);
    sam.display_name = "Samuel Exemplar".to_owned();
    assert!(store.put_user(&sam, rig.instance.now(), &rig.entry()).unwrap());
    assert_eq!(find("exemplar"), ["sam"]);
    assert_eq!(find("sam sample"), Vec::<String>::new());
    assert!(store.delete_user(&sam.id, rig.instance.now(), &rig.entry()).unwrap());
    assert_eq!(find("exemplar"), Vec::<String>::new());
    let left = store.read("count", |c| {
        let indexed = match c.is_postgres() {
            true => "SELECT count(*) FROM user_number WHERE text LIKE '%exem%'",
            false => "SELECT count(*) FROM user_search WHERE user_search MATCH 'exe AND xem'",
        };
        let counts = "SELECT (SELECT count(*) FROM user_number), (SELECT count(*) FROM user)";
        one(c, &format!("{counts}, ({indexed})"), [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
        })
    });
    let (numbers, users, indexed) = left.unwrap().unwrap();
    assert_eq!((numbers, indexed), (users, 0));
}

#[test]
fn people_of_an_older_database_are_found() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("instance.sqlite");
    let mut old = rusqlite::Connection::open(&file).unwrap();
    Migrations::from_slice(&MIGRATIONS[..13]).to_latest(&mut old).unwrap();
    old.execute(
        "INSERT INTO user (id, username, display_name, email, email_verified, enabled, profile, created, updated)
         VALUES ('u', 'kim', 'Kim Older', 'kim@acme.test', 1, 1, '{}', 0, 0)",
        [],
    )
    .unwrap();
    drop(old);
    let store = Store::open(&file).unwrap();
    assert_eq!(names(store.find_users("older", "", 10).unwrap()), ["kim"]);
}
