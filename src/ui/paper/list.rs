//! The list of calls as lines: one for each call, more for those that are unfolded. Unfolded ones are laid out once.

use std::collections::BTreeMap;
use std::ops::Range;

use ratatui::text::Line;

use crate::domain::ids::CallId;
use crate::domain::shelf::Numbering;
use crate::domain::time::Micros;
use crate::domain::watched::Watched;
use crate::ui::app::Look;
use crate::ui::glyph::GlyphSet;
use crate::ui::paper::call;
use crate::ui::parts::Folds;
use crate::ui::theme::Theme;

/// What the unfolded lines of a call were laid out from.
#[derive(Clone, Debug, PartialEq)]
struct Stamp {
    version: u32,
    second: i64,
}

/// The lines below unfolded calls. A memory of what `lay` was given.
#[derive(Debug, Default)]
pub struct CallList {
    format: Option<(String, usize, Theme, GlyphSet)>,
    calls: Numbering,
    below: BTreeMap<u32, (Stamp, Vec<Line<'static>>)>,
    laid: usize,
}

impl CallList {
    /// Lays out what is unfolded and new. Costs what is unfolded, not how many calls there are.
    pub fn lay(&mut self, watched: &Watched, folds: &Folds, look: &Look, width: usize, now: Micros) {
        let format = (watched.session.id.to_string(), width, look.theme.clone(), look.glyphs);
        if self.format.as_ref() != Some(&format) {
            *self = CallList { format: Some(format), ..CallList::default() };
        }
        self.calls = watched.session.calls.numbering();
        self.below.retain(|id, _| folds.calls.contains(id));
        for id in &folds.calls {
            let Some(known) = watched.session.call(CallId(*id)) else {
                self.below.remove(id);
                continue;
            };
            let card = watched.talk.card(CallId(*id));
            let version = watched.talk.key_of(CallId(*id)).and_then(|key| watched.talk.items().get(key));
            let lives = card.is_some_and(|card| !card.watch.over());
            let stamp = Stamp {
                version: version.map_or(0, |item| item.version),
                second: if lives { now.0 / 1_000_000 } else { 0 },
            };
            if self.below.get(id).is_none_or(|(was, _)| *was != stamp) {
                self.below.insert(*id, (stamp, call::details(card, known, look, width, now)));
                self.laid += 1;
            }
        }
    }

    /// Calls laid out so far, to see what a frame costs.
    pub fn entries_laid(&self) -> usize {
        self.laid
    }

    /// Lines in all.
    pub fn total(&self) -> usize {
        self.calls.kept() + self.below.values().map(|(_, lines)| lines.len()).sum::<usize>()
    }

    /// The lines of a call, by its number from 0.
    pub fn lines_of(&self, at: usize) -> Range<usize> {
        let own = u32::try_from(at + 1).unwrap_or(u32::MAX);
        let before: usize = self.below.range(..own).map(|(_, (_, lines))| lines.len()).sum();
        let below = self.below.get(&own).map_or(0, |(_, lines)| lines.len());
        let place = self.calls.place(at);
        place + before..place + before + 1 + below
    }

    /// The number of the call that a line belongs to.
    pub fn call_at(&self, line: usize) -> Option<usize> {
        let mut before = 0;
        for (id, (_, lines)) in &self.below {
            let own = self.calls.place(*id as usize - 1) + before;
            if line < own {
                break;
            }
            if line <= own + lines.len() {
                return Some(*id as usize - 1);
            }
            before += lines.len();
        }
        self.calls.number(line - before)
    }

    /// A line: the call's number, and its unfolded line where it is not the first.
    pub fn line(&self, line: usize) -> Option<(usize, Option<&Line<'static>>)> {
        let at = self.call_at(line)?;
        let below = line - self.lines_of(at).start;
        let own = u32::try_from(at + 1).unwrap_or(u32::MAX);
        let unfolded = below.checked_sub(1).and_then(|below| self.below.get(&own)?.1.get(below));
        Some((at, unfolded))
    }
}
