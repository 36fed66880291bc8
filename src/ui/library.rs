//! The sessions screen as plain data: what is asked of the list, the window that came, marks, a search, what was done.
//!
//! The list may be long, so only a window of it is here: rows are counted from the beginning of the whole list, and what
//! lies outside of the window is asked for when it comes near.

use crate::domain::ids::SessionId;
use crate::domain::library::{Deed, Done, Glance, Listed};
use crate::domain::listing::{self, Query, Tab};
use crate::domain::listing_words;
use crate::domain::search::{Found, Search};
use crate::domain::tally::Row;
use crate::domain::time::Micros;
use crate::ui::edit::TextBox;
use crate::ui::marked::Marked;
use std::collections::{BTreeMap, VecDeque};

/// Rows of a window.
pub const WINDOW: usize = 400;
/// Windows begin at multiples of this.
const STEP: usize = 200;
/// The chosen row is at least so many rows away from the window's edge, where the list goes on there.
const MARGIN: usize = 100;
/// Hits that are shown at most; a search that finds more is to be made narrower.
pub const HITS_MAX: usize = 100;

/// What is typed into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Typing {
    /// Nothing: keys are commands.
    #[default]
    Nothing,
    /// The filter of the list.
    Filter,
    /// What is looked for in all that was said and done.
    Search,
    /// A title.
    Rename,
    /// Tags.
    Tags,
    /// The form of files, a key each.
    Export,
}

/// A search in what was said and done.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    /// What was typed.
    pub words: TextBox,
    /// Whether the best come first instead of the newest.
    pub rank: bool,
    /// What was asked for last.
    pub asked: Option<Search>,
    /// What came.
    pub found: Found,
    /// What was asked for when that came.
    pub of: Option<Search>,
    /// Why what was asked for last cannot be looked for, and what to do about it.
    pub failed: Option<(String, String)>,
    /// The chosen hit.
    pub chosen: usize,
    /// Whether the words are those of before: the next letter begins other ones.
    pub anew: bool,
}

/// Deeds that went out together, and what takes them back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Undo {
    /// The deeds.
    pub deeds: Vec<(SessionId, Deed)>,
    /// What takes them back; once it is told, of those that really were done.
    pub inverse: Vec<(SessionId, Deed)>,
    /// Whether it is told what came of them.
    pub told: bool,
}

/// The sessions screen.
#[derive(Clone, Debug, Default)]
pub struct Library {
    /// The tab.
    pub tab: Tab,
    /// The filter typed.
    pub filter: TextBox,
    /// What was typed is meant as of then: `after:7d` stays what it was.
    pub filtered_at: Micros,
    /// What is typed into.
    pub typing: Typing,
    /// The title or the tags being typed.
    pub input: TextBox,
    /// The sessions that what is typed is for: those that were meant when it was begun.
    pub bound: Vec<SessionId>,
    /// The same in a few words.
    pub bound_names: String,
    /// The title before, while another one is typed.
    pub title_before: String,
    /// When another session came to be the chosen one without a key.
    pub slipped_at: Option<Micros>,
    /// Whether forks stand in the order of time, like all others, instead of under their parents.
    pub flat: bool,
    /// The chosen row, counted from the beginning of the list.
    pub chosen: usize,
    /// Its session: the choice stays with it when the list changes.
    pub anchor: Option<SessionId>,
    /// The window that came.
    pub listed: Listed,
    /// What was asked for last; none while nobody looks.
    pub asked: Option<Query>,
    /// Whether the chosen session is to be opened as soon as it is known which one that is.
    pub opens: bool,
    /// The marked sessions, in the order in which they were marked.
    pub marked: Marked,
    /// A look into the chosen session.
    pub glance: Option<Glance>,
    /// The session that is looked into, and when it last changed.
    pub glanced: Option<(SessionId, u64)>,
    /// The search.
    pub texts: Texts,
    /// What came of the last deeds, until the next key.
    pub told: Vec<Done>,
    /// The titles of the sessions that something was done with.
    pub titles: BTreeMap<SessionId, String>,
    /// What was done and can be taken back, oldest first.
    pub undo: VecDeque<Undo>,
    /// What the question was about whether to remove it for good.
    pub doomed: Vec<SessionId>,
    /// Days that sessions are kept in the archive and in the bin; 0 is for ever.
    pub kept_days: (u32, u32),
}

impl Library {
    /// Opened anew: the search and what can be taken back as they were, the list without the filter, the marks and what
    /// was told.
    pub fn open(&mut self, now: Micros) {
        let (listed, texts) = (std::mem::take(&mut self.listed), std::mem::take(&mut self.texts));
        let (undo, titles) = (std::mem::take(&mut self.undo), std::mem::take(&mut self.titles));
        let (kept_days, flat) = (self.kept_days, self.flat);
        let opened = Library { listed, texts, undo, titles, kept_days, flat, ..Library::default() };
        *self = Library { filtered_at: now, ..opened };
    }

    /// What of the list is to be here, given what is chosen.
    pub fn query(&self) -> Query {
        let mut query = Query { tab: self.tab, tree: !self.flat, limit: WINDOW, ..Query::default() };
        listing_words::read(&self.filter.text(), self.filtered_at, &mut query);
        query.skip = self.chosen.saturating_sub(MARGIN) / STEP * STEP;
        query
    }

