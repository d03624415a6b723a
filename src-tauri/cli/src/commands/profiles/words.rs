//! What can go wrong with profiles, in words.

use crate::{find::Stop, pick};
use adapters::profiles::ManageError;
use engine::model::naming::{Field, TemplateError, Wrong};

/// A template that cannot be used.
pub fn template(text: &str, error: &TemplateError) -> Stop {
    let TemplateError { at, kind } = error;
    let fields: Vec<String> = Field::ALL.iter().map(|(name, _)| format!("{{{name}}}")).collect();
    let fields = fields.join(", ");
    let (what, next) = match kind {
        Wrong::UnknownField(name) => {
            (format!("there is no field {{{}}}", pick::plain(name)), format!("The fields are {fields}."))
        }
        Wrong::Unclosed => ("a { has no }".to_owned(), format!("The fields are {fields}.")),
        Wrong::StrayBrace => ("a } has no {".to_owned(), format!("The fields are {fields}.")),
        Wrong::Character(c) => {
            let next = "Use letters, digits and - _ . @ + / between the fields.".to_owned();
            (format!("a profile's name cannot hold {c:?}"), next)
        }
        Wrong::NoField => {
            ("all profiles would have the same name".to_owned(), format!("Use some of {fields}."))
        }
        Wrong::TooLong => ("it is too long".to_owned(), "200 characters are the most.".to_owned()),
    };
    let title = format!("The template \"{}\" cannot be used: character {at}, {what}", pick::plain(text));
    Stop::new("usage", &title, &next)
}

/// A change of the config file that was not made.
pub fn not_changed(error: &ManageError) -> Stop {
    let (code, next) = match error {
        ManageError::Gone { .. } => ("not_found", "See which there are: latch profiles"),
        ManageError::Taken { .. } => {
            ("profile_taken", "Choose another name, or remove it first: latch profiles rm NAME --force")
        }
        ManageError::HasKeys { .. } => {
            ("profile_taken", "Move the keys to a profile of their own first, or choose another name.")
        }
        ManageError::Kept { .. } => {
            ("profile_taken", "Change it in Latchkey's window, or choose another name.")
        }
        ManageError::Used { .. } => ("profile_used", "Remove that one first."),
        ManageError::Loop { .. } => ("profile_loop", "Take the credentials from a profile that signs in."),
        ManageError::Inherited { .. } => {
            ("failed", "Take that line out of [DEFAULT], or give it to the profiles that need it.")
        }
        ManageError::Changed { .. } => ("failed", "Nothing was written. Run it again to see the new change."),
        ManageError::Value { .. } => ("usage", "Nothing was written."),
        ManageError::File(_) | ManageError::WouldDamage { .. } => ("failed", "Nothing was written."),
    };
    let title = error.to_string();
    Stop::new(code, &capital(&title), next)
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
