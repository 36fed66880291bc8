//! The conversation laid out for a width: finished entries once, the one that grows as it grows.
//!
//! Only what is in view is laid out; entries never seen count with a guessed height. What is on the screen stays where
//! it is when a guess above it turns out wrong: the window moves along. A frame costs what it shows, not what was said.

pub mod heights; // where each entry begins
pub mod leaf; // one line and its margin
pub mod call; // a tool call as lines
pub mod item; // an entry as lines
pub mod arriving; // the reply that is arriving
pub mod list; // the list of calls as lines

use std::ops::Range;

use crate::domain::call::CallState;
use crate::domain::ids::SessionId;
use crate::domain::session::Session;
use crate::domain::shelf::Shelf;
use crate::domain::talk::{Item, Said};
use crate::domain::time::Micros;
use crate::domain::watched::Watched;
use crate::ui::app::Look;
use crate::ui::drafts::Drafts;
use crate::ui::glyph::GlyphSet;
use crate::ui::paper::arriving::Arriving;
use crate::ui::paper::heights::Heights;
use crate::ui::paper::item::Sheet;
use crate::ui::paper::leaf::{Leaf, Sight};
use crate::ui::parts::{Folds, Window};
use crate::ui::theme::Theme;
use crate::ui::widgets::stream::Stream;

/// Laid-out lines kept in memory; entries far from the view are laid out again when they come back.
const LINES_KEPT: usize = 20_000;
/// Entries whose code waits for colour, at most.
const UNCOLORED_MAX: usize = 32;

/// What a laid-out entry was laid out from; anything else is laid out anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    version: u32,
    unfolded: bool,
    second: i64,
}

/// One entry's lines, as long as they are kept.
#[derive(Debug, Default)]
struct Slot {
    key: usize,
    guess: usize,
    stamp: Option<Stamp>,
    leaves: Vec<Leaf>,
}

/// What is to be laid out: all that the lines depend on beside their width.
#[derive(Clone, Copy)]
pub struct Told<'a> {
    /// What was said, and where the calls stand.
    pub watched: &'a Watched,
    /// What is arriving.
    pub drafts: &'a Drafts,
    /// What is shown whole.
    pub folds: &'a Folds,
    /// How things look.
    pub look: &'a Look,
    /// The time that is told.
    pub now: Micros,
}

/// What everything is laid out for.
#[derive(Clone, Debug, PartialEq)]
struct Format {
    session: SessionId,
    width: u16,
    theme: Theme,
    glyphs: GlyphSet,
}

/// The laid-out conversation. `view::prepare` calls `lay` before each frame; `panes/conversation.rs` draws `leaf`s.
/// It is a memory of what `lay` was given, never a second truth.
#[derive(Default)]
pub struct Paper {
    format: Option<Format>,
    slots: Vec<Slot>,
    gone: usize,
    guessed: usize,
    heights: Heights,
    kept: usize,
    arriving: Option<Arriving>,
    uncolored: Vec<(usize, Stream, usize)>,
    laid: u64,
}

impl std::fmt::Debug for Paper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Paper({} entries, {} lines)", self.slots.len(), self.total())
    }
}

impl Paper {
    /// Lays out what is in view and new, and puts the window inside the content. Call it before each frame, with the
    /// window's height set.
    pub fn lay(&mut self, told: &Told<'_>, window: &mut Window, width: u16) {
        let Told { watched, drafts, folds, look, now } = *told;
        let session = &watched.session;
        let items = watched.talk.items();
        let view = View { session, items, folds, look, now, width: usize::from(width) };
        let top = self.heights.find(window.scroll.offset);
        let anchor = top.and_then(|(place, line)| Some((self.slots.get(place)?.key, line)));
        self.reformat(&view, width);
        self.adopt(items, view.width);
        self.arrive(&view, drafts);
        // Where nothing was laid out yet, what is guessed to stand there is what is in view.
        let anchor = anchor.map(|(key, line)| (items.place(key), line));
        let offset = match anchor.or_else(|| self.heights.find(window.scroll.offset)) {
            Some((place, line)) if !window.scroll.follow => self.lay_from(&view, place, line, window.height),
            Some(_) | None if !window.scroll.follow => window.scroll.offset,
            Some(_) | None => 0,
        };
        window.scroll.offset = offset;
        if window.scroll.follow || offset + window.height >= self.total() {
            self.lay_end(&view, window.height);
        }
        window.total = self.total();
        window.scroll.clamp(window.total, window.height);
        self.forget(window.scroll.offset, window.height);
    }

