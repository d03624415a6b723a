//! Everything that is printed. Standard output has what was asked for, standard error everything else; a
//! reader that went away is no crash.

use crate::pick;
use link::{Problem, TouchWaits};
use std::io::{self, IsTerminal, Write};

/// Prints a line.
pub fn line(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// Prints something secret as it is; `false` when nobody took it.
pub fn secret(text: &str) -> bool {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_ok()
}

/// Prints JSON.
pub fn json<T: serde::Serialize>(value: &T) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => line(&text),
        Err(problem) => error(&problem.to_string()),
    }
}

/// Tells the person something.
pub fn tell(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Tells what went wrong.
pub fn error(text: &str) {
    tell(&format!("latch: {text}"));
}

/// Tells what went wrong, what it means and what to do.
pub fn problem(problem: &Problem) {
    let rest = [problem.meaning.as_str(), problem.next.as_str()];
    let rest: Vec<&str> = rest.into_iter().filter(|text| !text.is_empty()).collect();
    error(&format!("{}. {}", problem.title.trim_end_matches('.'), rest.join(" ")));
}

/// Tells that a touch is waited for, or a word in Latchkey's window.
pub fn touch(waits: &TouchWaits) {
    let to_do = if waits.by_word {
        "Allow or deny it in Latchkey's window"
    } else {
        "Touch your security key to continue"
    };
    tell(&format!(
        "{to_do}: {}, {}. Latchkey's window says which program asks. This waits up to {} s.",
        pick::plain(&waits.account_name),
        pick::plain(&waits.role),
        waits.seconds
    ));
}

/// Whether a person sees standard output.
pub fn is_seen() -> bool {
    io::stdout().is_terminal()
}

/// Whether a person can be asked: reads here and sees standard error.
pub fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Rows in columns, each as wide as its widest cell; no spaces at a line's end.
pub fn table(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let row = |a: &str, b: &str| vec![a.to_owned(), b.to_owned()];
        assert_eq!(
            table(&[row("a", "x"), row("Ärger", ""), row("abc", "y")]),
            ["a      x", "Ärger", "abc    y"]
        );
        assert!(table(&[]).is_empty());
    }
}
