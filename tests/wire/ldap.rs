//! An LDAP directory as the identity source: Debian's slapd keeps people, groups and passwords, and is asked with
//! every request.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::{Value, json};
use support::{
    Administrator, Boto, LdapServer, Person, ServedOrganisation, User,
    boto::Refusal,
    deadline::{WHILE, until},
    ldap_server::{CONNECTOR, CONNECTOR_PASSWORD},
    organisation,
    page::Page,
    tls::Authority,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::administration::create_key;

pub(super) const SOURCE: &str = "/admin/identity-source/ldap";
pub(super) const SYNC: &str = "/admin/identity-source/ldap/sync";
const PROVISIONING: &str = "/admin/identity-source/provisioning";
const CHANGE: &str = "/admin/identity-source/change";
pub(super) const ACCOUNT: &str = "111122223333";
pub(super) const LOCK: &str = "dn: uid=sam,ou=people,dc=acme,dc=test\nchangetype: modify\nreplace: pwdAccountLockedTime\n\
                    pwdAccountLockedTime: ";
pub(super) const UNLOCK: &str =
    "dn: uid=sam,ou=people,dc=acme,dc=test\nchangetype: modify\ndelete: pwdAccountLockedTime\n";

pub(super) fn sam() -> User {
    user("sam", "sam-in-the-directory")
}

pub fn user(name: &str, password: &str) -> User {
    User { username: name.to_owned(), password: password.to_owned() }
}

/// The page's form, filled in.
pub(super) fn fields<'f>(servers: &'f str, authority: &'f str) -> Vec<(&'f str, &'f str)> {
    vec![
        ("flavour", "openldap"),
        ("servers", servers),
        ("authorities", authority),
        ("bind_dn", CONNECTOR),
        ("secret", CONNECTOR_PASSWORD),
        ("user_bases", "ou=people,dc=acme,dc=test"),
        ("group_bases", "ou=groups,dc=acme,dc=test"),
        ("patience", "5"),
    ]
}

async fn test(
    served: &ServedOrganisation,
    administrator: &Administrator,
    fields: Vec<(&str, &str)>,
) -> Result<Page> {
    let page = administrator.open(served, SOURCE).await?;
    administrator.submit(&page, SOURCE, &[fields, vec![("go", "test")]].concat()).await
}

/// A server whose people sign in with one slapd or two, and the administrator, who is one of them.
pub struct Company {
    pub served: Arc<ServedOrganisation>,
    pub administrator: Administrator,
    pub servers: Vec<LdapServer>,
}

impl Company {
    pub async fn start(count: usize) -> Result<Self> {
        let more = organisation::account(ACCOUNT, "payments", "ReadOnly", "inner");
        let more = format!("[[group]]\nname = \"inner\"\n{more}");
        let served = ServedOrganisation::start(&more).await?;
        let authority = Authority::new()?;
        let mut servers = Vec::new();
        for _ in 0..count {
            servers.push(LdapServer::start(&authority, "localhost").await?);
        }
        Self::of(Arc::new(served), authority, servers).await
    }

    /// The people of a server that runs, once the directory has those.
    pub(super) async fn of(
        served: Arc<ServedOrganisation>,
        authority: Authority,
        servers: Vec<LdapServer>,
    ) -> Result<Self> {
        let administrator = Administrator::of(&served).await?;
        let listed = servers.iter().map(LdapServer::ldaps).collect::<Vec<_>>().join("\n");
        let page = administrator.open(&served, SOURCE).await?;
        let saved = administrator.submit(&page, SOURCE, &fields(&listed, &authority.pem())).await?;
        ensure!(saved.html.contains("The directory is saved"), "{}", saved.text());
        let page = administrator.person.open(&served.start_url().join(&format!("{CHANGE}?to=ldap"))?).await?;
        for words in
            ["KEPT", "ENDS", "NOT\u{a0}USED", "use-directory", "can sign in afterwards", "matched anew"]
        {
            ensure!(page.html.contains(words), "{words} is not said beforehand: {}", page.text());
        }
        let changed = administrator.submit(&page, CHANGE, &[("to", "ldap"), ("typed", "CHANGE")]).await?;
        ensure!(changed.has("sign-in"), "everybody is signed out: {}", changed.text());
        let company = Self { served, administrator, servers };
        company.synced("came").await?;
        let page = company.administrator.person.open(&company.served.start_url().join(SOURCE)?).await?;
        let page = company.administrator.person.give_password(&page, &sam()).await?;
        ensure!(page.html.contains("Last sync"), "{}: {}", page.url, page.text());
        Ok(company)
    }

