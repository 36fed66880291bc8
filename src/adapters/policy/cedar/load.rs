//! Files of rules become rules in force, or are refused with file, line and reason.

use super::example::{Reach, tried};
use super::force::Force;
use super::request::Ground;
use super::rule::{Fault, Kind, Layer, Rule, read};
use super::schema::schema;
use super::source::{Found, Places, Stamp, Text, find, one};
use super::trust::{Trust, trust};
use crate::domain::hash::Hash;
use crate::domain::host::Hosts;
use crate::domain::lexical::absolute;
use crate::domain::tool_spec::Effect;
use std::path::PathBuf;
use std::sync::Arc;

/// The rules that come with the app.
const DEFAULT: &str = include_str!("../../../../assets/policy/default.cedar");
/// Counts up whenever the same texts come to give another verdict.
const EDITION: u32 = 2;

/// What rules are loaded with.
#[derive(Clone)]
pub struct Setup {
    /// The folders of rules.
    pub places: Places,
    /// Files of rules beside those: each takes the place of one of the same name, or is added to the user's.
    pub extra: Vec<PathBuf>,
    /// The tools there are, and their effect classes.
    pub tools: Vec<(String, Effect)>,
    /// What calls touch, for examples.
    pub reach: Reach,
    /// The app's own folders, absolute.
    pub own: Vec<String>,
    /// Hosts that the configuration lists.
    pub hosts: Vec<String>,
}

/// A file in force.
#[derive(Clone, Debug)]
pub struct InForce {
    /// Where it comes from.
    pub layer: Layer,
    /// The file.
    pub file: String,
    /// Its rules.
    pub rules: usize,
    /// Those of them that are put aside, as nobody trusts the folder.
    pub idle: usize,
    /// The examples beside it.
    pub examples: usize,
    /// The hash of its text.
    pub hash: Hash,
}

/// Everything in force.
#[derive(Clone)]
pub struct Loaded {
    /// The rules.
    pub force: Arc<Force>,
    /// The files.
    pub files: Vec<InForce>,
    /// How the workspace's rules stand.
    pub trust: Trust,
    /// What the files said.
    texts: Vec<Text>,
}

/// Reads what there is and takes it into force.
pub fn load(setup: &Setup) -> Result<Loaded, Vec<Fault>> {
    looked(setup).1
}

/// As `load`, and how the files looked, also where they are refused.
pub(super) fn looked(setup: &Setup) -> (Stamp, Result<Loaded, Vec<Fault>>) {
    let (mut found, faults) = find(&setup.places);
    if !faults.is_empty() {
        return (found.stamp, Err(faults));
    }
    for path in &setup.extra {
        match one(Layer::User, &setup.places, path) {
            Ok(text) => {
                found.texts.retain(|other| other.file != text.file);
                found.texts.push(text);
            }
            Err(fault) => return (found.stamp, Err(vec![fault])),
        }
    }
    found.texts.sort_by_key(|text| text.layer);
    (found.stamp.clone(), in_force(setup, found))
}

/// What is in force while a file is refused: of each place that is at fault the rules that were in force before, of the
/// others what they say now, and trust as it is now.
pub(super) fn without_faults(setup: &Setup, before: &Loaded) -> Option<Loaded> {
    let (mut found, faults) = find(&setup.places);
    let extra = setup.extra.iter().map(|path| one(Layer::User, &setup.places, path));
    let extra: Result<Vec<Text>, Fault> = extra.collect();
    let old = |layer: Layer| before.texts.iter().filter(move |text| text.layer == layer).cloned();
    let mut mixes: Vec<Vec<Text>> = Vec::new();
    if let (true, Ok(extra)) = (faults.is_empty(), extra) {
        found.texts.retain(|text| extra.iter().all(|other| other.file != text.file));
        found.texts.extend(extra);
        let now = |layer: Layer| found.texts.iter().filter(move |text| text.layer == layer).cloned();
        let (system, user, project) = (Layer::System, Layer::User, Layer::Project);
        mixes.push(now(system).chain(now(user)).chain(old(project)).collect());
        mixes.push(old(system).chain(now(user)).chain(now(project)).collect());
        mixes.push(now(system).chain(old(user)).chain(now(project)).collect());
        mixes.push(now(system).chain(old(user)).chain(old(project)).collect());
        mixes.push(old(system).chain(now(user)).chain(old(project)).collect());
    }
    mixes.push(before.texts.clone());
    let (stamp, project) = (found.stamp, found.project);
    mixes.into_iter().find_map(|texts| in_force(setup, Found { texts, stamp: stamp.clone(), project }).ok())
}

fn in_force(setup: &Setup, found: Found) -> Result<Loaded, Vec<Fault>> {
    let setting = |why: String| vec![Fault { file: "the configuration".to_string(), line: 0, why }];
    let workspace = setup.places.workspace.clone().unwrap_or_else(|| PathBuf::from("/"));
    let trust = trust(&setup.places.trust, &workspace, found.project);
    let builtin = Text {
        layer: Layer::BuiltIn,
        file: "default.cedar".to_string(),
        text: DEFAULT.into(),
        examples: None,
    };
    let kept = found.texts.clone();
    let texts: Vec<Text> = std::iter::once(builtin).chain(found.texts).collect();
    let own = setup.own.iter().map(|path| {
        let full = path.starts_with('/').then(|| absolute("/", path)).flatten();
        full.ok_or_else(|| setting(format!("the app's own folder {path:?} is not an absolute path")))
    });
    let own = own.collect::<Result<Vec<_>, _>>()?;
    let hosts = Hosts::parse(&setup.hosts).map_err(setting)?;
    let (mut rules, mut faults, mut files) = (Vec::new(), Vec::new(), Vec::new());
    for text in &texts {
        match read(text.layer, &text.file, &text.text, rules.len()) {
            Ok(mut more) => {
                let strange = text.layer == Layer::Project && trust != Trust::Trusted;
                more.iter_mut().for_each(|rule| rule.idle = strange && rule.kind == Kind::Allow);
                files.push(InForce {
                    layer: text.layer,
                    file: text.file.clone(),
                    rules: more.len(),
                    idle: more.iter().filter(|rule| rule.idle).count(),
                    examples: 0,
                    hash: Hash::of(text.text.as_bytes()),
                });
                rules.extend(more);
            }
            Err(more) => faults.extend(more),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let parts: Vec<_> = texts.iter().map(|text| (text.layer.name(), &text.file, &text.text)).collect();
    let settings = format!("{EDITION}\n{parts:?}\n{own:?}\n{:?}\n{:?}\n{trust:?}", setup.hosts, setup.tools);
    let version = format!("cedar-{EDITION}-{}", Hash::of(settings.as_bytes()).short());
    let schema = schema(&setup.tools).map_err(setting)?;
    let ground = Ground { own, hosts, arguments: false };
    let force = Force::new(rules, &schema, ground, version)?;
    let root = workspace.to_string_lossy();
    for (at, text) in texts.iter().enumerate() {
        let Some((file, examples)) = &text.examples else { continue };
        // Each file stands on the layers below it: what is nearer to the work may make it stricter.
        let below = |rule: &Rule| rule.layer <= text.layer;
        let mut part = force.only(below);
        part.rules.iter_mut().for_each(|rule| rule.idle = false);
        match tried((file, examples), &part, &root, &setup.reach) {
            Ok(count) => files[at].examples = count,
            Err(more) => faults.extend(more),
        }
    }
    match faults.is_empty() {
        true => Ok(Loaded { force: Arc::new(force), files, trust, texts: kept }),
        false => Err(faults),
    }
}
