//! Everything the screen knows, as plain data: `update` changes it, `view` prepares and draws it.
//!
//! What happened is in `Watched`, folded from events by the same `apply` that the runtime uses; drafts are what is
//! still arriving. The rest is the operator's: where the keys go, what is scrolled, written and chosen. Nothing here
//! knows about files, clocks or channels: the time comes in with messages.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;

use crate::domain::call::{Call, CallState};
use crate::domain::event::Limits;
use crate::domain::ids::{EventNo, SessionId};
use crate::domain::inbox::HoldId;
use crate::domain::notice::Driver;
use crate::domain::policy::Mode;
use crate::domain::session::Session;
use crate::domain::stops::Stop;
use crate::domain::time::Micros;
use crate::domain::tool_spec::ToolBook;
use crate::domain::watched::Watched;
use crate::ui::drafts::Drafts;
use crate::ui::edit::TextBox;
use crate::ui::glyph::GlyphSet;
use crate::ui::inbox::{Given, Inbox, Mark};
use crate::ui::key::Key;
use crate::ui::keymap::Keymap;
use crate::ui::layout::{Layout, Shape, lay};
use crate::ui::library::Library;
use crate::ui::mode::{Focus, Pane, Twice};
use crate::ui::paper::Paper;
use crate::ui::paper::list::CallList;
use crate::ui::parts::{Folds, Panel, Question, Search, Toast, Windows};
use crate::ui::pile::Pile;
use crate::ui::playback::{Playback, SPEED_1};
use crate::ui::theme::Theme;
use crate::ui::widgets::code::Highlighter;
use crate::ui::widgets::scroll::Scroll;

/// Keys that decide count only so long after what they decide on last changed, in milliseconds.
pub const GUARD_MS: u64 = 400;
/// The decision panel takes the keys by itself only after so long without any key, in milliseconds.
pub const STILL_MS: u64 = 3_000;
/// A key that is pressed twice must be pressed again within so long, in milliseconds.
pub const TWICE_MS: u64 = 2_000;
/// Rows that the decision panel has below its text: what can be pressed, and a question.
const PANEL_TAIL: usize = 3;
/// How long a hint stays, in milliseconds; the next key ends it sooner.
pub const TOAST_MS: u64 = 4_000;
/// How long a fault stays, in milliseconds: it may come while keys are typed, so no key ends it.
pub const FAULT_MS: u64 = 6_000;

/// What begins when the operator writes and no session is watched.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    /// The model, as the configuration names it.
    pub model: String,
    /// Where it is asked, as it may be shown.
    pub base_url: Option<String>,
    /// How much waits for a person.
    pub mode: Mode,
    /// The limits.
    pub limits: Limits,
}

/// The operator's programs, each as a line for the shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Programs {
    /// `$PAGER`: reads from its standard input.
    pub pager: String,
    /// `$VISUAL` or `$EDITOR`: is given a file.
    pub editor: String,
    /// The folder for what an editor is given.
    pub folder: PathBuf,
}

impl Default for Programs {
    fn default() -> Programs {
        Programs { pager: "less".to_string(), editor: "vi".to_string(), folder: PathBuf::from(".") }
    }
}

/// How things look.
#[derive(Clone)]
pub struct Look {
    /// Roles to styles.
    pub theme: Theme,
    /// Signs or words.
    pub glyphs: GlyphSet,
    /// `ACCESSIBLE=1`: no boxes, no animation, one order from top to bottom, words instead of signs.
    pub accessible: bool,
    /// `NO_COLOR`: the theme stays the plain one.
    pub no_color: bool,
    /// Coloured code blocks, coloured elsewhere.
    pub code: Highlighter,
}

/// Everything the screen knows.
pub struct App {
    /// The watched session; none before one is opened.
    pub watched: Option<Watched>,
    /// Whether everything stored has been told.
    pub caught_up: bool,
    /// Who drives it.
    pub driver: Driver,
    /// What is arriving.
    pub drafts: Drafts,
    /// The sessions screen.
    pub library: Library,
    /// The event of a session that is shown once all that is stored of it is here.
    pub reveal: Option<(SessionId, EventNo)>,
    /// The tools, for the editor's checks and the panel's words.
    pub tools: ToolBook,
    /// What a first message begins.
    pub start: Start,
    /// Where a stored session is played; `watched` is then what the events up to its position tell.
    pub playback: Option<Playback>,
    /// The session that is to be played once `Notice::Watching` names it; any other is watched.
    pub replay_wanted: Option<SessionId>,
    /// The event at which a replay begins, held there; none plays from the first.
    pub replay_at: Option<u64>,
    /// Which of `playback::SPEEDS` a replay begins with.
    pub replay_speed: usize,

