//! Names of models by their AAGUID, from a list that is part of the program.

use uuid::Uuid;

const LIST: &str = include_str!("aaguids.txt");

/// The model's name.
pub(crate) fn model(aaguid: Uuid) -> Option<&'static str> {
    LIST.lines().filter_map(entry).find(|(known, _)| *known == aaguid).map(|(_, name)| name)
}

fn entry(line: &'static str) -> Option<(Uuid, &'static str)> {
    let (aaguid, name) = line.split_once(' ')?;
    Some((Uuid::parse_str(aaguid).ok()?, name))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_line_is_a_model_and_none_comes_twice() {
        let lines = LIST.lines().filter(|line| !line.starts_with('#'));
        let entries: Vec<_> = lines.map(|line| entry(line).ok_or(line)).collect();
        assert_eq!(entries.iter().filter_map(|entry| entry.err()).collect::<Vec<_>>(), Vec::<&str>::new());
        let known: BTreeSet<_> = entries.iter().flatten().map(|(aaguid, _)| aaguid).collect();
        assert_eq!(known.len(), entries.len());
        assert!(known.len() > 80);
    }

    #[test]
    fn a_model_is_called_by_its_name() {
        let yubikey = Uuid::parse_str("2fc0579f-8113-47ea-b116-bb5a8db9202a").unwrap_or_default();
        assert_eq!(model(yubikey), Some("YubiKey 5 NFC"));
        assert_eq!(model(Uuid::nil()), None);
    }
}