    /// Waits for a sync that says this.
    pub(super) async fn synced(&self, words: &str) -> Result<String> {
        until(WHILE, "a sync", async || {
            let shown = self.served.command(&["identity-source", "show"], &[]).await?;
            Ok(shown.out.contains(words).then_some(shown.out))
        })
        .await
    }

    pub async fn try_password(&self, name: &str, password: &str) -> Result<Page> {
        let person = Person::new()?;
        let page = person.open(self.served.start_url()).await?;
        person.give_password(&page, &user(name, password)).await
    }

    pub(super) async fn signed_in(&self, who: &User) -> Result<Person> {
        let person = Person::new()?;
        let page = person.open(self.served.start_url()).await?;
        let page = person.give_password(&page, who).await?;
        ensure!(page.url.path() == "/start" && page.status.is_success(), "{}: {}", page.url, page.text());
        Ok(person)
    }

    pub(super) fn database(&self) -> Result<rusqlite::Connection> {
        Ok(rusqlite::Connection::open(self.served.folder().join("data/instance.sqlite"))?)
    }
}

#[tokio::test]
async fn people_sign_in_with_the_directorys_passwords_alone() -> Result<()> {
    let company = Company::start(1).await?;
    for (name, password, status) in [
        ("kim", "kim-in-the-directory", 200),
        ("KIM", "kim-in-the-directory", 200),
        ("kim@acme.test", "kim-in-the-directory", 200),
        ("kim", "sam-in-the-directory", 401),
        // What was a password here, and counts no more.
        ("sam", &company.served.user().password, 401),
        // A bind without a password succeeds and proves nothing.
        ("kim", "", 400),
        ("*", "kim-in-the-directory", 401),
        ("kim)(uid=*", "kim-in-the-directory", 401),
        // Without a password there.
        ("ana", "x", 401),
    ] {
        let page = company.try_password(name, password).await?;
        ensure!(page.status == status, "{name} {password}: {} {}", page.status, page.text());
    }
    let database = company.database()?;
    let sql = "SELECT count(*) FROM password p JOIN user u ON u.id = p.user_id WHERE u.username <> 'sam'";
    let kept: i64 = database.query_row(sql, [], |row| row.get(0))?;
    ensure!(kept == 0, "passwords of the directory are kept");
    let profile: String =
        database.query_row("SELECT profile FROM user WHERE username = 'sam'", [], |row| row.get(0))?;
    ensure!(profile.contains("\"department\":\"42\""), "{profile}");
    // Each is in both groups, as each group contains the other.
    let sql =
        "SELECT group_concat(name, ' ') FROM (SELECT g.name || ':' || u.username AS name FROM membership m
               JOIN user u ON u.id = m.user_id JOIN user_group g ON g.id = m.group_id ORDER BY 1)";
    let members: String = database.query_row(sql, [], |row| row.get(0))?;
    ensure!(members == "engineering:kim engineering:sam inner:kim inner:sam", "{members}");
    let shown = company.synced("6 users and 2 groups").await?;
    ensure!(shown.contains("1 entries have problems"), "who cannot be here is told: {shown}");
    let page = company.administrator.open(&company.served, SOURCE).await?;
    ensure!(page.html.contains("uid=not a user name,"), "{}", page.text());
    for path in ["/start/password", "/sign-in/forgotten"] {
        let page = company.administrator.person.open(&company.served.start_url().join(path)?).await?;
        ensure!(page.html.contains("directory keeps your password"), "{path}: {}", page.text());
    }
    Ok(())
}

/// boto3, a client's registration and sam's tokens.
pub(super) async fn tokens(company: &Company) -> Result<(Boto, Value, Value)> {
    tokens_of(&company.served, &sam()).await
}

