//! Whether a team's file is taken at its word: who signed it, and what it takes away.

use crate::{args::team::Apply, find::Stop};
use adapters::team::Read;
use std::collections::BTreeMap;

/// How a file's signer stands to what is remembered.
#[derive(Debug, PartialEq, Eq)]
pub enum Trust {
    /// Nobody signed, and nobody ever did.
    Unsigned,
    /// A signer that was not seen before.
    New(String),
    /// The one that signed before.
    Known(String),
    /// Another one than before, or none.
    Changed {
        /// All that it is about, and who signed that before.
        before: Vec<(String, String)>,
        /// Who signed.
        now: Option<String>,
    },
}

impl Trust {
    /// The first signer of a team and of each of its start URLs counts.
    pub fn of(read: &Read, pinned: &BTreeMap<String, String>) -> Self {
        let claims = read.file.claims();
        let pins = claims.iter().filter_map(|claim| Some((claim.clone(), pinned.get(claim)?.clone())));
        let (same, other): (Vec<_>, Vec<_>) =
            pins.partition(|(_, before)| Some(before) == read.signer.as_ref());
        match &read.signer {
            now if !other.is_empty() => Self::Changed { before: other, now: now.clone() },
            Some(now) if !same.is_empty() => Self::Known(now.clone()),
            Some(now) => Self::New(now.clone()),
            None => Self::Unsigned,
        }
    }

    /// Refuses a signer that is not the expected one. A new one is compared by whoever looks at the preview
    /// (`seen`); where nobody does, its fingerprint has to be given.
    pub fn refuse(&self, wanted: &Apply, seen: bool) -> Result<(), Stop> {
        let given = |now: &String| wanted.new_signer.as_ref() == Some(now);
        match self {
            Self::Known(_) => Ok(()),
            Self::New(now) if given(now) || (seen && wanted.new_signer.is_none()) => Ok(()),
            Self::New(_) if wanted.new_signer.is_some() => Err(Stop::new(
                "other_signer",
                "The signer is not the one that you named",
                "Nothing was taken over. Ask your team by another way than the file came.",
            )),
            Self::New(_) => Err(Stop::new(
                "not_confirmed",
                "Nothing was taken over: the signer was not seen before",
                "Ask your team for the fingerprint by another way than the file came, and give it with \
                 --new-signer; or look at the file and agree in a terminal, without --yes.",
            )),
            Self::Unsigned if wanted.unsigned => Ok(()),
            Self::Unsigned => Err(Stop::new(
                "unsigned",
                "Nobody signed this file",
                "Nothing was taken over. If you know where it comes from: --unsigned",
            )),
            Self::Changed { now: Some(now), .. } if given(now) => Ok(()),
            Self::Changed { now: Some(_), .. } => Err(Stop::new(
                "other_signer",
                "The signer is not the one of before",
                "Nothing was taken over. Ask your team by another way than the file came; if the new \
                 fingerprint is right, give it with --new-signer.",
            )),
            Self::Changed { now: None, .. } => Err(Stop::new(
                "other_signer",
                "This was signed before, and now nobody signed it",
                "Nothing was taken over. Ask your team for the signed file.",
            )),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use crate::args::profiles::Consent;
    use engine::model::team::TeamFile;

    fn read(signer: Option<&str>) -> Read {
        let file: TeamFile = serde_json::from_value(serde_json::json!({
            "latchkey_team": 1, "name": "Platform",
            "organisation": [
                { "name": "Acme", "start_url": "https://acme.awsapps.com/start", "region": "eu-west-1" },
                { "name": "Lab", "start_url": "https://lab.awsapps.com/start", "region": "eu-west-1" },
            ],
        }))
        .unwrap();
        Read { file, signer: signer.map(ToOwned::to_owned) }
    }

    fn wanted(new_signer: Option<&str>) -> Apply {
        Apply {
            file: "team.toml".into(),
            unsigned: false,
            new_signer: new_signer.map(ToOwned::to_owned),
            lower_safety: false,
            consent: Consent { dry_run: false, yes: true },
        }
    }

    fn refused(trust: &Trust, given: Option<&str>, seen: bool) -> Option<String> {
        match trust.refuse(&wanted(given), seen) {
            Ok(()) => None,
            Err(Stop::Problem(problem)) => Some(problem.code),
            Err(Stop::Left) => panic!("left"),
        }
    }

    #[test]
    fn a_new_signer_is_compared_by_somebody() {
        let new = Trust::of(&read(Some("SHA256:a")), &BTreeMap::new());
        assert_eq!(new, Trust::New("SHA256:a".into()));
        assert_eq!(refused(&new, None, true), None);
        assert_eq!(refused(&new, None, false).as_deref(), Some("not_confirmed"));
        assert_eq!(refused(&new, Some("SHA256:a"), false), None);
        for seen in [true, false] {
            assert_eq!(refused(&new, Some("SHA256:b"), seen).as_deref(), Some("other_signer"));
        }
    }

    #[test]
    fn everything_that_another_signed_before_is_named() {
        let pin = |claim: &str, signer: &str| (claim.to_owned(), signer.to_owned());
        let pinned = [pin("team platform", "SHA256:a"), pin("lab.awsapps.com", "SHA256:c")];
        let of = |signer| Trust::of(&read(signer), &pinned.clone().into());
        let both = pinned.to_vec();
        assert_eq!(
            of(Some("SHA256:b")),
            Trust::Changed { before: both.clone(), now: Some("SHA256:b".into()) }
        );
        assert_eq!(of(None), Trust::Changed { before: both.clone(), now: None });
        let one = Trust::Changed { before: both[1..].to_vec(), now: Some("SHA256:a".into()) };
        assert_eq!(of(Some("SHA256:a")), one);
        for (given, code) in [(None, Some("other_signer")), (Some("SHA256:a"), None)] {
            assert_eq!(refused(&one, given, true).as_deref(), code);
        }
    }
}
