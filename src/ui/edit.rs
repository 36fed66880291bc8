//! Text being written: the composer, one-line questions and the argument editor; the only user of the text area.
//!
//! The text area edits; what is drawn is laid out here, so that foreign characters show as the rest of the screen
//! shows them and the hardware cursor stands exactly where text goes.

use serde_json::Value;
use tui_textarea::{CursorMove, Input, Key as AreaKey, TextArea};

use crate::domain::call::Call;
use crate::domain::hash::Hash;
use crate::domain::ids::CallId;
use crate::domain::schema::Schema;
use crate::domain::text;
use crate::domain::tool_spec::ToolBook;
use crate::ui::edit_json;
use crate::ui::key::{Code, Key};
use crate::ui::mode::ForkPoint;

/// A text with a cursor.
#[derive(Clone, Debug, Default)]
pub struct TextBox {
    area: TextArea<'static>,
}

/// A text laid out at a width.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Laid {
    /// Its rows, cleaned, each with the line of the text it belongs to, from 0.
    pub rows: Vec<(usize, String)>,
    /// The cursor's row and column.
    pub cursor: (usize, usize),
}

impl TextBox {
    /// A text with the cursor at its end.
    pub fn of(text: &str) -> TextBox {
        let mut new = TextBox::default();
        new.insert(text);
        new
    }

    /// A text as it is, with the cursor at its end: what hides in it is made visible only where it is drawn.
    pub fn raw(text: &str) -> TextBox {
        let mut new = TextBox::default();
        new.area.insert_str(text);
        new
    }

    /// The text.
    pub fn text(&self) -> String {
        self.area.lines().join("\n")
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.area.is_empty()
    }

    /// How many lines it has, at least one.
    pub fn line_count(&self) -> usize {
        self.area.lines().len().max(1)
    }

    /// The line the cursor is in, from 0.
    pub fn line(&self) -> usize {
        self.area.cursor().0
    }

    /// Replaces the text; the cursor goes to its end.
    pub fn set(&mut self, text: &str) {
        *self = TextBox::of(text);
    }

    /// Writes a text at the cursor: what is pasted is text, never keys. Control bytes become visible signs.
    pub fn insert(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        self.area.insert_str(text::clean(&text));
    }

    /// Puts the cursor at the beginning.
    pub fn to_top(&mut self) {
        self.area.move_cursor(CursorMove::Top);
        self.area.move_cursor(CursorMove::Head);
    }

    /// Begins a new line.
    pub fn newline(&mut self) {
        self.area.insert_newline();
    }

    /// Takes a key that writes, deletes or moves; answers whether the text changed.
    pub fn key(&mut self, key: Key) -> bool {
        if let Some(step) = step(key) {
            self.area.move_cursor(step);
            return false;
        }
        match (key.code, key.ctrl, key.alt) {
            (Code::Char('u'), true, false) => self.area.delete_line_by_head(),
            (Code::Char('k'), true, false) => self.area.delete_line_by_end(),
            (Code::Char('w'), true, false) | (Code::Backspace, false, true) => self.area.delete_word(),
            (Code::Char('z'), false, true) => self.area.undo(),
            (Code::Tab, false, false) => self.area.insert_str("  "),
            (code, false, false) => writing(code).is_some_and(|key| {
                let input = Input { key, ctrl: false, alt: false, shift: false };
                self.area.input_without_shortcuts(input)
            }),
            _ => false, // no other combination writes
        }
    }

    /// Puts the cursor into a line at a character, both from 0.
    pub fn jump(&mut self, line: usize, column: usize) {
        let at = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        self.area.move_cursor(CursorMove::Jump(at(line), at(column)));
    }

    /// The text in rows of at most `width` columns.
    pub fn lay(&self, width: usize) -> Laid {
        self.lay_at(width, (self.area.cursor().0, self.area.cursor().1))
    }

    /// The part of a text of one line that has the cursor in view in so many columns, and the cursor's column there.
    pub fn in_view(&self, columns: usize) -> (String, usize) {
        let laid = self.lay(usize::from(u16::MAX));
        let (row, column) = laid.cursor;
        let line = laid.rows.get(row).map(|(_, line)| line.as_str()).unwrap_or_default();
        let over = (column + 1).saturating_sub(columns.max(1));
        let wide = |at: &usize| text::width(line.get(..*at).unwrap_or_default());
        let ends = line.char_indices().map(|(at, _)| at).chain([line.len()]);
        let at = ends.into_iter().find(|at| wide(at) >= over).unwrap_or(line.len());
        (line.get(at..).unwrap_or_default().to_string(), column.saturating_sub(wide(&at)))
    }

