//! What the inbox knows: the holds as they are listed, what was read of them, what is marked, and the page of a batch.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use ratatui::text::Line;

use crate::domain::hash::Hash;
use crate::domain::ids::SessionId;
use crate::domain::inbox::{Answered, Held, HoldId};
use crate::domain::session::Session;
use crate::domain::time::Micros;
use crate::ui::edit::TextBox;
use crate::ui::mode::{Focus, Marking, Pane};
use crate::ui::widgets::scroll::Scroll;

/// Sessions that were looked at and are kept.
const LOOKED_MAX: usize = 8;

/// The inbox, while it is open.
#[derive(Debug)]
pub struct Inbox {
    /// Every hold, the longest waiting first.
    pub holds: Vec<Held>,
    /// Whether the holds have been told at all.
    pub told: bool,
    /// The chosen hold; it stays chosen wherever it moves to.
    pub chosen: Option<HoldId>,
    /// Where it stands in the list: when it is gone, what stands there then is chosen.
    pub at: usize,
    /// Sessions that were looked at, the last one last.
    pub looked: VecDeque<Arc<Session>>,
    /// Which session was asked for, with how many events it had.
    pub asked: Option<(SessionId, u64)>,
    /// A look that failed, until another one succeeds.
    pub failed: Option<FailedLook>,
    /// The holds that were shown whole, each with the action that was shown.
    pub read: BTreeMap<HoldId, Hash>,
    /// The holds that are marked.
    pub marks: BTreeMap<HoldId, Mark>,
    /// The hold whose mark and reason one key more takes away.
    pub unmarking: Option<HoldId>,
    /// When another hold came to be the chosen one without a key.
    pub slipped_at: Option<Micros>,
    /// What had the keys before, the pane behind it, and whether it had the whole body.
    pub back: (Focus, Pane, bool),
}

/// A session that could not be looked at.
#[derive(Debug)]
pub struct FailedLook {
    /// The session, with how many events it had.
    pub of: (SessionId, u64),
    /// When it was tried last.
    pub at: Micros,
    /// Why, and what to do about it.
    pub why: (String, String),
}

/// Answers that are on their way, and those that did nothing.
#[derive(Debug, Default)]
pub struct Given {
    /// Those on their way: the hold in words, and what was done once it is.
    pub out: BTreeMap<HoldId, (String, &'static str)>,
    /// The holds whose answers did nothing, as far as that is still told.
    pub lost: Vec<String>,
    /// The sentence in which it is told.
    pub sentence: String,
}

/// A marked hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mark {
    /// What is to be said; none yet where it was not read.
    pub word: Option<Word>,
    /// The action that was shown when it was said.
    pub hash: Option<Hash>,
    /// Whether the call can destroy what was there.
    pub destroys: bool,
}

/// One item's decision in a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// Approve what was shown.
    Approve,
    /// Reject, with a reason.
    Reject(String),
    /// It did happen, with a note.
    Happened(String),
    /// Give it up, with a note.
    GiveUp(String),
}

impl Word {
    /// The word itself.
    pub fn name(&self) -> &'static str {
        match self {
            Word::Approve => "approve",
            Word::Reject(_) => "reject",
            Word::Happened(_) => "it happened",
            Word::GiveUp(_) => "give up",
        }
    }

    /// What was asked for it; none where nothing was.
    pub fn marking(&self) -> Option<Marking> {
        match self {
            Word::Approve => None,
            Word::Reject(_) => Some(Marking::Reject),
            Word::Happened(_) => Some(Marking::Happened),
            Word::GiveUp(_) => Some(Marking::GiveUp),
        }
    }

    /// The reason or the note.
    pub fn text(&self) -> &str {
        match self {
            Word::Approve => "",
            Word::Reject(text) | Word::Happened(text) | Word::GiveUp(text) => text,
        }
    }
}

