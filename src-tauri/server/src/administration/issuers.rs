//! `/admin/settings/issuers`: OpenID providers whose tokens applications may bring here in exchange for tokens of this
//! server. Keys are asked for when a token comes, or by the test on these pages.

use serde_json::json;

use super::{
    Administrator, Answer, applications, gone, moment, number,
    page::{Cell, Field, Form, Kind, Link, Mistakes, Page, Paged, Part, ROWS, Table, Tone, pages, way},
};
use crate::{
    audit,
    domain::integration::{ATTRIBUTES, JWT_BEARER, is_claim_path, is_issuer_name, is_issuer_url},
    fields::Fields,
    oidc::trusted,
    signin::{PageError, see_other},
    store::{Edited, TrustedIssuer},
};

/// The list.
pub const LIST: &str = "/admin/settings/issuers";
/// The form of a new one.
pub const NEW: &str = "/admin/settings/issuers/new";
/// One of them.
pub const PAGE: &str = "/admin/settings/issuers/issuer";
/// The form on its page that forgets it.
pub const DELETE: &str = "/admin/settings/issuers/delete";

/// Applications that are listed on the page of an issuer.
const MOST_APPLICATIONS: u32 = 50;
const TAKEN: &str = "Another trusted token issuer has this name.";

/// What people are called here, for those who choose.
fn attribute_words(path: &str) -> &'static str {
    match path {
        "emails.value" => "Email address",
        "externalIds.value" => "ID at the identity source (external ID)",
        _ => "User name",
    }
}

/// The page of an issuer.
pub fn way_to(id: &str) -> String {
    way(PAGE, [("id", id)])
}

/// The ARN of an issuer.
pub fn arn(of: &Administrator<'_>, id: &str) -> String {
    format!("{}{id}", trusted::arn_prefix(of.instance))
}

fn named(of: &Administrator<'_>, fields: &Fields) -> Result<TrustedIssuer, PageError> {
    let found = of.instance.store.trusted_issuer(fields.get("id").unwrap_or_default())?;
    found.ok_or_else(|| gone("trusted token issuer"))
}

/// GET [`LIST`].
pub fn list(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let found = of.instance.store.trusted_issuers(fields.get("after").unwrap_or_default(), ROWS + 1)?;
    let found = Paged::of(found, |issuer| &issuer.name);
    let (next, first) = pages(LIST, fields, found.next.as_deref());
    let row = |issuer: &TrustedIssuer| {
        vec![
            Cell::Link(Link::new(way_to(&issuer.id), &issuer.name)),
            Cell::Code(issuer.issuer_url.clone()),
            Cell::text(format!(
                "{} is the {}",
                issuer.claim_path,
                lower(attribute_words(&issuer.attribute_path))
            )),
        ]
    };
    let table = Table {
        caption: "Trusted token issuers".to_owned(),
        columns: vec!["Issuer", "Issuer URL", "Whose a token is"],
        rows: found.rows.iter().map(row).collect(),
        empty: "There is no trusted token issuer. Add the OpenID provider at which people sign in to your applications.",
        next,
        first,
    };
    let about = "An application that has a token of such an issuer exchanges it for tokens of this server, and acts for \
                 that person in AWS. Which application takes which issuer's tokens is set at the application.";
    let deleted = (fields.get("done") == Some("gone")).then(|| {
        Part::Banner(Tone::Good, "The issuer is deleted. Its tokens are not believed any more.".to_owned())
    });
    let page = Page::new("Trusted token issuers")
        .below("/admin/settings", "Settings")
        .with_some(deleted)
        .with(Part::Note(about.to_owned()))
        .with(Part::Actions(Link::new(NEW, "Add an issuer"), vec![]))
        .with(Part::Table(table));
    Ok(page.show(of))
}