    /// The same as if the cursor stood in that line at that character.
    pub fn lay_at(&self, width: usize, (cursor_line, cursor_char): (usize, usize)) -> Laid {
        let width = width.max(2) - 1; // the cursor has a place behind the last letter
        let mut laid = Laid::default();
        for (no, line) in self.area.lines().iter().enumerate() {
            let shown = text::clean(line);
            let before = laid.rows.len();
            let ranges = text::wrap(&shown, width);
            laid.rows.extend(
                ranges.iter().map(|range| (no, shown.get(range.clone()).unwrap_or_default().to_string())),
            );
            if no == cursor_line {
                let head: String = line.chars().take(cursor_char).collect();
                let at = text::clean(&head).len().min(shown.len());
                let row = ranges.iter().rposition(|range| range.start <= at).unwrap_or(0);
                let range = ranges.get(row).cloned().unwrap_or(0..0);
                let blanks = at.saturating_sub(range.end); // blanks that a soft break swallowed
                let written = shown.get(range.start..at.min(range.end)).map_or(0, text::width);
                laid.cursor = (before + row, (written + blanks).min(width));
            }
        }
        laid
    }
}

/// Where a key moves the cursor.
fn step(key: Key) -> Option<CursorMove> {
    match (key.code, key.ctrl, key.alt) {
        (Code::Left, true, _) | (Code::Left | Code::Char('b'), false, true) => Some(CursorMove::WordBack),
        (Code::Right, true, _) | (Code::Right | Code::Char('f'), false, true) => {
            Some(CursorMove::WordForward)
        }
        (Code::Left, false, false) => Some(CursorMove::Back),
        (Code::Right, false, false) => Some(CursorMove::Forward),
        (Code::Up, false, false) => Some(CursorMove::Up),
        (Code::Down, false, false) => Some(CursorMove::Down),
        (Code::Home, false, false) | (Code::Char('a'), true, false) => Some(CursorMove::Head),
        (Code::End, false, false) | (Code::Char('e'), true, false) => Some(CursorMove::End),
        (Code::Home, true, false) | (Code::PageUp, false, false) => Some(CursorMove::Top),
        (Code::End, true, false) | (Code::PageDown, false, false) => Some(CursorMove::Bottom),
        _ => None, // no other combination moves
    }
}

/// The text area's name of a key that writes or deletes.
fn writing(code: Code) -> Option<AreaKey> {
    match code {
        Code::Char(c) => Some(AreaKey::Char(c)),
        Code::Enter => Some(AreaKey::Enter),
        Code::Backspace => Some(AreaKey::Backspace),
        Code::Delete => Some(AreaKey::Delete),
        Code::Esc
        | Code::Tab
        | Code::BackTab
        | Code::Up
        | Code::Down
        | Code::Left
        | Code::Right
        | Code::Home
        | Code::End
        | Code::PageUp
        | Code::PageDown
        | Code::F(_) => None,
    }
}

/// Something wrong with the edited arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditFault {
    /// The line of the text, from 0.
    pub line: usize,
    /// The character of the line, from 0.
    pub column: usize,
    /// What is wrong there.
    pub why: String,
}

/// The arguments of a waiting call, being changed.
#[derive(Clone, Debug)]
pub struct ArgEditor {
    /// The call.
    pub call: CallId,
    /// The action as it was shown when the editor opened.
    pub hash: Hash,
    /// The tool.
    pub tool: String,
    /// What the model proposed, or what stands after an earlier edit.
    pub proposal: Value,
    /// The text.
    pub text: TextBox,
    /// What is wrong with it, by line; empty where it may be approved.
    pub faults: Vec<EditFault>,
    /// The arguments that the text says; none while it is not JSON.
    pub value: Option<Value>,
    /// Whether the difference to the proposal is shown instead of the text.
    pub difference: bool,
    /// From where the fork is made that is to have them; none where the call itself is to be approved.
    pub fork: Option<ForkPoint>,
    /// How often the text was laid out.
    pub layouts: u64,
    laid: Option<(usize, LaidText)>,
    schema: Option<Schema>,
}

/// The text as it is drawn.
#[derive(Clone, Debug)]
pub struct LaidText {
    /// Its rows and the cursor.
    pub text: Laid,
    /// Where the first fault is: a row and a column.
    pub fault: Option<(usize, usize)>,
}

