//! `/admin/applications/tokens`: how an application of OAuth 2.0 gets tokens (`CreateTokenWithIAM`): who may act as it,
//! by which grants, whose tokens it may bring, with which access scopes, for whom. What changes it is in
//! `application_tokens_set.rs`.

use serde_json::Value;

use super::{
    Administrator, Answer, applications, gone, issuers,
    page::{Button, Cell, Field, Form, Kind, Link, Mistakes, Page, Part, Table, Tone},
};
use crate::{
    admin::application_arn_prefix,
    domain::integration::{
        AUTHORIZATION_CODE, IAM, JWT_BEARER, MOST_MEMBERS, MOST_SCOPES, REFRESH_TOKEN, TOKEN_EXCHANGE,
    },
    fields::Fields,
    signin::PageError,
    store::{ApplicationRecord, Permission, StoreError},
};

/// The page.
pub const PAGE: &str = "/admin/applications/tokens";
/// Its forms.
pub const ACTORS: &str = "/admin/applications/tokens/actors";
/// Turns a grant on that needs nothing more.
pub const ALLOW: &str = "/admin/applications/tokens/allow";
/// Takes a grant away.
pub const FORBID: &str = "/admin/applications/tokens/forbid";
/// Sets where codes are sent.
pub const REDIRECTS: &str = "/admin/applications/tokens/redirects";
/// Takes an issuer's tokens.
pub const TAKE: &str = "/admin/applications/tokens/take";
/// Takes them no more.
pub const REFUSE: &str = "/admin/applications/tokens/refuse";
/// Sets an access scope.
pub const SCOPE: &str = "/admin/applications/tokens/scope";
/// Takes an access scope away.
pub const NO_SCOPE: &str = "/admin/applications/tokens/no-scope";
/// Sets for whom it is.
pub const PEOPLE: &str = "/admin/applications/tokens/people";

/// It gets tokens for whom it is assigned to.
pub const ASSIGNED: &str = "assigned";
/// It gets tokens for everybody.
pub const ALL: &str = "all";

/// The grants, what they are called, and what they ask for.
const ABOUT_GRANTS: [(&str, &str, &str); 4] = [
    (
        AUTHORIZATION_CODE,
        "Authorization code",
        "A code that a browser brought from the sign-in here, to one of the addresses below.",
    ),
    (REFRESH_TOKEN, "Refresh token", "What it got before, as long as the first sign-in lasts."),
    (JWT_BEARER, "Token of a trusted issuer", "A token of one of the issuers below, once."),
    (
        TOKEN_EXCHANGE,
        "Token exchange",
        "Another application's access token, with an access scope that names this application.",
    ),
];

/// Issuers to choose from: AWS's quota is ten.
const MOST_ISSUERS: u32 = 100;

/// An application without SAML, and what it may.
pub struct Integration {
    /// The application.
    pub record: ApplicationRecord,
    /// Its grants, by type.
    pub grants: Vec<(String, Value)>,
    /// Its access scopes and their targets, by name.
    pub scopes: Vec<(String, Value)>,
    /// Who may act as it, as a policy.
    pub policy: Option<Value>,
}

impl Integration {
    /// That of the application with the `id` that was given.
    pub fn named(of: &Administrator<'_>, fields: &Fields) -> Result<Self, PageError> {
        let (id, store) = (fields.get("id").unwrap_or_default(), &of.instance.store);
        let record = store.application_record(id)?.filter(|record| record.application.saml.is_none());
        let record = record.ok_or_else(|| gone("application of OAuth 2.0"))?;
        let method = store.application_permission(id, Permission::Authentication, IAM)?;
        Ok(Self {
            grants: store.application_permissions(id, Permission::Grant, "", MOST_SCOPES)?,
            scopes: store.application_permissions(id, Permission::Scope, "", MOST_SCOPES)?,
            policy: method.map(|method| method["Iam"]["ActorPolicy"].clone()),
            record,
        })
    }

