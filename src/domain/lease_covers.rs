//! Whether a lease's pattern covers a call, and if not, why: where it is not sure it says no, which asks.
//!
//! What may be wider than one value is little: the file that a call changes, where the preview shows that no link leads
//! elsewhere; the words of a command after the first ones, where nothing hides another command behind them; and what
//! touches nothing. Everything else is exact.

use crate::domain::argv::Argv;
use crate::domain::call::{Call, Preview};
use crate::domain::canon::canonical;
use crate::domain::lease_pattern::{Line, Pattern, Want, hash_of, plain};
use crate::domain::lexical::{Placed, absolute, below, place};
use crate::domain::secrets::handles;
use crate::domain::tool_spec::Touch;
use serde_json::Value;

/// A call as a lease looks at it.
#[derive(Clone, Copy, Debug)]
pub struct Deed<'a> {
    /// The arguments.
    pub args: &'a Value,
    /// What it touches, as judged.
    pub touches: &'a [Touch],
    /// What a person would be shown of it.
    pub lands: Lands<'a>,
    /// Whether it can destroy what was there.
    pub destroys: bool,
    /// The folder of the session.
    pub workspace: &'a str,
}

/// Where a call's change lands, as its preview tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lands<'a> {
    /// It does not tell.
    Untold,
    /// In this file, links looked through.
    In(&'a str),
    /// Nowhere: it would fail.
    Fails,
}

impl<'a> Lands<'a> {
    /// What a preview tells.
    pub fn of(preview: &'a Preview) -> Lands<'a> {
        match preview {
            Preview::Change { path, .. } => Lands::In(path),
            Preview::WouldFail { .. } => Lands::Fails,
            Preview::None | Preview::Command { .. } | Preview::Request { .. } => Lands::Untold,
        }
    }
}

impl<'a> Deed<'a> {
    /// A call as it was judged last; none where it has no arguments.
    pub fn of(call: &'a Call, workspace: &'a str) -> Option<Deed<'a>> {
        Some(Deed {
            args: call.args()?,
            touches: &call.touches,
            lands: Lands::of(&call.preview),
            destroys: call.destroys,
            workspace,
        })
    }

    /// Why no lease covers it, whatever its pattern; none where one may.
    pub fn never(&self) -> Option<String> {
        if self.destroys {
            return Some("it can destroy what was there, which is asked about each time".to_string());
        }
        if !handles(&canonical(self.args)).is_empty() {
            return Some("it uses a secret, which is asked about each time".to_string());
        }
        if self.lands == Lands::Fails {
            return Some("it would fail as things stand".to_string());
        }
        let out = |path: &str| !matches!(place(self.workspace, path), Placed::Inside(_));
        self.touches.iter().find_map(|touch| match touch {
            Touch::Read { path } | Touch::Write { path } if out(path) => {
                Some(format!("{path:?} is outside of the workspace"))
            }
            Touch::Write { path } if self.lands != Lands::In(path) => {
                Some(format!("nothing shows that {path:?} is the file itself and not reached by a link"))
            }
            Touch::Read { .. } | Touch::Write { .. } | Touch::Command { .. } | Touch::Host { .. } => None,
        })
    }
}

impl Pattern {
    /// Why it does not cover a call below `root`, an absolute folder; none where it does.
    pub fn misses(&self, deed: &Deed<'_>, root: &str) -> Option<String> {
        self.held(deed, root).err()
    }

    fn held(&self, deed: &Deed<'_>, root: &str) -> Result<(), String> {
        deed.never().map_or(Ok(()), Err)?;
        let args = deed.args.as_object().ok_or("its arguments are no object")?;
        if let Some(name) = args.keys().find(|name| !self.lines.iter().any(|line| line.name == **name)) {
            return Err(format!("it has an argument more: {name}"));
        }
        self.within(deed, root)?;
        self.may_be_wide(deed)?;
        for line in &self.lines {
            match args.get(&line.name) {
                Some(value) => fits(line, value, deed)?,
                None if line.want == Want::Any => {}
                None => return Err(format!("it has no argument {}", line.name)),
            }
        }
        Ok(())
    }

    /// Whatever it touches of files lies below the root.
    fn within(&self, deed: &Deed<'_>, root: &str) -> Result<(), String> {
        for touch in deed.touches {
            if let Touch::Read { path } | Touch::Write { path } = touch {
                let full = absolute(deed.workspace, path);
                if full.and_then(|full| below(&full, root)).is_none() {
                    return Err(format!("{path:?} is not below {root}"));
                }
            }
        }
        Ok(())
    }

    /// Whether it may be wider than one call here: only what changes a file, or runs a command, and reaches no host.
    fn may_be_wide(&self, deed: &Deed<'_>) -> Result<(), String> {
        if self.is_exact() {
            return Ok(());
        }
        let (mut wide, mut host) = (false, false);
        for touch in deed.touches {
            match touch {
                Touch::Write { .. } | Touch::Command { .. } => wide = true,
                Touch::Host { .. } => host = true,
                Touch::Read { .. } => {}
            }
        }
        match (wide, host) {
            (true, false) => Ok(()),
            (_, true) => Err("it reaches a host: each argument must be exact".to_string()),
            (false, false) => {
                Err("it neither changes a file nor runs a command: each argument must be exact".to_string())
            }
        }?;
        for touch in deed.touches {
            if let Touch::Command { argv } = touch {
                self.pins(deed, argv)?;
            }
        }
        Ok(())
    }

