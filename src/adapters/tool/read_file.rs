//! `read_file`: lines of a text file, numbered.

use super::args::{count, declare, length, path, path_schema};
use super::bounds::Bounds;
use super::place::{Said, Workspace, said};
use super::{Halt, TEXT_MAX, work};
use crate::domain::call::Preview;
use crate::domain::sandbox::Walls;
use crate::domain::secrets::handle;
use crate::domain::secrets_keys::{KEY, KeyLines};
use crate::domain::tool_spec::{Effect, ToolSpec, Touch};
use crate::ports::Later;
use crate::ports::tool::{Cleared, Returned, Tool, runs_nothing};
use serde_json::{Value, json};
use std::fmt::Write;
use std::io::{self, BufRead, BufReader};

/// The most lines in one answer.
const LINES_MAX: usize = 2000;
/// The most characters of one line.
const LINE_MAX: usize = 2000;
/// So much of a line tells whether it is a part of a private key.
const KEY_MARK_MAX: usize = 256;
/// How far the rest of a file is read, only to tell how many lines it has.
const COUNT_MAX: u64 = 64 * 1024 * 1024;

/// The tool.
pub(super) struct ReadFile {
    workspace: Workspace,
    spec: ToolSpec,
}

impl ReadFile {
    /// The tool on a workspace.
    pub(super) fn new(workspace: Workspace) -> ReadFile {
        let spec = declare(
            ("read_file", Effect::ReadOnly, false),
            "Reads a text file of the workspace. Each line comes with its number and a tab, which are not part of the \
             file. At most 2000 lines at a time; for more, ask again with from_line. Lines longer than 2000 characters \
             are cut. Binary files are not shown.",
            &["path"],
            json!({
                "path": path_schema("The file"),
                "from_line": {
                    "type": "integer", "minimum": 1, "maximum": 1_000_000_000,
                    "description": "The first line, counted from 1. Default 1.",
                },
                "lines": {
                    "type": "integer", "minimum": 1, "maximum": LINES_MAX,
                    "description": "How many lines. Default 2000.",
                },
            }),
        );
        ReadFile { workspace, spec }
    }
}

impl Tool for ReadFile {
    fn spec(&self) -> ToolSpec {
        self.spec.clone()
    }

    fn touches(&self, args: &Value) -> Vec<Touch> {
        self.workspace.touched(path(args)).into_iter().map(|path| Touch::Read { path }).collect()
    }

    fn preview<'a>(&'a self, _: &'a Value) -> Later<'a, Preview> {
        Box::pin(async { Preview::None })
    }

    fn walls(&self) -> Later<'_, Option<Walls>> {
        runs_nothing()
    }

    fn run(&self, call: Cleared) -> Later<'_, Returned> {
        let (workspace, bounds) = (self.workspace.clone(), Bounds::of(&call));
        let args = call.args;
        work(call.stop, move |halt| match read(&workspace, &args, &bounds, halt) {
            Ok(text) => Returned::ok(text),
            Err(why) => Returned::error(why),
        })
    }
}

fn read(workspace: &Workspace, args: &Value, bounds: &Bounds, halt: &Halt) -> Said<String> {
    let inside = workspace.inside(path(args))?;
    let file = workspace.file(&inside)?;
    bounds.opened(workspace, &file, &inside)?;
    let size = file.metadata().map_err(|error| said(&inside, &error))?.len();
    let mut reader = BufReader::with_capacity(64 * 1024, file);
    let start = reader.fill_buf().map_err(|error| said(&inside, &error))?;
    if start.iter().take(8192).any(|byte| *byte == 0) {
        return Ok(format!("[{inside} is a binary file of {size} bytes: not shown]"));
    }
    let from = count(args, "from_line", 1).max(1);
    let want = length(args, "lines", LINES_MAX).min(LINES_MAX);
    let mut view = View::default();
    let problem = |error: io::Error| said(&inside, &error);
    for _ in 1..from {
        if halt.asked() {
            return Err(format!("stopped while reading {inside}"));
        }
        let Some(line) = next_line(&mut reader, KEY_MARK_MAX).map_err(problem)? else { break };
        view.in_key = view.keys.holds(&String::from_utf8_lossy(&line.kept));
        view.before += 1;
    }
    while view.shown < want && view.text.len() < TEXT_MAX && !halt.asked() {
        match next_line(&mut reader, LINE_MAX * 4).map_err(problem)? {
            Some(line) => view.add(&line),
            None => break,
        }
    }
    let (rest, all) = rest(&mut reader, halt).map_err(problem)?;
    view.finish(&inside, from, rest, all)
}