    /// What a grant says, if it has it.
    fn grant(&self, name: &str) -> Option<&Value> {
        self.grants.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The issuers whose tokens it may bring (`AuthorizedTokenIssuers`).
    fn issuers(&self) -> &[Value] {
        let grant = self.grant(JWT_BEARER).map(|grant| &grant["JwtBearer"]["AuthorizedTokenIssuers"]);
        grant.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    /// `apl-…`.
    pub fn id(&self) -> &str {
        &self.record.application.id
    }

    fn name(&self) -> &str {
        &self.record.application.name
    }
}

/// Texts of a list.
fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// GET [`PAGE`], with the `id` of an application.
pub fn show(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let integration = Integration::named(of, fields)?;
    let mistakes = Mistakes::default();
    Ok(Drawn { of, integration: &integration, fields, mistakes: &mistakes }.whole()?.show(of))
}

/// The page as it is drawn: filled in as it was typed, or as it is.
pub struct Drawn<'a> {
    /// For whom.
    pub of: &'a Administrator<'a>,
    /// The application.
    pub integration: &'a Integration,
    /// What was typed.
    pub fields: &'a Fields,
    /// What is wrong with it.
    pub mistakes: &'a Mistakes,
}

impl Drawn<'_> {
    /// All of it.
    ///
    /// # Errors
    /// That the database failed.
    pub fn whole(&self) -> Result<Page, PageError> {
        let done = match self.fields.get("done") {
            Some("made") => Some(
                "The application is added. Say below who may act as it, and by which grant it gets tokens.",
            ),
            Some("saved") => Some("The change is saved. It counts with the next request."),
            _ => None,
        };
        let (id, name) = (self.integration.id(), self.integration.name());
        let about = "A program acts as this application: it signs CreateTokenWithIAM as one of the actors, and shows \
                     what one of the grants asks for. What it gets is good for the person whom that means.";
        let page = Page::new(format!("How {name} gets tokens"))
            .below("/admin/applications", "Applications")
            .below(applications::way_to(id), name)
            .with_some(done.map(|text| Part::Banner(Tone::Good, text.to_owned())))
            .with_some(self.mistakes.banner())
            .with_some(applications::named_by_file(&self.integration.record))
            .with(Part::Note(about.to_owned()))
            .with(Part::Copied(
                "client-id",
                "Client ID (the application's ARN)",
                format!("{}{id}", application_arn_prefix(self.of.instance)),
            ));
        let page = self.grants(self.actors(page));
        let page = self.scopes(self.taken(page)?)?;
        Ok(self.people(page))
    }

    /// A form of this page.
    fn form(&self, action: &'static str, fields: Vec<Field>, submit: &'static str) -> Part {
        let id = Field::hidden("id", self.integration.id());
        let fields = [id].into_iter().chain(fields).collect();
        let mut form = Form { action, fields, submit, ..Form::default() };
        self.mistakes.mark(&mut form);
        Part::Form(form)
    }

    /// A field as it was typed, or as it is.
    fn typed(&self, name: &'static str, label: &str, kept: String) -> Field {
        let value = self.fields.get(name).map_or(kept, str::to_owned);
        Field { value, ..Field::line(name, label, &Fields::default()) }
    }

