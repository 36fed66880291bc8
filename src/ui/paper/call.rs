//! A tool call on the screen: its sign and word, its one line, and what unfolds below it.
//!
//! The conversation and the list of calls show the same thing, so it is made here once.

use ratatui::text::{Line, Span};

use crate::domain::call::{Call, CallState, Ended, Outcome, Output, Preview};
use crate::domain::card::{Card, Decision};
use crate::domain::checks::end_words;
use crate::domain::command_part::PartDoes;
use crate::domain::foreign::{Recorded, RecordedTime};
use crate::domain::message::Args;
use crate::domain::policy::Word;
use crate::domain::time::{Micros, duration};
use crate::domain::tool_spec::Touch;
use crate::ui::app::Look;
use crate::ui::glyph::Glyph;
use crate::ui::paper::leaf::{Leaf, count, one_line, prose, spread};
use crate::ui::theme::Role;
use crate::ui::widgets::code;
use crate::ui::widgets::diff::{diff, json_diff};
use crate::ui::widgets::flow::cut;

/// Lines of a call's output shown when it is unfolded: from its beginning and from its end.
const OUTPUT_LINES: (usize, usize) = (14, 6);
/// Lines of a difference shown when a call is unfolded.
const DIFF_LINES: usize = 60;
/// Lines of arguments shown when a call is unfolded.
const ARGS_LINES: usize = 24;
/// Bytes of both texts up to which a folded card tells how many lines change.
const COUNT_BYTES: usize = 64 * 1024;
/// Columns of the names before what unfolds.
const NAMES: usize = 9;

/// The sign, its role and the word for where a call stands.
pub fn standing(call: &Call) -> (Glyph, Role, &'static str) {
    match &call.state {
        CallState::Proposed => (Glyph::Call, Role::Muted, "being judged"),
        CallState::Held => (Glyph::Held, Role::Wait, "waits for you"),
        CallState::Cleared { .. } => (Glyph::Call, Role::Accent, "cleared"),
        CallState::Started => (Glyph::Running, Role::Accent, "running"),
        CallState::Interrupted => (Glyph::Retry, Role::Wait, "interrupted"),
        CallState::Unknown => (Glyph::Unknown, Role::Risk, "outcome unknown"),
        CallState::Unrecorded => (Glyph::Unknown, Role::Muted, "no end recorded"),
        CallState::Ended(how) => ending(how),
    }
}

fn ending(how: &Ended) -> (Glyph, Role, &'static str) {
    match how {
        Ended::Ran(Outcome::Ok) | Ended::Happened => (Glyph::Done, Role::Ok, how.word()),
        Ended::Ran(Outcome::Cancelled) | Ended::Dropped | Ended::Abandoned => {
            (Glyph::Cancelled, Role::Muted, how.word())
        }
        Ended::Ran(Outcome::Error | Outcome::TimedOut | Outcome::Panicked) | Ended::Refused => {
            (Glyph::Failed, Role::Fault, how.word())
        }
        Ended::Recorded(Recorded::Ok) => (Glyph::Done, Role::Ok, how.word()),
        Ended::Recorded(Recorded::Error) => (Glyph::Failed, Role::Fault, how.word()),
        Ended::Recorded(Recorded::Stopped | Recorded::Refused) => (Glyph::Cancelled, Role::Muted, how.word()),
        Ended::Denied => (Glyph::Cancelled, Role::Risk, how.word()),
        Ended::Rejected => (Glyph::Cancelled, Role::Wait, how.word()),
        Ended::Answered => (Glyph::Done, Role::Accent, how.word()),
    }
}

/// How long a call ran, or waits or runs so far; empty where neither.
pub fn timing(call: &Call, now: Micros) -> String {
    match (&call.state, call.ran_ms) {
        (CallState::Held | CallState::Unknown | CallState::Started, _) => duration(now.ms_since(call.since)),
        (_, Some(ms)) if call.recorded_time == Some(RecordedTime::WithWaiting) => {
            format!("≤{}", duration(ms)) // waiting for a person may be in it
        }
        (_, Some(ms)) => duration(ms),
        (_, None) => String::new(),
    }
}