fn lower(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// The form: empty, as it was typed, or as the issuer is.
fn form(fields: &Fields, known: Option<&TrustedIssuer>) -> Form {
    let is_typed = fields.get("name").is_some();
    let line = |name, label: &str, kept: &str| {
        let field = Field::line(name, label, fields);
        if is_typed { field } else { Field { value: kept.to_owned(), ..field } }
    };
    let url = match known {
        None => line("issuer_url", "Issuer URL", "")
            .hint("What its tokens say of iss, to the letter, such as https://login.example.com. Its discovery document stands at /.well-known/openid-configuration below it.")
            .of(Kind::Required),
        Some(issuer) => Field {
            value: issuer.issuer_url.clone(),
            ..Field::line("issuer_url", "Issuer URL", &Fields::default())
        }
        .hint("It stays as it is: another address is another issuer.")
            .of(Kind::Told),
    };
    let choices = ATTRIBUTES.map(|path| (path.to_owned(), attribute_words(path).to_owned())).to_vec();
    let mut all = vec![
        line("name", "Name", known.map_or("", |issuer| &issuer.name))
            .hint("1 to 255 letters, digits or _+=,.@-.")
            .of(Kind::Required),
        url,
        line("claim", "Claim", known.map_or("email", |issuer| &issuer.claim_path))
            .hint("Where a token says whose it is, such as email or sub. A dot leads into a claim. Choose sub where people can give themselves an address there.")
            .of(Kind::Required),
        line(
            "attribute",
            "What it is of a user here",
            known.map_or("emails.value", |issuer| &issuer.attribute_path),
        )
        .hint("A token is of the user here for whom this is the same.")
        .of(Kind::Choice(choices)),
    ];
    if let Some(issuer) = known {
        all.insert(0, Field::hidden("id", &issuer.id));
    }
    Form {
        action: if known.is_some() { PAGE } else { NEW },
        fields: all,
        submit: if known.is_some() { "Save changes" } else { "Add issuer" },
        others: vec![("Fetch its keys", "test")],
        ..Form::default()
    }
}

/// What was typed of a new issuer, or of one that is known; what is wrong with it is in `mistakes`.
fn read(
    of: &Administrator<'_>,
    fields: &Fields,
    known: Option<&TrustedIssuer>,
    mistakes: &mut Mistakes,
) -> TrustedIssuer {
    let text = |name: &str| fields.get(name).unwrap_or_default().trim().to_owned();
    let (id, issuer_url, created) = match known {
        Some(issuer) => (issuer.id.clone(), issuer.issuer_url.clone(), issuer.created),
        None => (format!("tti-{}", of.instance.chance.uuid()), text("issuer_url"), of.now()),
    };
    let wanted = TrustedIssuer {
        id,
        issuer_url,
        created,
        name: text("name"),
        claim_path: text("claim"),
        attribute_path: text("attribute"),
    };
    if !is_issuer_name(&wanted.name) {
        mistakes.add("name", "A name has 1 to 255 letters, digits or _+=,.@-.");
    }
    if !is_issuer_url(&wanted.issuer_url) {
        mistakes.add("issuer_url", "Enter an https URL without a query, such as https://login.example.com.");
    }
    if !is_claim_path(&wanted.claim_path) {
        mistakes
            .add("claim", "A claim is a name of letters, or up to three with dots or underscores between.");
    }
    if !ATTRIBUTES.contains(&wanted.attribute_path.as_str()) {
        mistakes.add("attribute", "Choose one of these.");
    }
    wanted
}

fn details(of: &Administrator<'_>, issuer: &TrustedIssuer) -> serde_json::Value {
    json!({
        "resource": arn(of, &issuer.id),
        "Name": issuer.name,
        "IssuerUrl": issuer.issuer_url,
        "ClaimAttributePath": issuer.claim_path,
        "IdentityStoreAttributePath": issuer.attribute_path,
    })
}

/// Asks an issuer for its keys.
fn tested(issuer_url: &str) -> Part {
    // Pages are made on threads that may wait.
    let keys = tokio::runtime::Handle::current().block_on(trusted::fetch_keys(issuer_url));
    match keys {
        Ok(keys) => {
            let keys = number(keys.len(), "key", "keys");
            Part::Banner(Tone::Good, format!("The issuer answers, with {keys}. Nothing was saved."))
        }
        Err(error) => {
            Part::Banner(Tone::Error, format!("Its keys could not be fetched: {error}. Nothing was saved."))
        }
    }
}

fn new_page() -> Page {
    Page::new("Add a trusted token issuer")
        .below("/admin/settings", "Settings")
        .below(LIST, "Trusted token issuers")
}

/// GET [`NEW`].
pub fn show_new(of: &Administrator<'_>, fields: &Fields) -> Answer {
    Ok(new_page().with(Part::Form(form(fields, None))).show(of))
}

/// POST [`NEW`]: adds it, or tests what is typed.
pub fn create(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let mut mistakes = Mistakes::default();
    let wanted = read(of, fields, None, &mut mistakes);
    let mut told = None;
    if mistakes.is_empty() && fields.get("go") == Some("test") {
        told = Some(tested(&wanted.issuer_url));
    } else if mistakes.is_empty() {
        let entry = of.entry(audit::SSO, "CreateTrustedTokenIssuer", details(of, &wanted));
        let arn = arn(of, &wanted.id);
        if of.instance.store.add_trusted_issuer(&wanted, (&arn, &<_>::default()), &entry)? {
            return Ok(see_other(&way(PAGE, [("id", wanted.id.as_str()), ("done", "created")])));
        }
        mistakes.add("name", "Another trusted token issuer has this name or issuer URL.");
    }
    let mut form = form(fields, None);
    mistakes.mark(&mut form);
    let page = new_page().with_some(mistakes.banner()).with_some(told);
    Ok(page.with(Part::Form(form)).show_as(of, mistakes.status()))
}

/// GET [`PAGE`], with the `id` of one.
pub fn show(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let done = match fields.get("done") {
        Some("created") => Some("The issuer is added. Now let applications take its tokens."),
        Some("saved") => Some("The changes are saved."),
        _ => None,
    };
    let done = done.map(|text| Part::Banner(Tone::Good, text.to_owned()));
    Ok(whole(of, &named(of, fields)?, fields, &Mistakes::default(), done)?.show(of))
}

fn whole(
    of: &Administrator<'_>,
    issuer: &TrustedIssuer,
    fields: &Fields,
    mistakes: &Mistakes,
    told: Option<Part>,
) -> Result<Page, PageError> {
    let mut form = form(fields, Some(issuer));
    mistakes.mark(&mut form);
    let (arn, store) = (arn(of, &issuer.id), &of.instance.store);
    let taking = store.applications_whose_grant_names(JWT_BEARER, &arn, MOST_APPLICATIONS)?;
    let row =
        |(id, name): &(String, String)| vec![Cell::Link(Link::new(applications::way_to_tokens(id), name))];
    let table = Table {
        caption: format!("Applications that take tokens of {}", issuer.name),
        columns: vec!["Application"],
        rows: taking.iter().map(row).collect(),
        empty: "No application takes its tokens yet. Choose it at an application, under \"How it gets tokens\".",
        ..Table::default()
    };
    let lose = match taking.len() {
        0 => String::new(),
        n => format!(" {} no tokens by it any more.", number(n, "application gets", "applications get")),
    };
    let delete = Form {
        action: DELETE,
        fields: vec![Field::hidden("id", &issuer.id)],
        submit: "Delete the issuer",
        costs: Some(format!(
            "Tokens of {} are not believed any more.{lose} What was given out already runs to its end.",
            issuer.name
        )),
        ..Form::default()
    };
    let by_file = (issuer.id == of.instance.ids().trusted_issuer(&issuer.name)).then(|| {
        let text = "The organisation file brought this issuer. When that file changes, what it says of the issuer \
                    counts again.";
        Part::Banner(Tone::Warning, text.to_owned())
    });
    Ok(Page::new(&issuer.name)
        .below("/admin/settings", "Settings")
        .below(LIST, "Trusted token issuers")
        .with_some(by_file)
        .with_some(mistakes.banner())
        .with_some(told)
        .with(Part::Form(form))
        .with(Part::Heading("Applications that take its tokens".to_owned()))
        .with(Part::Table(table))
        .with(Part::Heading("Details".to_owned()))
        .with(Part::Facts(vec![("Added", moment(issuer.created))]))
        .with(Part::Copied("issuer-arn", "Trusted token issuer ARN", arn))
        .with(Part::Heading("Delete".to_owned()))
        .with(Part::Form(delete)))
}

/// POST [`PAGE`]: saves it, or fetches its keys.
pub fn save(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let known = named(of, fields)?;
    let mut mistakes = Mistakes::default();
    if fields.get("go") == Some("test") {
        let told = tested(&known.issuer_url);
        return Ok(whole(of, &known, fields, &mistakes, Some(told))?.show(of));
    }
    let wanted = read(of, fields, Some(&known), &mut mistakes);
    if mistakes.is_empty() {
        let entry = of.entry(audit::SSO, "UpdateTrustedTokenIssuer", details(of, &wanted));
        let edited = of.instance.store.edit_trusted_issuer::<()>(&known.id, &entry, |issuer| {
            *issuer = wanted;
            Ok(())
        });
        match edited? {
            Edited::Done(_) => {
                return Ok(see_other(&way(PAGE, [("id", known.id.as_str()), ("done", "saved")])));
            }
            Edited::Taken => mistakes.add("name", TAKEN),
            Edited::Missing | Edited::Refused(()) => return Err(gone("trusted token issuer")),
        }
    }
    Ok(whole(of, &known, fields, &mistakes, None)?.show_as(of, mistakes.status()))
}

/// POST [`DELETE`].
pub fn delete(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let issuer = named(of, fields)?;
    let arn = arn(of, &issuer.id);
    let entry =
        of.entry(audit::SSO, "DeleteTrustedTokenIssuer", json!({ "resource": arn, "Name": issuer.name }));
    if !of.instance.store.delete_trusted_issuer(&issuer.id, &arn, &entry)? {
        return Err(gone("trusted token issuer"));
    }
    Ok(see_other(&way(LIST, [("done", "gone")])))
}
