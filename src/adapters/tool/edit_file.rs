//! `edit_file`: one passage of a file, found by its exact text.

use super::args::{cut, declare, on, path, path_schema, text};
use super::atomic::replace;
use super::bounds::Bounds;
use super::change::change;
use super::place::{Before, Said, Workspace};
use super::{Halt, look, work};
use crate::domain::call::Preview;
use crate::domain::sandbox::Walls;
use crate::domain::tool_spec::{Effect, ToolSpec, Touch};
use crate::ports::Later;
use crate::ports::tool::{Cleared, Returned, Tool, runs_nothing};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The largest file that is edited.
const FILE_MAX: u64 = 16 * 1024 * 1024;
/// The lines looked at for one that is nearly the text that was not found.
const NEAR_LINES: usize = 20_000;

/// The tool.
pub(super) struct EditFile {
    workspace: Workspace,
    spec: ToolSpec,
}

impl EditFile {
    /// The tool on a workspace.
    pub(super) fn new(workspace: Workspace) -> EditFile {
        let passage = |what: &str, least: u64| json!({"type": "string", "minLength": least, "maxLength": 1_000_000, "description": what});
        let spec = declare(
            ("edit_file", Effect::SideEffect, false),
            "Replaces one passage of a text file of the workspace. `old` must be in the file exactly once, white space \
             included and without the line numbers of read_file; take some lines around it to make it the only one. With \
             `all`, every place is replaced.",
            &["path", "old", "new"],
            json!({
                "path": path_schema("The file"),
                "old": passage("The text as it is in the file.", 1),
                "new": passage("The text to stand there instead; empty to remove it.", 0),
                "all": {"type": "boolean", "description": "Replace every place. Default false."},
            }),
        );
        EditFile { workspace, spec }
    }
}

impl Tool for EditFile {
    fn spec(&self) -> ToolSpec {
        self.spec.clone()
    }

    fn touches(&self, args: &Value) -> Vec<Touch> {
        self.workspace.touched(path(args)).into_iter().map(|path| Touch::Write { path }).collect()
    }

    fn preview<'a>(&'a self, args: &'a Value) -> Later<'a, Preview> {
        let (workspace, args) = (self.workspace.clone(), args.clone());
        look(move || match plan(&workspace, &args, None) {
            Ok(plan) => {
                change(&workspace.shown(&plan.inside), Some(&plan.before.bytes), plan.after.as_bytes())
            }
            Err(why) => Preview::WouldFail { why },
        })
    }

    fn walls(&self) -> Later<'_, Option<Walls>> {
        runs_nothing()
    }

    fn run(&self, call: Cleared) -> Later<'_, Returned> {
        let (workspace, bounds) = (self.workspace.clone(), Bounds::of(&call));
        let args = call.args;
        work(call.stop, move |halt| match edit(&workspace, &args, &bounds, halt) {
            Ok(text) => Returned::ok(text),
            Err(why) => Returned::error(why),
        })
    }
}

/// What an edit would do.
struct Plan {
    inside: String,
    before: Before,
    after: String,
    lines: Vec<usize>,
}

fn edit(workspace: &Workspace, args: &Value, bounds: &Bounds, halt: &Halt) -> Said<String> {
    let plan = plan(workspace, args, Some(bounds))?;
    replace(workspace, &plan.inside, plan.after.as_bytes(), Some(plan.before.stamp), (bounds, halt))?;
    let (times, at) = (plan.lines.len(), numbers(&plan.lines));
    let (was, is) = (plan.before.stamp.size, plan.after.len());
    let places = if times == 1 { "place" } else { "places" };
    Ok(format!("edited {} in {times} {places}, at line {at} ({was} bytes before, {is} now)", plan.inside))
}

