//! Paths that the arguments of a command name: what forbids a path, or asks about it, counts for `cat PATH` as for a tool that
//! reads it.
//!
//! Nobody can tell from outside what a program does with its arguments. So no path is allowed here, and none denied for lying
//! outside of the workspace; a rule of an operator's is met, and so is the one about the app's own data. Where the program is
//! not one that takes all of its arguments for files, a rule that forbids asks, for the word may be another thing.

use super::force::{Force, Ruled};
use super::request::{path_question, uid};
use super::rule::{Kind, Layer, Rule};
use super::schema::group;
use crate::domain::argv::files_of;
use crate::domain::lexical::{absolute, below};
use crate::domain::policy::Word;
use crate::domain::reach::reached;
use crate::domain::tool_spec::Touch;
use crate::ports::judge::Case;
use std::collections::BTreeSet;

/// The most paths of one call that are looked at.
const NAMED_MAX: usize = 1_024;

/// What comes of them: only what is asked or denied.
pub(super) fn named(force: &Force, case: &Case<'_>) -> Vec<Ruled> {
    let Some(found) = candidates(case) else {
        let why = format!("Its arguments may name more than {NAMED_MAX} paths, and rules forbid some.");
        let over = Ruled {
            shown: "its arguments".to_string(),
            word: Word::Ask,
            rule: None,
            why,
            weighed: 0,
            person: None,
        };
        return if has_rules(force, case) { vec![over] } else { Vec::new() };
    };
    let any = has_rules(force, case);
    let is_own = |full: &str| force.ground.own.iter().any(|own| below(full, own).is_some());
    let looked = found.iter().filter(|found| any || is_own(&found.full));
    looked.filter_map(|found| ruled(force, case, found)).collect()
}

/// A path that a word may name.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Named {
    full: String,
    word: String,
    /// Whether the program takes it for a file, whatever it is.
    is_file: bool,
    /// Whether the program only reads.
    reads: bool,
}

/// None where there are too many.
fn candidates(case: &Case<'_>) -> Option<BTreeSet<Named>> {
    let cwd = case.args.get("cwd").and_then(serde_json::Value::as_str).unwrap_or(".");
    let cwd = absolute(case.workspace, cwd)?;
    let mut found = BTreeSet::new();
    for reached in reached(case.touches, case.workspace, &cwd) {
        let Touch::Command { argv } = &reached.touch else { continue };
        let files = files_of(argv);
        for path in files.paths {
            let Some(full) = absolute(&cwd, path) else { continue };
            let (is_file, reads) = (files.all_files, files.only_reads);
            found.insert(Named { full, word: path.to_string(), is_file, reads });
        }
        if found.len() > NAMED_MAX {
            return None;
        }
    }
    Some(found)
}

/// Whether a rule of an operator's may speak of a path here.
fn has_rules(force: &Force, case: &Case<'_>) -> bool {
    let (Ok(tool), Ok(effect)) = (uid("Action", case.tool), uid("Action", group(case.effect))) else {
        return true;
    };
    let actions = [tool, effect];
    force.rules().iter().any(|rule| speaks(rule) && rule.heads(&actions, "Path"))
}

fn speaks(rule: &Rule) -> bool {
    matches!(rule.kind, Kind::Deny | Kind::Ask) && (rule.layer != Layer::BuiltIn || rule.name == "own-data")
}

fn ruled(force: &Force, case: &Case<'_>, named: &Named) -> Option<Ruled> {
    let mut strictest: Option<Ruled> = None;
    for writes in [false, true] {
        if writes && named.reads {
            continue;
        }
        let Ok(question) = path_question(case, &named.full, writes, &force.ground) else { continue };
        let ruled = force.ruled_by(&question, speaks);
        let counts = ruled.word != Word::Allow && ruled.rule.is_some();
        if counts && strictest.as_ref().is_none_or(|so_far| ruled.word > so_far.word) {
            strictest = Some(ruled);
        }
    }
    let mut ruled = strictest?;
    ruled.why = format!("It names {}: {}", named.word, ruled.why);
    if ruled.word == Word::Deny && !named.is_file {
        ruled.word = Word::Ask;
        ruled.why.push_str(" It may be another thing than a path there, so it asks.");
    }
    Some(ruled)
}
