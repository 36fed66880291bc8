//! What must be read before a call is decided, line by line: every line of it counts for "read to the end".
//!
//! Nothing is shortened here without saying so, and every foreign character that hides or pretends is marked.

mod command; // a command's words, its parts and its scripts

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use serde_json::Value;

use crate::domain::breakpoint::Why;
use crate::domain::call::{Call, CallState, Preview};
use crate::domain::held::Held;
use crate::domain::message::Args;
use crate::domain::session::Session;
use crate::domain::stops::Stop;
use crate::domain::text::{self, Piece};
use crate::domain::tool_spec::Touch;
use crate::ui::app::{App, Look};
use crate::ui::theme::Role;
use crate::ui::update_decide::WORD;
use crate::ui::widgets::{diff, flow};

/// Columns of the labels on the left.
const LABEL: usize = 10;
/// Narrower panels have their labels on lines of their own.
const LABEL_BESIDE: usize = 50;

/// The lines of the panel at a width; none while nothing waits.
pub fn text(app: &App, width: u16) -> Vec<Line<'static>> {
    let Some(session) = app.decided() else { return Vec::new() };
    let mut sheet = Sheet::new(&app.look, width);
    if app.inbox.is_some() {
        sheet.field("session", &format!("{}  {}", session.id, session.title), Role::Text);
    }
    if let Some(stop) = app.stop() {
        sheet.stop(stop, app.held().is_some());
    }
    let Some(call) = app.facing() else {
        sheet.turn(session);
        return sheet.lines;
    };
    sheet.head(session, call);
    sheet.reasons(call);
    sheet.touches(call);
    if !matches!(call.preview, Preview::Command { .. }) {
        sheet.field("where", &session.workspace, Role::Text);
    }
    sheet.preview(call, &session.workspace);
    sheet.arguments(call);
    sheet.lines
}

/// The lines being made.
pub(in crate::ui) struct Sheet<'a> {
    look: &'a Look,
    width: usize,
    /// The lines so far.
    pub(in crate::ui) lines: Vec<Line<'static>>,
}

