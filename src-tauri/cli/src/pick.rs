//! Choosing one of many in a terminal: type to narrow, arrows to move, with everything that is known of
//! the one in question beneath. Drawn on standard error, so that standard output stays the answer's.

use crate::rank::{Item, search};
use crossterm::{
    cursor::{Hide, MoveToColumn, MoveUp, Show},
    event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers},
    queue,
    style::Print,
    terminal::{self, Clear, ClearType, disable_raw_mode, enable_raw_mode},
};
use engine::model::shown::steers;
use std::io::{self, Write};
use view::words::group_account_id;

/// Rows shown at once.
const ROWS: usize = 10;

/// What a key press meant.
#[derive(Debug, PartialEq, Eq)]
enum Pressed {
    On,
    Taken,
    GivenUp,
}

/// What is typed and which row is in question.
struct Choice<'a> {
    items: &'a [Item],
    query: String,
    at: usize,
}

impl<'a> Choice<'a> {
    fn found(&self) -> Vec<&'a Item> {
        search(self.items, &self.query)
    }

    fn press(&mut self, key: KeyEvent) -> Pressed {
        let count = self.found().len();
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Enter if count > 0 => return Pressed::Taken,
            KeyCode::Esc => return Pressed::GivenUp,
            KeyCode::Char('c' | 'd') if control => return Pressed::GivenUp,
            KeyCode::Down => self.at = if self.at + 1 < count { self.at + 1 } else { 0 },
            KeyCode::Char('n') if control => self.at = if self.at + 1 < count { self.at + 1 } else { 0 },
            KeyCode::Up => self.at = self.at.checked_sub(1).unwrap_or(count.saturating_sub(1)),
            KeyCode::Char('p') if control => {
                self.at = self.at.checked_sub(1).unwrap_or(count.saturating_sub(1));
            }
            KeyCode::Backspace => {
                self.query.pop();
                self.at = 0;
            }
            KeyCode::Char('u') if control => {
                self.query.clear();
                self.at = 0;
            }
            KeyCode::Char(letter) if !control => {
                self.query.push(letter);
                self.at = 0;
            }
            _ => {}
        }
        Pressed::On
    }

    /// The lines to draw, none wider than the terminal.
    fn lines(&self, title: &str, width: usize) -> Vec<String> {
        let found = self.found();
        let mut lines = vec![format!("{title}: {}", self.query)];
        let first = self.at.saturating_sub(ROWS - 1);
        for (place, item) in found.iter().enumerate().skip(first).take(ROWS) {
            lines.push(format!("{} {}", if place == self.at { ">" } else { " " }, row(item)));
        }
        match found.get(self.at) {
            Some(item) => lines.push(preview(item)),
            None => lines.push("  Nothing fits".to_owned()),
        }
        lines.push(format!("  {} of {}   Enter takes, Esc leaves", found.len(), self.items.len()));
        lines.iter().map(|line| plain(line).chars().take(width.saturating_sub(1)).collect()).collect()
    }
}

/// Names come from servers: nothing in them may steer the terminal, or be there without being seen.
pub fn plain(text: &str) -> String {
    text.chars().filter(|c| !steers(*c)).collect()
}

/// As [`plain`], in quotes that nothing within ends.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", plain(text).replace('"', "'"))
}

/// An item in one line.
pub fn row(item: &Item) -> String {
    match item {
        Item::Role(role) => {
            let chip = chip(&role.environment).map(|chip| format!("[{chip}] ")).unwrap_or_default();
            format!("{chip}{}, {}", role.account_name, role.role)
        }
        Item::App(app) => format!("{} (app)", app.name),
    }
}

/// The environment's short word.
pub fn chip(environment: &str) -> Option<&'static str> {
    let class = serde_json::from_value(serde_json::Value::from(environment)).ok()?;
    view::words::chip(class)
}

fn preview(item: &Item) -> String {
    match item {
        Item::Role(role) => {
            let mut facts = vec![group_account_id(&role.account), role.org_name.clone()];
            facts.extend(role.email.clone());
            facts.extend(role.privileged.then(|| "privileged".to_owned()));
            facts.extend(role.favourite.then(|| "favourite".to_owned()));
            if !role.profiles.is_empty() {
                facts.push(format!("profile {}", role.profiles.join(", ")));
            }
            format!("    {}", facts.join(" - "))
        }
        Item::App(app) => {
            let mut facts = vec![app.org_name.clone()];
            facts.extend(app.description.clone());
            format!("    {}", facts.join(" - "))
        }
    }
}

