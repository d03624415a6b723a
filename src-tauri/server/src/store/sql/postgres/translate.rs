//! Statements in the words that PostgreSQL has for them.

/// Words that are names here and something else to PostgreSQL.
const QUOTED: [&str; 2] = ["user", "only"];

/// `?1` becomes `$1`, and names that are PostgreSQL's own words are quoted; outside of literals and comments.
/// `CROSS JOIN … ON`, which holds SQLite to an order, is a plain join. Parameters without a number count on.
pub(in crate::store) fn translate(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len() + 16);
    let mut rest = sql;
    let mut unnumbered = 0;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' | '"' => {
                // A doubled quote ends one literal and begins the next.
                let end = rest.get(1..).and_then(|inner| inner.find(first)).map_or(rest.len(), |end| end + 2);
                out.push_str(&rest[..end]);
                end
            }
            '-' if rest.starts_with("--") => {
                let end = rest.find('\n').unwrap_or(rest.len());
                out.push_str(&rest[..end]);
                end
            }
            '?' => {
                let digits = rest[1..].bytes().take_while(u8::is_ascii_digit).count();
                out.push('$');
                if digits == 0 {
                    unnumbered += 1;
                    out.push_str(&unnumbered.to_string());
                } else {
                    out.push_str(&rest[1..=digits]);
                }
                1 + digits
            }
            letter if letter.is_ascii_alphabetic() || letter == '_' => {
                let end = rest
                    .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
                    .unwrap_or(rest.len());
                let word = &rest[..end];
                if QUOTED.contains(&word) {
                    out.push('"');
                    out.push_str(word);
                    out.push('"');
                } else if word != "CROSS" {
                    out.push_str(word);
                }
                end
            }
            other => {
                out.push(other);
                other.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::translate;

    #[track_caller]
    fn is(sqlite: &str, postgres: &str) {
        assert_eq!(translate(sqlite), postgres);
    }

    #[test]
    fn parameters_and_names_are_translated_outside_of_literals() {
        is(
            "SELECT u.* FROM user u WHERE u.id = ?1 AND x = ?12",
            "SELECT u.* FROM \"user\" u WHERE u.id = $1 AND x = $12",
        );
        is("SELECT '?1 user ''?2''' WHERE only = 1", "SELECT '?1 user ''?2''' WHERE \"only\" = 1");
        is("SELECT \"user\", user_id, users", "SELECT \"user\", user_id, users");
        is("a.x = ? AND a.y = ?", "a.x = $1 AND a.y = $2");
        is("-- user ?1\nSELECT ?1", "-- user ?1\nSELECT $1");
    }

    #[test]
    fn an_order_of_joins_is_sqlites_alone() {
        is("a m CROSS JOIN b g ON g.id = m.id", "a m  JOIN b g ON g.id = m.id");
    }
}