impl Sheet<'_> {
    /// A sheet of that many columns.
    pub(in crate::ui) fn new(look: &Look, width: u16) -> Sheet<'_> {
        Sheet { look, width: usize::from(width).max(8), lines: Vec::new() }
    }

    fn style(&self, role: Role) -> Style {
        self.look.theme.style(role)
    }

    /// Foreign text with what hides in it marked.
    fn reveal(&self, text: &str, role: Role) -> Vec<Span<'static>> {
        text::reveal(text)
            .into_iter()
            .map(|piece| match piece {
                Piece::Plain(part) => Span::styled(part, self.style(role)),
                Piece::Marked(part) => Span::styled(part, self.style(Role::Risk)),
            })
            .collect()
    }

    /// A labelled text; its further lines stand under its first.
    pub(in crate::ui) fn field(&mut self, label: &str, text: &str, role: Role) {
        let beside = self.width >= LABEL_BESIDE;
        if !beside && !label.is_empty() {
            self.lines.push(Line::from(Span::styled(format!("{label}:"), self.style(Role::Muted))));
        }
        let indent = if beside { LABEL } else { 2 };
        let rest = [Span::raw(" ".repeat(indent))];
        let mut first = vec![Span::styled(
            format!("{:<indent$}", if beside { label } else { "" }),
            self.style(Role::Muted),
        )];
        for part in text.split('\n') {
            let line = Line::from(self.reveal(part, role));
            flow::cut(&line, self.width, &first, &rest, &mut self.lines);
            first = rest.to_vec();
        }
    }

    /// A labelled sentence: it breaks between words.
    fn prose(&mut self, label: &str, text: &str, role: Role) {
        let indent = if self.width >= LABEL_BESIDE { LABEL } else { 2 };
        let width = self.width.saturating_sub(indent).max(1);
        let shown: String = self.reveal(text, role).iter().map(|span| span.content.as_ref()).collect();
        let rows = text::wrap(&shown, width);
        let rows: Vec<&str> = rows.into_iter().filter_map(|row| shown.get(row)).collect();
        self.field(label, &rows.join("\n"), role);
    }

    /// A heading of its own line.
    fn heading(&mut self, words: &str) {
        self.lines.push(Line::from(Span::styled(words.to_string(), self.style(Role::Title))));
    }

    /// Which breakpoints the run stands at, and why.
    fn stop(&mut self, stop: &Stop, held: bool) {
        for (i, hit) in stop.hits.iter().enumerate() {
            let label = if i == 0 { "stopped" } else { "" };
            if matches!(hit.why, Why::Held { .. }) {
                self.prose(label, &hit.line(), Role::Wait);
            } else {
                self.field(label, &hit.line(), Role::Wait);
            }
        }
        if let Some(held) = stop.held() {
            let words = match held {
                Held::Budget { .. } => "nothing is sent before you give it more, or end the task",
                Held::Unpriced { .. } => {
                    "give the model a price in config.toml and continue, or lift the limit"
                }
                Held::Loop { .. } => "continue lets it go on; a note first may help it out",
                Held::Context { .. } => {
                    "compact (Ctrl-P) makes it shorter, continue asks as it is; or fork it with another model"
                }
                Held::Checks { .. } => "continue gives it as many rounds again; a note first may help it out",
            };
            self.prose("", words, Role::Muted);
        }
        if held {
            self.prose("", "nothing starts before you step or continue, approved or not", Role::Muted);
        }
    }

    /// What is next where no call is: a request to the model.
    fn turn(&mut self, session: &Session) {
        let messages = session.context.messages + session.notes.len() as u64;
        let model = session.live().map_or("the model", |run| run.model.as_str());
        self.field("next", &format!("{model} is asked, with {messages} messages"), Role::Text);
        for note in &session.notes {
            self.field(&note.no.to_string(), &note.text, Role::Text);
        }
        if session.notes.is_empty() {
            self.field("notes", "none of yours go with it", Role::Muted);
        }
    }

    fn head(&mut self, session: &Session, call: &Call) {
        let step = session.live().map_or(0, |run| run.steps);
        let agent = if session.agent.is_empty() { "the agent" } else { &session.agent };
        let check = call.check.as_ref().map(|name| format!("  (check {name})")).unwrap_or_default();
        self.field("call", &format!("{}  {}{check}", call.id, call.tool), Role::Title);
        let by = if call.check.is_some() { "the harness, before the task may end" } else { agent };
        self.field("asked by", &format!("{by}, step {step}"), Role::Text);
        let role = if call.destroys { Role::Risk } else { Role::Text };
        let destroys = if call.destroys { "; can destroy what was there" } else { "" };
        self.field("effect", &format!("{}{destroys}", call.effect.word()), role);
        if call.destroys && call.state != CallState::Unknown {
            self.prose("", &format!("approving wants the word \"{WORD}\" typed"), Role::Risk);
        }
    }

    fn reasons(&mut self, call: &Call) {
        if call.state == CallState::Unknown {
            let what = "It was running when its process stopped: nobody knows whether it happened.";
            self.prose("unknown", what, Role::Risk);
        }
        if let Some(verdict) = &call.verdict {
            self.prose("because", &format!("{} (rule {})", verdict.why, verdict.rule), Role::Text);
        }
        if let Some(refused) = &call.edit_refused {
            let text = format!("Your edit was not run: {} (rule {})", refused.why, refused.rule);
            self.prose("denied", &text, Role::Risk);
        }
    }

    /// What it touches. A command's own words and folder are said below, and what it will touch is in nobody's hand.
    fn touches(&mut self, call: &Call) {
        let is_command = call.touches.iter().any(|touch| matches!(touch, Touch::Command { .. }));
        let runs = matches!(call.preview, Preview::Command { .. });
        let mut label = "touches";
        for touch in &call.touches {
            match touch {
                Touch::Read { .. } if is_command => {}
                // Those that stand in the first are told below.
                Touch::Command { .. } if runs && label.is_empty() => {}
                Touch::Command { .. } if runs => {
                    self.prose(label, "whatever it wants to, within what its sandbox lets it", Role::Text)
                }
                Touch::Read { .. } | Touch::Write { .. } | Touch::Command { .. } | Touch::Host { .. } => {
                    self.field(label, &touch.line(), Role::Text)
                }
            }
            label = "";
        }
        if call.touches.is_empty() {
            self.field(label, "not known", Role::Muted);
        }
    }

    fn preview(&mut self, call: &Call, workspace: &str) {
        match &call.preview {
            Preview::None => {}
            Preview::Change { path, before, after, cut } => self.change(path, before.as_deref(), after, *cut),
            Preview::Command { argv, cwd, sandbox, parts, scripts } => {
                self.command(argv, &joined(workspace, cwd), sandbox);
                self.parts(argv, parts);
                self.scripts(scripts);
            }
            Preview::Request { method, url } => self.field("request", &format!("{method} {url}"), Role::Text),
            Preview::WouldFail { why } => {
                self.field("as it is", &format!("this would fail: {why}"), Role::Fault);
            }
        }
    }

    fn change(&mut self, path: &str, before: Option<&str>, after: &str, cut: bool) {
        let made = diff::diff(before.unwrap_or(""), after, self.width, &self.look.theme);
        let what = if before.is_none() { "new file" } else { "change" };
        self.field(what, &format!("{path}  +{} -{}", made.added, made.removed), Role::Title);
        self.lines.extend(made.lines);
        if cut || !made.is_whole {
            self.prose("", "This preview is shortened; the arguments below are whole.", Role::Risk);
        }
    }

    fn arguments(&mut self, call: &Call) {
        let edited = call.edited.is_some();
        match (call.args(), &call.proposed) {
            (Some(value), _) => {
                let value = without_shown(value, &call.preview);
                let says_more = value.as_object().is_none_or(|members| !members.is_empty());
                if edited || says_more {
                    self.heading(if edited { "Arguments as you edited them" } else { "Arguments" });
                }
                if says_more {
                    self.json(&value);
                } else if edited {
                    self.field("", "all of them are shown above", Role::Muted);
                }
            }
            (None, Args::Broken(raw)) => {
                self.heading("Arguments that are not JSON");
                self.field("", raw, Role::Risk);
            }
            (None, Args::Json(_)) => {}
        }
    }

    /// JSON on lines of its own, names apart from values, every character shown.
    fn json(&mut self, value: &Value) {
        let pretty = serde_json::to_string_pretty(value).unwrap_or_default();
        for row in pretty.split('\n') {
            let body = row.trim_start_matches(' ');
            let indent = " ".repeat(row.len() - body.len());
            let (name, rest) = split_name(body);
            let mut spans = self.reveal(name, Role::Accent);
            spans.extend(self.reveal(rest, Role::Code));
            let under = [Span::raw(format!("{indent}  "))];
            flow::cut(&Line::from(spans), self.width, &[Span::raw(indent)], &under, &mut self.lines);
        }
    }
}

