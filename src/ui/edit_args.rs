//! The arguments of a waiting call, or of a call of a fork that is to be made, being changed: read as JSON after every key,
//! and held against the tool's schema.

use serde_json::Value;

use crate::domain::call::Call;
use crate::domain::hash::Hash;
use crate::domain::ids::CallId;
use crate::domain::schema::Schema;
use crate::domain::time::Micros;
use crate::domain::tool_spec::ToolBook;
use crate::ui::edit::{Laid, TextBox};
use crate::ui::edit_json;
use crate::ui::forking::ForkPoint;
use crate::ui::key::Key;

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
    /// Since when the editor is open.
    pub opened_at: Micros,
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
        Some(ArgEditor::on((call.id, &call.tool, call.args()?), call.hash?, tools))
    }

    /// An editor on the arguments of a call (and its tool) as a fork is to have them.
    pub fn of_fork(call: (CallId, &str, &Value), tools: &ToolBook, from: ForkPoint) -> ArgEditor {
        ArgEditor { fork: Some(from), ..ArgEditor::on(call, Hash::ZERO, tools) }
    }

    fn on((call, tool, args): (CallId, &str, &Value), hash: Hash, tools: &ToolBook) -> ArgEditor {
        let proposal = args.clone();
        let mut text = TextBox::raw(&edit_json::open(&proposal));
        if edit_json::read(&text.text()).as_ref() != Some(&proposal) {
            text = TextBox::raw(&edit_json::open_ascii(&proposal));
        }
        text.to_top();
        let mut editor = ArgEditor {
            call,
            hash,
            tool: tool.to_string(),
            proposal,
            text,
            faults: Vec::new(),
            value: None,
            difference: false,
            fork: None,
            opened_at: Micros(0),
            layouts: 0,
            laid: None,
            schema: tools.get(tool).map(|spec| spec.schema.clone()),
        };
        editor.check();
        editor
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

    /// Takes a pasted text: within quotes, what does not stand for itself in JSON is written so that it does.
    pub fn paste(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        self.text.insert(&edit_json::pasted(&self.text.before(), &text));
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
                    let why =
                        format!("{written} is more exact than numbers are kept: it would run as {kept}");
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
