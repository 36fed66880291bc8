//! `search`: a pattern in the files of the workspace, with ripgrep's own parts.
//!
//! The walk only finds names; each file is opened through the workspace's handle, so what a link or a race leads to
//! outside is not read.

use super::args::{cut, declare, given, length, on, one_line, path, path_schema, text};
use super::bounds::{Bounds, met};
use super::place::{Said, Workspace};
use super::{Halt, TEXT_MAX, work};
use crate::domain::call::Preview;
use crate::domain::sandbox::Walls;
use crate::domain::secrets::handle;
use crate::domain::secrets_keys::{KEY, KeyLines, may_be_key};
use crate::domain::tool_spec::{Effect, ToolSpec, Touch};
use crate::ports::Later;
use crate::ports::tool::{Cleared, Returned, Tool, runs_nothing};
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use grep_searcher::{BinaryDetection, Searcher, SearcherBuilder, Sink, SinkContext, SinkFinish, SinkMatch};
use ignore::WalkBuilder;
use ignore::overrides::OverrideBuilder;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// The most matching lines.
const MATCHES_MAX: usize = 1000;
/// The most bytes of one line.
const LINE_MAX: usize = 500;
/// So much of a file is looked through for private keys where a line of it may be a part of one.
const KEYS_MAX: u64 = 16 * 1024 * 1024;
/// The most memory for one line while it is searched.
const HEAP_MAX: usize = 16 * 1024 * 1024;

/// The tool.
pub(super) struct Search {
    workspace: Workspace,
    spec: ToolSpec,
}

impl Search {
    /// The tool on a workspace.
    pub(super) fn new(workspace: Workspace) -> Search {
        let spec = declare(
            ("search", Effect::ReadOnly, false),
            "Searches the files of the workspace for a regular expression, line by line. Answers with path:line: text. \
             Files that .gitignore or .ignore name, binary files and `.git` are left out.",
            &["pattern"],
            json!({
                "pattern": {
                    "type": "string", "minLength": 1, "maxLength": 2000,
                    "description": "The regular expression, in Rust's syntax (no look-around, no back-references).",
                },
                "path": path_schema("The folder or file to search. Default: all of the workspace"),
                "glob": {
                    "type": "string", "minLength": 1, "maxLength": 500,
                    "description": "Only files of this form, such as *.rs or src/**/*.toml.",
                },
                "ignore_case": {"type": "boolean", "description": "Capitals and small letters are the same. Default false."},
                "context": {
                    "type": "integer", "minimum": 0, "maximum": 10,
                    "description": "Lines shown around each match. Default 0.",
                },
                "max": {
                    "type": "integer", "minimum": 1, "maximum": MATCHES_MAX,
                    "description": "The most matching lines. Default 200.",
                },
            }),
        );
        Search { workspace, spec }
    }
}

impl Tool for Search {
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
        work(call.stop, move |halt| match search(&workspace, &args, &bounds, halt) {
            Ok(text) => Returned::ok(text),
            Err(why) => Returned::error(why),
        })
    }
}

fn search(workspace: &Workspace, args: &Value, bounds: &Bounds, halt: &Halt) -> Said<String> {
    let inside = workspace.inside(path(args))?;
    let matcher = matcher(args)?;
    let mut hunt = Hunt {
        halt,
        bounds,
        searcher: SearcherBuilder::new()
            .line_number(true)
            .before_context(length(args, "context", 0))
            .after_context(length(args, "context", 0))
            .binary_detection(BinaryDetection::quit(0))
            .heap_limit(Some(HEAP_MAX))
            .build(),
        found: Found { text: String::new(), matches: 0, most: length(args, "max", 200), full: false },
        files: 0,
        skipped: Vec::new(),
        withheld: 0,
    };
    // Refuses what leads out before a walk begins.
    if workspace.is_folder(&inside)? {
        let place = bounds.opened(workspace, workspace.folder(&inside)?, &inside)?;
        hunt.walk(workspace, (&inside, &place), args, &matcher)?;
    } else {
        let place = bounds.opened(workspace, workspace.file(&inside)?, &inside)?;
        hunt.file(workspace, &inside, &place, &matcher);
    }
    if halt.asked() {
        return Err(format!("stopped after {} files", hunt.files));
    }
    Ok(hunt.finish(text(args, "pattern")))
}

