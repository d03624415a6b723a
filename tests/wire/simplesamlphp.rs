//! SimpleSAMLphp as the place where people sign in: another identity provider that is not ours.

use anyhow::{Context, Result, ensure};
use support::{
    Administrator, Person, ServedOrganisation, SimpleSaml,
    page::{Form, Page},
    simplesaml::PASSWORD,
};
use url::Url;

const SOURCE: &str = "/admin/identity-source/external";
const CHANGE: &str = "/admin/identity-source/change";

/// Signs in there, from this server's page on; the form with its answer.
async fn answer(served: &ServedOrganisation, person: &Person, user: &str) -> Result<Form> {
    let page = person.open(&served.start_url().join("/sign-in?continue=/start")?).await?;
    let way = page.links().into_iter().find(|link| link.path() == "/sign-in/external");
    let there = person.open(&way.with_context(|| page.text())?).await?.leads_to.context("no redirect")?;
    let page = person.open(&there).await?;
    let form = page.form("submit_button")?.with("username", user).with("password", PASSWORD);
    person.send(&form).await?.form("postLoginSubmitButton")
}

async fn sent(served: &ServedOrganisation, person: &Person, user: &str) -> Result<Page> {
    person.send(&answer(served, person, user).await?).await
}

#[tokio::test]
async fn simplesamlphp_signs_people_in_who_are_in_the_directory() -> Result<()> {
    let served = ServedOrganisation::start("").await?;
    let administrator = Administrator::of(&served).await?;
    let page = administrator.open(&served, SOURCE).await?;
    let metadata_url = Url::parse(&Administrator::copied(&page, "metadata-url")?)?;
    let ours = administrator.person.open(&metadata_url).await?.html;
    let idp = SimpleSaml::start(&ours).await?;
    let theirs = administrator.person.open(&idp.metadata_url()?).await?;
    ensure!(theirs.status.is_success(), "{}", theirs.html);
    let saved = administrator.submit(&page, SOURCE, &[("metadata", &theirs.html)]).await?;
    ensure!(saved.html.contains("The identity provider is saved"), "{}", saved.text());
    let page = administrator.open(&served, CHANGE).await?;
    let changed = administrator.submit(&page, CHANGE, &[("to", "saml"), ("typed", "CHANGE")]).await?;
    ensure!(changed.has("external"), "{}", changed.text());

    let person = Person::new()?;
    let form = answer(&served, &person, "sam").await?;
    let page = person.send(&form).await?;
    ensure!(page.url.path() == "/start" && page.status.is_success(), "{}: {}", page.url, page.text());
    // Once, and in the browser that asked.
    let again = Person::new()?.send(&form).await?;
    ensure!(again.status == 403, "{}: {}", again.status, again.text());
    // Somebody there who is nobody here.
    let page = sent(&served, &Person::new()?, "kim").await?;
    ensure!(page.status == 403 && page.text().contains("says that you are kim"), "{}", page.text());
    Ok(())
}
