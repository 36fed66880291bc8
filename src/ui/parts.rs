//! What the operator's side of the app is made of: windows, folds, the decision panel, questions, lists, toasts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::domain::compare::{self, Comparison};
use crate::domain::hash::Hash;
use crate::domain::ids::{CallId, EventNo, SessionId};
use crate::domain::time::Micros;
use crate::ui::edit::TextBox;
use crate::ui::edit_args::ArgEditor;
use crate::ui::forking::ForkPoint;
use crate::ui::inbox::Batch;
use crate::ui::inspecting::Inspecting;
use crate::ui::keeping::Keeping;
use crate::ui::leasing::Leasing;
use crate::ui::mode::{Ask, Pane};
use crate::ui::theme::Theme;
use crate::ui::widgets::scroll::Scroll;

/// A pane's window on its content. `total` and the sizes are what the last frame had; `view::prepare` sets them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Window {
    /// The lines in view, and whether the end is followed.
    pub scroll: Scroll,
    /// Lines in all.
    pub total: usize,
    /// Rows of the pane.
    pub height: usize,
    /// The chosen item, counted from 0: an item of the talk, a visible row of the timeline, a call.
    /// None while the end is followed and nothing was chosen.
    pub chosen: Option<usize>,
    /// Whether the next `view::prepare` is to bring the chosen item into view.
    pub reveal: bool,
}

/// The windows of the panes, by pane; the decision panel has its own in `Panel`.
#[derive(Clone, Debug, Default)]
pub struct Windows {
    /// On the conversation: lines of `App::paper`.
    pub talk: Window,
    /// On the timeline: rows after folding.
    pub trace: Window,
    /// On the calls.
    pub calls: Window,
    /// On the help.
    pub help: Window,
}

/// What the operator unfolded or folded; what is in neither is as its pane thinks best.
#[derive(Clone, Debug, Default)]
pub struct Folds {
    /// Items of the talk (reasoning, calls, long texts) shown whole, by their index.
    pub talk: BTreeSet<usize>,
    /// Spans of the timeline whose parts are hidden, by the number of the event that opened them.
    pub trace: BTreeSet<u64>,
    /// Calls shown with arguments and output.
    pub calls: BTreeSet<u32>,
}

/// What is decided on, as last laid out, and whether it may be decided.
#[derive(Clone, Debug, Default)]
pub struct Panel {
    /// What is shown: the call and the hash of the action. Orders carry exactly this hash.
    pub shown: Option<Shown>,
    /// As of which event of which session that was made out: nothing else changes it.
    pub as_of: Option<(SessionId, EventNo, Option<CallId>, bool)>,
    /// The panel's text at its width: every line that must be seen.
    pub lines: Arc<Vec<Line<'static>>>,
    /// The width `lines` was laid out for.
    pub width: u16,
    /// The theme `lines` was laid out for.
    pub theme: String,
    /// Which lines are in view and which were.
    pub scroll: Scroll,
    /// Rows for `lines` in the last frame.
    pub height: usize,
    /// When the content last changed, or the panel came to have the keys.
    pub changed_at: Micros,
}

/// What the panel shows. Any change of it is a change of content: the guard starts again and everything is unseen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The call; none at a breakpoint before a model turn.
    pub call: Option<CallId>,
    /// The action, as `CallJudged` bound it.
    pub hash: Option<Hash>,
    /// Whether its outcome is unknown, to be settled, instead of an approval.
    pub unknown: bool,
    /// A digest of everything else that is shown: preview, touches, verdict, refused edit.
    pub content: u64,
}

/// A text that passes: a refusal, a fault, a hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// The sentence.
    pub text: String,
    /// What to do about it; may be empty.
    pub hint: String,
    /// Whether something failed.
    pub fault: bool,
    /// When it goes.
    pub until: Micros,
}

/// A one-line question and the text so far.
#[derive(Clone, Debug)]
pub struct Question {
    /// What it is about.
    pub ask: Ask,
    /// What was typed.
    pub text: TextBox,
}

/// What is looked for in a pane, and which hit is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// The words, in lower case.
    pub words: String,
    /// The pane.
    pub pane: Pane,
    /// The items that have them: indexes as in `Window::chosen`.
    pub hits: Vec<usize>,
}

/// A list to choose from.
#[derive(Clone, Debug, Default)]
pub struct Chooser {
    /// The filter typed.
    pub filter: TextBox,
    /// The chosen line among those that fit.
    pub chosen: usize,
}

/// Two sessions, compared.
#[derive(Clone, Debug)]
pub struct Compared {
    /// The left session.
    pub left: SessionId,
    /// The right session.
    pub right: SessionId,
    /// The comparison, once it is made.
    pub result: Option<Arc<Comparison>>,
    /// Why there is none and what to do about it, where it cannot be made.
    pub fault: Option<(String, String)>,
    /// What is shown of it.
    pub shown: Vec<compare::Shown>,
    /// Whether all of it is shown, also what is the same.
    pub all: bool,
    /// What stands at the top: a place in `shown`, and a line of it.
    pub top: (usize, usize),
    /// The chosen place in `shown`.
    pub chosen: usize,
    /// The pairs that are shown whole, laid out.
    pub whole: BTreeMap<usize, Vec<Line<'static>>>,
    /// The page and the theme that they were laid out for.
    pub laid: (Rect, String),
}

/// The breakpoints that stand and the notes that wait, with a line to set one in.
#[derive(Clone, Debug, Default)]
pub struct BreakList {
    /// What is being typed.
    pub input: TextBox,
    /// The chosen row: breakpoints first, then notes.
    pub chosen: usize,
    /// Whether what is typed holds once and the run then goes on.
    pub until: bool,
}

/// What is to be other in a fork, to choose from.
#[derive(Clone, Debug)]
pub struct ForkDialog {
    /// From where.
    pub point: ForkPoint,
    /// The choice.
    pub chooser: Chooser,
}

/// What lies over the workbench.
#[derive(Debug)]
pub enum Overlay {
    /// The keys of the context it was opened in, first, then all.
    Help,
    /// Actions by name.
    Palette(Chooser),
    /// The themes; the one before is put back on Esc.
    Themes {
        /// The choice.
        chooser: Chooser,
        /// The theme to go back to.
        before: Box<Theme>,
    },
    /// Past and present sessions: what is in `App::library`.
    Sessions,
    /// What is to be other in a fork.
    Fork(ForkDialog),
    /// Two sessions side by side.
    Compare(Box<Compared>),
    /// An event looked at closely.
    Inspect(Box<Inspecting>),
    /// The argument editor.
    Editor(Box<ArgEditor>),
    /// The breakpoints.
    Breaks(BreakList),
    /// A lease, being written.
    Lease(Box<Leasing>),
    /// The leases of the session; which is chosen, from the last given.
    Leases(usize),
    /// The retention rules, to be changed.
    Keeping(Box<Keeping>),
    /// A batch of the inbox, to be confirmed.
    Batch(Box<Batch>),
}
