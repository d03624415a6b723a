//! What of a directory is brought here, and under which names: bases, filters, attributes, and more people than a page of
//! a search has.

use std::fmt::Write;

use anyhow::{Result, ensure};

use super::ldap::{Company, SOURCE, fields};

/// More than a page of a search, which has 500.
const MORE: usize = 600;

#[tokio::test]
async fn bases_filters_and_attributes_choose_who_comes_and_as_whom() -> Result<()> {
    let company = Company::start(1).await?;
    let directory = &company.servers[0];
    let mut ldif = "dn: uid=sam,ou=people,dc=acme,dc=test\nchangetype: modify\nadd: ou\nou: Payments\n\n\
                    dn: uid=kim,ou=people,dc=acme,dc=test\nchangetype: modify\nadd: givenName\ngivenName: Kim\n\n"
        .to_owned();
    for n in 1..=MORE {
        write!(
            ldif,
            "dn: uid=x{n},ou=people,dc=acme,dc=test\nchangetype: add\nobjectClass: inetOrgPerson\nuid: x{n}\n\
             cn: X {n}\nsn: X\ngivenName: p{n}\n\n"
        )?;
    }
    directory.change(&ldif).await?;
    let (servers, authority) = (directory.ldaps(), directory.authority().to_owned());
    let changed = [
        // One within the other: who is below both is one person.
        ("user_bases", "dc=acme,dc=test\nou=people,dc=acme,dc=test"),
        ("group_filter", "(cn=engineering)"),
        ("attributes", "userName = givenName\ndepartment = ou\ndisplayName = sn"),
    ];
    let mut all = fields(&servers, &authority);
    all.retain(|(name, _)| !changed.iter().any(|(other, _)| other == name));
    all.extend(changed);
    let page = company.administrator.open(&company.served, SOURCE).await?;
    let tested =
        company.administrator.submit(&page, SOURCE, &[all.clone(), vec![("go", "test")]].concat()).await?;
    ensure!(tested.html.contains("Found 602 users and 1 group"), "{}", tested.text());
    let saved = company.administrator.submit(&page, SOURCE, &all).await?;
    ensure!(saved.html.contains("The directory is saved"), "{}", saved.text());
    let synced = company.served.command(&["identity-source", "sync"], &[]).await?;
    // Who has no given name is gone.
    ensure!(synced.ok && synced.out.contains("Users: 600 came, 2 changed, 3 went"), "{synced:?}");
    ensure!(synced.out.contains("4 entries have problems"), "each is told once: {synced:?}");
    let again = company.served.command(&["identity-source", "sync"], &[]).await?;
    ensure!(again.out.contains("Users: 0 came, 0 changed, 0 went"), "{again:?}");
    let database = company.database()?;
    let sql = "SELECT display_name || ' ' || profile FROM user WHERE username = 'sam'";
    let sam: String = database.query_row(sql, [], |row| row.get(0))?;
    ensure!(sam.starts_with("Sample ") && sam.contains("\"department\":\"Payments\""), "{sam}");
    // Through a group that is not chosen, which is empty here by now.
    let sql =
        "SELECT group_concat(name, ' ') FROM (SELECT g.name || ':' || u.username AS name FROM membership m
               JOIN user u ON u.id = m.user_id JOIN user_group g ON g.id = m.group_id ORDER BY 1)";
    let members: String = database.query_row(sql, [], |row| row.get(0))?;
    ensure!(members == "engineering:kim engineering:sam", "{members}");
    Ok(())
}
