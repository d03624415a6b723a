//! A page of the administration as a value. One template renders all of them, so that every list, form and
//! error is laid out, named and read aloud in the same way.

use std::borrow::Cow;

use askama::Template;
use axum::{http::StatusCode, response::Response};
use url::form_urlencoded;

use super::{Administrator, SECTIONS};
use crate::{
    catalogue::Icon,
    fields::Fields,
    signin::{Frame, html},
};

/// A page.
#[derive(Debug, Default)]
pub struct Page {
    /// Its heading.
    pub title: String,
    /// What stands before it.
    pub icon: Option<Icon>,
    /// The pages above it.
    pub crumbs: Vec<Link>,
    /// From above to below.
    pub parts: Vec<Part>,
}

/// A part of a page.
#[derive(Debug)]
pub enum Part {
    /// A heading of the second level.
    Heading(String),
    /// A paragraph.
    Note(String),
    /// A message that stands out.
    Banner(Tone, String),
    /// The same with the way to where it is mended.
    Notice(Tone, String, Link),
    /// Numbers of things, and the ways to them.
    Tiles(Vec<(String, Link)>),
    /// The steps of a longer task, and which of them this is, from 1 on.
    Steps(Vec<&'static str>, usize),
    /// The way to what most people came for, before the ways to the rest.
    Actions(Link, Vec<Link>),
    /// Something to copy, under its name.
    Secret(&'static str, String),
    /// The same where it is no secret; the id of its field goes first.
    Copied(&'static str, &'static str, String),
    /// Text as a program wrote it.
    Code(String),
    /// Names and values.
    Facts(Vec<(&'static str, String)>),
    /// A list of things.
    Table(Table),
    /// Ways to other pages.
    Links(Vec<Link>),
    /// A form that looks something up.
    Search(Search),
    /// A form that changes something.
    Form(Form),
}

/// How a message sounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// It is done.
    Good,
    /// It needs attention.
    Warning,
    /// It did not work.
    Error,
}

impl Tone {
    /// The class of the stylesheet.
    fn class(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Warning => "warn",
            Self::Error => "error",
        }
    }

    fn role(self) -> &'static str {
        if self == Self::Error { "alert" } else { "status" }
    }
}

/// A way to another page.
#[derive(Debug, Clone)]
pub struct Link {
    /// Where it leads.
    pub href: String,
    /// What it says.
    pub text: String,
}

impl Link {
    /// A link.
    pub fn new(href: impl Into<String>, text: impl Into<String>) -> Self {
        Self { href: href.into(), text: text.into() }
    }
}

/// A list of things.
#[derive(Debug, Default)]
pub struct Table {
    /// What it lists, for those who do not see it.
    pub caption: String,
    /// What the columns are called.
    pub columns: Vec<&'static str>,
    /// As many cells in each as there are columns.
    pub rows: Vec<Vec<Cell>>,
    /// What to say when there are none.
    pub empty: &'static str,
    /// The page after this one.
    pub next: Option<String>,
    /// The first page, from another.
    pub first: Option<String>,
}

/// A cell.
#[derive(Debug)]
pub enum Cell {
    /// Words.
    Text(String),
    /// An id.
    Code(String),
    /// A way to the thing.
    Link(Link),
    /// The same behind its picture.
    Pictured(Icon, Link),
    /// The same, so many steps below the first of its list.
    Below(usize, Link),
    /// A state.
    Chip(Tone, &'static str),
    /// A button that does something to the thing.
    Button(Button),
}

impl Cell {
    /// Words.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
}

/// A form of one button.
#[derive(Debug)]
pub struct Button {
    /// Where it goes.
    pub action: &'static str,
    /// What goes along.
    pub hidden: Vec<(&'static str, String)>,
    /// What it says.
    pub text: &'static str,
    /// What it says to those who do not see the row.
    pub label: String,
}

/// A form that looks something up.
#[derive(Debug)]
pub struct Search {
    /// The page it stands on.
    pub action: &'static str,
    /// What is looked for.
    pub label: &'static str,
    /// What was typed.
    pub words: String,
}

/// A form that changes something.
#[derive(Debug, Default)]
pub struct Form {
    /// Where it goes.
    pub action: &'static str,
    /// It leads to another page and changes nothing.
    pub is_step: bool,
    /// What can be filled in.
    pub fields: Vec<Field>,
    /// What the button says; empty without one.
    pub submit: &'static str,
    /// Suggestions for [`Kind::Suggested`] and [`Kind::Adds`].
    pub suggestions: &'static [&'static str],
    /// More buttons: what they say and the value of `go` that they send.
    pub others: Vec<(&'static str, &'static str)>,
    /// What it costs: the form is folded away under its button's words and this is said before it.
    pub costs: Option<String>,
}

/// One field of a form.
#[derive(Debug, Default)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it is called.
    pub label: String,
    /// What belongs into it.
    pub hint: Cow<'static, str>,
    /// What is in it.
    pub value: String,
    /// What is wrong with it.
    pub error: Option<String>,
    /// What it looks like.
    pub kind: Kind,
}

/// What a field looks like.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Nothing.
    Hidden,
    /// One line.
    #[default]
    Line,
    /// One line that must not be empty.
    Required,
    /// One line that cannot be changed.
    Fixed,
    /// Something that is told and goes nowhere.
    Told,
    /// One line for which the form has suggestions.
    Suggested,
    /// The same with a button that adds it to a list.
    Adds,
    /// One line with a button that looks it up.
    Words,
    /// Several lines.
    Lines,
    /// A file, whose text is sent.
    File,
    /// One line that nobody reads over a shoulder, and that is never filled in.
    Secret,
    /// One of these: value and words.
    Choice(Vec<(String, String)>),
    /// Any of these: value, words, whether it is ticked.
    Many(Vec<(String, String, bool)>),
    /// One of a few, all in sight: value and words.
    One(Vec<(String, String)>),
    /// No field: what follows is folded away under its label, unless its value is not empty.
    Fold,
    /// No field: the end of what is folded away.
    FoldEnd,
}