/// One line: what was kept of it, and how many bytes were not.
struct Line {
    kept: Vec<u8>,
    dropped: u64,
}

/// The next line without its end; keeps `keep` bytes of it, so that a line of any length fits in memory.
fn next_line(reader: &mut impl BufRead, keep: usize) -> io::Result<Option<Line>> {
    let mut line = Line { kept: Vec::new(), dropped: 0 };
    let mut any = false;
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(any.then_some(line));
        }
        any = true;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let part = &buffer[..end.unwrap_or(buffer.len())];
        let fits = part.len().min(keep.saturating_sub(line.kept.len()));
        line.kept.extend_from_slice(&part[..fits]);
        line.dropped += (part.len() - fits) as u64;
        let used = part.len() + usize::from(end.is_some());
        reader.consume(used);
        if end.is_some() {
            return Ok(Some(line));
        }
    }
}

/// How many lines are left, and whether they were all counted.
fn rest(reader: &mut impl BufRead, halt: &Halt) -> io::Result<(u64, bool)> {
    let (mut lines, mut bytes, mut open) = (0, 0, false);
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok((lines + u64::from(open), true));
        }
        if bytes > COUNT_MAX || halt.asked() {
            return Ok((lines.max(1), false));
        }
        lines += buffer.iter().filter(|byte| **byte == b'\n').count() as u64;
        open = buffer.last() != Some(&b'\n');
        let used = buffer.len();
        bytes += used as u64;
        reader.consume(used);
    }
}

/// The answer as it grows.
#[derive(Default)]
struct View {
    text: String,
    before: u64,
    shown: usize,
    cut: usize,
    lossy: bool,
    returns: bool,
    keys: KeyLines,
    /// Whether the lines so far lie in a private key that began before the first one told.
    in_key: bool,
}

impl View {
    fn add(&mut self, line: &Line) {
        self.shown += 1;
        let number = self.before + self.shown as u64;
        let bytes = match line.kept.strip_suffix(b"\r") {
            Some(bytes) if line.dropped == 0 => {
                self.returns = true;
                bytes
            }
            Some(_) | None => &line.kept,
        };
        let text = String::from_utf8_lossy(bytes);
        // The cut of the bytes may have gone through a character: that one is not the file's fault.
        self.lossy |=
            std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_some() || line.dropped == 0);
        let end = text.char_indices().nth(LINE_MAX).map_or(text.len(), |(at, _)| at);
        let shown = text.get(..end).unwrap_or(&text);
        let left_out = (text.len() - end) as u64 + line.dropped;
        // Without its beginning nobody could tell that it is a part of a key.
        self.in_key &= self.keys.holds(&text);
        let shown = if self.in_key { handle(KEY, None) } else { shown.to_string() };
        let _ = write!(self.text, "{number:>6}\t{shown}"); // a String takes all
        if left_out > 0 {
            self.cut += 1;
            let _ = write!(self.text, " [… {left_out} bytes of this line left out]");
        }
        self.text.push('\n');
    }

    fn finish(mut self, inside: &str, from: u64, rest: u64, all: bool) -> Said<String> {
        let last = self.before + self.shown as u64;
        if self.shown == 0 && from > 1 {
            return Err(format!("{inside} has {last} lines: from_line {from} is past its end"));
        }
        if self.shown == 0 {
            return Ok(format!("[{inside} is empty]"));
        }
        if rest > 0 {
            let more = if all { "" } else { "more than " };
            let total = last + rest;
            let next = last + 1;
            let _ = writeln!(
                self.text,
                "[lines {}-{last} of {more}{total}; go on with from_line {next}]",
                self.before + 1
            );
        }
        if self.cut > 0 {
            let _ = writeln!(self.text, "[{} long lines were cut]", self.cut);
        }
        if self.returns {
            self.text.push_str("[lines end with CR LF]\n");
        }
        if self.lossy {
            self.text.push_str("[not UTF-8: bytes that are no text are shown as \u{fffd}]\n");
        }
        Ok(self.text)
    }
}