    /// What has the keys while no overlay is open.
    pub focus: Focus,
    /// The pane that had the keys last.
    pub last_pane: Pane,
    /// Which of timeline and calls shows where only one can.
    pub side: Pane,
    /// Whether the focused pane takes the whole body.
    pub zoomed: bool,
    /// The holds of all sessions, in the place of the workbench.
    pub inbox: Option<Inbox>,
    /// The holds that were marked when the inbox was left.
    pub marks: BTreeMap<HoldId, Mark>,
    /// Answers to holds that are on their way, wherever the operator is by now.
    pub given: Given,
    /// What lies over the workbench.
    pub over: Pile,
    /// A one-line question, drawn in the decision panel or above the key line.
    pub question: Option<Question>,
    /// The session that is being forked, and the one that was watched when that was asked for.
    pub forking: Option<(SessionId, Option<SessionId>)>,
    /// What is looked for.
    pub search: Option<Search>,
    /// The first key of a two-key sequence such as `g s`.
    pub prefix: Option<Key>,
    /// What was pressed once and must be pressed again, and until when.
    pub twice: Option<(Twice, Micros)>,

    /// The panes' windows.
    pub windows: Windows,
    /// What is folded and unfolded.
    pub folds: Folds,
    /// The call to decide on.
    pub panel: Panel,
    /// The conversation, laid out.
    pub paper: Paper,
    /// The list of calls, laid out.
    pub calls: CallList,
    /// The text for the agent.
    pub composer: TextBox,
    /// What was written for other sessions and not sent, oldest first; none: for one that it was to begin.
    pub unsent: VecDeque<(Option<SessionId>, TextBox)>,
    /// What was sent before, oldest first.
    pub history: VecDeque<String>,
    /// Which of `history` the composer shows.
    pub history_at: Option<usize>,

    /// Passing messages, oldest first.
    pub toasts: VecDeque<Toast>,
    /// How things look.
    pub look: Look,
    /// The themes to choose from.
    pub themes: Vec<Theme>,
    /// The keys.
    pub keys: Keymap,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// Who has which cells, as of the last `view::prepare`.
    pub layout: Layout,
    /// The time, as of the last message.
    pub now: Micros,
    /// When the last key came.
    pub last_key: Micros,
    /// Whether the panel had the keys when nothing was left to decide, and no key came since.
    pub deciding: bool,
    /// Whether the terminal has the keyboard, as far as it tells.
    pub terminal_focused: bool,
    /// Whether no price is known of the model that a new task would ask.
    pub unpriced: bool,
    /// What is asked for to hold commands here, by the profile's name; empty where that is not known.
    pub sandbox: String,
    /// Whether a hold rings the bell.
    pub bell: bool,
    /// What reads and edits texts outside, as a shell would be told.
    pub programs: Programs,
}

impl App {
    /// A screen that watches nothing yet. `now` is when it starts.
    pub fn new(tools: ToolBook, start: Start, look: Look, keys: Keymap, now: Micros) -> App {
        let mut app = App {
            watched: None,
            caught_up: false,
            driver: Driver::Nobody,
            drafts: Drafts::default(),
            library: Library::default(),
            reveal: None,
            tools,
            start,
            playback: None,
            replay_wanted: None,
            replay_at: None,
            replay_speed: SPEED_1,
            focus: Focus::Composer,
            last_pane: Pane::Conversation,
            side: Pane::Trace,
            zoomed: false,
            inbox: None,
            marks: BTreeMap::new(),
            given: Given::default(),
            over: Pile::default(),
            question: None,
            forking: None,
            search: None,
            prefix: None,
            twice: None,
            windows: Windows::default(),
            folds: Folds::default(),
            panel: Panel::default(),
            paper: Paper::default(),
            calls: CallList::default(),
            composer: TextBox::default(),
            unsent: VecDeque::new(),
            history: VecDeque::new(),
            history_at: None,
            toasts: VecDeque::new(),
            look,
            themes: Theme::names().filter_map(Theme::builtin).collect(),
            keys,
            size: (80, 24),
            layout: lay(&Shape::default()),
            now,
            last_key: Micros(0),
            deciding: false,
            terminal_focused: true,
            unpriced: false,
            sandbox: String::new(),
            bell: true,
            programs: Programs::default(),
        };
        app.windows.talk.scroll = Scroll::following();
        app.windows.trace.scroll = Scroll::following();
        app.windows.calls.scroll = Scroll::following();
        app.layout = lay(&app.shape());
        app
    }

