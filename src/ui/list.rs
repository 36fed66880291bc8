//! What stands in the lists: actions, themes, sessions, timeline rows; the same for drawing and for choosing.

use crate::domain::tally::Row;
use crate::ui::app::{App, Overlay};
use crate::ui::can;
use crate::ui::keymap::Entry;
use crate::ui::mode::Context;

/// Whether every word of `filter` is somewhere in `text`; case does not matter.
fn fits(filter: &str, text: &str) -> bool {
    let text = text.to_lowercase();
    filter.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

/// The actions that the palette offers: what can be done now, each once. A decision is never taken from a list.
pub fn actions(app: &App) -> Vec<&Entry> {
    let Some(Overlay::Palette(chooser)) = &app.overlay else { return Vec::new() };
    let filter = chooser.filter.text();
    let mut found: Vec<&Entry> = Vec::new();
    for context in [Context::Replay, Context::Workbench, Context::Global] {
        for entry in app.keys.of(context) {
            let action = entry.binding.action;
            let text = format!("{} {} {}", entry.binding.name, entry.binding.label, entry.binding.help);
            let known = found.iter().any(|other| other.binding.action == action);
            if !known && offered(entry) && can::can(app, action) && fits(&filter, &text) {
                found.push(entry);
            }
        }
    }
    found
}

/// Moving about is not for a palette.
fn offered(entry: &Entry) -> bool {
    use crate::ui::bindings::Action as A;
    !matches!(
        entry.binding.action,
        A::Palette
            | A::Down
            | A::Up
            | A::HalfDown
            | A::HalfUp
            | A::PageDown
            | A::PageUp
            | A::Left
            | A::Right
            | A::Tenth
            | A::NextPane
            | A::PreviousPane
    )
}

/// The names of the themes that fit the filter.
pub fn themes(app: &App) -> Vec<&str> {
    let Some(Overlay::Themes { chooser, .. }) = &app.overlay else { return Vec::new() };
    let filter = chooser.filter.text();
    app.themes.iter().map(|theme| theme.name()).filter(|name| fits(&filter, name)).collect()
}

/// The sessions that fit the filter.
pub fn sessions(app: &App) -> Vec<&Row> {
    let Some(Overlay::Sessions(list)) = &app.overlay else { return Vec::new() };
    let filter = list.filter.text();
    let text = |row: &Row| {
        format!("{} {} {} {} {} {}", row.id, row.title, row.agent, row.status, row.model, row.workspace)
    };
    app.rows.iter().filter(|row| fits(&filter, &text(row))).collect()
}

/// The keys of the timeline's visible rows, in the order of reading: those in a folded row are left out.
pub fn trace_rows(app: &App) -> Vec<usize> {
    let Some(watched) = &app.watched else { return Vec::new() };
    let mut folded_from = None;
    let mut visible = Vec::new();
    for key in watched.trace.order() {
        let Some(row) = watched.trace.row(*key) else { continue };
        if folded_from.is_some_and(|depth| row.depth > depth) {
            continue;
        }
        folded_from = app.folds.trace.contains(&row.no.0).then_some(row.depth);
        visible.push(*key);
    }
    visible
}
