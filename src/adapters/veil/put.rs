//! A call with what its handles stand for.

use crate::domain::secrets::{changed, handles_in, kind_of};
use crate::domain::secrets_use::{Used, taken_out};
use crate::ports::veil::{Unknown, Veil};
use serde_json::Value;
use std::borrow::Cow;

/// So many handles of a call are described; of the rest the number is told.
const TOLD_MAX: usize = 8;

/// Arguments as they would run.
pub(super) struct Put<'a> {
    pub(super) args: Cow<'a, Value>,
    /// What was put in.
    pub(super) used: Vec<Used>,
    /// Each of them in words.
    told: Vec<String>,
}

/// Why nothing can be put in.
pub(super) enum Kept {
    /// It is not known.
    Unknown(Unknown),
    /// It stands in the name of a field.
    Name(String),
}

impl Kept {
    /// In a sentence.
    pub(super) fn sentence(&self) -> String {
        match self {
            Kept::Unknown(unknown) => format!("{unknown}. Nothing was run."),
            Kept::Name(handle) => {
                format!("{handle} is the name of an argument: nothing is put back there. Nothing was run.")
            }
        }
    }

    /// The handle.
    pub(super) fn handle(&self) -> &str {
        match self {
            Kept::Unknown(unknown) => &unknown.handle,
            Kept::Name(handle) => handle,
        }
    }
}

impl<'a> Put<'a> {
    /// What stands in the values of arguments is put in.
    pub(super) fn of(veil: &dyn Veil, args: &'a Value) -> Result<Put<'a>, Kept> {
        let (handles, names) = handles_in(args);
        if let Some(name) = names.into_iter().next() {
            return Err(Kept::Name(name));
        }
        let (mut used, mut told) = (Vec::with_capacity(handles.len()), Vec::new());
        for handle in handles {
            let secret = veil.secret(&handle).map_err(Kept::Unknown)?;
            if told.len() < TOLD_MAX {
                let kind = if secret.named { "named by you" } else { kind_of(&handle) };
                let (len, from) = (secret.value.chars().count(), &secret.from);
                told.push(format!("{handle} ({kind}, {len} characters, from {from})"));
            }
            used.push(Used { handle, value: secret.value, named: secret.named });
        }
        if used.is_empty() {
            return Ok(Put { args: Cow::Borrowed(args), used, told });
        }
        let made = changed(args, &mut |text| veil.reveal(text)).map_err(Kept::Unknown)?;
        Ok(Put { args: made.map_or(Cow::Borrowed(args), Cow::Owned), used, told })
    }

    /// A text with it taken out again.
    pub(super) fn out(&self, text: &str) -> String {
        taken_out(text, &self.used)
    }

    /// What is put in, for an operator.
    pub(super) fn words(&self) -> String {
        let more = self.used.len() - self.told.len();
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        format!("{}{more}", self.told.join(", "))
    }
}
