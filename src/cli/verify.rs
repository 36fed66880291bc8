//! `tackroom verify`: whether stored sessions are whole, and where the first is not.

use crate::cli::args_past::Verify;
use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::keys;
use crate::cli::out::{self, Progress};
use crate::cli::wire::Wire;
use crate::domain::ids::SessionId;
use crate::domain::signed::{Signatures, Signings};
use crate::domain::text::plural;
use crate::domain::verify::{Verified, Verifier};
use crate::ports::log::LogFault;

/// Commits read at once.
const PAGE: usize = 256;

/// Checks the sessions that were named, or all.
pub async fn verify(config: &Config, args: &Verify) -> Result<Code, Failure> {
    let Some(wire) = Wire::existing(config)? else {
        if args.all {
            return told(&[], args.json);
        }
        let sentence = format!("there is no session yet in {}", config.paths.data.display());
        return Err(Failure::new(Code::Usage, sentence, "`tackroom demo` makes one in a minute"));
    };
    let ids =
        if args.all { wire.store.log.find("", usize::MAX).await? } else { named(&wire, &args.ids).await? };
    let mut total = 0;
    for id in &ids {
        total += wire.store.index.row(id).await?.map_or(0, |row| row.events);
    }
    let mut progress = Progress::new("checked", "events", total);
    let mut marks = keys::marks(config)?;
    let mut checked = Vec::with_capacity(ids.len());
    for id in &ids {
        let signings = Signings::new(marks.remove(id.as_str()).unwrap_or_default());
        let verified = check(&wire, id, signings, &mut progress).await?;
        let word = if whole(&verified) { "whole" } else { "differs" };
        progress.step(&format!("{id} {word} ({} of {} sessions)", checked.len() + 1, ids.len()));
        checked.push(verified);
    }
    progress.end();
    told(&checked, args.json)
}

/// The sessions of these ids, each once.
async fn named(wire: &Wire, prefixes: &[String]) -> Result<Vec<SessionId>, Failure> {
    let mut ids = Vec::new();
    for prefix in prefixes {
        let id = wire.find(prefix).await?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// Reads a session page by page; nothing of it is kept.
async fn check(
    wire: &Wire,
    id: &SessionId,
    mut signings: Signings,
    progress: &mut Progress,
) -> Result<Checked, Failure> {
    let mut verifier = Verifier::new(id.clone());
    let (mut after, mut whole) = (0, false);
    while !whole && !verifier.found() {
        match wire.store.log.read(id, after, PAGE).await {
            Ok(page) => {
                whole = page.len() < PAGE;
                let before = verifier.events();
                for commit in page {
                    after = commit.seq;
                    signings.apply(&commit);
                    verifier.apply(&commit);
                }
                progress.add(verifier.events() - before);
            }
            // What stands before the damage, on the same page, may be at fault too, and earlier.
            Err(LogFault::Damaged { event, why, .. }) => {
                up_to_damage(wire, &mut verifier, id, after).await;
                verifier.damaged(event, &why);
            }
            Err(fault) => return Err(fault.into()),
        }
    }
    Ok((verifier.finish(), signings.finish()))
}

/// A session as it was checked, and what signatures say of it.
type Checked = (Verified, Signatures);

/// Whether nothing is wrong with it.
fn whole((verified, signatures): &Checked) -> bool {
    verified.whole() && signatures.wrong().is_empty()
}

/// Takes in what can be read before the damage, commit by commit.
async fn up_to_damage(wire: &Wire, verifier: &mut Verifier, id: &SessionId, mut after: u64) {
    while !verifier.found() {
        let Ok(page) = wire.store.log.read(id, after, 1).await else { return };
        let Some(commit) = page.first() else { return };
        after = commit.seq;
        verifier.apply(commit);
    }
}

fn told(checked: &[Checked], json: bool) -> Result<Code, Failure> {
    let differ = checked.iter().filter(|one| !whole(one)).count();
    if json {
        let events: u64 = checked.iter().map(|(one, _)| one.events).sum();
        let sessions: Vec<serde_json::Value> = checked.iter().map(shape).collect();
        let summary = serde_json::json!({
            "checked": checked.len(), "whole": checked.len() - differ, "differ": differ, "events": events,
        });
        let document = serde_json::json!({ "version": 1, "sessions": sessions, "summary": summary });
        out::json(&document.to_string())?;
    } else {
        for one in checked {
            for line in lines(one) {
                out::line(&out::safe(&line))?;
            }
        }
        out::line(&summary(checked, differ))?;
    }
    Ok(if differ == 0 { Code::Done } else { Code::Failed })
}

fn shape(checked: &Checked) -> serde_json::Value {
    let (one, signatures) = checked;
    let finding = one.finding.as_ref().map(|finding| {
        serde_json::json!({
            "event": finding.no.0, "kind": finding.kind, "rule": finding.rule.name(), "why": finding.why,
            "expected": finding.expected, "found": finding.found,
        })
    });
    serde_json::json!({
        "session": one.session, "title": one.title, "whole": whole(checked), "events": one.events,
        "commits": one.commits, "runs": one.runs, "calls": one.calls, "open": one.open,
        "unread_from": one.unread_from.map(|no| no.0), "finding": finding, "signatures": keys::shape(signatures),
    })
}

fn lines(checked: &Checked) -> Vec<String> {
    let one = &checked.0;
    let word = if whole(checked) { "whole" } else { "differs" };
    let title = crate::domain::text::first_line(&one.title, 48);
    let counts = {
        let (runs, calls) = (plural(one.runs, "run"), plural(one.calls, "call"));
        format!("{:>15}  {runs:>9}  {calls:>12}", plural(one.events, "event"))
    };
    let mut lines = vec![format!("{:<10}  {word:<7}  {counts}  {title}", one.session)];
    let mut add = |name: &str, what: &str| lines.push(format!("{:<12}{name:<9} {what}", ""));
    if let Some(finding) = &one.finding {
        let kind = if finding.kind.is_empty() { String::new() } else { format!(" {}", finding.kind) };
        add("at", &format!("{}{kind} (rule {})", finding.no, finding.rule.name()));
        add("because", &finding.why);
        add("expected", &finding.expected);
        add("found", &finding.found);
    }
    for (name, what) in keys::lines(&checked.1) {
        add(name, &what);
    }
    for open in &one.open {
        add("open", open);
    }
    if let Some(no) = one.unread_from {
        let what = format!(
            "from {no} on there are facts of a newer program: only the chain and the spans were checked"
        );
        add("unread", &what);
    }
    lines
}

fn summary(checked: &[Checked], differ: usize) -> String {
    let events: u64 = checked.iter().map(|(one, _)| one.events).sum();
    let sessions = if checked.len() == 1 { "session" } else { "sessions" };
    let whole = checked.len() - differ;
    format!("{} {sessions}, {events} events: {whole} whole, {differ} differ", checked.len())
}
