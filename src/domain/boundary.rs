//! What a task may touch before a person is asked: folders, files, changed lines, commands, hosts. The call that would go beyond
//! asks, whatever the policy allows; what the policy denies stays denied.
//!
//! Counted are calls that have started and those of the same reply that still may: several at once cannot slip through together.
//! What a command changes, and whom it talks to, is not seen: where folders or hosts are named it asks, unless its walls keep
//! it from either.

use crate::domain::budget::is_default;
use crate::domain::call::{Call, CallState, Preview};
use crate::domain::host::Hosts;
use crate::domain::ids::CallId;
use crate::domain::judged::Judged;
use crate::domain::lexical::{Placed, absolute, below, place};
use crate::domain::sandbox::{Profile, Writes};
use crate::domain::session::Session;
use crate::domain::text;
use crate::domain::tool_spec::Touch;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// The rule that a verdict names where a boundary made it ask.
pub const RULE: &str = "boundary";

/// The boundary of a task; what is empty is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boundary {
    /// Only these folders or files of the workspace may be changed.
    #[serde(default, skip_serializing_if = "is_default")]
    pub only: Vec<String>,
    /// So many files may be changed.
    #[serde(default, skip_serializing_if = "is_default")]
    pub files: Option<u64>,
    /// So many lines may come, go or change.
    #[serde(default, skip_serializing_if = "is_default")]
    pub lines: Option<u64>,
    /// So many commands may run.
    #[serde(default, skip_serializing_if = "is_default")]
    pub commands: Option<u64>,
    /// Only these hosts may be talked to.
    #[serde(default, skip_serializing_if = "is_default")]
    pub hosts: Option<Vec<String>>,
}

/// How far a task has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    files: BTreeSet<String>,
    lines: u64,
    commands: u64,
}

impl Boundary {
    /// Whether there is none.
    pub fn is_none(&self) -> bool {
        is_default(self)
    }
}

/// The boundary in its typed form.
impl fmt::Display for Boundary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |name: &str, n: Option<u64>| n.map(|n| format!("{name}={n}"));
        let list =
            |name: &str, all: &[String]| (!all.is_empty()).then(|| format!("{name}={}", all.join(",")));
        let parts = [
            list("only", &self.only),
            number("files", self.files),
            number("lines", self.lines),
            number("commands", self.commands),
            self.hosts.as_ref().map(|hosts| format!("hosts={}", hosts.join(","))),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        f.write_str(if parts.is_empty() { "none".to_string() } else { parts.join(" ") }.as_str())
    }
}

impl Reached {
    /// With what a call touches, and would change.
    fn add(&mut self, touches: &[Touch], preview: &Preview) {
        for touch in touches {
            match touch {
                Touch::Write { path } => {
                    self.files.insert(absolute("/", path).unwrap_or_else(|| path.clone()));
                }
                Touch::Command { .. } => self.commands += 1,
                Touch::Read { .. } | Touch::Host { .. } => {}
            }
        }
        self.lines = self.lines.saturating_add(changed_lines(preview));
    }
}

/// Lines that come, go or change: all between the first and the last that differ.
fn changed_lines(preview: &Preview) -> u64 {
    let Preview::Change { before, after, .. } = preview else { return 0 };
    let (before, after): (Vec<&str>, Vec<&str>) =
        (before.as_deref().unwrap_or_default().lines().collect(), after.lines().collect());
    let same = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
    let rest = before.len().min(after.len()) - same;
    let end = before.iter().rev().zip(after.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    (before.len().max(after.len()) - same - end) as u64
}

/// What of a boundary a call would cross, as a sentence without its full stop; none where it stays within.
pub(in crate::domain) fn crossing(session: &Session, judged: &Judged) -> Option<String> {
    let Judged { call: id, touches, preview, .. } = judged;
    let run = session.live().filter(|run| !run.limits.boundary.is_none())?;
    let bounds = &run.limits.boundary;
    let mut own = run.reached.clone();
    own.add(touches, preview);
    let mut all = own.clone();
    for call in session.open_calls().filter(|call| call.id != *id && may_yet_start(call)) {
        all.add(&call.touches, &call.preview);
    }
    // What another call may do is no leave for this one: that may never start.
    let beyond = |name: &str, count: fn(&Reached) -> u64, limit: Option<u64>| {
        let adds = count(&own) > count(&run.reached);
        let limit = limit.filter(|limit| adds && count(&all) > *limit)?;
        Some(format!("{name} {} of at most {limit}", count(&all)))
    };
    let cut = matches!(preview, Preview::Change { cut: true, .. }) && bounds.lines.is_some();
    touches
        .iter()
        .find_map(|touch| outside(&session.workspace, bounds, touch, &judged.sandbox))
        .or_else(|| beyond("changed file", |reached| reached.files.len() as u64, bounds.files))
        .or_else(|| beyond("command", |reached| reached.commands, bounds.commands))
        .or_else(|| beyond("changed line", |reached| reached.lines, bounds.lines))
        .or_else(|| cut.then(|| "the change is too long for its lines to be counted".to_string()))
}

/// Whether a call was judged and has not started: it may, by a person's word or by itself.
fn may_yet_start(call: &Call) -> bool {
    let waits = matches!(call.state, CallState::Held | CallState::Cleared { .. });
    waits && call.starts == 0
}

/// A touch that lies outside of the folders and hosts that are named. `sandbox` is what holds a command; what is not known is
/// no wall.
fn outside(workspace: &str, bounds: &Boundary, touch: &Touch, sandbox: &str) -> Option<String> {
    let Boundary { only, hosts, .. } = bounds;
    let folders = || text::truncate(&only.join(", "), 80);
    match touch {
        Touch::Write { path } => {
            let inside = |folder: &String| lies_in(workspace, path, folder);
            (!only.is_empty() && !only.iter().any(inside))
                .then(|| format!("{} is outside of {}", text::truncate(path, 80), folders()))
        }
        Touch::Command { .. } => {
            let walls = Profile::parse(sandbox).unwrap_or(Profile::NONE);
            if !only.is_empty() && walls.writes != Writes::Nothing {
                return Some(format!("a command may change what is outside of {}", folders()));
            }
            let may_talk = hosts.is_some() && walls.network;
            may_talk.then(|| "a command may talk to others than the hosts".to_string())
        }
        Touch::Host { host, port } => {
            let named = |hosts: &[String]| Hosts::parse(hosts).is_ok_and(|hosts| hosts.name(host, *port));
            let other = hosts.as_deref().is_some_and(|hosts| !named(hosts));
            other.then(|| format!("{} is none of the hosts", text::truncate(host, 80)))
        }
        Touch::Read { .. } => None,
    }
}

fn lies_in(workspace: &str, path: &str, folder: &str) -> bool {
    let inside = |path: &str| match place(workspace, path) {
        Placed::Inside(inside) => Some(format!("/{inside}")),
        Placed::Outside(_) | Placed::Nowhere => None,
    };
    match (inside(path), inside(folder)) {
        (path, Some(whole)) if whole == "/." => path.is_some(),
        (Some(path), Some(folder)) => below(&path, &folder).is_some(),
        (None, _) | (_, None) => false,
    }
}

impl Session {
    /// A call starts for the first time: what it touches is counted.
    pub(in crate::domain) fn reaches(&mut self, id: CallId) {
        let Some(run) = self.run.as_mut().filter(|run| !run.limits.boundary.is_none()) else { return };
        if let Some(call) = self.calls.get(crate::domain::session::place(id)).filter(|call| call.starts == 0)
        {
            run.reached.add(&call.touches, &call.preview);
        }
    }
}