impl Inbox {
    /// An inbox of which nothing is known yet.
    pub fn new(back: (Focus, Pane, bool)) -> Inbox {
        Inbox {
            holds: Vec::new(),
            told: false,
            chosen: None,
            at: 0,
            looked: VecDeque::new(),
            asked: None,
            failed: None,
            read: BTreeMap::new(),
            marks: BTreeMap::new(),
            unmarking: None,
            slipped_at: None,
            back,
        }
    }

    /// A hold of the list.
    pub fn held(&self, id: &HoldId) -> Option<&Held> {
        self.holds.iter().find(|held| held.id == *id)
    }

    /// The chosen hold.
    pub fn chosen(&self) -> Option<&Held> {
        self.held(self.chosen.as_ref()?)
    }

    /// The chosen hold's session, once it was looked at.
    pub fn session(&self) -> Option<&Session> {
        self.looked(&self.chosen.as_ref()?.session)
    }

    /// A session that was looked at.
    pub fn looked(&self, id: &SessionId) -> Option<&Session> {
        self.looked.iter().find(|session| session.id == *id).map(AsRef::as_ref)
    }

    /// Keeps a session that was looked at; one that is older than what is known is old news.
    pub fn keep(&mut self, session: Arc<Session>) {
        self.failed.take_if(|failed| failed.of.0 == session.id);
        if self.looked(&session.id).is_some_and(|known| known.last > session.last) {
            return;
        }
        self.looked.retain(|known| known.id != session.id);
        self.looked.push_back(session);
        if self.looked.len() > LOOKED_MAX {
            self.looked.pop_front();
        }
    }

    /// Whether a hold was shown whole as it is now.
    pub fn is_read(&self, held: &Held) -> bool {
        self.read.get(&held.id).is_some_and(|read| held.hash.is_none_or(|now| now == *read))
    }
}

/// The page on which a batch is confirmed, and then what became of each.
#[derive(Debug, Default)]
pub struct Batch {
    /// The marked holds.
    pub entries: Vec<Entry>,
    /// The word, as typed.
    pub input: TextBox,
    /// Whether it was sent.
    pub sent: bool,
    /// The page's text at its width.
    pub lines: Arc<Vec<Line<'static>>>,
    /// The width and the theme that `lines` were laid out for; none: they are to be laid out anew.
    pub laid: Option<(u16, String)>,
    /// Which lines are in view and which were.
    pub scroll: Scroll,
    /// Rows for `lines` in the last frame.
    pub height: usize,
    /// When its content last changed.
    pub changed_at: Micros,
}

/// One line of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The hold as it was listed when the page was opened.
    pub held: Held,
    /// The decision.
    pub mark: Mark,
    /// How it stands.
    pub fate: Fate,
}

/// How one item of a batch stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// It goes out when the page is confirmed.
    Ready,
    /// Nothing is said about it: it was not read to its end.
    Unread,
    /// It changed since it was marked.
    Changed,
    /// It does not wait any more.
    Gone,
    /// It went out.
    Sent,
    /// What became of it.
    Told(Answered),
}

impl Batch {
    /// Whether something among what goes out can destroy what was there.
    pub fn destroys(&self) -> bool {
        self.entries
            .iter()
            .any(|one| one.fate == Fate::Ready && one.mark.destroys && one.mark.word == Some(Word::Approve))
    }

    /// Whether the word is wanted before it goes out.
    pub fn asks(&self) -> bool {
        !self.sent && self.destroys()
    }

    /// How many go out.
    pub fn ready(&self) -> usize {
        self.entries.iter().filter(|one| one.fate == Fate::Ready).count()
    }

    /// Whether something is still on its way.
    pub fn waits(&self) -> bool {
        self.entries.iter().any(|one| one.fate == Fate::Sent)
    }

    /// Lines that were not on screen yet.
    pub fn unseen(&self) -> usize {
        self.lines.len().saturating_sub(self.scroll.seen())
    }
}