/// The same for somebody of another server.
pub(super) async fn tokens_of(served: &ServedOrganisation, who: &User) -> Result<(Boto, Value, Value)> {
    let endpoint = served.start_url().join("/")?;
    let home = served.folder().join("home");
    let boto = Boto::at(&endpoint, &["sso-oidc", "sso", "sts"], "eu-central-1", &home).await?;
    let params = json!({ "clientName": "test", "clientType": "public", "scopes": ["sso:account:access"] });
    let client = boto.answer("sso-oidc", "register_client", params).await?;
    let start_url = served.start_url();
    let params = json!({
        "clientId": client["clientId"], "clientSecret": client["clientSecret"], "startUrl": start_url,
    });
    let device = boto.answer("sso-oidc", "start_device_authorization", params).await?;
    let address = device["verificationUriComplete"].as_str().context("no address")?.parse()?;
    Person::new()?.sign_in(&address, who).await?;
    let params = json!({
        "clientId": client["clientId"], "clientSecret": client["clientSecret"],
        "grantType": "urn:ietf:params:oauth:grant-type:device_code", "deviceCode": device["deviceCode"],
    });
    let tokens = boto.answer("sso-oidc", "create_token", params).await?;
    Ok((boto, client, tokens))
}

pub(super) async fn credentials(boto: &Boto, tokens: &Value) -> Result<Result<Value, Refusal>> {
    let params =
        json!({ "accessToken": tokens["accessToken"], "accountId": ACCOUNT, "roleName": "ReadOnly" });
    Ok(boto
        .call("sso", "get_role_credentials", params)
        .await?
        .map(|answer| answer["roleCredentials"].clone()))
}

