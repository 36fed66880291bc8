//! All that a command says it will run and touch: what a shell would run of its line, what stands behind a program that runs
//! others, and the files that are opened beside.
//!
//! Tools, policy and screen share this one reading, so that what is shown, what is judged and what runs cannot differ.

use crate::domain::argv::{Argv, quoted};
use crate::domain::command_part::{CommandPart, PartDoes};
use crate::domain::lexical::{Placed, absolute, place};
use crate::domain::shell::{Does, How, Reading, Word};
use crate::domain::tool_spec::Touch;
use std::collections::HashSet;

/// Commands within commands are looked into so far.
const DEPTH_MAX: u8 = 5;
/// Commands say no more than so many further touches that are looked at.
const TOUCHES_MAX: usize = 256;

/// One thing touched, and how far its text is understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// What is touched.
    pub touch: Touch,
    /// Why no rule may allow it by what it says of itself; none where one may.
    pub doubt: Option<String>,
    /// Whether it is a line for a shell that is understood: then what it runs is judged in its place, part by part.
    pub by_parts: bool,
    /// Whether a shell reads it.
    pub shell: bool,
}

/// These touches, each command followed by all that it says it runs and opens. What cannot be followed to its end is in
/// doubt. `cwd` is the folder of the command, taken from the workspace.
pub fn reached(touches: &[Touch], workspace: &str, cwd: &str) -> Vec<Reached> {
    let cwd = absolute(workspace, cwd).unwrap_or_default();
    let most = touches.len() + TOUCHES_MAX;
    let mut reach =
        Reach { workspace, cwd: &cwd, found: Vec::new(), known: HashSet::new(), most, is_over: false };
    touches.iter().for_each(|touch| reach.add(touch.clone(), 0));
    if reach.is_over {
        let why = format!("it runs and opens more than {TOUCHES_MAX} things");
        for found in reach.found.iter_mut().filter(|found| matches!(found.touch, Touch::Command { .. })) {
            found.doubt.get_or_insert_with(|| why.clone());
            found.by_parts = false;
        }
    }
    reach.found
}

struct Reach<'a> {
    workspace: &'a str,
    cwd: &'a str,
    found: Vec<Reached>,
    known: HashSet<Touch>,
    most: usize,
    is_over: bool,
}

impl Reach<'_> {
    fn add(&mut self, touch: Touch, depth: u8) {
        if self.known.contains(&touch) {
            return;
        }
        // What a tool itself says is all looked at.
        if depth > 0 && self.found.len() >= self.most {
            self.is_over = true;
            return;
        }
        self.known.insert(touch.clone());
        let mut reached = Reached { touch: touch.clone(), doubt: None, by_parts: false, shell: false };
        let Touch::Command { argv: words } = &touch else {
            self.found.push(reached);
            return;
        };
        let argv = Argv::new(words);
        let line = argv.shell_line().map(|(line, whole)| (Reading::of(line), whole));
        let behind = argv.behind();
        reached.shell = argv.via_shell();
        reached.doubt = match &line {
            _ if depth >= DEPTH_MAX && (line.is_some() || !behind.is_empty()) => {
                Some("commands stand too deep in others".to_string())
            }
            Some((reading, _)) if !reading.understood() => {
                reading.gaps.first().map(|gap| format!("a shell reads it, and {gap}"))
            }
            Some((_, false)) => Some("a shell reads it, with more than a line".to_string()),
            Some((_, true)) => None,
            None if reached.shell => Some("a shell reads it".to_string()),
            None => argv.wraps(),
        };
        reached.by_parts = line.is_some() && reached.doubt.is_none();
        self.found.push(reached);
        if depth >= DEPTH_MAX {
            return;
        }
        for argv in behind {
            self.add(Touch::Command { argv }, depth + 1);
        }
        for part in line.into_iter().flat_map(|(reading, _)| reading.parts) {
            self.part(part.does, depth + 1);
        }
    }

    fn part(&mut self, does: Does, depth: u8) {
        match does {
            Does::Runs(words) => {
                // Who runs is not known where the first word is not; the line is in doubt for it.
                if words.first().and_then(Word::known).is_some() {
                    let argv = words.iter().map(|word| word.text().to_string()).collect();
                    self.add(Touch::Command { argv }, depth);
                }
            }
            Does::Opens(how, path) => {
                let Some(path) = path.known().map(|path| self.named(path)) else { return };
                if matches!(how, How::Read | How::Both) {
                    self.add(Touch::Read { path: path.clone() }, depth);
                }
                if how != How::Read {
                    self.add(Touch::Write { path }, depth);
                }
            }
        }
    }

    /// A path as touches name it.
    fn named(&self, path: &str) -> String {
        let full = absolute(self.cwd, path).unwrap_or_default();
        match place(self.workspace, &full) {
            Placed::Inside(path) | Placed::Outside(path) => path,
            Placed::Nowhere => path.to_string(),
        }
    }
}

/// What a command runs and opens, for a person: nothing where it is one program that runs no other.
pub fn shown(words: &[String]) -> Vec<CommandPart> {
    let mut parts = Vec::new();
    show(words, 0, &mut parts);
    parts
}

fn show(words: &[String], depth: u8, parts: &mut Vec<CommandPart>) {
    let mut say = |does, text: String, depth| {
        if parts.len() < TOUCHES_MAX {
            parts.push(CommandPart { does, text, depth });
        }
    };
    let argv = Argv::new(words);
    let behind = argv.behind();
    let line = argv.shell_line();
    if depth >= DEPTH_MAX {
        if line.is_some() || !behind.is_empty() {
            say(PartDoes::Unclear, "commands stand too deep in others".to_string(), depth);
        }
        return;
    }
    let Some((line, whole)) = line else {
        if let Some(why) = argv.wraps().filter(|_| behind.is_empty()) {
            say(PartDoes::Unclear, why, depth);
        }
        for inner in behind {
            parts.push(CommandPart { does: PartDoes::Runs, text: Argv::new(&inner).line(), depth });
            show(&inner, depth + 1, parts);
        }
        return;
    };
    let reading = Reading::of(line);
    if !whole {
        say(PartDoes::Unclear, format!("{} is told more than a line", argv.program()), depth);
    }
    for gap in &reading.gaps {
        say(PartDoes::Unclear, gap.to_string(), depth);
    }
    for part in reading.parts {
        let depth = depth.saturating_add(part.depth);
        match part.does {
            Does::Runs(words) => {
                let text: Vec<String> = words.iter().map(written).collect();
                parts.push(CommandPart { does: PartDoes::Runs, text: text.join(" "), depth });
                let words: Vec<String> = words.iter().map(|word| word.text().to_string()).collect();
                show(&words, depth + 1, parts);
            }
            Does::Opens(how, path) => {
                let does = match how {
                    How::Read => PartDoes::Reads,
                    How::Write | How::Both => PartDoes::Writes,
                    How::Append => PartDoes::Appends,
                };
                parts.push(CommandPart { does, text: written(&path), depth });
            }
        }
    }
}

fn written(word: &Word) -> String {
    match word {
        Word::Known(text) => quoted(text),
        Word::Unknown(text) => text.clone(),
    }
}
