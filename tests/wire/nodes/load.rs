//! The load: people who sign in, programs that exchange codes and ask for credentials, and some who try what nobody may.
//! Each answer is looked at when it comes.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use reqwest::StatusCode;
use serde_json::{Value, json};
use support::{Person, deadline::WHILE, until};

use super::{
    super::text,
    instance::{Answer, Client, Instance, Program, ROLE},
    people::{self, Who},
};

/// A sign-in that goes on.
pub struct Kept {
    pub who: String,
    pub access: String,
    refresh: String,
    client: Client,
    /// With its cookies.
    person: Person,
}

/// What was done, and what came of it.
#[derive(Default)]
pub struct Book {
    kept: RefCell<Vec<Rc<Kept>>>,
    /// When something had to be asked again.
    again: RefCell<Vec<Instant>>,
    /// Credentials that came: asked when, answered when.
    answered: RefCell<Vec<(Instant, Instant)>>,
    pub sign_ins: Cell<usize>,
    pub with_app: Cell<usize>,
    pub codes_raced: Cell<usize>,
    pub steps_raced: Cell<usize>,
    /// Codes and steps that were used up by a request of whose end nothing was heard.
    pub unheard: Cell<usize>,
    /// Requests that nobody may make.
    pub refused: Cell<usize>,
    is_over: Cell<bool>,
}

fn one_more(count: &Cell<usize>) {
    count.set(count.get() + 1);
}

impl Book {
    pub fn kept(&self) -> Vec<Rc<Kept>> {
        self.kept.borrow().clone()
    }

    pub fn credentials(&self) -> usize {
        self.answered.borrow().len()
    }

    pub fn again(&self) -> usize {
        self.again.borrow().len()
    }

    fn note_again(&self) {
        self.again.borrow_mut().push(Instant::now());
    }

    /// What counts; what does not is noted.
    fn count<T>(&self, answer: Option<T>) -> Option<T> {
        if answer.is_none() {
            self.note_again();
        }
        answer
    }

    pub fn end(&self) {
        self.is_over.set(true);
    }

    /// How long after that moment the first credentials came that were asked for after it, and when until `end`
    /// something had to be asked again for the last time.
    pub fn recovery(&self, from: Instant, end: Instant) -> Result<(Duration, Duration)> {
        let answered = self.answered.borrow();
        let first = answered.iter().filter(|(asked, _)| *asked > from).map(|(_, came)| *came - from).min();
        let again = self.again.borrow();
        let last = again.iter().filter(|at| **at > from && **at < end).map(|at| *at - from).max();
        Ok((first.context("nothing was answered any more")?, last.unwrap_or_default()))
    }

    fn keep(&self, who: &str, client: &Client, person: Person, tokens: &Value) -> Result<()> {
        let (access, refresh) = (text(tokens, "accessToken")?, text(tokens, "refreshToken")?);
        let (who, client) = (who.to_owned(), client.clone());
        self.kept.borrow_mut().push(Rc::new(Kept { who, access, refresh, client, person }));
        Ok(())
    }
}

/// Signs people in, one after the other, and exchanges their codes; every third code is tried at all servers at once.
/// People with apps try every second code of theirs at two servers at once. Of how many steps codes were sent.
pub async fn sign_in(
    book: &Book,
    instance: &Instance,
    client: &Client,
    mut people: Vec<Who>,
) -> Result<usize> {
    let (all, each) = (instance.balancer.all(), instance.balancer.each());
    let (program, somebody) = (instance.program(all)?, instance.person(all)?);
    let alone = each.iter().map(|at| instance.program(*at)).collect::<Result<Vec<_>>>()?;
    let visitors = each.iter().map(|at| instance.person(*at)).collect::<Result<Vec<_>>>()?;
    for round in 0_usize.. {
        let count = people.len();
        let who = &mut people[round % count];
        if book.is_over.get() || who.app.as_ref().is_some_and(people::App::is_worn) {
            break;
        }
        if who.app.is_some() && round / count % 2 == 1 {
            let [one, other] = [round, round + 1].map(|at| visitors[at % visitors.len()].another());
            race_a_step(book, client, who, &one, &other).await?;
            continue;
        }
        let person = somebody.another();
        let Some(code) = book.count(people::code(&person, client, who).await?) else { continue };
        one_more(&book.sign_ins);
        if who.app.is_some() {
            one_more(&book.with_app);
        }
        if round % 3 == 2 {
            race_a_code(book, &alone, client, &code).await?;
        } else if let Some(tokens) = exchange(book, &program, client, &code).await? {
            book.keep(&who.name, client, person, &tokens)?;
        }
    }
    Ok(people.iter().filter_map(|who| who.app.as_ref()).map(|app| app.sent.len()).sum())
}

/// Exchanges a code until it is said what became of it: its tokens, or `None` if a request used it of whose end nothing
/// was heard.
async fn exchange(book: &Book, program: &Program, client: &Client, code: &str) -> Result<Option<Value>> {
    let in_doubt = Cell::new(false);
    let (status, said) = until(WHILE, "a code to be exchanged", async || {
        let answer = book.count(program.exchange(client, code).await?);
        in_doubt.set(in_doubt.get() || answer.is_none());
        Ok(answer)
    })
    .await?;
    match status {
        StatusCode::OK => Ok(Some(said)),
        StatusCode::BAD_REQUEST if in_doubt.get() => {
            one_more(&book.unheard);
            Ok(None)
        }
        _ => bail!("a right code was refused: {status} {said}"),
    }
}

