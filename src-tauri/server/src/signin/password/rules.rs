//! What a password must be: AWS's rules (IAM Identity Center User Guide, "Password requirements when managing
//! identities"), with zxcvbn's lists and patterns for "publicly known".

use zxcvbn::{Score, zxcvbn};

const SHORTEST: usize = 8;
const LONGEST: usize = 64;

/// Whether a password may be set; `about` are words that others know of the person.
///
/// # Errors
/// What to do better.
pub fn check(password: &str, about: &[&str]) -> Result<(), String> {
    let length = password.chars().count();
    if !(SHORTEST..=LONGEST).contains(&length) {
        return Err(format!("A password has {SHORTEST} to {LONGEST} characters; this one has {length}."));
    }
    let has = |of: fn(char) -> bool| password.chars().any(of);
    let lacking: Vec<&str> = [
        (has(|c| c.is_ascii_lowercase()), "a lower-case letter"),
        (has(|c| c.is_ascii_uppercase()), "an upper-case letter"),
        (has(|c| c.is_ascii_digit()), "a digit"),
        (has(|c| !c.is_alphanumeric()), "a character that is no letter and no digit"),
    ]
    .into_iter()
    .filter_map(|(there, what)| (!there).then_some(what))
    .collect();
    if !lacking.is_empty() {
        return Err(format!("The password lacks {}.", lacking.join(", ")));
    }
    if zxcvbn(password, about).score() < Score::Three {
        return Err(
            "That password is known or easily guessed. Choose a longer one that is no word, name or \
                    pattern of keys."
                .to_owned(),
        );
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    #[test]
    fn rules_are_those_of_aws() {
        let about = ["sam", "Sam Sample", "sam@acme.test", "Acme"];
        for (password, says) in [
            ("Ab1!xyz", "8 to 64"),
            (&format!("Ab1!{}", "q8Z,".repeat(16)), "8 to 64"),
            ("verylongpassword-7", "upper-case"),
            ("VERYLONGPASSWORD-7", "lower-case"),
            ("Verylongpassword-x", "a digit"),
            ("Verylongpassword77x", "no letter and no digit"),
            ("Password1!", "easily guessed"),
            ("P@ssw0rd1", "easily guessed"),
            ("Qwertyuiop1!", "easily guessed"),
            ("SamSample1!", "easily guessed"),
            ("Aaaaaaaa1!", "easily guessed"),
        ] {
            let said = check(password, &about).unwrap_err();
            assert!(said.contains(says), "{password}: {said}");
        }
        assert_eq!(check("Kettle-orbit 7 mango", &about), Ok(()));
        assert_eq!(check(&"vK3,Zürich;Q9".repeat(4), &about), Ok(()));
    }
}
