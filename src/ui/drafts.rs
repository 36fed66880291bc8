//! What is arriving and not in the log yet: the reply being written, the output of running calls.

use std::collections::BTreeMap;

use crate::domain::ids::CallId;
use crate::domain::message::Draft;

/// Bytes of a running call's output that are kept for the screen; the log has the rest when it ends.
pub const OUTPUT_BYTES_MAX: usize = 64 * 1024;

/// A call that the model is still writing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DraftCall {
    /// The tool, empty until known.
    pub tool: String,
    /// Bytes of arguments so far.
    pub bytes: usize,
}

/// What is arriving and not in the log yet. Void as soon as the fact itself is there.
#[derive(Clone, Debug, Default)]
pub struct Drafts {
    /// Counts up whenever text and reasoning start anew, so that whoever laid them out knows.
    pub turn: u64,
    /// The reply's text so far.
    pub text: String,
    /// The reasoning so far.
    pub reasoning: String,
    /// The calls being written, by their place in the reply.
    pub calls: BTreeMap<usize, DraftCall>,
    /// The end of the output of running calls.
    pub outputs: BTreeMap<CallId, String>,
}

impl Drafts {
    /// Takes in one part.
    pub fn add(&mut self, draft: &Draft) {
        match draft {
            Draft::Text(text) => self.text.push_str(text),
            Draft::Reasoning(text) => self.reasoning.push_str(text),
            Draft::Call { index, tool, bytes } => {
                self.calls.insert(*index, DraftCall { tool: tool.clone(), bytes: *bytes });
            }
            Draft::Output { call, text } => {
                let kept = self.outputs.entry(*call).or_default();
                kept.push_str(text);
                if kept.len() > OUTPUT_BYTES_MAX {
                    let cut = kept.ceil_char_boundary(kept.len() - OUTPUT_BYTES_MAX / 2);
                    kept.drain(..cut);
                }
            }
            Draft::Again => self.new_turn(),
        }
    }

    /// Forgets the turn: it is in the log now, or starts anew.
    pub fn new_turn(&mut self) {
        self.turn += 1;
        self.text.clear();
        self.reasoning.clear();
        self.calls.clear();
    }

    /// Whether anything of a reply has arrived.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.reasoning.is_empty() && self.calls.is_empty()
    }
}