/// With bounds, nothing is told of a file that lies elsewhere than they say.
fn plan(workspace: &Workspace, args: &Value, bounds: Option<&Bounds>) -> Said<Plan> {
    let inside = workspace.inside(path(args))?;
    let (old, new) = (text(args, "old"), text(args, "new"));
    if old == new {
        return Err("`old` and `new` are the same: there is nothing to change".to_string());
    }
    let before = workspace.before(&inside, FILE_MAX)?;
    let Some(before) = before else {
        return Err(format!("{inside}: no such file; to make it, use write_file"));
    };
    bounds.map_or(Ok(()), |bounds| bounds.holds(&before.lies, &inside))?;
    let Ok(content) = std::str::from_utf8(&before.bytes) else {
        return Err(format!("{inside} is not UTF-8 text and is not edited"));
    };
    let places = places(content, old, on(args, "all"));
    let lines = line_numbers(content, &places);
    match places.len() {
        0 => return Err(not_found(&inside, content, old)),
        1 => {}
        _ if on(args, "all") => {}
        found => {
            return Err(format!(
                "`old` is in {inside} {found} times, at lines {}: take more lines around it so that it is there once, or \
                 set `all`",
                numbers(&lines)
            ));
        }
    }
    let after = content.replace(old, new);
    Ok(Plan { inside, after, lines, before })
}

/// Where `old` begins. Without `apart`, overlapping places count too: `aa` is in `aaa` twice.
fn places(content: &str, old: &str, apart: bool) -> Vec<usize> {
    if apart {
        return content.match_indices(old).map(|(at, _)| at).collect();
    }
    let step = old.chars().next().map_or(1, char::len_utf8);
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = content.get(from..).and_then(|rest| rest.find(old)) {
        found.push(from + at);
        from += at + step;
    }
    found
}

fn line_numbers(content: &str, places: &[usize]) -> Vec<usize> {
    let (mut line, mut seen) = (1, 0);
    let mut numbers = Vec::with_capacity(places.len());
    for at in places {
        line += content.as_bytes().get(seen..*at).unwrap_or_default().iter().filter(|b| **b == b'\n').count();
        seen = *at;
        numbers.push(line);
    }
    numbers
}

/// The first few line numbers.
fn numbers(lines: &[usize]) -> String {
    let shown: Vec<String> = lines.iter().take(8).map(usize::to_string).collect();
    let more = if lines.len() > shown.len() { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}

fn not_found(inside: &str, content: &str, old: &str) -> String {
    let mut said = format!("`old` is in {inside} 0 times");
    if content.contains("\r\n") && content.replace("\r\n", "\n").contains(old) {
        said.push_str("; its lines end with CR LF: write them so in `old` and `new`");
        return said;
    }
    let Some(wanted) = old.lines().map(str::trim).find(|line| !line.is_empty()) else {
        return said;
    };
    let mut near: Vec<(u32, usize, &str)> = Vec::new();
    for (at, line) in content.lines().take(NEAR_LINES).enumerate() {
        let score = likeness(wanted, line.trim());
        if score >= 50 {
            near.push((score, at + 1, line));
        }
    }
    near.sort_by_key(|(score, at, _)| (std::cmp::Reverse(*score), *at));
    if !near.is_empty() {
        said.push_str(". Lines most like its first:");
    }
    for (_, at, line) in near.iter().take(3) {
        said.push_str(&format!("\n{at:>6}\t{}", cut(line, 200).0));
    }
    said
}

/// How alike two lines are, from 0 to 100: the share of neighbouring pairs of characters that both have.
fn likeness(a: &str, b: &str) -> u32 {
    if a == b {
        return 100;
    }
    let pairs = |text: &str| -> BTreeSet<(char, char)> {
        let chars = text.chars().take(400);
        chars.clone().zip(chars.skip(1)).collect()
    };
    let (a, b) = (pairs(a), pairs(b));
    let both = a.intersection(&b).count();
    u32::try_from(200 * both / (a.len() + b.len()).max(1)).unwrap_or(0)
}
