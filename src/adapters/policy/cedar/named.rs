//! Paths that the arguments of a command name: what forbids a path, or asks about it, counts for `cat PATH` as for a tool that
//! reads it.
//!
//! Nobody can tell from outside what a program does with its arguments. So no path is allowed here, and none denied for lying
//! outside of the workspace; a rule of an operator's is met, and so is the one about the app's own data. Where the program is
//! not one that takes all of its arguments for files, a rule that forbids asks, for the word may be another thing.

use super::force::{Force, Ruled, Slice};
use super::lint::Facts;
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
const NAMED_MAX: usize = 512;
/// A name that no rule can have in mind.
const PROBE: &str = "\u{1}";

/// What comes of them: only what is asked or denied.
pub(super) fn named(force: &Force, case: &Case<'_>) -> Vec<Ruled> {
    if !case.touches.iter().any(|touch| matches!(touch, Touch::Command { .. })) {
        return Vec::new();
    }
    let (Ok(tool), Ok(effect)) = (uid("Action", case.tool), uid("Action", group(case.effect))) else {
        return Vec::new(); // nor could the call itself be asked about
    };
    let actions = [tool, effect];
    let is_own_rule = |rule: &Rule| speaks(rule) && rule.layer != Layer::BuiltIn;
    let any =
        force.rules().iter().any(|rule| is_own_rule(rule) && !rule.idle && rule.heads(&actions, "Path"));
    let asked = Asked { force, case, slice: force.some(&actions, "Path", speaks) };
    let Some(found) = candidates(case) else {
        let why = format!("Its arguments may name more than {NAMED_MAX} paths, and rules speak of some.");
        let (shown, word) = ("its arguments".to_string(), Word::Ask);
        let over = Ruled { shown, word, rule: None, why, weighed: 0, person: None };
        return if any { vec![over] } else { Vec::new() };
    };
    let is_own = |full: &str| force.ground.own.iter().any(|own| below(full, own).is_some());
    let looked = found.iter().filter(|found| any || is_own(&found.full));
    let walked = if any { asked.walked() } else { None };
    looked.filter_map(|found| asked.ruled(found)).chain(walked).collect()
}

/// A case, and the rules that may speak of its paths.
struct Asked<'a> {
    force: &'a Force,
    case: &'a Case<'a>,
    slice: Slice,
}

impl Asked<'_> {
    /// A command that goes through a folder below which a rule names a path: it would meet that.
    fn walked(&self) -> Option<Ruled> {
        let (force, case) = (self.force, self.case);
        let cwd = case.args.get("cwd").and_then(serde_json::Value::as_str).unwrap_or(".");
        let cwd = absolute(case.workspace, cwd)?;
        let mut folders = Vec::new();
        for reached in reached(case.touches, case.workspace, &cwd) {
            let Touch::Command { argv } = &reached.touch else { continue };
            let files = files_of(argv);
            if files.walks {
                let here = files.is_here.then(|| cwd.clone());
                let named = files.paths.iter().filter_map(|(path, _)| absolute(&cwd, path));
                folders.extend(named.chain(here).map(|folder| (folder, files.only_reads)));
            }
        }
        let rules = force.rules().iter().enumerate();
        let own =
            rules.filter(|(_, rule)| speaks(rule) && rule.layer != Layer::BuiltIn && !folders.is_empty());
        for (at, rule) in own {
            for named in literals(rule).filter_map(|path| absolute(case.workspace, &path)) {
                let holds = |(folder, reads): &&(String, bool)| {
                    below(&named, folder).is_some() && self.met(&named, *reads).is_some()
                };
                let Some((folder, _)) = folders.iter().find(holds) else { continue };
                let why = format!(
                    "It goes through {folder}, and below that lies {named}, of which the rule {} speaks.",
                    rule.title()
                );
                let person = rule.person.then_some(at);
                return Some(Ruled {
                    shown: folder.clone(),
                    word: Word::Ask,
                    rule: Some(at),
                    why,
                    weighed: 0,
                    person,
                });
            }
        }
        None
    }

    /// The strictest that rules say of a path, or of whatever may lie in it; none where they say nothing.
    fn met(&self, full: &str, reads: bool) -> Option<Ruled> {
        let mut strictest: Option<Ruled> = None;
        // A folder of which all is spoken is told by whatever might lie in it.
        for full in [full.to_string(), format!("{}/{PROBE}", full.trim_end_matches('/'))] {
            for writes in [false, true].into_iter().filter(|writes| !(*writes && reads)) {
                let Ok(question) = path_question(self.case, &full, writes, &self.force.ground) else {
                    continue;
                };
                let ruled = self.force.sliced(&question, &self.slice);
                let counts = ruled.word != Word::Allow && ruled.rule.is_some();
                if counts && strictest.as_ref().is_none_or(|so_far| ruled.word > so_far.word) {
                    strictest = Some(ruled);
                }
            }
        }
        strictest
    }

    fn ruled(&self, named: &Named) -> Option<Ruled> {
        let mut ruled = self.met(&named.full, named.reads)?;
        ruled.why = format!("It names {}: {}", named.word, ruled.why);
        if ruled.word == Word::Deny && !named.is_file {
            ruled.word = Word::Ask;
            ruled.why.push_str(" It may be another thing than a path there, so it asks.");
        }
        Some(ruled)
    }
}

/// The paths that a rule names, patterns up to the folder in which they begin to be vague.
fn literals(rule: &Rule) -> impl Iterator<Item = String> {
    let facts = Facts::of(rule);
    let patterns = facts.patterns.into_iter().filter_map(|pattern| {
        let known = pattern.split('*').next().unwrap_or_default();
        known.rsplit_once('/').map(|(folder, _)| folder.to_string())
    });
    let texts = facts.texts.into_iter().filter(|text| text.contains('/'));
    patterns.chain(texts).filter(|path| !path.is_empty())
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
        for (path, out) in files.paths {
            let Some(full) = absolute(&cwd, path) else { continue };
            // Of a program that may take its words for anything, none is said to be written to.
            let reads = !out && (files.only_reads || !files.all_files);
            let is_file = files.all_files;
            found.insert(Named { full, word: path.to_string(), is_file, reads });
        }
        if found.len() > NAMED_MAX {
            return None;
        }
    }
    Some(found)
}

fn speaks(rule: &Rule) -> bool {
    matches!(rule.kind, Kind::Deny | Kind::Ask) && (rule.layer != Layer::BuiltIn || rule.name == "own-data")
}