impl Form {
    /// Whether a file goes along.
    fn has_file(&self) -> bool {
        self.fields.iter().any(|field| field.kind == Kind::File)
    }
}

impl Field {
    /// One line with what was typed before.
    pub fn line(name: &'static str, label: &str, fields: &Fields) -> Self {
        let value = fields.get(name).unwrap_or_default().to_owned();
        Self { name, label: label.to_owned(), value, ..Self::default() }
    }

    /// Something that goes along.
    pub fn hidden(name: &'static str, value: impl Into<String>) -> Self {
        Self { name, value: value.into(), kind: Kind::Hidden, ..Self::default() }
    }

    /// Any of several.
    pub fn many(name: &'static str, label: &str, options: Vec<(String, String, bool)>) -> Self {
        Self { name, label: label.to_owned(), kind: Kind::Many(options), ..Self::default() }
    }

    /// One of a few, all in sight.
    pub fn one(name: &'static str, label: &str, value: &str, options: &[(&str, &str)]) -> Self {
        let options = options.iter().map(|(value, text)| ((*value).to_owned(), (*text).to_owned()));
        let kind = Kind::One(options.collect());
        Self { name, label: label.to_owned(), value: value.to_owned(), kind, ..Self::default() }
    }

    /// The same with what belongs into it.
    pub fn hint(self, hint: impl Into<Cow<'static, str>>) -> Self {
        Self { hint: hint.into(), ..self }
    }