    /// Lines in all, those of entries not laid out yet guessed.
    pub fn total(&self) -> usize {
        self.heights.total() + self.arriving_lines()
    }

    /// Lines in all as they were guessed, whatever was laid out since: the same whichever way one came here.
    pub fn guessed(&self) -> usize {
        self.guessed
    }

    /// One line, if it was laid out.
    pub fn leaf(&self, line: usize) -> Option<Sight<'_>> {
        let Some((place, at)) = self.heights.find(line) else {
            return self.arriving.as_ref()?.leaf(line - self.heights.total());
        };
        let slot = self.slots.get(place)?;
        let leaf = slot.leaves.get(at)?;
        Some(Sight { mark: leaf.mark.as_ref(), line: &leaf.line, item: Some(slot.key) })
    }

    /// The lines that an item of the talk takes, the free line before it included.
    pub fn lines_of(&self, item: usize) -> Range<usize> {
        let place = self.slots.partition_point(|slot| slot.key < item);
        let start = self.heights.start(place);
        start..start + self.heights.get(place)
    }

    /// The item that a line belongs to.
    pub fn item_at(&self, line: usize) -> Option<usize> {
        self.place_at(line).and_then(|place| self.slots.get(place)).map(|slot| slot.key)
    }

    fn place_at(&self, line: usize) -> Option<usize> {
        self.heights.find(line).map(|(place, _)| place)
    }

    /// Code blocks drawn plain so far: language and source. They are coloured elsewhere; then comes `recolor`.
    pub fn take_wanted(&mut self) -> Vec<(String, String)> {
        let arriving = self.arriving.iter_mut().map(|arriving| &mut arriving.stream);
        let laid = self.uncolored.iter_mut().map(|(_, stream, _)| stream);
        arriving.chain(laid).flat_map(Stream::take_wanted).collect()
    }

    /// Puts colour into code blocks that were coloured since.
    pub fn recolor(&mut self) {
        if let Some(arriving) = &mut self.arriving {
            arriving.stream.recolor();
        }
        let width = self
            .format
            .as_ref()
            .map_or(1, |format| usize::from(format.width))
            .saturating_sub(usize::from(leaf::MARGIN));
        for (item, stream, first) in std::mem::take(&mut self.uncolored) {
            let mut stream = stream;
            stream.recolor();
            let lines = stream.lines(width.max(1));
            let leaves = self.slots.get_mut(item).map(|slot| &mut slot.leaves);
            for (leaf, line) in leaves.into_iter().flat_map(|leaves| leaves.iter_mut().skip(first)).zip(lines)
            {
                leaf.line = line.clone();
            }
        }
    }

    /// How many entries were laid out so far, repetitions counted: what the screen paid for this conversation.
    pub fn entries_laid(&self) -> u64 {
        self.laid
    }

    /// Another session, width or look: nothing that was laid out counts any more.
    fn reformat(&mut self, view: &View<'_>, width: u16) {
        let format = Format {
            session: view.session.id.clone(),
            width,
            theme: view.look.theme.clone(),
            glyphs: view.look.glyphs,
        };
        if self.format.as_ref() != Some(&format) {
            *self = Paper { format: Some(format), laid: self.laid, ..Paper::default() };
        }
    }

    /// Takes in entries that were added, and lets go of those that a replay took back.
    fn adopt(&mut self, items: &Shelf<Item>, width: usize) {
        if self.gone != items.gone() || self.slots.len() > items.kept() {
            self.sort_out(items);
            self.gone = items.gone();
        }
        while let Some(item) = items.nth(self.slots.len()) {
            let guess = item::guess(item, width);
            self.slots.push(Slot { key: item.key, guess, ..Slot::default() });
            self.heights.push(guess);
            self.guessed += guess;
        }
    }

    /// Drops what was laid out of entries that are not kept any more.
    fn sort_out(&mut self, items: &Shelf<Item>) {
        for (place, ..) in std::mem::take(&mut self.uncolored) {
            self.slots[place].stamp = None; // its places are others from here on: it is laid out again
        }
        let heights = std::mem::take(&mut self.heights);
        for (place, slot) in std::mem::take(&mut self.slots).into_iter().enumerate() {
            if items.get(slot.key).is_some() {
                self.heights.push(heights.get(place));
                self.slots.push(slot);
            }
        }
        self.kept = self.slots.iter().map(|slot| slot.leaves.len()).sum();
        self.guessed = self.slots.iter().map(|slot| slot.guess).sum();
    }

    /// Lays out what a window shows that begins at a line of an item; gives back where the window begins then.
    fn lay_from(&mut self, view: &View<'_>, item: usize, line: usize, height: usize) -> usize {
        let mut at = item;
        let mut below = 0;
        while at < self.slots.len() && below < height + line {
            below += self.lay_one(view, at);
            at += 1;
        }
        self.heights.start(item) + line.min(self.heights.get(item).saturating_sub(1))
    }

    /// Lays out what a window at the end shows.
    fn lay_end(&mut self, view: &View<'_>, height: usize) {
        let mut above = self.arriving_lines();
        let mut at = self.slots.len();
        while at > 0 && above < height {
            at -= 1;
            above += self.lay_one(view, at);
        }
    }

    /// Lays one entry out unless it is as it was; gives back its height.
    fn lay_one(&mut self, view: &View<'_>, at: usize) -> usize {
        let (Some(item), Some(slot)) = (view.items.nth(at), self.slots.get_mut(at)) else { return 0 };
        let stamp = view.stamp(item);
        if slot.stamp == Some(stamp) {
            return slot.leaves.len();
        }
        let drafted = self.arriving.take_if(|arriving| arriving.is(item));
        let before = at.checked_sub(1).and_then(|before| view.items.nth(before)).map(|before| &before.said);
        let laid =
            item::lay(item, before, &view.sheet(stamp.unfolded), drafted.map(|arriving| arriving.stream));
        self.laid += 1;
        self.kept = self.kept + laid.leaves.len() - slot.leaves.len();
        slot.leaves = laid.leaves;
        slot.stamp = Some(stamp);
        self.heights.set(at, slot.leaves.len());
        self.uncolored.retain(|(item, ..)| *item != at);
        if let Some((stream, first)) = laid.uncolored
            && self.uncolored.len() < UNCOLORED_MAX
        {
            self.uncolored.push((at, stream, first));
        }
        self.slots[at].leaves.len()
    }

    /// Lets go of lines far from the view where too many are kept.
    fn forget(&mut self, offset: usize, height: usize) {
        if self.kept <= LINES_KEPT {
            return;
        }
        let first = self.place_at(offset.saturating_sub(height * 8)).unwrap_or(0);
        let last = self.place_at(offset + height * 8).unwrap_or(self.slots.len());
        for (at, slot) in self.slots.iter_mut().enumerate().filter(|(at, _)| *at < first || *at > last) {
            if slot.stamp.take().is_some() {
                self.kept -= slot.leaves.len();
                slot.leaves = Vec::new();
                self.uncolored.retain(|(item, ..)| *item != at);
            }
        }
    }

    /// Takes in what is arriving.
    fn arrive(&mut self, view: &View<'_>, drafts: &Drafts) {
        let stale = |arriving: &Arriving| arriving.is_stale(drafts, view.items);
        if self.arriving.as_ref().is_some_and(stale) {
            self.arriving = None;
        }
        let arriving = self.arriving.get_or_insert_with(|| Arriving::new(drafts.turn, view.look));
        arriving.lay(drafts, view.session, view.look, view.width);
    }

    fn arriving_lines(&self) -> usize {
        self.arriving.as_ref().map_or(0, Arriving::total)
    }
}

