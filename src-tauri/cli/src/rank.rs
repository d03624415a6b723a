//! Which role or application a few typed letters mean. Every word has to fit somewhere; how well it fits
//! where decides the order.

use link::{ListedApp, ListedRole};

/// Something that can be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A role.
    Role(ListedRole),
    /// An application.
    App(ListedApp),
}

/// The items that fit, the best first. Without a query all, favourites and recent ones first.
pub fn search<'a>(items: &'a [Item], query: &str) -> Vec<&'a Item> {
    let tokens: Vec<String> = query.split([' ', ',', '/']).filter(|t| !t.is_empty()).map(lower).collect();
    let mut found: Vec<(f64, &Item)> =
        items.iter().filter_map(|item| Some((score(item, &tokens)?, item))).collect();
    found.sort_by(|(a, one), (b, other)| {
        b.total_cmp(a).then_with(|| risk(one).cmp(&risk(other))).then_with(|| name(one).cmp(&name(other)))
    });
    found.into_iter().map(|(_, item)| item).collect()
}

/// The one that is meant without a doubt: the only one that fits, or the only one whose account (or
/// application) and role are exactly what was typed.
pub fn certain<'a>(items: &'a [Item], query: &str) -> Option<&'a Item> {
    let found = search(items, query);
    if let [only] = found.as_slice() {
        return Some(only);
    }
    let typed = lower(query).replace([',', ' '], "/");
    let typed: Vec<&str> = typed.split('/').filter(|part| !part.is_empty()).collect();
    let exact = |item: &&&Item| match (item, typed.as_slice()) {
        (Item::Role(role), [account, wanted]) => {
            (lower(&role.account_name) == *account || role.account == *account)
                && lower(&role.role) == *wanted
        }
        (Item::App(app), [wanted]) => lower(&app.name) == *wanted,
        _ => false,
    };
    let mut exactly = found.iter().filter(exact);
    exactly.next().filter(|_| exactly.next().is_none()).copied()
}

/// The roles whose account (its number or name) and name are exactly these, upper and lower case aside
/// where that leaves one only.
pub fn exactly<'a>(items: &'a [Item], account: &str, wanted: &str) -> Vec<&'a Item> {
    let same = |item: &&Item| match item {
        Item::Role(role) => {
            (role.account == account || lower(&role.account_name) == lower(account))
                && lower(&role.role) == lower(wanted)
        }
        Item::App(_) => false,
    };
    let to_the_letter = |item: &&Item| match item {
        Item::Role(role) => (role.account == account || role.account_name == account) && role.role == wanted,
        Item::App(_) => false,
    };
    let found: Vec<&Item> = items.iter().filter(same).collect();
    let letters: Vec<&Item> = found.iter().copied().filter(to_the_letter).collect();
    if letters.is_empty() { found } else { letters }
}

/// Account and role of words that name one role in full, `ACCOUNT/ROLE`. No role has a slash in its name;
/// an account may.
pub fn in_full(words: &str) -> Option<(&str, &str)> {
    words.trim().rsplit_once('/').filter(|(account, role)| !account.is_empty() && !role.is_empty())
}

fn score(item: &Item, tokens: &[String]) -> Option<f64> {
    let fields = fields(item);
    let mut sum = 0.0;
    for token in tokens {
        let best = fields.iter().map(|(text, weight)| fit(text, token) * weight).fold(0.0, f64::max);
        if best <= 0.0 {
            return None;
        }
        sum += best;
    }
    let fits = if tokens.is_empty() { 0.0 } else { sum / f64::from(u32::try_from(tokens.len()).ok()?) };
    let (favourite, recent) = match item {
        Item::Role(role) => (role.favourite, role.recent),
        Item::App(app) => (app.favourite, None),
    };
    let recent =
        recent.and_then(|place| u32::try_from(place).ok()).map_or(0.0, |place| 1.0 / f64::from(place + 1));
    Some(
        0.7 * fits + if favourite { 0.06 } else { 0.0 } + if is_dangerous(item) { 0.0 } else { 0.2 * recent },
    )
}

/// What is looked in, and how much it counts.
fn fields(item: &Item) -> Vec<(&str, f64)> {
    match item {
        Item::Role(role) => vec![
            (&role.account_name, 1.0),
            (&role.role, 0.85),
            (&role.account, 0.9),
            (&role.environment, 0.6),
            (&role.org_name, 0.4),
            (role.email.as_deref().and_then(|e| e.split('@').next()).unwrap_or_default(), 0.4),
        ],
        Item::App(app) => vec![(&app.name, 1.0), (&app.org_name, 0.4)],
    }
}

/// Words end at signs and at a change to upper case: `ReadOnly` has two.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    for letter in text.chars() {
        if letter.is_alphanumeric() {
            if !before.is_alphanumeric() || (before.is_lowercase() && letter.is_uppercase()) {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(letter.to_lowercase());
            }
        }
        before = letter;
    }
    words
}

/// How well a token fits a field, 0 to 1.
fn fit(text: &str, token: &str) -> f64 {
    let field = lower(text);
    if field == token {
        return 0.95;
    }
    if field.starts_with(token) {
        return 0.9;
    }
    let words = words(text);
    if words.iter().any(|word| word.starts_with(token)) {
        return 0.8;
    }
    let acronym: String = words.iter().filter_map(|word| word.chars().next()).collect();
    if token.chars().count() > 1 && acronym.starts_with(token) {
        return 0.7;
    }
    if token.chars().count() >= 2 && field.contains(token) {
        return 0.55;
    }
    subsequence(&field, token)
}

