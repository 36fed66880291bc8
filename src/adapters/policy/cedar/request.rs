//! A call as questions to the engine: one for each thing it touches, and one for a call that does not say what.
//!
//! What a path is (inside, the app's own) is worked out here and given as a fact, so that no rule has to do it with patterns.

use super::schema::group;
use crate::domain::argv::Argv;
use crate::domain::canon::canonical;
use crate::domain::host::Hosts;
use crate::domain::lexical::{absolute, below};
use crate::domain::reach::{Reached, reached};
use crate::domain::tool_spec::{Effect, Touch};
use crate::ports::judge::Case;
use cedar_policy::{
    Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request, RestrictedExpression as Value,
};
use std::collections::{HashMap, HashSet};
use std::str::FromStr;
use std::sync::LazyLock;

/// Rules look at no longer arguments than this, in bytes of their canonical form. What is longer is never allowed where a
/// rule looks at arguments, and denied where one that forbids does.
const ARGUMENTS_MAX: usize = 1024 * 1024;

/// What the engine's requests need beside the case.
#[derive(Clone, Debug)]
pub(super) struct Ground {
    /// The app's own folders, absolute.
    pub(super) own: Vec<String>,
    pub(super) hosts: Hosts,
    /// Whether a rule looks at the arguments.
    pub(super) arguments: bool,
}