    /// The watched session's fold.
    pub fn session(&self) -> Option<&Session> {
        self.watched.as_ref().map(|watched| &watched.session)
    }

    /// The watched session's id.
    pub fn session_id(&self) -> Option<&SessionId> {
        self.session().map(|session| &session.id)
    }

    /// The session that is decided on: of the inbox's chosen hold while it is open, else the watched one.
    pub fn decided(&self) -> Option<&Session> {
        match &self.inbox {
            Some(inbox) => inbox.session(),
            None => self.session(),
        }
    }

    /// Whether what is shown to be decided on is a recording: nothing is decided in it.
    pub fn recorded(&self) -> bool {
        self.playback.is_some() && self.inbox.is_none()
    }

    /// The calls that wait for a person, oldest first, of the inbox only the chosen one; none in a replay's past that was
    /// decided.
    pub fn waiting(&self) -> Vec<&Call> {
        let Some(session) = self.decided() else { return Vec::new() };
        if session.live().is_none_or(|run| run.cancel.is_some()) {
            return Vec::new();
        }
        session
            .open_calls()
            .filter(|call| matches!(call.state, CallState::Held | CallState::Unknown))
            .filter(|call| self.chosen_hold().is_none_or(|chosen| chosen.call == Some(call.id)))
            .collect()
    }

    fn chosen_hold(&self) -> Option<&HoldId> {
        self.inbox.as_ref()?.chosen.as_ref()
    }

    /// The call that the decision panel shows: the oldest that waits.
    pub fn held(&self) -> Option<&Call> {
        self.waiting().into_iter().next()
    }

    /// The breakpoint that the run stands at.
    pub fn stop(&self) -> Option<&Stop> {
        let session = self.decided()?;
        session.live().filter(|run| run.cancel.is_none())?;
        // Of the inbox only what was chosen: a call that waits in the same session is an item of its own.
        session.stop().filter(|_| self.chosen_hold().is_none_or(|chosen| chosen.call.is_none()))
    }

    /// The call that the decision panel shows: the oldest that waits, else the one that the run stands before.
    pub fn facing(&self) -> Option<&Call> {
        let next = || self.decided()?.call(self.stop()?.call?).filter(|call| !call.ended());
        self.held().or_else(next)
    }

    /// How many things wait for a person.
    pub fn hold_count(&self) -> usize {
        self.waiting().len() + usize::from(self.stop().is_some())
    }

    /// The pane that has the keys; none while text is written or something lies over the workbench.
    pub fn focused_pane(&self) -> Option<Pane> {
        match (self.focus, self.over.top()) {
            (Focus::Pane(pane), None) => Some(pane),
            (Focus::Pane(_), Some(_)) | (Focus::Composer, _) => None,
        }
    }

    /// Milliseconds until keys decide: 0 where the guard is over.
    pub fn guard_ms(&self) -> u64 {
        GUARD_MS.saturating_sub(self.now.ms_since(self.panel.changed_at))
    }

    /// Lines of the panel that were not on screen yet.
    pub fn unseen(&self) -> usize {
        self.panel.lines.len().saturating_sub(self.panel.scroll.seen())
    }

    /// What the layout depends on now.
    pub fn shape(&self) -> Shape {
        let narrow = self.size.0 < crate::ui::layout::NORMAL_COLS || self.look.accessible;
        let deciding = self.focus == Focus::Pane(Pane::Approval);
        let composer = self.playback.is_none() && self.inbox.is_none() && !(narrow && deciding);
        let held = self.hold_count() > 0;
        Shape {
            width: self.size.0,
            height: self.size.1,
            accessible: self.look.accessible,
            pane: self.last_pane,
            side: self.side,
            zoomed: self.zoomed,
            approval: held.then(|| u16::try_from(self.panel.lines.len() + PANEL_TAIL).unwrap_or(u16::MAX)),
            composer: composer.then(|| u16::try_from(self.composer.line_count()).unwrap_or(u16::MAX)),
            replay: self.playback.is_some() && self.inbox.is_none(),
            inbox: self.inbox.is_some(),
        }
    }
}