/// The one line of a card.
pub fn line(card: &Card, call: &Call, look: &Look, width: usize, now: Micros) -> Leaf {
    let (glyph, role, word) = standing(call);
    let word = checked(call).unwrap_or_else(|| word.to_string());
    let mut left = Vec::new();
    if look.in_words() {
        left.push(Span::styled(format!("{word}: "), look.style(role)));
    }
    let tool = one_line(&card.tool);
    left.push(Span::styled(format!("{tool:<10} "), look.style(Role::Text)));
    left.push(Span::styled(one_line(&card.summary), look.style(Role::Muted)));
    let mut right = changes(call, look);
    let plain_end = matches!(call.state, CallState::Ended(Ended::Ran(Outcome::Ok))) && call.check.is_none();
    if !plain_end && !look.in_words() {
        right.push(Span::raw(" "));
        right.push(Span::styled(word, look.style(role)));
    }
    if let Some(leased) = &call.leased {
        right.push(Span::styled(format!(" by lease {}", leased.lease), look.style(Role::Accent)));
    }
    let timing = timing(call, now);
    if !timing.is_empty() {
        right.push(Span::styled(format!(" {timing}"), look.style(Role::Muted)));
    }
    right.push(Span::styled(format!(" {:>3}", card.call.to_string()), look.style(Role::Muted)));
    Leaf { mark: look.mark(glyph, role), line: spread(left, right, width) }
}

/// How a check ended: its exit status says more than that it failed.
fn checked(call: &Call) -> Option<String> {
    let (CallState::Ended(Ended::Ran(outcome)), Some(output), Some(_)) =
        (&call.state, &call.output, &call.check)
    else {
        return None;
    };
    Some(end_words(*outcome, output))
}

/// How many lines a write adds and removes.
fn changes(call: &Call, look: &Look) -> Vec<Span<'static>> {
    let Preview::Change { before, after, cut: false, .. } = &call.preview else { return Vec::new() };
    let before = before.as_deref().unwrap_or_default();
    if before.len() + after.len() > COUNT_BYTES {
        return Vec::new();
    }
    let made = diff(before, after, 80, &look.theme);
    let mut spans = Vec::new();
    if made.added > 0 {
        spans.push(Span::styled(format!(" +{}", made.added), look.style(Role::DiffAdd)));
    }
    if made.removed > 0 {
        spans.push(Span::styled(format!(" -{}", made.removed), look.style(Role::DiffRemove)));
    }
    spans
}

/// What unfolds below a card: arguments or difference, verdict, decision, output.
pub fn details(
    card: Option<&Card>,
    call: &Call,
    look: &Look,
    width: usize,
    now: Micros,
) -> Vec<Line<'static>> {
    let mut page = Page { look, width, lines: Vec::new() };
    page.judged(call);
    if let Some(card) = card {
        page.decided(card, now);
    }
    page.arguments(call);
    page.preview(call);
    page.output(call);
    page.lines
}

/// Lines that unfold, one after the other.
struct Page<'a> {
    look: &'a Look,
    width: usize,
    lines: Vec<Line<'static>>,
}

