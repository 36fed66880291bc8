//! `tackroom policy backtest`: the calls of stored sessions, judged again with the rules of now.

use crate::adapters::policy::cedar::{Force, load};
use crate::cli::args_policy::Backtest;
use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::folder::folder;
use crate::cli::out::{self, Progress};
use crate::cli::policy::{prepared_with, refused, tools, verdict};
use crate::cli::policy_explain::{case, read, word};
use crate::cli::secrets;
use crate::cli::wire::Wire;
use crate::domain::backtest::Past;
use crate::domain::checks::allowed;
use crate::domain::ids::SessionId;
use crate::domain::policy::{Verdict, Word};
use crate::domain::text::{first_line, plural};
use crate::ports::veil::Veil;
use crate::runtime::toolbox::Toolbox;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

/// One call, then and now.
struct Row {
    session: SessionId,
    past: Past,
    /// The verdict now, else why there is none.
    now: Result<Verdict, String>,
}

impl Row {
    /// Whether it would go otherwise.
    fn differs(&self) -> bool {
        let then = self.past.verdict.as_ref().map(|verdict| verdict.word);
        self.now.as_ref().is_ok_and(|now| Some(now.word) != then)
    }

    fn now_word(&self) -> &'static str {
        self.now.as_ref().map_or("unknown", |now| word(now.word))
    }

    fn then_word(&self) -> &'static str {
        self.past.verdict.as_ref().map_or("unknown", |then| word(then.word))
    }
}

/// Rules by the folder that a session worked in: its own count there.
struct Policies<'a> {
    config: &'a Config,
    files: &'a [PathBuf],
    tools: Toolbox,
    veil: Arc<dyn Veil>,
    by_folder: BTreeMap<String, Arc<Force>>,
    /// Rules that decided something, and all there are, each by its name in a verdict.
    used: BTreeSet<String>,
    all: BTreeMap<String, &'static str>,
}

impl Policies<'_> {
    fn of(&mut self, workspace: &str) -> Result<Arc<Force>, Failure> {
        if let Some(force) = self.by_folder.get(workspace) {
            return Ok(Arc::clone(force));
        }
        let setup = prepared_with(self.config, workspace, self.files, &self.tools)?;
        let force = load(&setup).map_err(|faults| refused(&faults))?.force;
        for rule in force.rules() {
            self.all.insert(rule.title(), rule.layer.name());
        }
        self.by_folder.insert(workspace.to_string(), Arc::clone(&force));
        Ok(force)
    }

    /// The verdict now, else why there is none: a folder's rules may be refused.
    fn judge(&mut self, past: &Past) -> Result<Verdict, String> {
        let action = match &past.action {
            Ok(action) => action,
            Err(why) => return Err((*why).to_string()),
        };
        if self.tools.book().get(&past.tool).is_none() {
            return Err(format!("there is no tool {} any more", past.tool));
        }
        let force = match self.of(&action.workspace) {
            Ok(force) => force,
            Err(failure) => return Err(failure.sentence),
        };
        let weighed = force.weigh(&case(&past.tool, action));
        let parts = weighed.parts.iter().filter_map(|part| force.rules().get(part.rule?));
        self.used.extend(parts.map(|rule| rule.title()));
        let verdict = verdict(&force, &self.veil, case(&past.tool, action));
        // As a run comes to it: the operator set the check.
        Ok(past.check.as_deref().map_or(verdict.clone(), |name| allowed(verdict, name)))
    }
}

/// Judges stored calls again.
pub async fn backtest(config: &Config, args: &Backtest) -> Result<Code, Failure> {
    let wire = Wire::reading(config)?;
    let mut ids = Vec::new();
    for prefix in &args.sessions {
        ids.push(wire.find(prefix).await?);
    }
    if args.sessions.is_empty() {
        ids = wire.store.log.find("", usize::MAX).await?;
    }
    let mut seen = BTreeSet::new();
    ids.retain(|id| seen.insert(id.clone()));
    let here = folder(None)?;
    let tools = tools(config, &here)?;
    let veil = Arc::new(secrets::vault(config, 0)); // nothing of it is kept
    let (by_folder, used, all) = Default::default();
    let mut policies = Policies { config, files: &args.policy, tools, veil, by_folder, used, all };
    policies.of(&here)?; // a file that is refused is told before anything is read
    let mut progress = Progress::new("judged", "sessions", ids.len() as u64);
    let (mut rows, mut unread) = (Vec::new(), Vec::new());
    for id in &ids {
        match read(&wire, id).await {
            Ok(pasts) => {
                for past in pasts {
                    let now = policies.judge(&past);
                    rows.push(Row { session: id.clone(), past, now });
                }
            }
            Err(failure) => unread.push(format!("session {id} cannot be read: {}", failure.sentence)),
        }
        progress.add(1);
    }
    progress.end();
    match args.json {
        true => out::json(&document(&rows, &unread, &policies, ids.len()).to_string())?,
        false => tell(&rows, &unread, &policies, ids.len(), args.all)?,
    }
    Ok(if unread.is_empty() { Code::Done } else { Code::Failed })
}