/// One question.
pub(super) struct Question {
    /// `Path`, `Host`, `Command` or `Tool`.
    pub(super) kind: &'static str,
    /// What is touched, in a line.
    pub(super) shown: String,
    /// What sentences may tell.
    pub(super) facts: Vec<(&'static str, String)>,
    /// What rules may look at.
    attributes: Vec<(&'static str, Attribute)>,
    /// Why no rule may allow it; none where one may.
    pub(super) guard: Option<String>,
    /// Whether rules cannot see the arguments, as they are too long.
    pub(super) cut: bool,
    /// What is asked about, as the heads of rules see it: questions of the same head are up to the same rules.
    pub(super) head: String,
    /// Whether no rule need allow it, since what it runs is judged in its place.
    pub(super) by_parts: bool,
    /// Whether a shell reads it.
    pub(super) shell: bool,
    /// The tool, then the group of its effect.
    pub(super) actions: Vec<EntityUid>,
    pub(super) request: Request,
    pub(super) entities: Entities,
}

impl Question {
    /// What rules may look at, for people.
    pub(super) fn attributes(&self) -> Vec<(&'static str, String)> {
        self.attributes.iter().map(|(name, value)| (*name, value.shown())).collect()
    }
}

/// One thing touched, before the engine's types.
struct Thing {
    kind: &'static str,
    id: String,
    shown: String,
    facts: Vec<(&'static str, String)>,
    attributes: Vec<(&'static str, Attribute)>,
    guard: Option<String>,
    by_parts: bool,
    shell: bool,
    writes: bool,
}

enum Attribute {
    Text(String),
    Flag(bool),
    Number(i64),
    Texts(Vec<String>),
}

impl Attribute {
    fn value(&self) -> Value {
        match self {
            Attribute::Text(text) => Value::new_string(text.clone()),
            Attribute::Flag(flag) => Value::new_bool(*flag),
            Attribute::Number(number) => Value::new_long(*number),
            Attribute::Texts(texts) => Value::new_set(texts.iter().cloned().map(Value::new_string)),
        }
    }

    fn shown(&self) -> String {
        match self {
            Attribute::Text(text) => format!("{text:?}"),
            Attribute::Flag(flag) => flag.to_string(),
            Attribute::Number(number) => number.to_string(),
            Attribute::Texts(texts) => format!("{texts:?}"),
        }
    }
}

/// The questions about a case, the one about what is not said first.
pub(super) fn questions(case: &Case<'_>, ground: &Ground) -> Result<Vec<Question>, String> {
    let changes = |touch: &Touch| match touch {
        Touch::Write { .. } | Touch::Command { .. } | Touch::Host { .. } => true,
        Touch::Read { .. } => false,
    };
    let unlisted = case.effect != Effect::ReadOnly && !case.touches.iter().any(changes);
    let mut things = Vec::with_capacity(case.touches.len() + 1);
    if unlisted || case.touches.is_empty() {
        things.push(Thing {
            kind: "Tool",
            id: case.tool.to_string(),
            shown: format!("{} itself", case.tool),
            facts: Vec::new(),
            attributes: vec![("name", Attribute::Text(case.tool.to_string()))],
            guard: None,
            by_parts: false,
            shell: false,
            writes: false,
        });
    }
    let cwd = case.args.get("cwd").and_then(serde_json::Value::as_str).unwrap_or(".");
    let found = reached(case.touches, case.workspace, cwd);
    things.extend(found.iter().map(|found| thing(case, found, ground)));
    let arguments = if ground.arguments { canonical(case.args) } else { String::new() };
    let cut = arguments.len() > ARGUMENTS_MAX;
    let arguments = if cut { String::new() } else { arguments };
    things.into_iter().map(|thing| question(case, thing, &arguments, cut)).collect()
}

/// The question about one path, given from the root.
pub(super) fn path_question(
    case: &Case<'_>,
    full: &str,
    writes: bool,
    ground: &Ground,
) -> Result<Question, String> {
    let touch =
        if writes { Touch::Write { path: full.to_string() } } else { Touch::Read { path: full.to_string() } };
    let arguments = if ground.arguments { canonical(case.args) } else { String::new() };
    let cut = arguments.len() > ARGUMENTS_MAX;
    let arguments = if cut { "" } else { arguments.as_str() };
    let thing = path_thing(case.workspace, full, writes, touch.line(), ground);
    question(case, thing, arguments, cut)
}

fn thing(case: &Case<'_>, found: &Reached, ground: &Ground) -> Thing {
    let shown = found.touch.line();
    match &found.touch {
        Touch::Read { path } => path_thing(case.workspace, path, false, shown, ground),
        Touch::Write { path } => path_thing(case.workspace, path, true, shown, ground),
        Touch::Command { argv } => command_thing(argv, found, shown),
        Touch::Host { host, port } => {
            let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
            let plain = bare.strip_suffix('.').unwrap_or(bare).to_ascii_lowercase();
            Thing {
                kind: "Host",
                id: plain.clone(),
                shown,
                facts: vec![("host", host.clone()), ("port", port.to_string())],
                attributes: vec![
                    ("host", Attribute::Text(plain)),
                    ("port", Attribute::Number(i64::from(*port))),
                    ("listed", Attribute::Flag(ground.hosts.name(host, *port))),
                ],
                guard: None,
                by_parts: false,
                shell: false,
                writes: false,
            }
        }
    }
}

/// A path as it lies: inside it is told from the workspace, else from the root.
fn path_thing(workspace: &str, path: &str, writes: bool, shown: String, ground: &Ground) -> Thing {
    let full = absolute(workspace, path);
    let inside = full.as_ref().and_then(|full| below(full, workspace));
    let own = full.as_ref().is_some_and(|full| ground.own.iter().any(|own| below(full, own).is_some()));
    let place = match (&full, &inside) {
        (None, _) => "no path in the workspace",
        (Some(_), None) => "outside of the workspace",
        (Some(_), Some(_)) => "in the workspace",
    };
    let told = match &full {
        None => format!("{path:?}"),
        Some(full) if inside.is_none() && !own => full.clone(),
        Some(_) => path.to_string(),
    };
    let is_inside = inside.is_some();
    let lies = inside.or(full).unwrap_or_default();
    let name = lies.rsplit('/').next().unwrap_or_default().to_string();
    let verb = if writes { "changes" } else { "reads" };
    Thing {
        kind: "Path",
        id: lies.clone(),
        shown,
        facts: vec![("verb", verb.to_string()), ("path", told), ("place", place.to_string())],
        attributes: vec![
            ("path", Attribute::Text(lies)),
            ("name", Attribute::Text(name)),
            ("inWorkspace", Attribute::Flag(is_inside)),
            ("ownData", Attribute::Flag(own)),
        ],
        guard: None,
        by_parts: false,
        shell: false,
        writes,
    }
}

fn command_thing(words: &[String], found: &Reached, shown: String) -> Thing {
    let argv = Argv::new(words);
    let (wraps, line) = (argv.wraps(), argv.line());
    Thing {
        kind: "Command",
        id: argv.program().to_string(),
        shown,
        facts: vec![("program", argv.program().to_string()), ("line", line.clone())],
        attributes: vec![
            ("program", Attribute::Text(argv.program().to_string())),
            ("first", Attribute::Text(argv.first().to_string())),
            ("args", Attribute::Texts(argv.args().to_vec())),
            ("count", Attribute::Number(i64::try_from(argv.args().len()).unwrap_or(i64::MAX))),
            ("line", Attribute::Text(line)),
            ("viaShell", Attribute::Flag(found.shell)),
            ("wrapper", Attribute::Flag(wraps.is_some())),
        ],
        guard: found.doubt.clone(),
        by_parts: found.by_parts,
        shell: found.shell,
        writes: false,
    }
}

fn question(case: &Case<'_>, thing: Thing, arguments: &str, cut: bool) -> Result<Question, String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let principal = uid("Agent", case.agent)?;
    let (action, parent) = (uid("Action", case.tool)?, uid("Action", group(case.effect))?);
    let resource = uid(thing.kind, &thing.id)?;
    let cwd = case.args.get("cwd").and_then(serde_json::Value::as_str).unwrap_or(".");
    let cwd = absolute(case.workspace, cwd).and_then(|full| below(&full, case.workspace).or(Some(full)));
    let context = [
        ("writes", Attribute::Flag(thing.writes)),
        ("cwd", Attribute::Text(cwd.unwrap_or_default())),
        ("arguments", Attribute::Text(arguments.to_string())),
        ("mode", Attribute::Text(case.mode.name().to_string())),
        ("sandbox", Attribute::Text(case.sandbox.to_string())),
    ];
    let attributes: HashMap<String, Value> =
        thing.attributes.iter().map(|(name, value)| ((*name).to_string(), value.value())).collect();
    // Who asks and the group have nothing that a rule could look at but their names.
    let entities = [
        Entity::new_no_attrs(action.clone(), HashSet::from([parent.clone()])),
        Entity::new(resource.clone(), attributes, HashSet::new()).map_err(|error| said(&error))?,
    ];
    let known = context.iter().map(|(name, value)| ((*name).to_string(), value.value()));
    let known = Context::from_pairs(known).map_err(|error| said(&error))?;
    let in_context = context.into_iter().filter(|(name, _)| *name != "arguments");
    let attributes = thing.attributes.into_iter().chain(in_context).collect();
    let too_long =
        || format!("its arguments are longer than {} KiB, and rules look at them", ARGUMENTS_MAX / 1024);
    let mut facts = thing.facts;
    let walls = match case.sandbox {
        "none" => "which may do anything that you may".to_string(),
        held => format!("which the sandbox {held} holds"),
    };
    facts.extend([
        ("tool", case.tool.to_string()),
        ("effect", case.effect.word().to_string()),
        ("walls", walls),
    ]);
    Ok(Question {
        kind: thing.kind,
        shown: thing.shown,
        facts,
        attributes,
        head: format!("{} {} {}", thing.kind, group(case.effect), case.tool),
        guard: thing.guard.or_else(|| cut.then(too_long)),
        cut,
        by_parts: thing.by_parts && !cut,
        shell: thing.shell,
        request: Request::new(principal, action.clone(), resource, known, None)
            .map_err(|error| said(&error))?,
        entities: Entities::from_entities(entities, None).map_err(|error| said(&error))?,
        actions: vec![action, parent],
    })
}

/// An entity's name.
pub(super) fn uid(kind: &str, id: &str) -> Result<EntityUid, String> {
    // A name is read by a parser, and it is always one of these.
    static NAMES: LazyLock<Vec<(&str, EntityTypeName)>> = LazyLock::new(|| {
        let kinds = ["Agent", "Action", "Path", "Host", "Command", "Tool"];
        kinds.into_iter().filter_map(|kind| Some((kind, EntityTypeName::from_str(kind).ok()?))).collect()
    });
    let name = match NAMES.iter().find(|(known, _)| *known == kind) {
        Some((_, name)) => name.clone(),
        None => EntityTypeName::from_str(kind).map_err(|error| error.to_string())?,
    };
    Ok(EntityUid::from_type_name_and_id(name, EntityId::new(id)))
}