    /// A command is told by one argument, and that one is not `any`.
    fn pins(&self, deed: &Deed<'_>, argv: &[String]) -> Result<(), String> {
        let told = |line: &&Line| deed.args.get(&line.name).is_some_and(|value| tells(value, argv));
        match self.lines.iter().find(told).map(|line| &line.want) {
            Some(Want::Is(_) | Want::Hash(_) | Want::Starts(_)) => Ok(()),
            Some(Want::Any | Want::Below(_)) | None => {
                Err("what it runs must be told: by `is`, `hash` or `starts`".to_string())
            }
        }
    }
}

/// Whether an argument is what a command is made of: its words, or its line.
fn tells(value: &Value, argv: &[String]) -> bool {
    match value {
        Value::Array(items) => {
            items.len() == argv.len()
                && items.iter().zip(argv).all(|(item, word)| item.as_str() == Some(word))
        }
        Value::String(line) => argv.last() == Some(line),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

fn fits(line: &Line, value: &Value, deed: &Deed<'_>) -> Result<(), String> {
    let name = &line.name;
    match &line.want {
        Want::Is(wanted) if canonical(wanted) == canonical(value) => Ok(()),
        Want::Hash(hash) if *hash == hash_of(value) => Ok(()),
        Want::Is(_) | Want::Hash(_) => Err(format!("{name} is another than the one that is covered")),
        Want::Starts(words) => starts(name, words, value, deed),
        Want::Below(folder) => lies_below(name, folder, value, deed),
        Want::Any => match touched(value, deed) {
            Some(what) => Err(format!("{name} names what it touches ({what}) and must be told")),
            None => Ok(()),
        },
    }
}

/// The path of a file that the call changes, below a folder; names with a dot before them are no part of that.
fn lies_below(name: &str, folder: &str, value: &Value, deed: &Deed<'_>) -> Result<(), String> {
    let path = value.as_str().ok_or_else(|| format!("{name} is no path"))?;
    if !plain(path) {
        return Err(format!("{name} has characters that hide or pretend"));
    }
    if path.split('/').any(|part| part == "..") {
        return Err(format!("{name} goes up with `..`"));
    }
    let Placed::Inside(inside) = place(deed.workspace, path) else {
        return Err(format!("{name} is outside of the workspace"));
    };
    let Some(rest) = below(&format!("/{inside}"), &format!("/{folder}")) else {
        return Err(format!("{name} is not below {folder}"));
    };
    if rest.split('/').any(|part| part.starts_with('.')) {
        return Err(format!("{name} has a hidden name below {folder}"));
    }
    let changes = |touch: &Touch| matches!(touch, Touch::Write { path } if *path == inside);
    match deed.touches.iter().any(changes) {
        true => Ok(()),
        false => Err(format!("{name} is not the file that it changes")),
    }
}

/// The words of a command: the first ones as told, the others such that they lead nowhere else.
fn starts(name: &str, words: &[String], value: &Value, deed: &Deed<'_>) -> Result<(), String> {
    let argv = deed.touches.iter().find_map(|touch| match touch {
        Touch::Command { argv } if value.is_array() && tells(value, argv) => Some(argv),
        Touch::Command { .. } | Touch::Read { .. } | Touch::Write { .. } | Touch::Host { .. } => None,
    });
    let argv = argv.ok_or_else(|| format!("{name} is not the words of the command that it runs"))?;
    let Some(more) = argv.strip_prefix(words) else {
        return Err(format!("{name} does not begin with these words"));
    };
    if let Some(why) = Argv::new(argv).wraps() {
        return Err(format!("{why}: only the exact command is covered"));
    }
    match more.iter().find(|word| !stays(word)) {
        Some(word) => Err(format!("{word:?} may lead out of the workspace, or hides something")),
        None => Ok(()),
    }
}

/// Whether a word of a command names nothing outside of its folder, as far as a word can tell.
fn stays(word: &str) -> bool {
    if word.is_empty() {
        return true;
    }
    let is_option = word.starts_with('-') && !word.starts_with("--");
    let mut before = None;
    for c in word.chars() {
        let in_name = |c: char| c.is_alphanumeric() || "_-.+".contains(c);
        if c == '/' && (is_option || !before.is_some_and(in_name))
            || c == '~' && before.is_none_or(|c| !in_name(c))
        {
            return false;
        }
        before = Some(c);
    }
    plain(word) && !word.contains("..")
}

/// What a value names of the things that the call touches.
fn touched(value: &Value, deed: &Deed<'_>) -> Option<String> {
    match value {
        Value::String(text) => {
            let named = match place(deed.workspace, text) {
                Placed::Inside(path) | Placed::Outside(path) => Some(path),
                Placed::Nowhere => None,
            };
            let is_it = |touch: &&Touch| match touch {
                Touch::Read { path } | Touch::Write { path } => path == text || named.as_ref() == Some(path),
                Touch::Command { argv } => argv.contains(text),
                Touch::Host { .. } => true,
            };
            deed.touches.iter().find(is_it).map(Touch::line)
        }
        Value::Array(items) => items.iter().find_map(|item| touched(item, deed)),
        Value::Object(members) => members.values().find_map(|member| touched(member, deed)),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}
