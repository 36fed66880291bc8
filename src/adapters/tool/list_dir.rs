//! `list_dir`: what is in a folder.

use super::args::{declare, length, one_line, path, path_schema};
use super::bounds::{Bounds, met};
use super::place::{Said, Workspace, said};
use super::{Halt, TEXT_MAX, work};
use crate::domain::call::Preview;
use crate::domain::sandbox::Walls;
use crate::domain::tool_spec::{Effect, ToolSpec, Touch};
use crate::ports::Later;
use crate::ports::tool::{Cleared, Returned, Tool, runs_nothing};
use cap_std::fs::{Dir, DirEntry};
use serde_json::{Value, json};
use std::ffi::OsString;

/// The most entries shown.
const SHOWN_MAX: usize = 1000;
/// The most entries of one folder that are looked at.
const SEEN_MAX: usize = 100_000;

/// The tool.
pub(super) struct ListDir {
    workspace: Workspace,
    spec: ToolSpec,
}

impl ListDir {
    /// The tool on a workspace.
    pub(super) fn new(workspace: Workspace) -> ListDir {
        let spec = declare(
            ("list_dir", Effect::ReadOnly, false),
            "Lists a folder of the workspace, sorted by name: folders end with /, files come with their size in bytes, \
             links with their target. At most 1000 entries; what was left out is counted. `.git` is named, not entered.",
            &[],
            json!({
                "path": path_schema("The folder"),
                "depth": {
                    "type": "integer", "minimum": 1, "maximum": 8,
                    "description": "How many levels. Default 1: only what is in the folder itself.",
                },
            }),
        );
        ListDir { workspace, spec }
    }
}

impl Tool for ListDir {
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
        work(call.stop, move |halt| match list(&workspace, &args, &bounds, halt) {
            Ok(text) => Returned::ok(text),
            Err(why) => Returned::error(why),
        })
    }
}

fn list(workspace: &Workspace, args: &Value, bounds: &Bounds, halt: &Halt) -> Said<String> {
    let inside = workspace.inside(path(args))?;
    let dir = workspace.folder(&inside)?;
    let place = bounds.opened(workspace, &dir, &inside)?;
    let mut listing = Listing {
        workspace,
        bounds,
        halt,
        text: String::new(),
        shown: 0,
        left_out: 0,
        withheld: 0,
        uncounted: false,
    };
    listing.walk(&dir, (&inside, &place), 0, length(args, "depth", 1))?;
    if halt.asked() {
        return Err(format!("stopped while listing {inside}"));
    }
    let mut text = listing.text;
    if listing.shown == 0 && listing.withheld == 0 {
        text = format!("[{inside} is empty]\n");
    }
    if listing.left_out > 0 || listing.uncounted {
        let least = if listing.uncounted { "at least " } else { "" };
        text.push_str(&format!(
            "[{least}{} more entries left out: list a folder further down]\n",
            listing.left_out
        ));
    }
    if listing.withheld > 0 {
        text.push_str(&format!("[the policy keeps {} from this call]\n", entries(listing.withheld)));
    }
    Ok(text)
}

fn entries(count: usize) -> String {
    if count == 1 { "1 entry".to_string() } else { format!("{count} entries") }
}

/// A path below one that was named.
fn joined(at: &str, name: &str) -> String {
    if at == "." { name.to_string() } else { format!("{at}/{name}") }
}

struct Listing<'a> {
    workspace: &'a Workspace,
    bounds: &'a Bounds,
    halt: &'a Halt,
    text: String,
    shown: usize,
    left_out: usize,
    withheld: usize,
    uncounted: bool,
}

impl Listing<'_> {
    /// `at` is the folder as it was named, and where it really lies.
    fn walk(&mut self, dir: &Dir, (at, place): (&str, &str), level: usize, depth: usize) -> Said<()> {
        let mut entries: Vec<(OsString, DirEntry)> = Vec::new();
        for entry in dir.entries().map_err(|error| said(at, &error))? {
            if self.halt.asked() {
                return Ok(());
            }
            if entries.len() == SEEN_MAX {
                self.uncounted = true;
                break;
            }
            let entry = entry.map_err(|error| said(at, &error))?;
            entries.push((entry.file_name(), entry));
        }
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (name, entry) in entries {
            if self.bounds.withholds(&joined(place, &name.to_string_lossy())) {
                self.withheld += 1;
                continue;
            }
            if self.shown == SHOWN_MAX || self.text.len() > TEXT_MAX {
                self.left_out += 1;
                continue;
            }
            self.shown += 1;
            let is_dir = self.line(dir, &name, &entry, level);
            let Some(name) = name.to_str().filter(|name| is_dir && *name != ".git" && level + 1 < depth)
            else {
                continue;
            };
            let (path, lies) = (joined(at, name), joined(place, name));
            // A folder that cannot be opened stays a line; the others are listed.
            let below = self.workspace.folder(&path).and_then(|below| {
                met(self.workspace, &below, &path, &lies)?;
                self.walk(&below, (&path, &lies), level + 1, depth)
            });
            if let Err(why) = below {
                self.text.push_str(&format!("{}[{why}]\n", "  ".repeat(level + 1)));
            }
        }
        Ok(())
    }

    /// One entry; true where it is a folder.
    fn line(&mut self, dir: &Dir, name: &OsString, entry: &DirEntry, level: usize) -> bool {
        let shown = one_line(&name.to_string_lossy());
        let indent = "  ".repeat(level);
        let kind = entry.metadata().map(|meta| (meta.file_type(), meta.len()));
        let (line, is_dir) = match kind {
            Ok((kind, _)) if kind.is_dir() => (format!("{shown}/"), true),
            Ok((kind, size)) if kind.is_file() => (format!("{shown}  {size} bytes"), false),
            Ok((kind, _)) if kind.is_symlink() => {
                let target = dir.read_link_contents(name).map(|to| one_line(&to.to_string_lossy()));
                (format!("{shown} -> {}", target.unwrap_or_else(|_| "?".to_string())), false)
            }
            Ok(_) => (format!("{shown}  (pipe, socket or device)"), false),
            Err(error) => (format!("{shown}  ({error})"), false),
        };
        self.text.push_str(&format!("{indent}{line}\n"));
        is_dir
    }
}
