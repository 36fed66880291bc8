//! What stands in the lists: actions, themes, timeline rows; the same for drawing and for choosing.

use std::borrow::Cow;

use crate::domain::trace_row::{self, What};
use crate::ui::action::{Action, Go, List, Seek};
use crate::ui::app::App;
use crate::ui::can;
use crate::ui::forking::{ForkCall, Twisting};
use crate::ui::keymap::Entry;
use crate::ui::mode::Context;
use crate::ui::parts::Overlay;
use crate::ui::widgets::fuzzy::fitting;

/// The actions that the palette offers: what can be done now, each once. A decision is never taken from a list.
pub fn actions(app: &App) -> Vec<&Entry> {
    let Some(Overlay::Palette(chooser)) = app.over.top() else { return Vec::new() };
    let filter = chooser.filter.text();
    let mut found: Vec<&Entry> = Vec::new();
    let text =
        |entry: &&Entry| format!("{} {} {}", entry.binding.name, entry.binding.label, entry.binding.help);
    // What leaves a replay is no offer where there is none: by the same action one would begin.
    let own = match (app.inbox.is_some(), app.playback.is_some()) {
        (true, _) => Some(Context::Inbox),
        (false, true) => Some(Context::Replay),
        (false, false) => None,
    };
    let under = app.over.below().map(|under| can::over(app, under));
    for context in under.into_iter().chain(own).chain([Context::Workbench, Context::Global]) {
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
    let moves = [
        Action::Go(Go::NextPane),
        Action::Go(Go::PreviousPane),
        Action::Seek(Seek::Tenth),
        Action::List(List::Tab),
    ];
    !matches!(entry.binding.action, Action::Palette | Action::Move(_))
        && !moves.contains(&entry.binding.action)
}

/// The names of the themes that fit the filter.
pub fn themes(app: &App) -> Vec<&str> {
    let Some(Overlay::Themes { chooser, .. }) = app.over.top() else { return Vec::new() };
    let filter = chooser.filter.text();
    let names: Vec<&str> = app.themes.iter().map(|theme| theme.name()).collect();
    fitting(&filter, names.iter()).into_iter().map(|at| names[at]).collect()
}

/// What may be other in the fork that is being made, as far as it fits the filter: what, its name, a sentence.
pub fn twists(app: &App) -> Vec<(Twisting, String, String)> {
    let Some(Overlay::Fork(dialog)) = app.over.top() else { return Vec::new() };
    let row = |what: Twisting, name: &str, help: &str| (what, name.to_string(), help.to_string());
    let mut all = vec![row(Twisting::Nothing, "as it was", "The files of then; what was open asks again.")];
    for ForkCall { call, tool, from, .. } in &dialog.point.calls {
        let at = from.map(|from| format!("At {from}: ")).unwrap_or_default();
        for (what, verb, help) in [
            (Twisting::Args(*call), "edit", "other arguments; they are asked about."),
            (Twisting::Reject(*call), "reject", "not run; your reason is read."),
            (Twisting::Respond(*call), "answer", "answer in the tool's place."),
        ] {
            let help = if at.is_empty() { capital(help) } else { format!("{at}{help}") };
            all.push((what, format!("{verb} {call} {tool}"), help));
        }
    }
    all.push(row(Twisting::Note, "with a note", "A message that the agent reads next."));
    all.push(row(Twisting::Model, "with another model", "Asked from here on."));
    all.push(row(Twisting::Instructions, "with other instructions", "In the place of the first ones."));
    let filter = dialog.chooser.filter.text();
    let text = |entry: &(Twisting, String, String)| format!("{} {}", entry.1, entry.2);
    fitting(&filter, all.iter().map(text)).into_iter().filter_map(|at| all.get(at).cloned()).collect()
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
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
        | What::Breakpoint { .. }
        | What::Held { .. }
        | What::Compaction { .. }
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
        | What::Breakpoint { .. }
        | What::Held { .. }
        | What::Compaction { .. }
        | What::Stepping
        | What::Steer { .. }
        | What::Fork { .. }
        | What::Restore { .. }
        | What::Takeover { .. }
        | What::Foreign { .. } => false,
    }
}
