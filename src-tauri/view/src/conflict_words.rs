//! What stands in the way of a profile, and what to do about it.

use crate::{
    ask::UiRequest,
    delivery,
    problem::{About, asks, edits},
    ui_credentials::UiDelivery,
    ui_state::UiButton,
};
use engine::model::{delivery::Delivery, profile::Conflict};

/// What stands in the way of a delivery, and which programs would pass by what Latchkey brings.
pub(crate) fn conflict_words(
    conflict: Conflict,
    profile: &str,
    delivery: Delivery,
) -> (String, String, String) {
    let meaning = |text: &str| match delivery::passing_by(delivery, conflict) {
        Some(programs) => format!("{text} {programs}"),
        None => text.to_owned(),
    };
    match conflict {
        Conflict::Foreign => (
            format!("A profile named \"{profile}\" exists already"),
            "It was not written by Latchkey. Nothing was changed.".into(),
            "Use another name, or replace it and keep a backup.".into(),
        ),
        Conflict::ForeignLongLivedKey => (
            format!("A profile named \"{profile}\" exists already"),
            "It was not written by Latchkey and holds a long-lived key. Nothing was changed.".into(),
            "Use another name, or replace it and keep a backup.".into(),
        ),
        Conflict::SsoSettings => (
            format!("\"{profile}\" already signs in by itself"),
            meaning("It has SSO settings in ~/.aws/config. Nothing was changed."),
            match delivery {
                Delivery::CredentialsFile => {
                    "Let Latchkey keep that sign-in fresh, or choose another name.".into()
                }
                _ => "Choose another name, or replace it and keep a backup.".into(),
            },
        ),
        Conflict::KeysHide => (
            format!("Keys in ~/.aws/credentials hide \"{profile}\""),
            meaning("They come before what the config file says."),
            "Choose another name, or move those keys to a backup.".into(),
        ),
        Conflict::OtherProcess => (
            format!("\"{profile}\" gets its credentials from another program"),
            meaning("Its credential_process in ~/.aws/config is not Latchkey's. Nothing was changed."),
            "Choose another name, so that no two programs compete; or replace it and keep a backup.".into(),
        ),
        Conflict::OtherSource => (
            format!("\"{profile}\" gets its credentials another way"),
            meaning(
                "It has keys of its own in ~/.aws/config, or takes a role by another profile. Nothing was changed.",
            ),
            "Choose another name, or replace it and keep a backup.".into(),
        ),
        Conflict::ChangedByAnother => (
            format!("Another program changed \"{profile}\""),
            "Latchkey stopped refreshing it so that nothing is lost.".into(),
            "Take it back, or stop managing it.".into(),
        ),
    }
}

/// The wish to keep a profile, also where it was confirmed.
fn wish_to_keep(wish: &mut UiRequest) -> Option<(&mut String, &mut bool)> {
    match wish {
        UiRequest::KeepFresh { profile, replace_foreign, .. } => Some((profile, replace_foreign)),
        UiRequest::Confirmed { request, .. } => wish_to_keep(request),
        _ => None,
    }
}

fn delivery_of(wish: &mut UiRequest) -> Option<&mut UiDelivery> {
    match wish {
        UiRequest::KeepFresh { delivery, .. } => Some(delivery),
        UiRequest::Confirmed { request, .. } => delivery_of(request),
        _ => None,
    }
}

/// Where a profile signs in by itself, that sign-in can be kept fresh.
pub(crate) const USE_SSO_CACHE: &str = "Use SSO cache delivery";

fn replace_label(conflict: Conflict) -> &'static str {
    match conflict {
        Conflict::KeysHide => "Move those keys to a backup",
        _ => "Replace and keep a backup",
    }
}

/// The change of delivery once more, with the person's word.
pub(crate) fn replace_for(profile: &str, delivery: UiDelivery, conflict: Conflict) -> Option<UiButton> {
    let request = UiRequest::ChangeDelivery { profile: profile.to_owned(), delivery, replace_foreign: true };
    Some(UiButton { danger: true, ..asks(replace_label(conflict), request) })
}

pub(crate) fn taken(
    profile: &str,
    conflict: Conflict,
    suggestion: &str,
    delivery: Delivery,
    about: &About<'_>,
) -> Vec<Option<UiButton>> {
    // With the wish at hand each choice is one click.
    let again = |name: &str, replace: bool, label: &str| {
        let mut wish = about.again.clone()?;
        let (profile, replace_foreign) = wish_to_keep(&mut wish)?;
        name.clone_into(profile);
        *replace_foreign = replace;
        Some(asks(label, wish))
    };
    // Keys in the credentials file would change nothing for most tools; the sign-in that is there can be kept.
    let cache = (conflict == Conflict::SsoSettings && delivery.is_refreshed()).then(|| {
        let mut wish = about.again.clone()?;
        *delivery_of(&mut wish)? = UiDelivery::SsoCache;
        Some(asks(USE_SSO_CACHE, wish))
    });
    let other = again(suggestion, false, &format!("Use \"{suggestion}\""))
        .or_else(|| Some(edits("Choose another name", "profile", Some(suggestion))));
    let replace =
        match conflict {
            Conflict::Foreign
            | Conflict::ForeignLongLivedKey
            | Conflict::OtherProcess
            | Conflict::OtherSource
            | Conflict::KeysHide => again(profile, true, replace_label(conflict))
                .map(|button| UiButton { danger: true, ..button }),
            Conflict::ChangedByAnother => Some(UiButton {
                danger: true,
                ..asks("Take it back", UiRequest::TakeBack { profile: profile.to_owned() })
            }),
            Conflict::SsoSettings if delivery.is_refreshed() => None,
            Conflict::SsoSettings => again(profile, true, replace_label(conflict))
                .map(|button| UiButton { danger: true, ..button }),
        };
    vec![cache.flatten(), other, replace]
}