    /// The same looking otherwise.
    pub fn of(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    /// The ids of what describes it.
    fn described_by(&self) -> String {
        let parts = [
            (!self.hint.is_empty()).then(|| format!("{}-hint", self.name)),
            self.error.as_ref().map(|_| format!("{}-error", self.name)),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

/// What is wrong with what was typed, by the name of its field.
#[derive(Debug, Default)]
pub struct Mistakes(Vec<(&'static str, String)>);

impl Mistakes {
    /// Something is wrong with a field.
    pub fn add(&mut self, field: &'static str, problem: impl Into<String>) {
        if !self.0.iter().any(|(known, _)| *known == field) {
            self.0.push((field, problem.into()));
        }
    }

    /// Takes a value, or says what is wrong with its field.
    pub fn take<T>(&mut self, field: &'static str, outcome: Result<T, String>) -> Option<T> {
        outcome.map_err(|problem| self.add(field, problem)).ok()
    }

    /// Whether nothing is.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Says it at the fields.
    pub fn mark(&self, form: &mut Form) {
        for field in &mut form.fields {
            let mistake = self.0.iter().find(|(name, _)| *name == field.name);
            field.error = mistake.map(|(_, problem)| problem.clone());
        }
    }

    /// What to say above the form, if anything.
    pub fn banner(&self) -> Option<Part> {
        let text = match self.0.len() {
            0 => return None,
            1 => "One field needs your attention. Nothing was saved.",
            _ => "Some fields need your attention. Nothing was saved.",
        };
        Some(Part::Banner(Tone::Error, text.to_owned()))
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        if self.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST }
    }
}

#[derive(Template)]
#[template(path = "administration.html")]
struct Rendered<'a> {
    frame: Frame,
    sections: &'a [(&'static str, &'static str)],
    here: &'static str,
    marks: &'static str,
    page: &'a Page,
}

/// What was just done, for the top of a page.
pub fn done(text: Option<&str>) -> Vec<Part> {
    text.map(|text| Part::Banner(Tone::Good, text.to_owned())).into_iter().collect()
}

/// What servers answered when they were tried: each with what is good about it, or why it cannot be used.
pub fn servers_tried(outcomes: Vec<(String, Result<&str, String>)>) -> Part {
    let rows = outcomes.into_iter().map(|(server, outcome)| {
        let (chip, said) = match outcome {
            Ok(good) => (Cell::Chip(Tone::Good, "WORKS"), good.to_owned()),
            Err(why) => (Cell::Chip(Tone::Error, "FAILS"), format!("{}.", capital(&why))),
        };
        vec![Cell::Code(server), chip, Cell::Text(said)]
    });
    Part::Table(Table {
        caption: "Servers as they answer now".to_owned(),
        columns: vec!["Server", "State", "In detail"],
        rows: rows.collect(),
        ..Table::default()
    })
}

/// A sentence's beginning.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

impl Page {
    /// A page without parts.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// The same below another.
    pub fn below(mut self, href: impl Into<String>, text: impl Into<String>) -> Self {
        self.crumbs.push(Link::new(href, text));
        self
    }

    /// The same with a picture.
    pub fn pictured(self, icon: Option<Icon>) -> Self {
        Self { icon, ..self }
    }

    /// The same with a part more.
    pub fn with(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    /// The same with a part more, if there is one.
    pub fn with_some(mut self, part: Option<Part>) -> Self {
        self.parts.extend(part);
        self
    }

    /// The same with what was just done or found, and what is wrong with what was typed.
    pub fn said(mut self, first: Vec<Part>, mistakes: &Mistakes) -> Self {
        self.parts.extend(first);
        self.parts.extend(mistakes.banner());
        self
    }

    /// The answer.
    pub fn show(&self, of: &Administrator<'_>) -> Response {
        self.show_as(of, StatusCode::OK)
    }

    /// The answer with another status.
    pub fn show_as(&self, of: &Administrator<'_>, status: StatusCode) -> Response {
        let path = of.route.page();
        let is_in = |section: &str| path == section || path.starts_with(&format!("{section}/"));
        let here = match path {
            "/admin" => path,
            "/admin/assign" => "/admin/accounts",
            _ => SECTIONS.iter().skip(1).map(|(href, _)| *href).find(|href| is_in(href)).unwrap_or_default(),
        };
        let marks = if path == here { "page" } else { "true" };
        let frame = Frame::of(of.instance, of.visit);
        html(status, &Rendered { frame, sections: &SECTIONS, here, marks, page: self })
    }
}

/// The pieces of a text between which a line may end. The bytes of a fingerprint stay whole: people compare them.
fn pieces(text: &str) -> Vec<&str> {
    let is_fingerprint = text.matches(':').count() >= FEWEST_COLONS;
    if is_fingerprint { text.split_inclusive(':').collect() } else { vec![text] }
}

/// As many has SHA-1's, the shortest.
const FEWEST_COLONS: usize = 19;

/// A path with parameters.
pub fn way<'a>(path: &str, parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let query: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// Rows on one page of a list.
pub const ROWS: u32 = 50;

/// One page of a list: as many as were asked for, and where the next begins.
pub struct Paged<T> {
    /// What is on the page.
    pub rows: Vec<T>,
    /// After what the next page begins.
    pub next: Option<String>,
}

impl<T> Paged<T> {
    /// Makes a page out of one row more than it has.
    pub fn of(rows: Vec<T>, key: impl Fn(&T) -> &str) -> Self {
        Self::by(rows, |row| key(row).to_owned())
    }

    /// The same of rows whose key is made of several things.
    pub fn by(mut rows: Vec<T>, key: impl Fn(&T) -> String) -> Self {
        let most = usize::try_from(ROWS).unwrap_or(usize::MAX);
        let more = rows.len() > most;
        rows.truncate(most);
        let next = rows.last().filter(|_| more).map(key);
        Self { rows, next }
    }
}

/// The ways to a list's other pages, from what was asked for this one.
pub fn pages(path: &str, fields: &Fields, next: Option<&str>) -> (Option<String>, Option<String>) {
    let words = fields.get("words").unwrap_or_default();
    let ways = |after: Option<&str>| {
        let parameters = [("words", words), ("after", after.unwrap_or_default())];
        way(path, parameters.into_iter().filter(|(_, value)| !value.is_empty()))
    };
    (next.map(|next| ways(Some(next))), fields.get("after").map(|_| ways(None)))
}