/// Lets the person choose; `None` when they leave it.
///
/// # Errors
/// The terminal does not do what terminals do.
pub fn pick<'a>(items: &'a [Item], query: &str, title: &str) -> io::Result<Option<&'a Item>> {
    let mut choice = Choice { items, query: query.to_owned(), at: 0 };
    enable_raw_mode()?;
    let chosen = choose(&mut choice, title);
    // Whatever went wrong, the terminal is given back as it was.
    let restored = disable_raw_mode();
    let shown = queue!(io::stderr(), Show).and_then(|()| io::stderr().flush());
    let chosen = chosen?;
    restored.and(shown)?;
    Ok(chosen)
}

fn choose<'a>(choice: &mut Choice<'a>, title: &str) -> io::Result<Option<&'a Item>> {
    let mut out = io::stderr();
    queue!(out, Hide)?;
    let mut drawn = 0;
    loop {
        let width = terminal::size().map_or(80, |(columns, _)| usize::from(columns));
        drawn = draw(&mut out, &choice.lines(title, width), drawn)?;
        let Event::Key(key) = event::read()? else { continue };
        if key.kind == KeyEventKind::Release {
            continue;
        }
        match choice.press(key) {
            Pressed::On => {}
            pressed => {
                draw(&mut out, &[], drawn)?;
                let found = choice.found();
                return Ok(found.get(choice.at).copied().filter(|_| pressed == Pressed::Taken));
            }
        }
    }
}

/// Draws over what was drawn before; how many lines there are now.
fn draw(out: &mut impl Write, lines: &[String], before: u16) -> io::Result<u16> {
    if before > 0 {
        queue!(out, MoveUp(before))?;
    }
    queue!(out, MoveToColumn(0), Clear(ClearType::FromCursorDown))?;
    for line in lines {
        queue!(out, Print(line), Print("\r\n"))?;
    }
    out.flush()?;
    Ok(u16::try_from(lines.len()).unwrap_or(u16::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rank::tests::{items, role};

    fn type_in(choice: &mut Choice<'_>, keys: &[KeyCode]) -> Pressed {
        let mut last = Pressed::On;
        for code in keys {
            last = choice.press(KeyEvent::new(*code, KeyModifiers::NONE));
        }
        last
    }

    #[test]
    fn typing_narrows_and_arrows_wrap() {
        let items = items();
        let mut choice = Choice { items: &items, query: String::new(), at: 0 };
        type_in(&mut choice, &[KeyCode::Char('r'), KeyCode::Char('o')]);
        let lines = choice.lines("Role", 80);
        assert_eq!(lines[0], "Role: ro");
        assert_eq!(lines[1], "> [DEV] payments-dev, ReadOnly");
        let beneath = &lines[lines.len() - 2];
        assert_eq!(beneath, "    4444-5555-6666 - Acme");
        type_in(&mut choice, &[KeyCode::Down]);
        assert_eq!(choice.lines("Role", 80)[2], "> [PROD] payments-prod, ReadOnly");
        type_in(&mut choice, &[KeyCode::Up, KeyCode::Up]);
        assert_eq!(choice.at + 1, choice.found().len(), "from the first to the last");
        assert_eq!(
            type_in(&mut choice, &[KeyCode::Char('x'), KeyCode::Enter]),
            Pressed::On,
            "nothing to take"
        );
        assert_eq!(type_in(&mut choice, &[KeyCode::Backspace, KeyCode::Enter]), Pressed::Taken);
    }

    #[test]
    fn names_do_not_steer_the_terminal() {
        assert_eq!(plain("a\u{202e}b\u{200b}c\u{2066}\u{feff}\u{1b}d"), "abcd");
        assert_eq!(quoted("Acme\" (eu-west-1) \""), "\"Acme' (eu-west-1) '\"");
        let items = [role("1", "evil\u{1b}[2J\r", "Dev", "unlabelled")];
        let choice = Choice { items: &items, query: String::new(), at: 0 };
        assert!(choice.lines("Role", 40).iter().all(|line| line.chars().all(|c| !c.is_control())));
        assert!(choice.lines("Role", 12).iter().all(|line| line.chars().count() < 12));
    }
}