impl ArgEditor {
    /// An editor on the arguments of `call`; none where they are not bound to a hash or not JSON.
    pub fn open(call: &Call, tools: &ToolBook) -> Option<ArgEditor> {
        ArgEditor::on(call, call.hash?, tools)
    }

    /// An editor on the arguments of a call as a fork is to have them; none where they are not JSON.
    pub fn of_fork(call: &Call, tools: &ToolBook, from: ForkPoint) -> Option<ArgEditor> {
        let editor = ArgEditor::on(call, Hash::ZERO, tools)?;
        Some(ArgEditor { fork: Some(from), ..editor })
    }

    fn on(call: &Call, hash: Hash, tools: &ToolBook) -> Option<ArgEditor> {
        let proposal = call.args()?.clone();
        let mut text = TextBox::raw(&edit_json::open(&proposal));
        if edit_json::read(&text.text()).as_ref() != Some(&proposal) {
            text = TextBox::raw(&edit_json::open_ascii(&proposal));
        }
        text.to_top();
        let mut editor = ArgEditor {
            call: call.id,
            hash,
            tool: call.tool.clone(),
            proposal,
            text,
            faults: Vec::new(),
            value: None,
            difference: false,
            fork: None,
            layouts: 0,
            laid: None,
            schema: tools.get(&call.tool).map(|spec| spec.schema.clone()),
        };
        editor.check();
        Some(editor)
    }

    /// Takes a key into the text.
    pub fn key(&mut self, key: Key) {
        self.laid = None;
        if self.text.key(key) {
            self.check();
        }
    }

    /// Lays the text out at a width, unless it is laid out so already.
    pub fn lay(&mut self, width: usize) {
        if self.laid.as_ref().is_some_and(|(was, _)| *was == width) {
            return;
        }
        let fault = self.faults.first().map(|fault| (fault.line, fault.column));
        let fault = fault.map(|at| self.text.lay_at(width, at).cursor);
        self.laid = Some((width, LaidText { text: self.text.lay(width), fault }));
        self.layouts += 1;
    }

    /// The text as `lay` has laid it out; none where it changed since.
    pub fn laid(&self) -> Option<&LaidText> {
        self.laid.as_ref().map(|(_, laid)| laid)
    }

    /// Takes a pasted text.
    pub fn paste(&mut self, text: &str) {
        self.text.insert(text);
        self.check();
    }

    /// Puts the cursor where the first fault is.
    pub fn to_fault(&mut self) {
        if let Some(fault) = self.faults.first() {
            (self.difference, self.laid) = (false, None);
            self.text.jump(fault.line, fault.column);
        }
    }

    /// Whether the arguments differ from the proposal.
    pub fn is_changed(&self) -> bool {
        self.value.as_ref() != Some(&self.proposal)
    }

    /// Whether a text among the proposed arguments has lines.
    pub fn has_lines(&self) -> bool {
        has_lines(&self.proposal)
    }

    /// Reads the text as JSON and holds it against the tool's schema.
    fn check(&mut self) {
        self.laid = None;
        let text = self.text.text();
        self.faults.clear();
        let strict = edit_json::strict(&text);
        match serde_json::from_str::<Value>(&strict.json) {
            Err(error) => {
                self.value = None;
                let head = text.get(..text.floor_char_boundary(strict.place(&error))).unwrap_or_default();
                let line = head.matches('\n').count();
                let column = head.rsplit('\n').next().map_or(0, |row| row.chars().count());
                let why = edit_json::sentence(&error, column + 1);
                self.faults.push(EditFault { line, column, why });
            }
            Ok(value) => {
                let lines = edit_json::lines(&text);
                let at = |line: usize, why: String| {
                    let row = text.split('\n').nth(line).unwrap_or_default();
                    EditFault { line, column: row.chars().take_while(|c| *c == ' ').count(), why }
                };
                for path in &lines.twice {
                    let why = format!("{path} is there twice; only one could run");
                    self.faults.push(at(lines.line_of(path), why));
                }
                for (line, written, kept) in &lines.inexact {
                    let why = format!("{written} is more exact than numbers are kept: it would run as {kept}");
                    self.faults.push(at(*line, why));
                }
                if let Some(schema) = &self.schema {
                    let faults = schema.check(&value);
                    let faults = faults.iter().map(|fault| at(lines.line_of(&fault.path), fault.to_string()));
                    self.faults.extend(faults);
                }
                self.value = Some(value);
            }
        }
        self.faults.sort_by_key(|fault| fault.line);
    }
}

fn has_lines(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\n'),
        Value::Array(items) => items.iter().any(has_lines),
        Value::Object(members) => members.values().any(has_lines),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
