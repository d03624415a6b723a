//! Active Directory as the identity source: Samba plays it, where it can.

use anyhow::{Result, ensure};
use support::{
    Administrator, Person, ServedOrganisation, User,
    deadline::{WHILE, until},
    domain_controller::{DomainController, why_not},
    page::Page,
    tls::Authority,
};

const SOURCE: &str = "/admin/identity-source/ldap";
const CHANGE: &str = "/admin/identity-source/change";

async fn try_password(served: &ServedOrganisation, name: &str, password: &str) -> Result<(Person, Page)> {
    let person = Person::new()?;
    let page = person.open(served.start_url()).await?;
    let who = User { username: name.to_owned(), password: password.to_owned() };
    let page = person.give_password(&page, &who).await?;
    Ok((person, page))
}

#[tokio::test]
#[expect(clippy::print_stderr, reason = "a test that cannot run says so")]
async fn people_of_a_domain_sign_in_for_as_long_as_it_lets_them() -> Result<()> {
    if let Some(reason) = why_not() {
        // Where everything is there to be tested, nothing is left out.
        ensure!(std::env::var_os("CI").is_none(), "{reason}");
        eprintln!("not run: {reason}");
        return Ok(());
    }
    let authority = Authority::new()?;
    let domain = DomainController::start(&authority).await?;
    domain.tool(&["user", "add", "connector", "Connector-in-ad-1"]).await?;
    for (name, given) in [("sam", "Sam"), ("kim", "Kim"), ("lee", "Lee")] {
        let (password, given) = (format!("{given}-in-ad-1"), format!("--given-name={given}"));
        let mail = format!("--mail-address={name}@acme.test");
        domain.tool(&["user", "add", name, &password, &given, "--surname=Test", &mail]).await?;
    }
    domain.tool(&["group", "add", "inner"]).await?;
    domain.tool(&["group", "add", "outer"]).await?;
    domain.tool(&["group", "addmembers", "inner", "kim"]).await?;
    domain.tool(&["group", "addmembers", "outer", "inner,sam"]).await?;

    let served = ServedOrganisation::start("").await?;
    let administrator = Administrator::of(&served).await?;
    let page = administrator.open(&served, SOURCE).await?;
    let (server, pem) = (domain.ldaps(), authority.pem());
    let fields = [
        ("flavour", "ad"),
        ("servers", server.as_str()),
        ("authorities", pem.as_str()),
        ("bind_dn", "connector@acme.test"),
        ("secret", "Connector-in-ad-1"),
        ("user_bases", "CN=Users,DC=acme,DC=test"),
        ("group_bases", "CN=Users,DC=acme,DC=test"),
        ("group_filter", "(&(objectClass=group)(|(cn=inner)(cn=outer)))"),
    ];
    let tested = administrator.submit(&page, SOURCE, &[&fields[..], &[("go", "test")]].concat()).await?;
    for words in ["WORKS", "and 2 groups", "2 members", "1 member"] {
        ensure!(tested.html.contains(words), "{words}: {}", tested.text());
    }
    administrator.submit(&page, SOURCE, &fields).await?;
    let page = administrator.person.open(&served.start_url().join(&format!("{CHANGE}?to=ldap"))?).await?;
    ensure!(page.html.contains("can sign in afterwards: sam"), "{}", page.text());
    administrator.submit(&page, CHANGE, &[("to", "ldap"), ("typed", "CHANGE")]).await?;
    until(WHILE, "a sync", async || {
        let shown = served.command(&["identity-source", "show"], &[]).await?;
        Ok(shown.out.contains("came").then_some(()))
    })
    .await?;
    let (sam, page) = try_password(&served, "sam", "Sam-in-ad-1").await?;
    ensure!(page.url.path() == "/start", "{}", page.text());
    let (kim, page) = try_password(&served, "kim@acme.test", "Kim-in-ad-1").await?;
    ensure!(page.url.path() == "/start", "{}", page.text());
    let (_, page) = try_password(&served, "kim", "Sam-in-ad-1").await?;
    ensure!(page.status == 401, "{}", page.text());

    // Both at once by the domain's own word, and before any sync.
    domain.tool(&["user", "disable", "kim"]).await?;
    ensure!(kim.open(served.start_url()).await?.has("sign-in"), "disabled, and still in");
    domain.tool(&["user", "delete", "sam"]).await?;
    ensure!(sam.open(served.start_url()).await?.has("sign-in"), "deleted, and still in");

    let set = ["user", "setpassword", "lee", "--newpassword=Lee-in-ad-2", "--must-change-at-next-login"];
    domain.tool(&set).await?;
    let (_, page) = try_password(&served, "lee", "Lee-in-ad-2").await?;
    ensure!(page.status == 403 && page.html.contains("has expired"), "{}", page.text());
    let (_, page) = try_password(&served, "lee", "Lee-in-ad-1").await?;
    ensure!(page.status == 401, "who does not know it learns nothing: {}", page.text());
    Ok(())
}