fn matcher(args: &Value) -> Said<RegexMatcher> {
    let mut builder = RegexMatcherBuilder::new();
    builder.case_insensitive(on(args, "ignore_case")).line_terminator(Some(b'\n'));
    let bad = |error: grep_regex::Error| format!("pattern: not a regular expression: {error}");
    builder.build(text(args, "pattern")).map_err(bad)
}

struct Hunt<'a> {
    halt: &'a Halt,
    bounds: &'a Bounds,
    searcher: Searcher,
    found: Found,
    files: usize,
    skipped: Vec<String>,
    /// Files that a rule keeps from the call.
    withheld: usize,
}

impl Hunt<'_> {
    fn walk(
        &mut self,
        workspace: &Workspace,
        (inside, place): (&str, &str),
        args: &Value,
        matcher: &RegexMatcher,
    ) -> Said<()> {
        let root = Path::new(workspace.root());
        let mut walk = WalkBuilder::new(if inside == "." { root.to_path_buf() } else { root.join(inside) });
        // Hidden files are searched; ignore files count also where there is no repository; the user's own do not, so
        // that a search finds the same for everybody.
        walk.hidden(false).require_git(false).git_global(false).follow_links(false).same_file_system(true);
        walk.sort_by_file_path(|a, b| a.cmp(b));
        walk.filter_entry(|entry| entry.file_name() != ".git");
        if let Some(glob) = given(args, "glob") {
            let bad = |error: ignore::Error| format!("glob: {error}");
            let mut globs = OverrideBuilder::new(root);
            globs.add(glob).map_err(bad)?;
            walk.overrides(globs.build().map_err(bad)?);
        }
        for entry in walk.build() {
            if self.halt.asked() || self.found.full {
                break;
            }
            match entry {
                Ok(entry) if entry.file_type().is_some_and(|kind| kind.is_file()) => {
                    match entry.path().strip_prefix(root).ok().and_then(Path::to_str) {
                        Some(path) => {
                            let below = path.strip_prefix(inside).filter(|_| inside != ".").unwrap_or(path);
                            let lies = Path::new(place).join(below.trim_start_matches('/'));
                            let lies = lies.strip_prefix(".").unwrap_or(&lies).to_string_lossy();
                            self.file(workspace, path, &lies, matcher);
                        }
                        None => self.skip(format!("{}: its name is not UTF-8", entry.path().display())),
                    }
                }
                Ok(_) => {}
                Err(error) => self.skip(error.to_string()),
            }
        }
        Ok(())
    }

    /// Searches a file: as it is named, and where it must lie.
    fn file(&mut self, workspace: &Workspace, inside: &str, place: &str, matcher: &RegexMatcher) {
        if self.bounds.withholds(place) {
            self.withheld += 1;
            return;
        }
        self.files += 1;
        let path = one_line(inside.strip_prefix("./").unwrap_or(inside));
        let result = workspace.file(inside).and_then(|file| {
            met(workspace, &file, inside, place)?;
            let keys = Keys { workspace, inside, lines: None };
            let sink = Lines { path: &path, found: &mut self.found, halt: self.halt, kept: None, keys };
            let file = Watched { file, halt: self.halt };
            self.searcher.search_reader(matcher, file, sink).map_err(|error| format!("{path}: {error}"))
        });
        if let Err(why) = result {
            self.skip(why);
        }
    }

    fn skip(&mut self, why: String) {
        self.skipped.push(match self.skipped.len() {
            0..3 => one_line(&why),
            _ => String::new(),
        });
    }

    fn finish(self, pattern: &str) -> String {
        let mut text = self.found.text;
        if self.found.matches == 0 {
            let _ = writeln!(text, "[nothing matches {pattern} in {} files]", self.files);
        }
        if self.found.full {
            let _ = writeln!(
                text,
                "[stopped at {} matches: narrow the pattern, path or glob]",
                self.found.matches
            );
        }
        if self.withheld > 0 {
            let files = if self.withheld == 1 { "file" } else { "files" };
            let _ = writeln!(text, "[the policy keeps {} {files} from this call]", self.withheld);
        }
        if !self.skipped.is_empty() {
            let named: Vec<&str> =
                self.skipped.iter().map(String::as_str).filter(|why| !why.is_empty()).collect();
            let _ = writeln!(text, "[{} files not searched: {}]", self.skipped.len(), named.join("; "));
        }
        text
    }
}