/// Whether this is an answer to a code that was used before.
fn is_spent(answer: &Answer) -> bool {
    answer
        .as_ref()
        .is_some_and(|(status, said)| *status == StatusCode::BAD_REQUEST && said["error"] == "invalid_grant")
}

/// One code at all servers at the same moment.
async fn race_a_code(book: &Book, alone: &[Program], client: &Client, code: &str) -> Result<()> {
    let [a, b, c] = alone else { bail!("there are three servers") };
    let (a, b, c) =
        tokio::try_join!(a.exchange(client, code), b.exchange(client, code), c.exchange(client, code))?;
    let answers = [a, b, c].map(|answer| book.count(answer));
    let taken = answers.iter().flatten().filter(|(status, _)| *status == StatusCode::OK).count();
    let spent = answers.iter().filter(|answer| is_spent(answer)).count();
    let unheard = answers.iter().filter(|answer| answer.is_none()).count();
    ensure!(taken <= 1, "a code was accepted {taken} times: {answers:?}");
    ensure!(taken + spent + unheard == 3, "a code was answered wrongly: {answers:?}");
    ensure!(taken == 1 || unheard > 0, "a right code was accepted by nobody: {answers:?}");
    one_more(&book.codes_raced);
    if taken == 0 {
        one_more(&book.unheard);
    }
    Ok(())
}

/// One code of an app at two servers at the same moment, in two browsers that both gave the password.
async fn race_a_step(
    book: &Book,
    client: &Client,
    who: &mut Who,
    one: &Person,
    other: &Person,
) -> Result<()> {
    let (first, second) =
        tokio::try_join!(people::password(one, client, who), people::password(other, client, who))?;
    let (Some(first), Some(second)) = (book.count(first), book.count(second)) else { return Ok(()) };
    let name = who.name.clone();
    let app = who.app.as_mut().context("no app")?;
    let was_in_doubt = app.in_doubt.is_some();
    let (step, code) = app.shows()?;
    let (first, second) =
        tokio::try_join!(people::verify(one, &first, &code), people::verify(other, &second, &code))?;
    let answers = [book.count(first), book.count(second)];
    let taken = answers.iter().flatten().filter(|(is_taken, _)| *is_taken).count();
    let heard = answers.iter().flatten().count();
    ensure!(taken <= 1, "{name}: a step was accepted twice");
    if taken == 0 && heard < 2 && !was_in_doubt {
        app.in_doubt = Some(step);
        return Ok(());
    }
    ensure!(taken == 1 || was_in_doubt, "{name}: a right code was accepted by nobody");
    app.was_taken(step);
    one_more(&book.steps_raced);
    if taken == 0 {
        one_more(&book.unheard);
    }
    Ok(())
}

/// Asks for credentials with one token after the other, and now and then for what nobody gets.
pub async fn ask_for_credentials(book: &Book, program: &Program) -> Result<()> {
    until(WHILE, "somebody to sign in", async || Ok((!book.kept().is_empty()).then_some(()))).await?;
    for round in 0_usize.. {
        if book.is_over.get() {
            break;
        }
        let kept = book.kept();
        let kept = &kept[round % kept.len()];
        let wrong = match round % 16 {
            5 => Some((format!("{}x", kept.access), ROLE, StatusCode::UNAUTHORIZED)),
            13 => Some((kept.access.clone(), "Administrator", StatusCode::FORBIDDEN)),
            _ => None,
        };
        if let Some((token, role, expected)) = wrong {
            let Some((status, said)) = book.count(program.credentials(&token, role).await?) else { continue };
            ensure!(status == expected, "not refused as it should be: {status} {said}");
            one_more(&book.refused);
            continue;
        }
        let asked = Instant::now();
        let Some((status, said)) = book.count(program.credentials(&kept.access, ROLE).await?) else {
            continue;
        };
        let is_whole = said["roleCredentials"]["accessKeyId"].is_string();
        ensure!(status == StatusCode::OK && is_whole, "{} lost access: {status} {said}", kept.who);
        book.answered.borrow_mut().push((asked, Instant::now()));
    }
    Ok(())
}

impl Kept {
    /// Whether all of it still works: the token, the browser's session, and refreshing.
    pub async fn is_whole(&self, program: &Program) -> Result<()> {
        let who = &self.who;
        let (status, said) = program.credentials(&self.access, ROLE).await?.context("no answer")?;
        ensure!(status == StatusCode::OK, "{who}: {status} {said}");
        let page = self.person.open(&Instance::address("/start")?).await?;
        page.says(&format!("Signed in as Sam {who}"))?;
        let grant = json!({ "grantType": "refresh_token", "refreshToken": self.refresh });
        let (status, said) = program.token(&self.client, grant).await?.context("no answer")?;
        ensure!(status == StatusCode::OK && said["accessToken"].is_string(), "{who}: {status} {said}");
        Ok(())
    }
}
