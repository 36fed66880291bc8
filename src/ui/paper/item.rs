//! One entry of the conversation as lines.

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::domain::amount::few;
use crate::domain::event::{EndReason, RunStatus};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::message::Finish;
use crate::domain::retry::AfterFault;
use crate::domain::session::Session;
use crate::domain::talk::{Answer, End, Fate, Item, Said, Tone};
use crate::domain::time::{Micros, duration};
use crate::ui::app::Look;
use crate::ui::glyph::Glyph;
use crate::ui::paper::call;
use crate::ui::paper::leaf::{Leaf, MARGIN, count, one_line, prose, spread};
use crate::ui::theme::Role;
use crate::ui::widgets::stream::Stream;

/// Lines of a person's text shown while it is folded.
const TEXT_LINES: usize = 12;

/// What an entry is laid out for.
pub struct Sheet<'a> {
    /// The session, for where calls stand.
    pub session: &'a Session,
    /// How things look.
    pub look: &'a Look,
    /// Columns, the margin included.
    pub width: usize,
    /// Whether the entry is shown whole.
    pub unfolded: bool,
    /// The time.
    pub now: Micros,
}

/// An entry's lines, and its Markdown where code in it waits for colour: the Markdown's lines begin at the given line.
pub struct Laid {
    /// The lines.
    pub leaves: Vec<Leaf>,
    /// The Markdown and its first line.
    pub uncolored: Option<(Stream, usize)>,
}

/// Lays one entry out. `before` is the entry before it; `drafted` is the Markdown as it was drawn while it arrived.
pub fn lay(item: &Item, before: Option<&Said>, sheet: &Sheet<'_>, drafted: Option<Stream>) -> Laid {
    let mut page = Page { sheet, leaves: Vec::new(), uncolored: None };
    if before.is_some_and(|before| gap(before, &item.said)) {
        page.leaves.push(Leaf::blank());
    }
    match &item.said {
        Said::Opened { agent, workspace, forked } => {
            let how = if *forked { "forked session" } else { "session" };
            page.quiet(&format!("{how} of agent {agent} in {workspace}, {} UTC", minute(item.at)));
        }
        Said::Task { text, .. } => page.person("You", text),
        Said::Queued { text: _, taken: true } => {
            page.quiet("(a message that waited here begins the task below)")
        }
        Said::Queued { text, taken: false } => page.person("You, for afterwards", text),
        Said::Steer { text, .. } => page.person("You, while it worked", text),
        Said::Noted { no, text, fate: Fate::Waits, .. } => {
            page.person(&format!("Note {no}, for the next request"), text);
        }
        Said::Noted { no, text, fate: Fate::Sent, .. } => page.person(&format!("Note {no}, sent"), text),
        Said::Noted { no, fate: Fate::TakenBack, .. } => {
            page.quiet(&format!("(note {no} was taken back before it was sent)"));
        }
        Said::Answer(answer) => page.answer(answer, drafted),
        Said::Call(card) => page.call(card),
        Said::Fault { fault, attempt, then } => page.fault(fault, *attempt, *then),
        Said::End(end) => page.end(end),
        Said::Note { tone, text } => page.note(*tone, text),
        Said::Shorter { text, summary } => page.shorter(text, summary),
        Said::Foreign { kind } => {
            page.quiet(&format!("{} {kind}: a newer program wrote this; it is kept", item.no));
        }
    }
    Laid { leaves: page.leaves, uncolored: page.uncolored }
}

/// How many lines an entry that was not laid out yet will take, roughly.
pub fn guess(item: &Item, width: usize) -> usize {
    let width = width.saturating_sub(usize::from(MARGIN)).max(10);
    match &item.said {
        Said::Call(_) => 1,
        Said::Opened { .. }
        | Said::End(_)
        | Said::Note { .. }
        | Said::Shorter { .. }
        | Said::Foreign { .. } => 2,
        Said::Fault { .. } => 3,
        Said::Task { text, .. }
        | Said::Queued { text, .. }
        | Said::Steer { text, .. }
        | Said::Noted { text, .. } => 2 + (text.len() / width).min(TEXT_LINES),
        Said::Answer(answer) => 2 + answer.text.len() * 5 / (width * 4),
    }
}