/// What there is to lay out, and how.
struct View<'a> {
    session: &'a Session,
    items: &'a Shelf<Item>,
    folds: &'a Folds,
    look: &'a Look,
    now: Micros,
    width: usize,
}

impl View<'_> {
    fn sheet(&self, unfolded: bool) -> Sheet<'_> {
        Sheet { session: self.session, look: self.look, width: self.width, unfolded, now: self.now }
    }

    /// A call that waits or runs is drawn anew each second: it tells for how long.
    fn stamp(&self, item: &Item) -> Stamp {
        let lives = match &item.said {
            Said::Call(card) => self.session.call(card.call).is_some_and(|call| {
                matches!(call.state, CallState::Held | CallState::Started | CallState::Unknown)
            }),
            Said::Opened { .. }
            | Said::Task { .. }
            | Said::Queued { .. }
            | Said::Steer { .. }
            | Said::Noted { .. }
            | Said::Answer(_)
            | Said::Fault { .. }
            | Said::End(_)
            | Said::Note { .. }
            | Said::Shorter { .. }
            | Said::Foreign { .. } => false,
        };
        let second = if lives { self.now.0 / 1_000_000 } else { 0 };
        Stamp { version: item.version, unfolded: self.folds.talk.contains(&item.key), second }
    }
}
