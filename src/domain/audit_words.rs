//! An audit as lines of text, as JSON and as a page.

use crate::domain::audit::{Audit, Decision, Entry, Figures, GLANCE_MS, Rein};
use crate::domain::export::html::{TAIL, head, list, one, pre};
use crate::domain::message::Args;
use crate::domain::policy::Word;
use crate::domain::signed::{Signatures, Standing};
use crate::domain::text::{self, plural};
use crate::domain::time::duration;
use serde_json::{Value, json};

/// A session with what the check of its log came to.
#[derive(Clone, Debug)]
pub struct Audited {
    /// Its id.
    pub session: String,
    /// What was done in it.
    pub audit: Audit,
    /// Which of its decisions are signed.
    pub signatures: Signatures,
    /// Where its log differs from what it should be, in a sentence; none where it is whole.
    pub differs: Option<String>,
}

fn word(entry: &Entry) -> &'static str {
    match entry.verdict.as_ref().map(|(verdict, _)| verdict.word) {
        Some(Word::Allow) => "allow",
        Some(Word::Ask) => "ask",
        Some(Word::Deny) => "deny",
        None => "-",
    }
}

fn rule(entry: &Entry) -> &str {
    entry.verdict.as_ref().map_or("-", |(verdict, _)| verdict.rule.as_str())
}

fn outcome(entry: &Entry) -> &str {
    entry.outcome.as_deref().unwrap_or("open")
}

fn args(entry: &Entry) -> String {
    match &entry.asked {
        Args::Json(value) => value.to_string(),
        Args::Broken(text) => text.clone(),
    }
}

fn decided(decision: &Decision, signatures: &Signatures) -> String {
    let standing = signatures.decisions.get(&decision.no).filter(|_| signatures.any);
    let signed = standing.map_or_else(String::new, |standing| format!("; {}", standing.words()));
    let words = if decision.words.is_empty() { String::new() } else { format!(": {}", decision.words) };
    let (word, by, took) = (decision.choice.word(), &decision.by, duration(decision.look_ms));
    format!("{word} by {by} at {} after {took}{words}{signed}", decision.at.rfc3339())
}

fn stand(audited: &Audited) -> String {
    match &audited.differs {
        None => "the log is whole".to_string(),
        Some(why) => format!("THE LOG DIFFERS: {why}"),
    }
}

/// A session in lines; foreign words are in them as they are.
pub fn lines(audited: &Audited) -> Vec<String> {
    let audit = &audited.audit;
    let title = text::first_line(&audit.title, 60);
    let mut lines = vec![format!("{}  {title}  ({}; {})", audited.session, audit.workspace, stand(audited))];
    if let Some(tool) = &audit.imported {
        lines.push(format!("  imported from {tool}, which recorded no decisions"));
    }
    for entry in &audit.entries {
        let (at, call, tool) = (entry.at.rfc3339(), entry.call, &entry.tool);
        let ran = entry.ran_ms.map_or_else(String::new, |ms| format!(", ran {}", duration(ms)));
        let (word, rule, outcome) = (word(entry), rule(entry), outcome(entry));
        lines.push(format!("  {at}  {call:<5} {tool}  {word} by {rule}  {outcome}{ran}"));
        lines.push(format!("      {}", text::truncate(&args(entry), 160)));
        if let Some(edited) = &entry.edited {
            lines.push(format!("      became {}", text::truncate(&edited.to_string(), 160)));
        }
        lines.extend(entry.leased.iter().map(|leased| format!("      approved {}", leased.words())));
        lines.extend(
            entry
                .decisions
                .iter()
                .map(|decision| format!("      {}", decided(decision, &audited.signatures))),
        );
    }
    lines.extend(audit.reins.iter().map(|rein| format!("  {}  {}", rein.at.rfc3339(), rein.words)));
    lines.extend(
        audit.grants.iter().map(|grant| format!("  {}  {} {}", grant.at.rfc3339(), grant.no, grant.words)),
    );
    lines
}

/// What it all comes to, in lines.
pub fn sum(figures: &Figures) -> Vec<String> {
    let mut lines: Vec<String> =
        facts(figures).into_iter().map(|(name, value)| format!("{name:<22} {value}")).collect();
    lines.extend(warning(figures).map(|warning| format!("WARNING: {warning}")));
    lines
}

fn facts(figures: &Figures) -> Vec<(&'static str, String)> {
    let share = |part: u64, whole: u64| match whole {
        0 => "-".to_string(),
        _ => format!("{} of {whole} ({} %)", part, part * 100 / whole),
    };
    let per_task = match figures.tasks {
        0 => "-".to_string(),
        tasks => format!("{}.{}", figures.held / tasks, figures.held * 10 / tasks % 10),
    };
    vec![
        ("sessions, tasks, calls", format!("{}, {}, {}", figures.sessions, figures.tasks, figures.calls)),
        ("ran by a rule alone", share(figures.by_rule, figures.calls)),
        ("ran under a lease", share(figures.by_lease, figures.calls)),
        ("denied by a rule", share(figures.denied, figures.calls)),
        ("a person was asked", share(figures.held, figures.calls)),
        ("questions a task", per_task),
        ("approved as shown", share(figures.approved, figures.decisions)),
        ("edited", share(figures.edited, figures.decisions)),
        ("rejected or answered", share(figures.refused, figures.decisions)),
        ("approved by a flag", share(figures.flagged, figures.approved)),
        ("looked at, the median", figures.look_median_ms().map_or_else(|| "-".to_string(), duration)),
        ("approved at a glance", share(figures.glanced, figures.approved - figures.flagged)),
    ]
}

