//! What is arriving, below what was said: reasoning, text, calls being written, output of running calls.
//!
//! The text is laid out as it grows. When the reply is in the log, the same Markdown serves the finished entry, so that
//! even the longest answer is not laid out twice.

use ratatui::text::{Line, Span};

use crate::domain::call::{Call, CallState};
use crate::domain::run::Turn;
use crate::domain::session::Session;
use crate::domain::shelf::Shelf;
use crate::domain::talk::{Item, Said};
use crate::ui::app::Look;
use crate::ui::drafts::Drafts;
use crate::ui::glyph::Glyph;
use crate::ui::paper::leaf::{Leaf, MARGIN, Sight, fit, one_line, prose};
use crate::ui::theme::Role;
use crate::ui::widgets::stream::Stream;

/// Lines of reasoning and of a running call's output shown while they arrive.
const LINES: usize = 4;
/// The finished reply is looked for among so many of the last entries.
const FRESH: usize = 16;

/// The reply that is arriving.
pub struct Arriving {
    turn: u64,
    /// Its text as Markdown.
    pub stream: Stream,
    pushed: usize,
    head: Vec<Leaf>,
    tail: Vec<Leaf>,
    text_lines: usize,
}

impl Arriving {
    /// Nothing has arrived of this turn.
    pub fn new(turn: u64, look: &Look) -> Arriving {
        Arriving {
            turn,
            stream: Stream::new(look.theme.clone(), look.code.handle()).with_glyphs(look.glyphs),
            pushed: 0,
            head: Vec::new(),
            tail: Vec::new(),
            text_lines: 0,
        }
    }

    /// Whether an entry is what has arrived.
    pub fn is(&self, item: &Item) -> bool {
        match &item.said {
            Said::Answer(answer) => self.pushed > 0 && self.stream.text() == answer.text,
            Said::Opened { .. }
            | Said::Task { .. }
            | Said::Queued { .. }
            | Said::Steer { .. }
            | Said::Noted { .. }
            | Said::Call(_)
            | Said::Fault { .. }
            | Said::End(_)
            | Said::Note { .. }
            | Said::Shorter { .. }
            | Said::Foreign { .. } => false,
        }
    }

    /// Whether it is of a turn that is over and of no more use.
    pub fn is_stale(&self, drafts: &Drafts, items: &Shelf<Item>) -> bool {
        let is_fresh = || items.iter().rev().take(FRESH).any(|item| self.is(item));
        self.turn != drafts.turn && (!drafts.is_empty() || !is_fresh())
    }

    /// Lays out what is new.
    pub fn lay(&mut self, drafts: &Drafts, session: &Session, look: &Look, width: usize) {
        let bench = Bench { session, look, width };
        self.tail = bench.tail(drafts);
        if self.turn != drafts.turn {
            // The reply is in the log and not laid out yet: its Markdown is kept for that.
            (self.text_lines, self.head) = (0, Vec::new());
            return;
        }
        if let Some(more) = drafts.text.get(self.pushed..) {
            self.stream.push(more);
            self.pushed = drafts.text.len();
        }
        let has_text = !drafts.text.trim().is_empty();
        let room = width.saturating_sub(usize::from(MARGIN)).max(1);
        self.text_lines = if has_text { self.stream.lines(room).len() } else { 0 };
        self.head = bench.head(drafts);
    }

    /// Lines in all.
    pub fn total(&self) -> usize {
        self.head.len() + self.text_lines + self.tail.len()
    }

    /// One line.
    pub fn leaf(&self, at: usize) -> Option<Sight<'_>> {
        let (head, text) = (self.head.len(), self.text_lines);
        if (head..head + text).contains(&at) {
            return self.stream.laid().get(at - head).map(|line| Sight { mark: None, line, item: None });
        }
        let leaf = if at < head { self.head.get(at) } else { self.tail.get(at - head - text) };
        leaf.map(|leaf| Sight { mark: leaf.mark.as_ref(), line: &leaf.line, item: None })
    }
}

/// What the lines around the text are made from.
struct Bench<'a> {
    session: &'a Session,
    look: &'a Look,
    width: usize,
}

impl Bench<'_> {
    /// What stands before the text that is arriving: a free line, and the end of the reasoning.
    fn head(&self, drafts: &Drafts) -> Vec<Leaf> {
        let mut leaves = Vec::new();
        if drafts.is_empty() {
            return leaves;
        }
        leaves.push(Leaf::blank());
        if !drafts.reasoning.is_empty() {
            let sign = Span::styled(
                format!("{} thinking", Glyph::Unfolded.text(self.look.glyphs)),
                self.look.style(Role::Muted),
            );
            leaves.push(Leaf::plain(Line::from(sign)));
            if drafts.text.is_empty() {
                leaves.extend(self.ending(&drafts.reasoning));
            }
        }
        leaves
    }

    /// What stands behind it: calls being written, output of running calls, or that the model is being asked.
    fn tail(&self, drafts: &Drafts) -> Vec<Leaf> {
        let mut leaves = Vec::new();
        let muted = self.look.style(Role::Muted);
        if !drafts.calls.is_empty() && !drafts.text.trim().is_empty() {
            leaves.push(Leaf::blank());
        }
        for draft in drafts.calls.values() {
            let tool = if draft.tool.is_empty() { "a call" } else { &draft.tool };
            let text = format!("{} is being written, {} bytes of arguments", one_line(tool), draft.bytes);
            let line = Line::from(fit(
                vec![Span::styled(text, muted)],
                self.width.saturating_sub(usize::from(MARGIN)),
            ));
            leaves.push(Leaf { mark: self.look.mark(Glyph::Call, Role::Muted), line });
        }
        let running = |call: &&Call| call.state == CallState::Started;
        for call in self.session.open_calls().filter(running) {
            let Some(output) = drafts.outputs.get(&call.id).filter(|output| !output.is_empty()) else {
                continue;
            };
            leaves.push(Leaf::plain(Line::from(Span::styled(format!("{} says:", call.id), muted))));
            leaves.extend(self.ending(output));
        }
        let asked = self.session.live().is_some_and(|run| matches!(run.turn, Turn::Asked { .. }));
        if asked && drafts.is_empty() {
            let text = Line::from(Span::styled("the model is being asked…", muted));
            leaves.push(Leaf::blank());
            leaves.push(Leaf { mark: self.look.mark(Glyph::Model, Role::Accent), line: text });
        }
        leaves
    }

    /// The last lines of something long that grows.
    fn ending(&self, source: &str) -> Vec<Leaf> {
        let room = self.width.saturating_sub(usize::from(MARGIN) + 2).max(1);
        let from = source.len().saturating_sub(room * LINES * 4);
        let tail = source.split_at(source.ceil_char_boundary(from)).1;
        let (lines, _) = prose(tail, self.look.style(Role::Muted), room, usize::MAX);
        let skip = lines.len().saturating_sub(LINES);
        let bar = Span::styled(self.look.sign("│ ", "  "), self.look.style(Role::Border));
        lines
            .into_iter()
            .skip(skip)
            .map(|line| {
                let mut spans = vec![bar.clone()];
                spans.extend(line.spans);
                Leaf::plain(Line::from(spans))
            })
            .collect()
    }
}
