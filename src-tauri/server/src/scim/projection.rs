//! `attributes` and `excludedAttributes` (RFC 7644 §3.9): which parts of resources are told. AWS tells all of them;
//! Entra leaves members out, and others ask for little.

use serde_json::{Map, Value};

use super::path::{ENTERPRISE, Path};
use crate::fields::Fields;

/// What is told whatever is asked for.
const ALWAYS: [&str; 2] = ["id", "schemas"];

/// Leaves out of a resource, or of those of a list, what was not asked for.
pub fn project(body: &mut Value, query: &Fields) {
    let paths = |name: &str| -> Option<Vec<Path>> {
        let listed = query.get(name)?.split(',').filter(|path| !path.trim().is_empty());
        Some(listed.filter_map(|path| Path::read(path).ok()).collect())
    };
    let (only, without) = (paths("attributes"), paths("excludedAttributes"));
    if only.is_none() && without.is_none() {
        return;
    }
    let each = |resource: &mut Value| {
        let Some(whole) = resource.as_object_mut() else { return };
        if let Some(only) = &only {
            *whole = picked(whole, only);
        } else if let Some(without) = &without {
            without.iter().for_each(|path| leave_out(whole, path));
        }
    };
    match body.get_mut("Resources").and_then(Value::as_array_mut) {
        Some(resources) => resources.iter_mut().for_each(each),
        None => each(body),
    }
}

fn key<'m>(of: &'m Map<String, Value>, name: &str) -> Option<&'m str> {
    of.keys().find(|key| key.eq_ignore_ascii_case(name)).map(String::as_str)
}

fn picked(whole: &Map<String, Value>, only: &[Path]) -> Map<String, Value> {
    let mut picked = Map::new();
    for name in ALWAYS {
        if let Some(value) = whole.get(name) {
            picked.insert(name.to_owned(), value.clone());
        }
    }
    for path in only {
        let (from, into) = if path.extension {
            let Some(extension) = whole.get(ENTERPRISE).and_then(Value::as_object) else { continue };
            let Some(attribute) = &path.attribute else {
                picked.insert(ENTERPRISE.to_owned(), Value::Object(extension.clone()));
                continue;
            };
            if key(extension, attribute).is_none() {
                continue;
            }
            let into = picked.entry(ENTERPRISE).or_insert_with(|| Value::Object(Map::new()));
            let Some(into) = into.as_object_mut() else { continue };
            (extension, into)
        } else {
            (whole, &mut picked)
        };
        let Some(name) = path.attribute.as_deref().and_then(|attribute| key(from, attribute)) else {
            continue;
        };
        match (&path.sub, &from[name]) {
            (Some(sub), Value::Object(parts)) => {
                let Some(sub) = key(parts, sub) else { continue };
                let there = into.entry(name).or_insert_with(|| Value::Object(Map::new()));
                there[sub] = parts[sub].clone();
            }
            (Some(sub), Value::Array(values)) => {
                let of_each = values.iter().filter_map(Value::as_object).filter_map(|parts| {
                    let sub = key(parts, sub)?;
                    Some(Value::Object(Map::from_iter([(sub.to_owned(), parts[sub].clone())])))
                });
                into.insert(name.to_owned(), of_each.collect());
            }
            (_, value) => drop(into.insert(name.to_owned(), value.clone())),
        }
    }
    picked
}

fn leave_out(whole: &mut Map<String, Value>, path: &Path) {
    let home = match (&path.attribute, path.extension) {
        (None, _) => return drop(whole.remove(ENTERPRISE)),
        (Some(_), true) => whole.get_mut(ENTERPRISE).and_then(Value::as_object_mut),
        (Some(_), false) => Some(&mut *whole),
    };
    let Some(home) = home else { return };
    let Some(name) = path.attribute.as_deref().and_then(|name| key(home, name)).map(str::to_owned) else {
        return;
    };
    if !path.extension && ALWAYS.contains(&name.as_str()) {
        return;
    }
    match (&path.sub, home.get_mut(&name)) {
        (None, _) => drop(home.remove(&name)),
        (Some(sub), Some(Value::Object(parts))) => {
            if let Some(sub) = key(parts, sub).map(str::to_owned) {
                parts.remove(&sub);
            }
        }
        (Some(sub), Some(Value::Array(values))) => {
            for parts in values.iter_mut().filter_map(Value::as_object_mut) {
                if let Some(sub) = key(parts, sub).map(str::to_owned) {
                    parts.remove(&sub);
                }
            }
        }
        _ => {}
    }
    if path.extension && whole.get(ENTERPRISE).and_then(Value::as_object).is_some_and(Map::is_empty) {
        whole.remove(ENTERPRISE);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_asked_for_is_told_and_no_more() {
        let user = json!({
            "schemas": ["s"], "id": "1", "userName": "jo", "name": { "givenName": "Jo", "familyName": "S" },
            "emails": [{ "value": "j@x.test", "type": "work" }], ENTERPRISE: { "department": "Ops", "division": "x" },
        });
        let told = |query: &str| {
            let mut body = json!({ "Resources": [user] });
            project(&mut body, &Fields::parse(query.as_bytes()));
            let mut one = body["Resources"][0].take();
            one.as_object_mut().expect("it is one").retain(|name, _| !ALWAYS.contains(&name.as_str()));
            one
        };
        let mut whole = user.clone();
        whole.as_object_mut().expect("it is one").retain(|name, _| !ALWAYS.contains(&name.as_str()));
        assert_eq!(told(""), whole);
        assert_eq!(
            told("attributes=USERNAME,name.givenName"),
            json!({ "userName": "jo", "name": { "givenName": "Jo" } })
        );
        assert_eq!(told("attributes=emails.value,shoe"), json!({ "emails": [{ "value": "j@x.test" }] }));
        let department = json!({ ENTERPRISE: { "department": "Ops" } });
        assert_eq!(told(&format!("attributes={ENTERPRISE}:department")), department);
        let rest = told(&format!("excludedAttributes=name,emails.type,id,{ENTERPRISE}:division"));
        let expected = json!({ "userName": "jo", "emails": [{ "value": "j@x.test" }], ENTERPRISE: { "department": "Ops" } });
        assert_eq!(rest, expected);
        assert_eq!(told(&format!("excludedAttributes={ENTERPRISE}"))[ENTERPRISE], Value::Null);
    }
}