/// A file that ends with an error once the call is to stop, however large it is.
struct Watched<'a> {
    file: File,
    halt: &'a Halt,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.halt.asked() {
            true => Err(io::Error::other("stopped")),
            false => self.file.read(buffer),
        }
    }
}

/// What was found in all files.
struct Found {
    text: String,
    matches: usize,
    most: usize,
    full: bool,
}

/// Takes the lines of one file.
struct Lines<'a> {
    path: &'a str,
    found: &'a mut Found,
    halt: &'a Halt,
    /// Where this file's lines begin, once there are any.
    kept: Option<(usize, usize)>,
    keys: Keys<'a>,
}

/// Which lines of a file are parts of private keys: looked up once one may be, for a line alone does not tell.
struct Keys<'a> {
    workspace: &'a Workspace,
    inside: &'a str,
    lines: Option<BTreeSet<u64>>,
}

impl Keys<'_> {
    fn hold(&mut self, number: u64, text: &str) -> bool {
        may_be_key(text)
            && self.lines.get_or_insert_with(|| Keys::look(self.workspace, self.inside)).contains(&number)
    }

    fn look(workspace: &Workspace, inside: &str) -> BTreeSet<u64> {
        let (mut keys, mut held) = (KeyLines::default(), BTreeSet::new());
        let Ok(file) = workspace.file(inside) else { return held };
        let mut reader = BufReader::new(file).take(KEYS_MAX);
        let (mut line, mut number) = (Vec::new(), 0);
        while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            number += 1;
            let start = line.get(..line.len().min(LINE_MAX)).unwrap_or_default();
            if keys.holds(String::from_utf8_lossy(start).trim_end()) {
                held.insert(number);
            }
            line.clear();
        }
        held
    }
}

impl Lines<'_> {
    fn line(&mut self, number: Option<u64>, mark: char, bytes: &[u8]) {
        self.kept.get_or_insert((self.found.text.len(), self.found.matches));
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        let part = bytes.get(..LINE_MAX * 2).unwrap_or(bytes);
        let text = String::from_utf8_lossy(part);
        let number = number.unwrap_or(0);
        if self.keys.hold(number, &text) {
            let _ = writeln!(self.found.text, "{}{mark}{number}{mark} {}", self.path, handle(KEY, None));
            return;
        }
        let (shown, _) = cut(&text, LINE_MAX);
        let _ = write!(self.found.text, "{}{mark}{number}{mark} {shown}", self.path);
        if bytes.len() > shown.len() {
            let _ = write!(self.found.text, " [… {} bytes]", bytes.len() - shown.len());
        }
        self.found.text.push('\n');
    }
}

impl Sink for Lines<'_> {
    type Error = io::Error;

    fn matched(&mut self, _: &Searcher, found: &SinkMatch<'_>) -> io::Result<bool> {
        let begin = (self.found.text.len(), self.found.matches);
        self.kept.get_or_insert(begin);
        self.found.matches += 1;
        self.line(found.line_number(), ':', found.bytes());
        self.found.full = self.found.matches >= self.found.most || self.found.text.len() > TEXT_MAX;
        Ok(!self.found.full && !self.halt.asked())
    }

    fn context(&mut self, _: &Searcher, context: &SinkContext<'_>) -> io::Result<bool> {
        self.line(context.line_number(), '-', context.bytes());
        Ok(!self.halt.asked())
    }

    fn context_break(&mut self, _: &Searcher) -> io::Result<bool> {
        self.found.text.push_str("--\n");
        Ok(true)
    }

    fn finish(&mut self, _: &Searcher, finish: &SinkFinish) -> io::Result<()> {
        // A NUL was met: what had matched before it is no text either.
        if let (Some(_), Some((text, matches))) = (finish.binary_byte_offset(), self.kept) {
            self.found.text.truncate(text);
            self.found.matches = matches;
            self.found.full = false;
        }
        Ok(())
    }
}
