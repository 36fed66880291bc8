//! Text being written: the composer, one-line questions, what the argument editor edits; the only user of the text area.
//!
//! The text area edits; what is drawn is laid out here, so that foreign characters show as the rest of the screen
//! shows them and the hardware cursor stands exactly where text goes.

use tui_textarea::{CursorMove, Input, Key as AreaKey, TextArea};

use crate::domain::text;
use crate::ui::key::{Code, Key};

/// A text with a cursor.
#[derive(Clone, Debug, Default)]
pub struct TextBox {
    area: TextArea<'static>,
}

/// Stands for the end of a line where all lines are shown in one.
const LINE_END: &str = "⏎";

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

    /// Columns of its longest line.
    pub fn columns(&self) -> usize {
        self.area.lines().iter().map(|line| text::width(&text::clean(line))).max().unwrap_or(0)
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
        // A tab is a tab: it is shown as blanks, and sent as it is.
        let parts: Vec<_> = text.split('\t').map(text::clean).collect();
        self.area.insert_str(parts.join("\t"));
    }

    /// The text before the cursor.
    pub fn before(&self) -> String {
        let (line, column) = (self.area.cursor().0, self.area.cursor().1);
        let mut lines: Vec<String> = self.area.lines().iter().take(line + 1).cloned().collect();
        if let Some(last) = lines.last_mut() {
            *last = last.chars().take(column).collect();
        }
        lines.join("\n")
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

    /// The text in one line, cleaned: the part that has the cursor in view in so many columns, and the cursor's column
    /// there.
    pub fn in_view(&self, columns: usize) -> (String, usize) {
        let (lines, (at_line, at_char)) = (self.area.lines(), (self.area.cursor().0, self.area.cursor().1));
        let line = lines.iter().map(|line| text::clean(line)).collect::<Vec<_>>().join(LINE_END);
        let above: usize = lines
            .iter()
            .take(at_line)
            .map(|line| text::width(&text::clean(line)) + text::width(LINE_END))
            .sum();
        let written = lines.get(at_line).map_or("", |line| line);
        let at = written.char_indices().nth(at_char).map_or(written.len(), |(at, _)| at);
        // Within a letter of several characters the cursor stands before it.
        let head = written.get(..text::whole(written, at)).unwrap_or_default();
        let column = above + text::width(&text::clean(head));
        let over = (column + 1).saturating_sub(columns.max(1));
        let (at, left) = text::past(&line, over);
        (line.get(at..).unwrap_or_default().to_string(), column.saturating_sub(left))
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