fn warning(figures: &Figures) -> Option<String> {
    figures.rubber_stamps().then(|| {
        format!(
            "{} came within {} of being shown, up to {} in a row: nobody reads as quickly. Fewer questions, by narrower \
             rules for what is always approved, are read again.",
            plural(figures.glanced, "approval"),
            duration(GLANCE_MS),
            figures.glanced_row
        )
    })
}

/// Everything as one document.
pub fn document(all: &[Audited], figures: &Figures) -> Value {
    let sessions: Vec<Value> = all.iter().map(session).collect();
    json!({
        "version": 1,
        "sessions": sessions,
        "figures": {
            "sessions": figures.sessions, "tasks": figures.tasks, "calls": figures.calls,
            "by_rule": figures.by_rule, "by_lease": figures.by_lease, "denied": figures.denied, "held": figures.held,
            "decisions": figures.decisions, "approved": figures.approved, "edited": figures.edited,
            "refused": figures.refused, "flagged": figures.flagged, "glanced": figures.glanced,
            "glanced_row": figures.glanced_row, "look_median_ms": figures.look_median_ms(),
            "rubber_stamps": figures.rubber_stamps(),
        },
    })
}

fn session(audited: &Audited) -> Value {
    let calls: Vec<Value> =
        audited.audit.entries.iter().map(|entry| call(entry, &audited.signatures)).collect();
    let rein = |rein: &Rein| json!({ "event": rein.no.0, "at": rein.at.rfc3339(), "what": rein.words });
    let holds: Vec<Value> = audited.audit.reins.iter().map(rein).collect();
    let grants = audited.audit.grants.iter().map(|grant| {
        json!({
            "event": grant.no.0, "at": grant.at.rfc3339(), "by": grant.by.name, "via": grant.by.via, "words": grant.words,
        })
    });
    let grants = grants.collect::<Vec<Value>>();
    json!({
        "session": audited.session, "title": audited.audit.title, "workspace": audited.audit.workspace,
        "imported": audited.audit.imported, "tasks": audited.audit.tasks,
        "whole": audited.differs.is_none(), "differs": audited.differs, "calls": calls,
        "holds": holds,
        "leases": grants,
    })
}

fn call(entry: &Entry, signatures: &Signatures) -> Value {
    let verdict = entry.verdict.as_ref().map(|(verdict, hash)| {
        json!({
            "word": word(entry), "rule": verdict.rule, "why": verdict.why, "policy": verdict.policy,
            "action": hash.to_string(),
        })
    });
    let decisions = entry.decisions.iter().map(|decision| {
        json!({
            "choice": decision.choice.word(), "by": decision.by.name, "via": decision.by.via, "event": decision.no.0,
            "at": decision.at.rfc3339(), "waited_ms": decision.waited_ms, "look_ms": decision.look_ms,
            "words": decision.words,
            "signed": signatures.decisions.get(&decision.no).map(Standing::words),
        })
    });
    let decisions = decisions.collect::<Vec<Value>>();
    let leased = entry.leased.iter().map(|leased| {
        json!({
            "lease": leased.lease.to_string(), "by": leased.by.name, "via": leased.by.via, "nth": leased.nth, "of": leased.of,
        })
    });
    let leased = leased.collect::<Vec<Value>>();
    let asked = match &entry.asked {
        Args::Json(value) => value.clone(),
        Args::Broken(text) => json!({ "malformed_arguments": text }),
    };
    json!({
        "call": entry.call.to_string(), "event": entry.no.0, "at": entry.at.rfc3339(), "tool": entry.tool, "asked": asked,
        "edited": entry.edited, "verdict": verdict, "held": entry.held, "decisions": decisions, "leased": leased,
        "started": entry.started,
        "outcome": outcome(entry), "ran_ms": entry.ran_ms,
    })
}

/// Everything as one page.
pub fn page(all: &[Audited], figures: &Figures) -> String {
    let mut page = head("Audit");
    page.push_str(&list(&facts(figures)));
    page.extend(warning(figures).map(|warning| format!("<p class=\"badly\">{}</p>\n", one(&warning))));
    for audited in all {
        let class = if audited.differs.is_none() { "well" } else { "badly" };
        page.push_str(&format!(
            "<h2>{} <span class=\"muted\">{}</span></h2>\n<p class=\"{class}\">{}</p>\n",
            one(&audited.audit.title),
            one(&audited.session),
            one(&stand(audited))
        ));
        for entry in &audited.audit.entries {
            page.push_str(&article(entry, &audited.signatures));
        }
        for rein in &audited.audit.reins {
            page.push_str(&format!("<p><time>{}</time> {}</p>\n", rein.at.rfc3339(), one(&rein.words)));
        }
        for grant in &audited.audit.grants {
            let (at, no) = (grant.at.rfc3339(), grant.no);
            page.push_str(&format!("<p><time>{at}</time> {no} {}</p>\n", one(&grant.words)));
        }
    }
    page.push_str(TAIL);
    page
}

fn article(entry: &Entry, signatures: &Signatures) -> String {
    let mut told = format!(
        "<article>\n<p><time>{}</time> {} <b>{}</b>: {} by {}, {}</p>\n{}",
        entry.at.rfc3339(),
        entry.call,
        one(&entry.tool),
        word(entry),
        one(rule(entry)),
        one(outcome(entry)),
        pre(&args(entry), "code")
    );
    if let Some(edited) = &entry.edited {
        told.push_str(&format!("<p>became</p>\n{}", pre(&edited.to_string(), "code")));
    }
    for leased in &entry.leased {
        told.push_str(&format!("<p>approved {}</p>\n", one(&leased.words())));
    }
    for decision in &entry.decisions {
        told.push_str(&format!("<p>{}</p>\n", one(&decided(decision, signatures))));
    }
    told.push_str("</article>\n");
    told
}