/// The token's letters in their order, the closer together the better.
fn subsequence(field: &str, token: &str) -> f64 {
    let length = token.chars().count();
    if length < 3 {
        return 0.0;
    }
    let mut wanted = token.chars().peekable();
    let (mut first, mut last, mut gap) = (None, 0, 0);
    for (place, letter) in field.chars().enumerate() {
        if wanted.peek() == Some(&letter) {
            wanted.next();
            first.get_or_insert(place);
            (last, gap) = (place, 0);
            if wanted.peek().is_none() {
                break;
            }
        } else if first.is_some() {
            gap += 1;
            if gap > 4 {
                return 0.0;
            }
        }
    }
    match (wanted.peek(), first) {
        (None, Some(first)) => {
            let as_float = |n: usize| u32::try_from(n).map_or(f64::MAX, f64::from);
            0.45 * as_float(length) / as_float(last - first + 1)
        }
        _ => 0.0,
    }
}

/// Repeated use must not make the dangerous one the first.
fn is_dangerous(item: &Item) -> bool {
    matches!(item, Item::Role(role) if role.privileged && role.environment == "production")
}

fn risk(item: &Item) -> (usize, bool) {
    const ORDER: [&str; 7] =
        ["sandbox", "development", "test", "staging", "shared", "unlabelled", "production"];
    match item {
        Item::Role(role) => {
            (ORDER.iter().position(|e| *e == role.environment).unwrap_or(ORDER.len()), role.privileged)
        }
        Item::App(_) => (0, false),
    }
}

fn name(item: &Item) -> (&str, &str, &str) {
    match item {
        Item::Role(role) => (&role.account_name, &role.role, &role.account),
        Item::App(app) => (&app.name, "", &app.app),
    }
}

fn lower(text: &str) -> String {
    text.to_lowercase()
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn role(account: &str, name: &str, role: &str, environment: &str) -> Item {
        Item::Role(ListedRole {
            org: "org-1".to_owned(),
            org_name: "Acme".to_owned(),
            account: account.to_owned(),
            account_name: name.to_owned(),
            email: None,
            role: role.to_owned(),
            environment: environment.to_owned(),
            privileged: role.contains("Admin"),
            favourite: false,
            recent: None,
            profiles: Vec::new(),
        })
    }

    pub fn items() -> Vec<Item> {
        vec![
            role("111122223333", "payments-prod", "Administrator", "production"),
            role("111122223333", "payments-prod", "ReadOnly", "production"),
            role("444455556666", "payments-dev", "ReadOnly", "development"),
            role("444455556666", "payments-dev", "PowerUser", "development"),
            role("777788889999", "data-staging", "Dev", "staging"),
        ]
    }

    fn found(query: &str) -> Vec<String> {
        let items = items();
        search(&items, query).into_iter().map(|item| format!("{}/{}", name(item).0, name(item).1)).collect()
    }

    #[test]
    fn every_word_fits_and_the_harmless_one_comes_first() {
        assert_eq!(found("pay ro")[..2], ["payments-dev/ReadOnly", "payments-prod/ReadOnly"]);
        assert_eq!(found("pay/ro"), found("pay ro"));
        assert_eq!(found("1111 admin"), ["payments-prod/Administrator"]);
        assert_eq!(found("pp read"), ["payments-prod/ReadOnly"]);
        assert_eq!(found("pymnts dev power"), ["payments-dev/PowerUser"]);
        assert!(found("nothing").is_empty());
        assert_eq!(found("").len(), 5);
    }

    #[test]
    fn use_lifts_all_but_the_dangerous() {
        let mut items = items();
        for item in &mut items[..2] {
            if let Item::Role(role) = item {
                role.recent = Some(0);
            }
        }
        let first = search(&items, "payments")[0];
        assert_eq!(name(first), ("payments-prod", "ReadOnly", "111122223333"));
    }

    #[test]
    fn certain_is_the_only_one_or_the_exact_one() {
        let items = items();
        let check = |query: &str, expect: Option<(&str, &str)>| {
            let found = certain(&items, query).map(|item| (name(item).0, name(item).1));
            assert_eq!(found, expect, "{query}");
        };
        check("data", Some(("data-staging", "Dev")));
        check("payments-prod/ReadOnly", Some(("payments-prod", "ReadOnly")));
        check("111122223333/readonly", Some(("payments-prod", "ReadOnly")));
        check("payments", None);
        check("nothing", None);
    }

    #[test]
    fn a_role_that_is_named_in_full_is_that_one_or_none() {
        let mut items = items();
        let check = |items: &[Item], words: &str, expect: &[(&str, &str)]| {
            let Some((account, role)) = in_full(words) else { panic!("{words}") };
            let found: Vec<_> =
                exactly(items, account, role).into_iter().map(|it| (name(it).0, name(it).1)).collect();
            assert_eq!(found, expect, "{words}");
        };
        check(&items, "111122223333/ReadOnly", &[("payments-prod", "ReadOnly")]);
        check(&items, "Payments-Prod/readonly", &[("payments-prod", "ReadOnly")]);
        check(&items, "payments-prod/ro", &[]);
        check(&items, "111122223333/Admin", &[]);
        items.push(role("111122223333", "payments-prod", "READONLY", "production"));
        check(&items, "payments-prod/ReadOnly", &[("payments-prod", "ReadOnly")]);
        check(
            &items,
            "payments-prod/readonly",
            &[("payments-prod", "ReadOnly"), ("payments-prod", "READONLY")],
        );
        items.push(role("999900001111", "a/b", "Dev", "test"));
        check(&items, "a/b/Dev", &[("a/b", "Dev")]);
        for loose in ["payments", "payments/", "/ReadOnly", ""] {
            assert_eq!(in_full(loose), None, "{loose}");
        }
    }
}