    /// What of the filter cannot be read, in a sentence.
    pub fn odd(&self) -> Option<String> {
        listing_words::read(&self.filter.text(), self.filtered_at, &mut Query::default()).into_iter().next()
    }

    /// Whether the rows that are here are of the list that is asked for, whichever window of it.
    pub fn is_fresh(&self) -> bool {
        self.asked.is_none() || self.is_same_list(&self.query())
    }

    /// Whether the window that came is of this list.
    pub fn is_same_list(&self, query: &Query) -> bool {
        let came = &self.listed.query;
        let plain = |one: &Query| Query { skip: 0, limit: 0, loose: false, ..one.clone() };
        came.limit > 0 && plain(came) == plain(query)
    }

    /// How many sessions the list has.
    pub fn total(&self) -> usize {
        usize::try_from(self.listed.counts.of(self.listed.query.tab)).unwrap_or(usize::MAX)
    }

    /// The row at a place of the whole list, where it is here.
    pub fn row(&self, place: usize) -> Option<&Row> {
        self.listed.rows.get(place.checked_sub(self.listed.query.skip)?)
    }

    /// The chosen row, where it is known.
    pub fn chosen_row(&self) -> Option<&Row> {
        self.row(self.chosen).filter(|_| self.is_fresh())
    }

    /// How deep the rows of the window stand under their parents.
    pub fn depths(&self) -> Vec<usize> {
        match self.listed.query.tree {
            true => listing::as_tree(&self.listed.rows).into_iter().map(|(depth, _)| depth).collect(),
            false => vec![0; self.listed.rows.len()],
        }
    }

    /// Forks of a session, as far as they are here.
    pub fn forks<'a>(&'a self, of: &'a SessionId) -> impl Iterator<Item = &'a Row> {
        let is_fork = |row: &&Row| row.parent.as_ref().is_some_and(|parent| parent.session == *of);
        self.listed.rows.iter().filter(is_fork)
    }

    /// The sessions that something is to be done with: the marked ones, else the chosen one.
    pub fn meant(&self) -> Vec<SessionId> {
        match self.marked.is_empty() {
            true => self.chosen_row().map(|row| row.id.clone()).into_iter().collect(),
            false => self.marked.to_vec(),
        }
    }

    /// The rows that are here, by their sessions.
    pub fn rows_by_id(&self) -> BTreeMap<&SessionId, &Row> {
        self.listed.rows.iter().map(|row| (&row.id, row)).collect()
    }

    /// The title of a session, else its id.
    pub fn name(&self, id: &SessionId) -> String {
        let row = self.listed.rows.iter().find(|row| row.id == *id);
        row.map(|row| row.title.trim()).filter(|title| !title.is_empty()).unwrap_or(id.as_str()).to_string()
    }

    /// Sessions in a few words: the first by its title, the others by their number.
    pub fn names(&self, ids: &[SessionId]) -> String {
        let first = ids.first().map(|id| format!("\"{}\"", self.name(id))).unwrap_or_default();
        if ids.len() > 1 { format!("{first} and {} more", ids.len() - 1) } else { first }
    }

    /// A window came. The choice stays with its session.
    pub fn take(&mut self, listed: Listed, now: Micros) {
        let asked = |asked: &Query| Query { loose: listed.query.loose, ..asked.clone() } == listed.query;
        if !self.asked.as_ref().is_none_or(asked) {
            return; // something else is asked for by now
        }
        self.listed = listed;
        let total = self.total();
        let kept = |row: &Row| Some(&row.id) == self.anchor.as_ref();
        if let Some(place) = self.listed.rows.iter().position(kept) {
            self.chosen = self.listed.query.skip + place;
        }
        self.chosen = self.chosen.min(total.saturating_sub(1));
        let before = self.anchor.take();
        self.hold();
        if before.is_some() && before != self.anchor {
            self.slipped_at = Some(now);
        }
    }

    /// The choice is with the session that stands there now.
    pub fn hold(&mut self) {
        self.anchor = self.row(self.chosen).map(|row| row.id.clone());
    }

    /// To a place of the list.
    pub fn choose(&mut self, place: usize) {
        self.chosen = place.min(self.total().saturating_sub(1));
        self.slipped_at = None; // it was chosen
        self.hold();
    }

    /// To the beginning of another list.
    pub fn restart(&mut self, now: Micros) {
        (self.chosen, self.anchor, self.filtered_at, self.slipped_at) = (0, None, now, None);
    }

    /// The search that is to be made; none where nothing was typed.
    pub fn search(&self) -> Option<Search> {
        let mut words = self.texts.words.text();
        // A word is found while it is still being typed; one that is quoted or followed by a blank is whole.
        if words.chars().next_back().is_some_and(char::is_alphanumeric)
            && words.matches('"').count().is_multiple_of(2)
        {
            words.push('*');
        }
        let asked = Search { words, rank: self.texts.rank, limit: HITS_MAX, before: None };
        (self.typing == Typing::Search && !asked.words.trim().is_empty()).then_some(asked)
    }
}