#[tokio::test]
async fn whoever_is_disabled_there_is_out_with_the_next_request() -> Result<()> {
    let company = Company::start(1).await?;
    let directory = &company.servers[0];
    let person = company.signed_in(&sam()).await?;
    let kim = company.signed_in(&user("kim", "kim-in-the-directory")).await?;
    let (boto, client, tokens) = tokens(&company).await?;
    let issued = credentials(&boto, &tokens).await?.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
    // Again, so that nothing that is remembered answers the next one.
    ensure!(credentials(&boto, &tokens).await?.is_ok());

    // Too many wrong passwords: out for as long as that lasts, and signed in still.
    directory.change(&format!("{LOCK}20200101000000Z\n")).await?;
    ensure!(credentials(&boto, &tokens).await?.is_err_and(|refusal| refusal.status == Some(401)));
    ensure!(person.open(company.served.start_url()).await?.has("sign-in"));
    let page = company.try_password("sam", "sam-in-the-directory").await?;
    ensure!(page.status == 401, "{}", page.text());
    directory.change(UNLOCK).await?;
    ensure!(!person.open(company.served.start_url()).await?.has("sign-in"));
    ensure!(credentials(&boto, &tokens).await?.is_ok());

    // Disabled: for good, with the role credentials that were given out.
    ensure!(boto.who_am_i(&issued).await?.is_ok());
    directory.change(&format!("{LOCK}000001010000Z\n")).await?;
    ensure!(credentials(&boto, &tokens).await?.is_err_and(|refusal| refusal.status == Some(401)));
    ensure!(boto.who_am_i(&issued).await?.is_err(), "role credentials outlive their person");
    let params = json!({
        "clientId": client["clientId"], "clientSecret": client["clientSecret"],
        "grantType": "refresh_token", "refreshToken": tokens["refreshToken"],
    });
    ensure!(boto.call("sso-oidc", "create_token", params).await?.is_err(), "a token is renewed");
    directory.change(UNLOCK).await?;
    ensure!(person.open(company.served.start_url()).await?.has("sign-in"), "a session came back");
    let trail = company.served.command(&["audit", "ls"], &["--name", "EndUserAccess", "--json"]).await?;
    ensure!(trail.out.lines().count() == 1, "{}", trail.out);

    // Removed, and before any sync.
    ensure!(!kim.open(company.served.start_url()).await?.has("sign-in"));
    directory.change("dn: uid=kim,ou=people,dc=acme,dc=test\nchangetype: delete\n").await?;
    ensure!(kim.open(company.served.start_url()).await?.has("sign-in"));
    let page = company.try_password("kim", "kim-in-the-directory").await?;
    ensure!(page.status == 401, "{}", page.text());

    // The next sync finds out as well, and brings who is new.
    let ldif = "dn: uid=max,ou=people,dc=acme,dc=test\nchangetype: add\nobjectClass: inetOrgPerson\nuid: max\n\
                cn: Max Test\nsn: Test\nuserPassword: max-in-the-directory\n";
    directory.change(ldif).await?;
    let page = company.try_password("max", "max-in-the-directory").await?;
    ensure!(page.status == 401, "who is not here yet: {}", page.text());
    let administrator = Administrator { person: company.signed_in(&sam()).await? };
    let page = administrator.open(&company.served, SOURCE).await?;
    administrator.submit(&page, SYNC, &[]).await?;
    company.synced("Users: 1 came, 0 changed, 1 went").await?;
    company.signed_in(&user("max", "max-in-the-directory")).await?;
    let synced = company.served.command(&["identity-source", "sync"], &[]).await?;
    ensure!(synced.ok && synced.out.contains("0 came, 0 changed, 0 went"), "{synced:?}");

    // Out of those that are chosen is as good as gone.
    let max = company.signed_in(&user("max", "max-in-the-directory")).await?;
    let lee = company.signed_in(&user("lee", "lee-in-the-directory")).await?;
    let (servers, authority) = (directory.ldaps(), directory.authority().to_owned());
    let narrow = [
        fields(&servers, &authority),
        vec![("user_filter", "(&(objectClass=inetOrgPerson)(!(employeeType=contractor)))")],
    ];
    let page = administrator.open(&company.served, SOURCE).await?;
    let saved = administrator.submit(&page, SOURCE, &narrow.concat()).await?;
    ensure!(saved.html.contains("The directory is saved"), "{}", saved.text());
    ensure!(lee.open(company.served.start_url()).await?.has("sign-in"), "chosen no more, and still in");
    ensure!(!max.open(company.served.start_url()).await?.has("sign-in"));
    // Nobody at all is most likely a mistake.
    let none = [fields(&servers, &authority), vec![("user_filter", "(uid=nobody)")]].concat();
    let page = administrator.open(&company.served, SOURCE).await?;
    administrator.submit(&page, SOURCE, &none).await?;
    let synced = company.served.command(&["identity-source", "sync"], &[]).await?;
    ensure!(!synced.ok && synced.err.contains("more than half"), "{synced:?}");
    let synced = company.served.command(&["identity-source", "sync"], &["--even-if-many-go"]).await?;
    ensure!(synced.ok && synced.out.contains("Users: 0 came, 0 changed, 5 went"), "{synced:?}");
    Ok(())
}