/// Whether a line is left free between two entries: cards and quiet lines of one sort stand together.
fn gap(before: &Said, after: &Said) -> bool {
    let group = |said: &Said| match said {
        Said::Call(_) => 1,
        Said::Opened { .. } | Said::Note { .. } | Said::Shorter { .. } | Said::Foreign { .. } => 2,
        Said::Fault { .. } => 3,
        Said::Task { .. }
        | Said::Queued { .. }
        | Said::Steer { .. }
        | Said::Noted { .. }
        | Said::Answer(_)
        | Said::End(_) => 0,
    };
    group(before) == 0 || group(before) != group(after)
}

fn minute(at: Micros) -> String {
    at.rfc3339().get(..16).unwrap_or_default().replace('T', " ")
}

struct Page<'a> {
    sheet: &'a Sheet<'a>,
    leaves: Vec<Leaf>,
    uncolored: Option<(Stream, usize)>,
}

impl Page<'_> {
    fn style(&self, role: Role) -> Style {
        self.sheet.look.style(role)
    }

    fn room(&self) -> usize {
        self.sheet.width.saturating_sub(usize::from(MARGIN)).max(1)
    }

    fn quiet(&mut self, text: &str) {
        self.marked(None, text, Role::Muted);
    }

    /// A cleaned text in one style with a sign before its first line.
    fn marked(&mut self, mark: Option<Span<'static>>, text: &str, role: Role) {
        let (lines, _) = prose(text, self.style(role), self.room(), usize::MAX);
        let mut mark = mark;
        self.leaves.extend(lines.into_iter().map(|line| Leaf { mark: mark.take(), line }));
    }

    /// What a person wrote, with a bar beside it.
    fn person(&mut self, who: &str, text: &str) {
        let look = self.sheet.look;
        let most = if self.sheet.unfolded { usize::MAX } else { TEXT_LINES };
        if look.in_words() || who != "You" {
            let head = Line::from(Span::styled(format!("{who}:"), self.style(Role::Muted)));
            self.leaves.push(Leaf { mark: look.mark(Glyph::Quote, Role::Accent), line: head });
        }
        let style = self.style(Role::Text).add_modifier(Modifier::BOLD);
        let (mut lines, left_out) = prose(text, style, self.room(), most);
        if left_out > 0 {
            let more = format!("{} {} more", Glyph::Omitted.text(look.glyphs), count(left_out, "line"));
            lines.push(Line::from(Span::styled(more, self.style(Role::Muted))));
        }
        let mark = look.mark(Glyph::Quote, Role::Accent);
        self.leaves.extend(lines.into_iter().map(|line| Leaf { mark: mark.clone(), line }));
    }

    fn answer(&mut self, answer: &Answer, drafted: Option<Stream>) {
        let look = self.sheet.look;
        if look.in_words() {
            self.marked(None, "Agent:", Role::Muted);
        }
        self.reasoning(answer);
        let has_text = !answer.text.trim().is_empty();
        if has_text {
            let mut stream = drafted.unwrap_or_else(|| {
                let mut stream = Stream::new(look.theme.clone(), look.code.handle()).with_glyphs(look.glyphs);
                stream.push(&answer.text);
                stream
            });
            let first = self.leaves.len();
            let lines = stream.lines(self.room());
            self.leaves.extend(lines.iter().cloned().map(Leaf::plain));
            self.uncolored = Some((stream, first));
        }
        match &answer.finish {
            Finish::Length => self.marked(None, "(cut at the model's length limit)", Role::Fault),
            Finish::Filtered => self.marked(None, "(held back by the provider's filter)", Role::Fault),
            Finish::Other(word) => self.quiet(&format!("(stopped: {word})")),
            Finish::Stop if !has_text && answer.reasoning.trim().is_empty() => {
                self.quiet("(an empty answer)")
            }
            Finish::Stop | Finish::Calls => {}
        }
        if self.sheet.unfolded {
            let usage = answer.usage;
            let cached =
                if usage.cached > 0 { format!(", {} cached", few(usage.cached)) } else { String::new() };
            let cost = answer.cost.as_ref().map(|cost| format!(", {} {}", cost.nano, cost.by.words()));
            let text = format!(
                "{}: {} tokens in{cached}, {} out{}, {}",
                answer.model,
                few(usage.input),
                few(usage.output),
                cost.unwrap_or_default(),
                duration(answer.ms)
            );
            self.quiet(&text);
        }
    }

    fn reasoning(&mut self, answer: &Answer) {
        let look = self.sheet.look;
        let thought = answer.reasoning.trim();
        if thought.is_empty() {
            return;
        }
        let sign = if self.sheet.unfolded { Glyph::Unfolded } else { Glyph::Folded };
        let spent = match answer.usage.reasoning {
            0 => String::new(),
            spent => format!(" ({} tokens)", few(spent)),
        };
        let head = format!("{} thought{spent}", sign.text(look.glyphs));
        let muted = self.style(Role::Muted);
        if !self.sheet.unfolded {
            let left = vec![Span::styled(format!("{head}: {}", one_line(thought)), muted)];
            self.leaves.push(Leaf::plain(spread(left, Vec::new(), self.room())));
            return;
        }
        self.leaves.push(Leaf::plain(Line::from(Span::styled(head, muted))));
        let (lines, _) =
            prose(thought, muted.add_modifier(Modifier::ITALIC), self.room().saturating_sub(2), usize::MAX);
        for line in lines {
            let mut spans = vec![Span::styled(format!("{} ", Glyph::Quote.text(look.glyphs)), muted)];
            spans.extend(line.spans);
            self.leaves.push(Leaf::plain(Line::from(spans)));
        }
    }

    fn call(&mut self, card: &crate::domain::card::Card) {
        let Sheet { session, look, now, .. } = *self.sheet;
        let Some(call) = session.call(card.call) else { return };
        self.leaves.push(call::line(card, call, look, self.room(), now));
        if self.sheet.unfolded {
            let bar = Span::styled(look.sign("│ ", "  "), self.style(Role::Border));
            let room = self.room().saturating_sub(2).max(1);
            for line in call::details(Some(card), call, look, room, now) {
                let mut spans = vec![bar.clone()];
                spans.extend(line.spans);
                self.leaves.push(Leaf::plain(Line::from(spans)));
            }
        }
    }

    fn fault(&mut self, fault: &Fault, attempt: u32, then: AfterFault) {
        let next = match then {
            AfterFault::Retry { .. } if fault.elsewhere().is_some() => "asked elsewhere".to_string(),
            AfterFault::Retry { wait_ms: 0 } => "asked again".to_string(),
            AfterFault::Retry { wait_ms } => format!("again in {}", duration(wait_ms)),
            AfterFault::GiveUp => "not tried again".to_string(),
            AfterFault::Compact => "the conversation is made shorter first".to_string(),
            AfterFault::Wait => "waits for you".to_string(),
        };
        let status = fault.status.map(|status| format!(" {status}")).unwrap_or_default();
        let (sign, role) = match (fault.kind, then) {
            (_, AfterFault::GiveUp) => (Glyph::Fault, Role::Fault),
            (FaultKind::Interrupted | FaultKind::Stopped, _) => (Glyph::Cancelled, Role::Wait),
            (_, AfterFault::Retry { .. } | AfterFault::Compact | AfterFault::Wait) => {
                (Glyph::Retry, Role::Wait)
            }
        };
        let mark = self.sheet.look.mark(sign, role);
        let word = if self.sheet.look.in_words() { "fault: " } else { "" };
        let head = format!("{word}{}{status}, attempt {attempt}: {next}", fault.kind.words());
        self.marked(mark, &head, role);
        self.quiet(&fault.message);
        if let Some(words) =
            fault.detour.as_ref().map(|detour| detour.words()).filter(|words| !words.is_empty())
        {
            self.quiet(&words);
        }
        if then == AfterFault::GiveUp {
            self.quiet(&format!("try: {}", fault.hint()));
        }
    }

    /// What the model reads in the place of what stands above, where it is unfolded.
    fn shorter(&mut self, text: &str, summary: &str) {
        let look = self.sheet.look;
        let hint = if summary.is_empty() || self.sheet.unfolded { "" } else { "; Enter shows the summary" };
        self.marked(look.mark(Glyph::Folded, Role::Accent), &format!("{text}{hint}"), Role::Muted);
        if self.sheet.unfolded && !summary.is_empty() {
            self.quiet(summary);
        }
    }

    fn note(&mut self, tone: Tone, text: &str) {
        let look = self.sheet.look;
        match tone {
            Tone::Quiet => self.quiet(text),
            Tone::Pause => self.marked(look.mark(Glyph::Paused, Role::Wait), text, Role::Muted),
            Tone::Alarm => self.marked(look.mark(Glyph::Fault, Role::Wait), text, Role::Wait),
        }
    }

    fn end(&mut self, end: &End) {
        let look = self.sheet.look;
        let (glyph, role, word) = match end.status {
            RunStatus::Done => (Glyph::Done, Role::Ok, "done"),
            RunStatus::Failed => (Glyph::Failed, Role::Fault, "failed"),
            RunStatus::Cancelled => (Glyph::Cancelled, Role::Wait, "cancelled"),
            RunStatus::BudgetStopped => (Glyph::Failed, Role::Wait, "stopped by a limit"),
        };
        let cost = end.spent.short().filter(|_| end.spent.priced > 0);
        let sums = format!(
            "{}{}, {}, {} tokens in, {} out{} ",
            if end.forked { "since the fork " } else { "" },
            count(end.steps, "step"),
            duration(end.ms),
            few(end.usage.input),
            few(end.usage.output),
            cost.map(|cost| format!(", {cost}")).unwrap_or_default()
        );
        let left = vec![
            Span::styled(word, self.style(role).add_modifier(Modifier::BOLD)),
            Span::raw("  "),
            Span::styled(sums, self.style(Role::Muted)),
        ];
        let used: usize = left.iter().map(|span| span.content.len()).sum();
        let rule = look.sign("─", "").repeat(self.room().saturating_sub(used));
        let right = vec![Span::styled(rule, self.style(Role::Border))];
        let mut line = spread(left, Vec::new(), self.room());
        line.spans.extend(right);
        self.leaves.push(Leaf { mark: look.mark(glyph, role), line });
        if let Some(why) = why(&end.why) {
            self.marked(None, &why, Role::Muted);
        }
    }
}

/// Why a run ended, where its status does not say it all.
fn why(why: &EndReason) -> Option<String> {
    match why {
        EndReason::Answered => None,
        EndReason::Checked { .. } => {
            let words = why.sentence();
            let (_, checks) = words.split_once("; ").unwrap_or(("", &words));
            Some(one_line(checks))
        }
        EndReason::EmptyReply => Some("The model stopped without a word or a call.".to_string()),
        EndReason::Truncated => Some("The answer was cut at the model's length limit.".to_string()),
        EndReason::Filtered => Some("The provider held the answer back.".to_string()),
        EndReason::OddFinish { finish } => {
            Some(format!("The model stopped for an unknown reason: {finish}."))
        }
        EndReason::ModelFailed { fault } => {
            Some(format!("The model could not be asked: {}.", fault.kind.words()))
        }
        EndReason::StepLimit { steps } => {
            Some(format!("The limit of {steps} steps was reached; write to go on."))
        }
        EndReason::Recorded { words } => Some(format!("Recorded there: {words}.")),
        EndReason::Operator { by } => Some(format!("Cancelled by {by}.")),
    }
}