    fn button(
        &self,
        action: &'static str,
        (name, value): (&'static str, &str),
        text: &'static str,
        label: String,
    ) -> Cell {
        let hidden = vec![("id", self.integration.id().to_owned()), (name, value.to_owned())];
        Cell::Button(Button { action, hidden, text, label })
    }

    fn actors(&self, page: Page) -> Page {
        let kept = self.integration.policy.as_ref();
        let kept = kept.and_then(|policy| serde_json::to_string_pretty(policy).ok());
        let mut page = page.with(Part::Heading("Who may act as it".to_owned()));
        if kept.is_none() {
            let account = &self.of.instance.settings().management_account;
            // In the order in which people write them.
            let example = format!(
                r#"{{
  "Version": "2012-10-17",
  "Statement": [
    {{
      "Effect": "Allow",
      "Principal": {{ "AWS": "arn:aws:iam::{account}:user/NAME-OF-AN-ACCESS-KEY" }},
      "Action": "sso-oauth:CreateTokenWithIAM",
      "Resource": "*"
    }}
  ]
}}"#
            );
            let such = "A policy that lets an administrators' access key of one name act as it:";
            page = page
                .with(Part::Banner(Tone::Warning, "Nobody may yet, so it gets no tokens.".to_owned()))
                .with(Part::Note(such.to_owned()))
                .with(Part::Code(example));
        }
        let policy = self
            .typed("policy", "Policy", kept.unwrap_or_default())
            .hint(
                "In JSON, with Effect, Principal, Action and Resource. Principals are access keys of administrators, \
                 and roles of accounts here. Empty for nobody.",
            )
            .of(Kind::Lines);
        page.with(self.form(ACTORS, vec![policy], "Save policy"))
    }

    fn grants(&self, page: Page) -> Page {
        let redirects = self.integration.grant(AUTHORIZATION_CODE);
        let redirects = redirects.map(|grant| &grant["AuthorizationCode"]["RedirectUris"]);
        let redirects: Vec<&str> = redirects.into_iter().flat_map(texts).collect();
        let row = |(grant, name, about): (&str, &'static str, &'static str)| {
            let is_on = self.integration.grant(grant).is_some();
            let state = if is_on { Cell::Chip(Tone::Good, "ON") } else { Cell::text("Off") };
            let action = match grant {
                _ if is_on => self.button(FORBID, ("grant", grant), "Turn off", format!("Turn off: {name}")),
                AUTHORIZATION_CODE => Cell::text("Enter an address below"),
                JWT_BEARER => Cell::text("Take an issuer below"),
                _ => self.button(ALLOW, ("grant", grant), "Turn on", format!("Turn on: {name}")),
            };
            vec![Cell::text(name), state, Cell::text(about), action]
        };
        let table = Table {
            caption: "Grants".to_owned(),
            columns: vec!["Grant", "State", "What it asks for", "Action"],
            rows: ABOUT_GRANTS.map(row).into(),
            ..Table::default()
        };
        let addresses = self
            .typed("redirects", "Addresses that codes are sent to", redirects.join("\n"))
            .hint("One a line, to the letter, such as https://app.example.com/callback. Empty for no codes.")
            .of(Kind::Lines);
        page.with(Part::Heading("Grants".to_owned())).with(Part::Table(table)).with(self.form(
            REDIRECTS,
            vec![addresses],
            "Save addresses",
        ))
    }

    /// The issuers whose tokens it may bring.
    fn taken(&self, page: Page) -> Result<Page, PageError> {
        let known = self.of.instance.store.trusted_issuers("", MOST_ISSUERS)?;
        let row = |member: &Value| {
            let arn = member["TrustedTokenIssuerArn"].as_str().unwrap_or_default();
            let issuer = known.iter().find(|issuer| issuers::arn(self.of, &issuer.id) == arn);
            let name = issuer.map_or("the deleted issuer", |issuer| &issuer.name);
            let label = format!("Remove the tokens of {name}");
            vec![
                match issuer {
                    Some(issuer) => Cell::Link(Link::new(issuers::way_to(&issuer.id), &issuer.name)),
                    None => Cell::text("An issuer that is not there any more"),
                },
                Cell::Code(texts(&member["AuthorizedAudiences"]).collect::<Vec<_>>().join(", ")),
                self.button(REFUSE, ("issuer", arn), "Remove", label),
            ]
        };
        let table = Table {
            caption: format!("Issuers whose tokens {} may bring", self.integration.name()),
            columns: vec!["Issuer", "Audiences", "Action"],
            rows: self.integration.issuers().iter().map(row).collect(),
            empty: "It takes no issuer's tokens.",
            ..Table::default()
        };
        let page = page.with(Part::Heading("Tokens of trusted issuers".to_owned())).with(Part::Table(table));
        if known.is_empty() {
            let text = "There is no trusted token issuer yet.".to_owned();
            return Ok(page.with(Part::Notice(Tone::Warning, text, Link::new(issuers::NEW, "Add one"))));
        }
        let choices = known.iter().map(|issuer| (issuers::arn(self.of, &issuer.id), issuer.name.clone()));
        let issuer = Field::line("issuer", "Take tokens of", self.fields).of(Kind::Choice(choices.collect()));
        let audiences = Field::line("audiences", "For these audiences", self.fields)
            .hint(format!(
                "One a line, 1 to {MOST_MEMBERS}: what the issuer's tokens say of aud, to the letter. They take the \
                 place of those that the issuer has here."
            ))
            .of(Kind::Lines);
        Ok(page.with(self.form(TAKE, vec![issuer, audiences], "Take its tokens")))
    }

    fn scopes(&self, page: Page) -> Result<Page, PageError> {
        let mut rows = Vec::new();
        for (scope, targets) in &self.integration.scopes {
            let targets: Vec<String> =
                texts(targets).map(|arn| self.target(arn)).collect::<Result<_, _>>()?;
            let label = format!("Remove the access scope {scope}");
            rows.push(vec![
                Cell::Code(scope.clone()),
                Cell::text(if targets.is_empty() { "Nobody else".to_owned() } else { targets.join(", ") }),
                self.button(NO_SCOPE, ("scope", scope), "Remove", label),
            ]);
        }
        let table = Table {
            caption: "Access scopes".to_owned(),
            columns: vec!["Access scope", "Who may exchange such tokens", "Action"],
            rows,
            empty: "It has no access scope: its tokens say who somebody is, and nothing more.",
            ..Table::default()
        };
        let page = page.with(Part::Heading("Access scopes".to_owned())).with(Part::Table(table));
        let scope = Field::line("scope", "Access scope", self.fields)
            .hint("One to three words of letters, digits and _ with colons between, such as reports:read.")
            .of(Kind::Required);
        let targets = Field::line("targets", "Applications that may exchange such tokens", self.fields)
            .hint(format!(
                "Their names, one a line, {MOST_MEMBERS} at most; * for every application. Empty for none."
            ))
            .of(Kind::Lines);
        Ok(page.with(self.form(SCOPE, vec![scope, targets], "Set access scope")))
    }

    /// What an access scope's target is called.
    fn target(&self, arn: &str) -> Result<String, StoreError> {
        let instance = self.of.instance;
        if arn == instance.addresses.instance_arn() {
            return Ok("Every application".to_owned());
        }
        let id = arn.strip_prefix(&application_arn_prefix(instance)).unwrap_or_default();
        let found = instance.store.application_by_id(id)?;
        Ok(found.map_or_else(|| "an application that is not there any more".to_owned(), |found| found.name))
    }

    fn people(&self, page: Page) -> Page {
        let kept = if self.integration.record.assignment_required { ASSIGNED } else { ALL };
        let who = Field::one(
            "people",
            "It gets tokens for",
            self.fields.get("people").unwrap_or(kept),
            &[(ASSIGNED, "Users and groups it is assigned to"), (ALL, "Everybody in the directory")],
        );
        let assign = Link::new(applications::way_to(self.integration.id()), "Assign users and groups");
        page.with(Part::Heading("For whom".to_owned()))
            .with(self.form(PEOPLE, vec![who], "Save"))
            .with(Part::Links(vec![assign]))
    }
}