impl Page<'_> {
    /// A name and a text that goes on below itself.
    fn entry(&mut self, name: &str, source: &str, role: Role) {
        let names = if self.width < 32 { 0 } else { NAMES };
        let room = self.width.saturating_sub(names).max(8);
        let muted = self.look.style(Role::Muted);
        if names == 0 {
            self.lines.push(Line::from(Span::styled(format!("{name}:"), muted)));
        }
        let (texts, left_out) = prose(source, self.look.style(role), room, ARGS_LINES);
        for (at, text) in texts.into_iter().enumerate() {
            let head = if at == 0 && names > 0 { name } else { "" };
            let mut spans = vec![Span::styled(format!("{head:<names$}"), muted)];
            spans.extend(text.spans);
            self.lines.push(Line::from(spans));
        }
        self.left_out(left_out);
    }

    fn left_out(&mut self, lines: usize) {
        if lines > 0 {
            let sign = Glyph::Omitted.text(self.look.glyphs);
            let text = format!("{sign} {} more", count(lines, "line"));
            self.lines.push(Line::from(Span::styled(text, self.look.style(Role::Muted))));
        }
    }

    /// The arguments; those that were edited as a difference. A write's are in its preview already.
    fn arguments(&mut self, call: &Call) {
        match (&call.proposed, &call.edited) {
            (Args::Json(before), Some(after)) => {
                self.head("edited: what the model asked for, and what ran instead");
                let made = json_diff(before, after, self.width, &self.look.theme);
                self.block(made.lines, DIFF_LINES);
            }
            (Args::Json(_), None) if matches!(call.preview, Preview::Change { .. }) => {}
            (Args::Json(value), None) => {
                let text = serde_json::to_string_pretty(value).unwrap_or_default();
                let known = self.look.code.lookup("json", &text, &self.look.theme);
                let lines =
                    known.map_or_else(|| code::plain(&text, &self.look.theme), |block| block.to_vec());
                let mut wrapped = Vec::new();
                for line in &lines {
                    cut(line, self.width, &[], &[Span::raw("  ")], &mut wrapped);
                }
                self.block(wrapped, ARGS_LINES);
            }
            (Args::Broken(text), _) => self.entry("not JSON", text, Role::Fault),
        }
    }

    fn judged(&mut self, call: &Call) {
        if let Some(verdict) = &call.verdict {
            let word = match verdict.word {
                Word::Allow => "allow",
                Word::Ask => "ask",
                Word::Deny => "deny",
            };
            self.entry("policy", &format!("{word} (rule {}): {}", verdict.rule, verdict.why), Role::Text);
        }
        let touches: Vec<String> = call.touches.iter().map(Touch::line).collect();
        let destroys = if call.destroys { ", can destroy" } else { "" };
        let effect = format!("{}{destroys}", call.effect.word());
        if call.verdict.is_some() {
            let touches =
                if touches.is_empty() { String::new() } else { format!(": {}", touches.join(", ")) };
            self.entry("effect", &format!("{effect}{touches}"), Role::Text);
        }
    }

    fn decided(&mut self, card: &Card, now: Micros) {
        let waited = card.waited_ms + card.held_at.map_or(0, |since| now.ms_since(since));
        if let Some(Decision::Leased(leased)) = &card.decision {
            self.entry("decision", &format!("approved {}", leased.words()), Role::Text);
        } else if let Some(decision) = &card.decision {
            let reason = match decision {
                Decision::Rejected { reason, .. } if !reason.is_empty() => format!(": {reason}"),
                Decision::Leased(_)
                | Decision::Approved { .. }
                | Decision::Edited { .. }
                | Decision::Rejected { .. }
                | Decision::Answered { .. }
                | Decision::NotRecorded
                | Decision::Settled { .. } => String::new(),
            };
            let text = match decision.by() {
                Some(by) => format!("{} by {by} after {}{reason}", decision.word(), duration(waited)),
                None => {
                    format!("{}: the other tool does not tell who allowed it, if anybody", decision.word())
                }
            };
            self.entry("decision", &text, Role::Text);
        }
        if card.held_at.is_some() {
            self.entry("waits", &format!("for a person, for {}", duration(waited)), Role::Wait);
        }
    }

    fn preview(&mut self, call: &Call) {
        match &call.preview {
            Preview::None => {}
            Preview::Change { path, before, after, cut } => {
                let state = if before.is_none() { "new file" } else { "change" };
                self.entry(state, path, Role::Text);
                if *cut {
                    self.entry("preview", "the texts are shortened", Role::Wait);
                }
                let made = diff(before.as_deref().unwrap_or_default(), after, self.width, &self.look.theme);
                self.block(made.lines, DIFF_LINES);
            }
            Preview::Command { argv, cwd, sandbox, parts, scripts } => {
                self.entry("argv", &argv.join(" "), Role::Code);
                self.entry("where", &format!("{cwd}; {sandbox}"), Role::Text);
                for part in parts.iter().filter(|part| part.does == PartDoes::Unclear) {
                    self.entry("unclear", &part.text, Role::Risk);
                }
                scripts.iter().for_each(|script| self.entry("script", &script.line(), Role::Text));
            }
            Preview::Request { method, url } => self.entry("request", &format!("{method} {url}"), Role::Code),
            Preview::WouldFail { why } => self.entry("would fail", why, Role::Fault),
        }
    }

    fn output(&mut self, call: &Call) {
        if let Some(output) = &call.output {
            let text = format!("{} ({} bytes)", count(lines_in(output), "line"), output.size);
            self.entry("output", &text, Role::Muted);
            let style = self.look.style(Role::Code);
            let (head, more) = prose(&output.head, style, self.width, OUTPUT_LINES.0);
            self.lines.extend(head);
            if output.tail.is_empty() {
                self.left_out(more);
                return;
            }
            let left_out = output.size.saturating_sub((output.head.len() + output.tail.len()) as u64);
            let text = format!(
                "{} {left_out} bytes and {more} lines left out",
                Glyph::Omitted.text(self.look.glyphs)
            );
            self.lines.push(Line::from(Span::styled(text, self.look.style(Role::Muted))));
            let (tail, _) = prose(&output.tail, style, self.width, usize::MAX);
            let from = tail.len().saturating_sub(OUTPUT_LINES.1);
            self.lines.extend(tail.into_iter().skip(from));
        } else if let (CallState::Ended(_), Some(result)) = (&call.state, &call.result) {
            self.entry("model", result, Role::Muted); // what the model reads of a call that did not run
        }
    }

    fn head(&mut self, text: &str) {
        self.lines.push(Line::from(Span::styled(text.to_string(), self.look.style(Role::Muted))));
    }

    fn block(&mut self, lines: Vec<Line<'static>>, most: usize) {
        let left_out = lines.len().saturating_sub(most);
        self.lines.extend(lines.into_iter().take(most));
        self.left_out(left_out);
    }
}

fn lines_in(output: &Output) -> u64 {
    (output.head.lines().count() + output.tail.lines().count()) as u64
}
