//! Settings: what the person sets in the window, in a terminal, or takes over from a team.

use crate::{
    engine::Context,
    model::{
        rules::{self, Rule},
        settings::{Naming, Settings},
        team::Adopted,
    },
    request::Answer,
    state::State,
    step_up,
};
use tokio::sync::oneshot;

/// What the window sets.
pub(crate) fn settings(ctx: &Context, state: &mut State, set: Settings, answer: oneshot::Sender<Answer>) {
    // The window neither knows nor changes these.
    let Settings { network, naming, team, spare_waived, .. } = state.own.clone();
    let settings = Settings { network, naming, team, spare_waived, ..set };
    // Nor what the organisation decided.
    let settings = state.policy.keep(&state.own, settings);
    ctx.ports.browser.prefer(settings.browsers.clone());
    let unmarked = step_up::unmarked(state);
    state.set_settings(settings.clone());
    step_up::mark_by_rules(ctx, state, &unmarked);
    ctx.save(settings, answer);
}

/// How profiles are named.
pub(crate) fn naming(ctx: &Context, state: &mut State, naming: Naming, answer: oneshot::Sender<Answer>) {
    let settings = state.change(|own| own.naming = naming);
    ctx.save(settings, answer);
}

/// What a team shares, beside what is there.
pub(crate) fn team(
    ctx: &Context,
    state: &mut State,
    rules: Vec<Rule>,
    template: Option<String>,
    team: Adopted,
    answer: oneshot::Sender<Answer>,
) {
    let mut settings = state.own.clone();
    settings.safety.rules = rules::beside(&settings.safety.rules, rules);
    settings.naming.template = template.or(settings.naming.template);
    settings.team.signers.extend(team.signers);
    settings.team.colours.extend(team.colours);
    state.set_settings(settings.clone());
    ctx.save(settings, answer);
}
