//! A lease being written: its terms as text, read and held against the waiting call after every key.

use crate::domain::call::Call;
use crate::domain::decide_lease::{misfit, never};
use crate::domain::hash::Hash;
use crate::domain::lease_terms::Terms;
use crate::domain::lease_trial::Tried;
use crate::ui::edit::TextBox;
use crate::ui::key::Key;

/// Something that keeps the lease from being granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bad {
    /// The line of the text, from 0; none where it is about all of it.
    pub line: Option<usize>,
    /// What is wrong.
    pub why: String,
}

/// A lease for a waiting call, being written.
#[derive(Clone, Debug)]
pub struct Leasing {
    /// The call, as it was shown when this was opened.
    pub call: Call,
    /// Its action then.
    pub hash: Hash,
    /// The folder of its session.
    pub workspace: String,
    /// The terms, as text.
    pub text: TextBox,
    /// The terms as read; else why they cannot be granted.
    pub terms: Result<Terms, Bad>,
    /// The terms that were tried on past sessions last, or are being.
    pub asked: Option<Terms>,
    /// What they would have allowed, or why nobody can tell; none while it is being read.
    pub tried: Option<Result<Tried, String>>,
    /// The terms that it was opened with.
    narrow: Terms,
}

impl Leasing {
    /// Opens it on a waiting call, as narrow as can be; else why no lease can be given for it.
    pub fn open(call: &Call, workspace: &str) -> Result<Leasing, String> {
        if let Some(why) = never(workspace, call) {
            return Err(why);
        }
        let narrow = call.args().and_then(Terms::narrow).zip(call.hash);
        let (narrow, hash) = narrow.ok_or("its arguments are no object")?;
        let mut text = TextBox::raw(&narrow.to_string());
        text.to_top();
        let (call, workspace) = (call.clone(), workspace.to_string());
        let terms = Ok(narrow.clone());
        let mut leasing = Leasing { call, hash, workspace, text, terms, asked: None, tried: None, narrow };
        leasing.check();
        Ok(leasing)
    }

    /// Takes a key into the text.
    pub fn key(&mut self, key: Key) {
        if self.text.key(key) {
            self.check();
        }
    }

    /// Takes a pasted text.
    pub fn paste(&mut self, text: &str) {
        self.text.insert(text);
        self.check();
    }

    /// A line more, or the cursor in the next one.
    pub fn newline(&mut self) {
        self.text.newline();
        self.check();
    }

    /// Whether the terms are others than those it was opened with.
    pub fn is_changed(&self) -> bool {
        self.terms.as_ref() != Ok(&self.narrow)
    }

    /// Puts the cursor into the first line that is wrong.
    pub fn to_fault(&mut self) {
        if let Err(Bad { line: Some(line), .. }) = &self.terms {
            self.text.jump(*line, 0);
        }
    }

    fn check(&mut self) {
        self.terms = match Terms::parse(&self.text.text()) {
            Err(faults) => {
                let first = faults.into_iter().next();
                let (line, why) = first.map_or((None, String::new()), |bad| (Some(bad.line), bad.why));
                Err(Bad { line, why })
            }
            Ok(terms) => match misfit(&self.workspace, &self.call, &terms) {
                Some(why) => {
                    Err(Bad { line: None, why: format!("it would not cover this very call: {why}") })
                }
                None => Ok(terms),
            },
        };
    }
}
