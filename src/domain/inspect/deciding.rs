//! Who decided on a call, what exactly, and how long it had waited for that.

use crate::domain::event::{Event, Fact, Lapse, Settling};
use crate::domain::inspect::call::Told;
use crate::domain::inspect::page::{Section, Tone};
use crate::domain::policy::Word;
use crate::domain::time::{Micros, duration};

/// Each word on the call, in order.
pub(in crate::domain) fn section(told: &Told<'_>) -> Section {
    let mut section = Section::new("decisions", "Decisions");
    let mut since: Option<Micros> = None;
    let mut allowed = false;
    for event in &told.events {
        if let Fact::CallJudged { verdict, .. } = &event.fact {
            since = since.or((verdict.word == Word::Ask).then_some(event.at));
            allowed = verdict.word == Word::Allow;
        } else if let Fact::CallUnknown { .. } = &event.fact {
            since = Some(event.at);
        }
        if let Some((label, who, rest, tone)) = word(event) {
            let waited = since.filter(|_| !matches!(event.fact, Fact::CallLapsed { .. }));
            let waited = waited.map(|since| format!(" after {}", duration(event.at.ms_since(since))));
            let waited = waited.unwrap_or_default();
            section.toned(label, format!("{who}{waited}{rest} ({} at {})", event.no, event.at.clock()), tone);
            // An edit is the first half of an approval; after any other word the waiting is over.
            since = since.filter(|_| matches!(event.fact, Fact::CallEdited { .. }));
        }
    }
    let is_approved = |event: &&Event| matches!(event.fact, Fact::CallApproved { .. });
    let stands = told.events.last().is_some_and(|last| {
        let asks = matches!(&last.fact, Fact::CallJudged { verdict, .. } if verdict.word == Word::Ask);
        asks || matches!(last.fact, Fact::CallUnknown { .. })
    });
    let just_approved = told.events.iter().rev().nth(1).is_some_and(is_approved);
    if let Some(at) = since.filter(|_| stands && !just_approved) {
        section.toned("waits", format!("for a person since {}", at.rfc3339()), Tone::Wait);
    }
    if section.parts.is_empty() {
        match allowed {
            true => section.row("nobody", "was asked: the policy allowed it"),
            false => section.toned("none", "nobody decided on it", Tone::Muted),
        }
    }
    section
}

/// What a fact decides: a word, who said it, what more there is to it.
fn word(event: &Event) -> Option<(&'static str, String, String, Tone)> {
    let fact = &event.fact;
    if let Fact::CallApproved { by, hash, expires, .. } = fact {
        let bound = format!("; bound to action {}, to start before {}", hash.short(), expires.clock());
        return Some(("approved", format!("by {by}"), bound, Tone::Good));
    }
    if let Fact::LeaseUsed { lease, by, nth, of, hash, .. } = fact {
        let bound = format!("; bound to action {}", hash.short());
        let who = format!("by lease {lease} of {by}, use {nth} of {of}");
        return Some(("approved", who, bound, Tone::Good));
    }
    if let Fact::CallEdited { by, .. } = fact {
        return Some(("edited", format!("by {by}"), String::new(), Tone::Wait));
    }
    if let Fact::CallRejected { by, reason, .. } = fact {
        let why = if reason.is_empty() { "; no reason given".to_string() } else { format!(": {reason}") };
        return Some(("rejected", format!("by {by}"), why, Tone::Bad));
    }
    if let Fact::CallAnswered { by, text, .. } = fact {
        return Some(("answered", format!("in the tool's place by {by}"), format!(": {text}"), Tone::Plain));
    }
    if let Fact::CallSettled { by, how, note, .. } = fact {
        let how = match how {
            Settling::Happened => "it did happen",
            Settling::Again => "to be run again",
            Settling::Abandon => "given up",
        };
        let note = if note.is_empty() { String::new() } else { format!(": {note}") };
        return Some(("settled", format!("by {by}"), format!("; {how}{note}"), Tone::Plain));
    }
    let Fact::CallLapsed { why, .. } = fact else { return None };
    let why = match why {
        Lapse::Expired => "the approval was too old",
        Lapse::Changed => "policy, folder or arguments are not those approved",
        Lapse::TargetChanged => "what it would change is not what was shown",
        Lapse::LeaseOver => "its lease was revoked, or its time is past",
    };
    Some(("lapsed", why.to_string(), String::new(), Tone::Risk))
}