#[tokio::test]
async fn only_a_server_with_the_right_certificate_hears_a_password() -> Result<()> {
    let served = ServedOrganisation::start("").await?;
    let administrator = Administrator::of(&served).await?;
    let authority = Authority::new()?;
    let directory = LdapServer::start(&authority, "localhost").await?;
    for server in [directory.ldaps(), directory.ldap()] {
        let page = test(&served, &administrator, fields(&server, &authority.pem())).await?;
        for words in ["WORKS", "Found 6 users and 2 groups", "2 members", "Nothing was saved"] {
            ensure!(page.html.contains(words), "{server} {words}: {}", page.text());
        }
    }
    let refused = async |server: &str, authority: &str, words: &str| -> Result<()> {
        let page = test(&served, &administrator, fields(server, authority)).await?;
        ensure!(
            page.html.contains("FAILS") && page.html.contains(words),
            "{server} {words}: {}",
            page.text()
        );
        ensure!(!page.html.contains(CONNECTOR_PASSWORD), "the password is shown");
        Ok(())
    };
    let strange = Authority::new()?.pem();
    let elsewhere = LdapServer::start(&authority, "dc.elsewhere.test").await?;
    let binds = elsewhere.log()?.matches(" BIND ").count() + directory.log()?.matches(" BIND ").count();
    refused(&directory.ldaps(), &strange, "invalid peer certificate").await?;
    refused(&directory.ldap(), &strange, "invalid peer certificate").await?;
    refused(&elsewhere.ldaps(), &authority.pem(), "invalid peer certificate").await?;
    let after = elsewhere.log()?.matches(" BIND ").count() + directory.log()?.matches(" BIND ").count();
    ensure!(binds == after, "a bind came through");

    // Somebody between, who says that there is no TLS: nothing but the question for it was sent.
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let stripping = format!("ldap://localhost:{}", listener.local_addr()?.port());
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        let mut heard = vec![0; 1024];
        let count = stream.read(&mut heard).await?;
        heard.truncate(count);
        // ExtendedResponse of message 1: protocolError (RFC 4511 §4.12).
        stream.write_all(&[0x30, 12, 2, 1, 1, 0x78, 7, 10, 1, 2, 4, 0, 4, 0]).await?;
        stream.read_to_end(&mut heard).await?;
        anyhow::Ok(heard)
    });
    refused(&stripping, &authority.pem(), "it refuses StartTLS").await?;
    let heard = String::from_utf8_lossy(&heard.await??).into_owned();
    ensure!(heard.contains("1.3.6.1.4.1.1466.20037") && !heard.contains("connector"), "{heard:?}");

    let wrong = fields(&stripping, "")
        .into_iter()
        .map(|(name, value)| (name, if name == "servers" { "http://dc" } else { value }));
    let page = test(&served, &administrator, wrong.collect()).await?;
    ensure!(page.status == 400 && page.html.contains("no address of a server"), "{}", page.text());
    let server = directory.ldaps();
    let page = test(
        &served,
        &administrator,
        fields(&server, &authority.pem())
            .into_iter()
            .map(|(name, value)| (name, if name == "secret" { "wrong" } else { value }))
            .collect(),
    )
    .await?;
    ensure!(page.html.contains("does not let the connector account in"), "{}", page.text());
    Ok(())
}

#[tokio::test]
async fn another_server_answers_when_one_does_not() -> Result<()> {
    let mut company = Company::start(2).await?;
    let person = company.signed_in(&sam()).await?;
    company.servers[0].kill();
    ensure!(!person.open(company.served.start_url()).await?.has("sign-in"), "the session is lost");
    company.signed_in(&user("kim", "kim-in-the-directory")).await?;
    let page = company.administrator.open(&company.served, SOURCE).await?;
    let listed = company.servers.iter().map(LdapServer::ldaps).collect::<Vec<_>>().join("\n");
    let authority = company.servers[0].authority().to_owned();
    let fields = [fields(&listed, &authority), vec![("go", "test")]].concat();
    let tested = company.administrator.submit(&page, SOURCE, &fields).await?;
    ensure!(tested.html.contains("WORKS") && tested.html.contains("FAILS"), "{}", tested.text());

    company.servers[1].kill();
    let page = person.open(company.served.start_url()).await?;
    ensure!(page.status == 503 && page.html.contains("directory does not answer"), "{}", page.text());
    let page = company.try_password("kim", "kim-in-the-directory").await?;
    ensure!(page.status == 503, "{}", page.text());
    company.servers[1].run().await?;
    until(WHILE, "the directory to be asked again", async || {
        let page = person.open(company.served.start_url()).await?;
        Ok((page.status.is_success() && page.url.path() == "/start").then_some(()))
    })
    .await?;
    Ok(())
}

