//! Leases: what an operator's order about them makes, or why it is refused.

use crate::domain::boundary::RULE;
use crate::domain::call::{By, Call, Via};
use crate::domain::decide::Kit;
use crate::domain::event::Fact;
use crate::domain::hash::Hash;
use crate::domain::ids::{CallId, LeaseNo};
use crate::domain::lease::{LEASES_MAX, scripts_of};
use crate::domain::lease_covers::Deed;
use crate::domain::lease_pattern::{BYTES_MAX, Pattern};
use crate::domain::lease_terms::{Terms, USES_MAX};
use crate::domain::order::Refusal;
use crate::domain::session::Session;
use crate::domain::time::Micros;

/// Approves the waiting call, which was seen, and grants the next ones like it. Others that wait already and are covered
/// are used for at once.
pub(in crate::domain) fn grant(
    session: &Session,
    call: &Call,
    seen: Hash,
    terms: &Terms,
    (by, kit): (&By, &Kit<'_>),
) -> Result<Vec<Fact>, Refusal> {
    if let Some(why) = misfit(&session.workspace, call, terms) {
        return Err(Refusal::LeaseMisses(why));
    }
    let now = kit.now.max(session.updated_at);
    if terms.until_at(now).is_some_and(|until| until <= now) {
        return Err(Refusal::LeasePast);
    }
    if session.live_leases(now).count() >= LEASES_MAX {
        return Err(Refusal::TooMany("leases"));
    }
    let granted = granted(session, call, terms, by, now);
    let expires = kit.now.plus_ms(kit.approval_ms);
    let approved = Fact::CallApproved { call: call.id, hash: seen, by: by.clone(), expires };
    let more = session.at_once(&granted, now);
    Ok([granted, approved].into_iter().chain(more).collect())
}

fn granted(session: &Session, call: &Call, terms: &Terms, by: &By, now: Micros) -> Fact {
    Fact::LeaseGranted {
        no: session.last_lease.after(),
        tool: call.tool.clone(),
        pattern: terms.pattern.to_string(),
        root: terms.root(&session.workspace),
        uses: terms.uses,
        until: terms.until_at(now),
        lasting: terms.lasting,
        policy: call.verdict.as_ref().map_or_else(String::new, |verdict| verdict.policy.clone()),
        scripts: scripts_of(&call.preview),
        call: call.id,
        by: by.clone(),
    }
}

/// The calls that a lease for a waiting call would be used for at once: others that wait already and are covered.
pub fn at_once(session: &Session, call: &Call, terms: &Terms, now: Micros) -> Vec<CallId> {
    if misfit(&session.workspace, call, terms).is_some() {
        return Vec::new();
    }
    let nobody = By { name: String::new(), via: Via::Screen };
    let uses = session.at_once(&granted(session, call, terms, &nobody, now), now);
    uses.iter().filter_map(Fact::call).collect()
}

/// Why a waiting call cannot be granted on these terms, as a sentence without its end; none where it can.
pub fn misfit(workspace: &str, call: &Call, terms: &Terms) -> Option<String> {
    if call.verdict.as_ref().is_some_and(|verdict| verdict.rule == RULE) {
        return Some("the call goes beyond the boundary of the task, where no lease reaches".to_string());
    }
    if let Some(rule) = call.verdict.as_ref().and_then(|verdict| verdict.person.as_ref()) {
        return Some(format!("the rule {rule} wants a person each time"));
    }
    if !(1..=USES_MAX).contains(&terms.uses) {
        return Some(format!("a lease has 1 to {USES_MAX} uses"));
    }
    let text = terms.pattern.to_string();
    // What is printed is what is kept: it must come back the same.
    if text.len() > BYTES_MAX || Pattern::parse(&text).as_ref() != Ok(&terms.pattern) {
        return Some("the pattern is too long, or cannot be written down".to_string());
    }
    let Some(deed) = Deed::of(call, workspace) else {
        return Some("its arguments are not JSON".to_string());
    };
    terms.pattern.misses(&deed, &terms.root(workspace))
}

/// Why no lease can be given for a waiting call, on whatever terms; none where one can.
pub fn never(workspace: &str, call: &Call) -> Option<String> {
    let narrow = call.args().and_then(Terms::narrow);
    narrow.map_or(Some("its arguments are no object".to_string()), |terms| misfit(workspace, call, &terms))
}

/// Takes a lease back: what it cleared and did not start yet asks again.
pub(in crate::domain) fn revoke(session: &Session, no: LeaseNo, by: &By) -> Result<Vec<Fact>, Refusal> {
    match session.lease(no) {
        None => Err(Refusal::NoLease(no)),
        Some(lease) => match lease.over(session, session.updated_at) {
            // Used up is not done with: its last call may not have started.
            Some(crate::domain::lease::Over::Used) | None => {
                Ok(vec![Fact::LeaseRevoked { lease: no, by: by.clone() }])
            }
            Some(over) => Err(Refusal::LeaseOver { lease: no, how: over.word() }),
        },
    }
}