/// `"name": value` in its two parts; the first is empty where the line has no name.
fn split_name(line: &str) -> (&str, &str) {
    let mut escaped = false;
    if !line.starts_with('"') {
        return ("", line);
    }
    for (at, byte) in line.bytes().enumerate().skip(1) {
        match byte {
            b'\\' => escaped = !escaped,
            b'"' if !escaped => {
                let (name, rest) = line.split_at(at + 1);
                return if rest.starts_with(": ") { (name, rest) } else { ("", line) };
            }
            _ => escaped = false, // any other byte of the name
        }
    }
    ("", line)
}

/// A folder in full.
fn joined(workspace: &str, cwd: &str) -> String {
    match cwd {
        "" | "." => workspace.to_string(),
        _ if cwd.starts_with('/') => cwd.to_string(),
        _ => format!("{}/{cwd}", workspace.trim_end_matches('/')),
    }
}

/// Whether an argument is one word that reads the same with and without quotes.
fn is_plain(arg: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,+%".contains(c);
    !arg.is_empty() && arg.chars().all(plain)
}

/// A longer text is not vouched for: the preview may have been cut.
const SHOWN_BYTES_MAX: usize = 32 * 1024;

/// The arguments without a text that the preview above shows whole, to the last character: nobody reads a page twice.
/// A text with anything marked in it stays.
fn without_shown(args: &Value, preview: &Preview) -> Value {
    let mut args = args.clone();
    if let (Preview::Command { argv, cwd, .. }, Some(members)) = (preview, args.as_object_mut()) {
        members.retain(|name, value| match name.as_str() {
            "argv" => *value != serde_json::json!(argv),
            "shell" => argv.len() != 3 || value.as_str() != argv.last().map(String::as_str),
            "cwd" => value.as_str() != Some(cwd),
            _ => true,
        });
        return args;
    }
    let Preview::Change { before: None, after, cut: false, .. } = preview else { return args };
    let lines = after.lines().count();
    let plain = text::reveal(after).iter().all(|piece| matches!(piece, Piece::Plain(_)));
    if lines < 3 || after.len() > SHOWN_BYTES_MAX || !plain {
        return args;
    }
    for value in args.as_object_mut().into_iter().flat_map(|members| members.values_mut()) {
        if value.as_str() == Some(after) {
            *value = Value::String(format!("(the {lines} lines above, {} bytes)", after.len()));
        }
    }
    args
}
