//! `write_file`: a file as a whole.

use super::args::{declare, path, path_schema, text};
use super::atomic::replace;
use super::bounds::Bounds;
use super::change::change;
use super::place::{Said, Workspace};
use super::{Halt, look, work};
use crate::domain::call::Preview;
use crate::domain::sandbox::Walls;
use crate::domain::tool_spec::{Effect, ToolSpec, Touch};
use crate::ports::Later;
use crate::ports::tool::{Cleared, Returned, Tool, runs_nothing};
use serde_json::{Value, json};

/// The largest file that is replaced.
const OLD_MAX: u64 = 64 * 1024 * 1024;

/// The tool. A side effect, though the same bytes written twice are the same file: between a crash and the second time
/// somebody else may have changed it.
pub(super) struct WriteFile {
    workspace: Workspace,
    spec: ToolSpec,
}

impl WriteFile {
    /// The tool on a workspace.
    pub(super) fn new(workspace: Workspace) -> WriteFile {
        let spec = declare(
            ("write_file", Effect::SideEffect, false),
            "Creates a file of the workspace, or replaces all of its content. Folders above it are made. For a change in \
             a file that is there, use edit_file.",
            &["path", "content"],
            json!({
                "path": path_schema("The file"),
                "content": {
                    "type": "string", "maxLength": 4_000_000,
                    "description": "All of the file's content, exactly as it is to be.",
                },
            }),
        );
        WriteFile { workspace, spec }
    }
}

impl Tool for WriteFile {
    fn spec(&self) -> ToolSpec {
        self.spec.clone()
    }

    fn touches(&self, args: &Value) -> Vec<Touch> {
        self.workspace.touched(path(args)).into_iter().map(|path| Touch::Write { path }).collect()
    }

    fn preview<'a>(&'a self, args: &'a Value) -> Later<'a, Preview> {
        let (workspace, args) = (self.workspace.clone(), args.clone());
        look(move || {
            let before = workspace.inside(path(&args)).and_then(|inside| {
                let before = workspace.before(&inside, OLD_MAX)?;
                Ok((inside, before))
            });
            match before {
                Ok((inside, before)) => change(
                    &workspace.shown(&inside),
                    before.as_ref().map(|old| old.bytes.as_slice()),
                    text(&args, "content").as_bytes(),
                ),
                Err(why) => Preview::WouldFail { why },
            }
        })
    }

    fn walls(&self) -> Later<'_, Option<Walls>> {
        runs_nothing()
    }

    fn run(&self, call: Cleared) -> Later<'_, Returned> {
        let (workspace, bounds) = (self.workspace.clone(), Bounds::of(&call));
        let args = call.args;
        work(call.stop, move |halt| match write(&workspace, &args, &bounds, halt) {
            Ok(text) => Returned::ok(text),
            Err(why) => Returned::error(why),
        })
    }
}

fn write(workspace: &Workspace, args: &Value, bounds: &Bounds, halt: &Halt) -> Said<String> {
    let inside = workspace.inside(path(args))?;
    let content = text(args, "content").as_bytes();
    let before = workspace.before(&inside, OLD_MAX)?;
    if before.as_ref().is_some_and(|old| old.bytes == content) {
        return Ok(format!("{inside} has exactly this content already ({} bytes)", content.len()));
    }
    replace(workspace, &inside, content, before.as_ref().map(|old| old.stamp), (bounds, halt))?;
    Ok(match before {
        None => format!("created {inside} ({} bytes)", content.len()),
        Some(old) => format!("overwrote {inside} ({} bytes before, {} now)", old.stamp.size, content.len()),
    })
}