/// Whoever may make entries in the directory is not to become an administrator here by a name.
#[tokio::test]
async fn an_entry_that_comes_later_with_an_administrators_name_is_somebody_else() -> Result<()> {
    let served = Arc::new(ServedOrganisation::start("").await?);
    let invited =
        served.command(&["admin", "invite"], &["--user", "rooty", "--email", "r@acme.test"]).await?;
    ensure!(invited.ok, "{invited:?}");
    let authority = Authority::new()?;
    let servers = vec![LdapServer::start(&authority, "localhost").await?];
    let company = Company::of(served, authority, servers).await?;
    let ldif = "dn: uid=rooty,ou=people,dc=acme,dc=test\nchangetype: add\nobjectClass: inetOrgPerson\nuid: rooty\n\
                cn: Root Test\nsn: Test\nuserPassword: rooty-in-the-directory\n";
    company.servers[0].change(ldif).await?;
    let synced = company.served.command(&["identity-source", "sync"], &[]).await?;
    ensure!(synced.ok && synced.out.contains("0 came, 0 changed, 0 went"), "{synced:?}");
    let shown = company.administrator.open(&company.served, SOURCE).await?;
    ensure!(shown.text().contains("an administrator here has this user name"), "{}", shown.text());
    let page = company.try_password("rooty", "rooty-in-the-directory").await?;
    ensure!(page.status == 401, "{}", page.text());
    Ok(())
}

#[tokio::test]
async fn what_the_directory_keeps_is_not_changed_here() -> Result<()> {
    let company = Company::start(1).await?;
    let page = company.administrator.open(&company.served, "/admin/users").await?;
    let first = page.links().into_iter().find(|link| link.path() == "/admin/users/user");
    let page = company.administrator.person.open(&first.context("no user")?).await?;
    let id = page.url.query_pairs().find(|(name, _)| name == "id").context("no id")?.1.into_owned();
    for action in ["/admin/users/disable", "/admin/users/one-time-password"] {
        let refused = company.administrator.submit(&page, action, &[("id", &id)]).await?;
        ensure!(
            refused.status == 409 && refused.html.contains("The directory keeps it"),
            "{action}: {}",
            refused.text()
        );
    }
    let file = company.served.folder().join("organisation.toml");
    let text = std::fs::read_to_string(&file)?;
    let apply = async |text: &str| -> Result<support::process::Said> {
        std::fs::write(&file, text)?;
        company.served.command(&["plan"], &[&file.display().to_string()]).await
    };
    let said = apply(&text.replace("Sam Sample", "Somebody Else")).await?;
    ensure!(!said.ok && said.err.contains("kept by the directory"), "{said:?}");

    // Not by the identity store's API either, nor by provisioning.
    let keys = create_key(&company.served).await?;
    let endpoint = company.served.start_url().join("/")?;
    let home = company.served.folder().join("home");
    let boto = Boto::at(&endpoint, &["identitystore", "sso-admin"], "eu-central-1", &home).await?;
    let asked = async |operation: &str, params: Value| {
        let service = if operation == "list_instances" { "sso-admin" } else { "identitystore" };
        boto.signed(&keys, (service, operation), params, None).await
    };
    let instances = asked("list_instances", json!({})).await?.map_err(|refusal| anyhow!("{refusal:?}"))?;
    let store = &instances["Instances"][0]["IdentityStoreId"];
    let operations = json!([{ "AttributePath": "displayName", "AttributeValue": "Somebody Else" }]);
    let params = json!({ "IdentityStoreId": store, "UserId": id, "Operations": operations });
    let refusal = asked("update_user", params).await?.err().context("it was changed")?;
    ensure!(refusal.code.as_deref() == Some("ConflictException"), "{refusal:?}");
    let params = json!({ "IdentityStoreId": store, "UserId": id });
    let refusal = asked("delete_user", params).await?.err().context("it was deleted")?;
    ensure!(refusal.code.as_deref() == Some("ConflictException"), "{refusal:?}");
    let page = company.administrator.open(&company.served, PROVISIONING).await?;
    let create = format!("{PROVISIONING}/create");
    ensure!(page.text().contains("come from it alone") && !page.html.contains(&create), "{}", page.text());

    let back = company.served.command(&["identity-source", "use-directory"], &[]).await?;
    ensure!(back.ok, "{back:?}");
    let person = Person::new()?;
    let page = person.open(company.served.start_url()).await?;
    let page = person.give_password(&page, &company.served.user()).await?;
    ensure!(page.url.path() == "/start", "{}", page.text());
    let linked: i64 =
        company.database()?.query_row("SELECT count(*) FROM user_external_id", [], |row| row.get(0))?;
    ensure!(linked == 0, "another source's ids are kept");
    Ok(())
}