/// How many calls went from which word to which.
fn moves(rows: &[Row]) -> BTreeMap<(&'static str, &'static str), u64> {
    let mut moves = BTreeMap::new();
    for row in rows {
        *moves.entry((row.then_word(), row.now_word())).or_default() += 1;
    }
    moves
}

/// What deserves a look: rejected then and allowed now; approved then and denied now.
fn notable(row: &Row) -> Option<&'static str> {
    use crate::domain::backtest::Decided;
    match (row.past.decided, row.now.as_ref().ok()?.word) {
        (Decided::Rejected | Decided::Edited | Decided::Answered, Word::Allow) => {
            Some("would run without asking, and a person did not let it")
        }
        (Decided::Approved | Decided::ByFlag | Decided::ByLease, Word::Deny) => {
            Some("would be denied, and a person approved it")
        }
        (Decided::Nobody, _)
        | (Decided::Approved | Decided::ByFlag | Decided::ByLease, Word::Allow | Word::Ask)
        | (Decided::Rejected | Decided::Edited | Decided::Answered, Word::Ask | Word::Deny) => None,
    }
}

fn unused<'a>(policies: &'a Policies<'_>) -> Vec<(&'a String, &'static str)> {
    let all = policies.all.iter().filter(|(title, _)| !policies.used.contains(*title));
    all.map(|(title, layer)| (title, *layer)).collect()
}

fn document(rows: &[Row], unread: &[String], policies: &Policies<'_>, sessions: usize) -> Value {
    let shape = |row: &Row| {
        let verdict = |verdict: &Verdict| json!({ "word": word(verdict.word), "rule": verdict.rule, "why": verdict.why });
        let touches = row
            .past
            .action
            .as_ref()
            .map(|action| action.touches.iter().map(|touch| touch.line()).collect::<Vec<_>>());
        json!({
            "session": row.session, "call": row.past.call.to_string(), "event": row.past.no.0, "tool": row.past.tool,
            "check": row.past.check,
            "touches": touches.ok(), "then": row.past.verdict.as_ref().map(verdict), "decided": row.past.decided.word(),
            "now": row.now.as_ref().ok().map(verdict), "unknown": row.now.as_ref().err(), "differs": row.differs(),
            "notable": notable(row),
        })
    };
    let moves: Vec<Value> = moves(rows)
        .into_iter()
        .map(|((then, now), calls)| json!({ "then": then, "now": now, "calls": calls }))
        .collect();
    let unused: Vec<Value> =
        unused(policies).into_iter().map(|(rule, layer)| json!({ "rule": rule, "layer": layer })).collect();
    json!({
        "version": 1, "sessions": sessions, "calls": rows.iter().map(shape).collect::<Vec<_>>(), "moves": moves,
        "rules_never_used": unused, "unread": unread,
    })
}

fn tell(
    rows: &[Row],
    unread: &[String],
    policies: &Policies<'_>,
    sessions: usize,
    all: bool,
) -> Result<(), Failure> {
    let line = |text: String| out::line(&out::row(&text));
    let shown: Vec<&Row> = rows.iter().filter(|row| all || row.differs()).collect();
    if !shown.is_empty() {
        line(format!(
            "{:<10} {:>5}  {:<14} {:<8} {:<16} {:<8} rule now, and what is touched",
            "session", "call", "tool", "then", "decided", "now"
        ))?;
    }
    for row in &shown {
        let told = match &row.now {
            Ok(now) => now.rule.clone(),
            Err(why) => why.clone(),
        };
        let touches = row
            .past
            .action
            .as_ref()
            .map(|action| action.touches.iter().map(|t| t.line()).collect::<Vec<_>>().join(", "));
        let (session, call, tool) =
            (row.session.to_string(), row.past.call.to_string(), first_line(&row.past.title(), 14));
        let (then, decided, now) = (row.then_word(), row.past.decided.word(), row.now_word());
        let touches = first_line(&touches.unwrap_or_default(), 70);
        line(format!(
            "{session:<10} {call:>5}  {tool:<14} {then:<8} {decided:<16} {now:<8} {told}  {touches}"
        ))?;
        if let Some(why) = notable(row) {
            line(format!("{:<10} {:>5}  ! it {why}", "", ""))?;
        }
    }
    let calls = plural(rows.len() as u64, "judged call");
    line(format!(
        "{calls} in {}, {} would go otherwise",
        plural(sessions as u64, "session"),
        rows.iter().filter(|row| row.differs()).count()
    ))?;
    for ((then, now), count) in moves(rows) {
        line(format!("  {then:>8} -> {now:<8} {count:>7}"))?;
    }
    let notable = rows.iter().filter(|row| notable(row).is_some()).count();
    if notable > 0 {
        line(format!("{notable} against what a person decided then (marked !)"))?;
    }
    let unused = unused(policies);
    if !unused.is_empty() {
        let names: Vec<String> = unused.iter().map(|(title, layer)| format!("{title} [{layer}]")).collect();
        line(format!("rules that decided nothing here: {}", names.join(", ")))?;
    }
    unread.iter().try_for_each(|why| line(format!("! {why}")))
}
