//! What stands in the lists: actions, themes, sessions, timeline rows; the same for drawing and for choosing.

use std::borrow::Cow;

use crate::domain::tally::Row;
use crate::domain::trace_row::{self, What};
use crate::ui::action::{Action, Go, Seek};
use crate::ui::app::App;
use crate::ui::can;
use crate::ui::keymap::Entry;
use crate::ui::mode::Context;
use crate::ui::parts::Overlay;
use crate::ui::widgets::fuzzy::fitting;

/// The actions that the palette offers: what can be done now, each once. A decision is never taken from a list.
pub fn actions(app: &App) -> Vec<&Entry> {
    let Some(Overlay::Palette(chooser)) = &app.overlay else { return Vec::new() };
    let filter = chooser.filter.text();
    let mut found: Vec<&Entry> = Vec::new();
    let text =
        |entry: &&Entry| format!("{} {} {}", entry.binding.name, entry.binding.label, entry.binding.help);
    for context in [Context::Replay, Context::Workbench, Context::Global] {
        for entry in app.keys.of(context) {
            let action = entry.binding.action;
            let known = found.iter().any(|other| other.binding.action == action);
            if !known && offered(entry) && can::can(app, action) {
                found.push(entry);
            }
        }
    }
    fitting(&filter, found.iter().map(text)).into_iter().map(|at| found[at]).collect()
}

/// Moving about is not for a palette.
fn offered(entry: &Entry) -> bool {
    let moves = [Action::Go(Go::NextPane), Action::Go(Go::PreviousPane), Action::Seek(Seek::Tenth)];
    !matches!(entry.binding.action, Action::Palette | Action::Move(_))
        && !moves.contains(&entry.binding.action)
}

/// The names of the themes that fit the filter.
pub fn themes(app: &App) -> Vec<&str> {
    let Some(Overlay::Themes { chooser, .. }) = &app.overlay else { return Vec::new() };
    let filter = chooser.filter.text();
    let names: Vec<&str> = app.themes.iter().map(|theme| theme.name()).collect();
    fitting(&filter, names.iter()).into_iter().map(|at| names[at]).collect()
}

/// The sessions that fit the filter.
pub fn sessions(app: &App) -> Vec<&Row> {
    let Some(Overlay::Sessions(list)) = &app.overlay else { return Vec::new() };
    let filter = list.filter.text();
    let text = |row: &Row| {
        format!("{} {} {} {} {} {}", row.id, row.title, row.agent, row.status, row.model, row.workspace)
    };
    fitting(&filter, app.rows.iter().map(text)).into_iter().filter_map(|at| app.rows.get(at)).collect()
}

/// The keys of the rows that folding leaves, in the order of reading. Costs nothing where nothing is folded.
pub fn trace_rows(app: &App) -> Cow<'_, [usize]> {
    let Some(watched) = &app.watched else { return Cow::Borrowed(&[]) };
    let (trace, folded) = (&watched.trace, &app.folds.trace);
    if folded.is_empty() {
        return Cow::Borrowed(trace.order());
    }
    let mut kept = Vec::with_capacity(trace.order().len());
    let mut hidden_below = None;
    for key in trace.order() {
        let Some(row) = trace.row(*key) else { continue };
        if hidden_below.is_some_and(|depth| row.depth > depth) {
            continue;
        }
        hidden_below = (holds(row) && folded.contains(&fold_name(row))).then_some(row.depth);
        kept.push(*key);
    }
    Cow::Owned(kept)
}

/// The name of a row in `Folds::trace`. A step shares its event with its first request, so steps are named apart.
pub fn fold_name(row: &trace_row::Row) -> u64 {
    match row.what {
        What::Step(_) => row.no.0 | 1 << 63,
        What::Run { .. }
        | What::Model { .. }
        | What::Retry { .. }
        | What::Call { .. }
        | What::Execution { .. }
        | What::Pause
        | What::Stepping
        | What::Steer { .. }
        | What::Fork { .. }
        | What::Restore { .. }
        | What::Takeover { .. }
        | What::Foreign { .. } => row.no.0,
    }
}

/// Whether a row may have rows in it.
pub fn holds(row: &trace_row::Row) -> bool {
    match row.what {
        What::Run { .. } | What::Step(_) | What::Call { .. } => true,
        What::Model { .. }
        | What::Retry { .. }
        | What::Execution { .. }
        | What::Pause
        | What::Stepping
        | What::Steer { .. }
        | What::Fork { .. }
        | What::Restore { .. }
        | What::Takeover { .. }
        | What::Foreign { .. } => false,
    }
}
