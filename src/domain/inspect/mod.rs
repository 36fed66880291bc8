//! One event of a session looked at closely: what it says, what it belongs to, and everything kept of that.
//!
//! `gather` says which commits are needed, `sent` makes a request again, the others make the sections of the page.

pub mod page; // what a page is made of
pub mod gather; // which commits around an event tell all of what it belongs to
pub mod sent; // what the model was sent, made again and held against its hash
pub mod receipt; // what a prompt was made of, part by part
pub mod turn; // the sections of a turn of the model
pub mod compaction; // the section of what makes a conversation shorter
pub mod call; // the sections of a tool call
pub mod deciding; // who decided on a call, and how long it waited
pub mod record; // how an event is kept: place, writer, hashes

use crate::domain::event::Fact;
use crate::domain::fork::BeforeDecision;
use crate::domain::hash::Hash;
use crate::domain::ids::{CallId, EventNo};
use crate::domain::inspect::gather::{Gather, Topic};
use crate::domain::inspect::page::{Asked, Page, Raw};
use crate::domain::inspect::sent::Sent;
use std::collections::BTreeMap;

/// All that a page is made of.
#[derive(Clone, Debug)]
pub struct Material {
    /// The commits.
    pub gather: Gather,
    /// What the model was sent; only for a turn of the model, and for a summary.
    pub sent: Option<Sent>,
    /// Large contents that the commits name, as far as the store has them.
    pub contents: BTreeMap<Hash, Vec<u8>>,
}

/// The page of an event; none where the commits do not hold it.
pub fn page(material: &Material) -> Option<Page> {
    let gather = &material.gather;
    let subject = gather.subject();
    let (commit, sealed) = gather.found()?;
    let fact = &sealed.event.fact;
    let topic = gather.topic()?;
    let mut sections = vec![record::event(sealed, topic)];
    let title = match topic {
        Topic::Call(id) => {
            sections.extend(call::sections(material, id));
            call::title(gather, id)
        }
        Topic::Turn => {
            sections.extend(turn::sections(material));
            "a turn of the model".to_string()
        }
        Topic::Plain => {
            sections.extend(compaction::sections(material, fact));
            String::new()
        }
    };
    sections.push(record::kept(gather, commit, sealed));
    let raw = |sealed: &crate::domain::commit::Sealed| Raw {
        no: sealed.event.no,
        json: sealed.json.clone(),
        hash: sealed.hash,
    };
    let others = gather.about().filter(|other| other.event.no != sealed.event.no);
    let events = std::iter::once(raw(sealed)).chain(others.map(raw)).collect();
    let session = commit.session.clone();
    let call = if let Topic::Call(id) = topic { Some(id) } else { None };
    let (reply, asked) = asked(gather, call, fact);
    let kind = fact.kind().to_string();
    Some(Page { session, subject, kind, title, call, reply, asked, sections, events })
}

/// The reply that the page tells of, or that asked for its call, and what it asked for; none for a call of the harness.
fn asked(gather: &Gather, call: Option<CallId>, fact: &Fact) -> (Option<EventNo>, Vec<Asked>) {
    let Some(replied) = gather.reply() else { return (None, Vec::new()) };
    let undecided =
        matches!(fact, Fact::CallJudged { .. } | Fact::CallLapsed { .. } | Fact::CallUnknown { .. });
    let from = |id: CallId| match call == Some(id) {
        true if undecided => gather.subject().no,
        true => before_decision(gather, id).unwrap_or(replied.no).min(gather.subject().no),
        false => replied.no,
    };
    let asked = replied.fact.asks().map(|(id, asked)| Asked {
        call: id,
        tool: asked.tool.clone(),
        args: asked.args.clone(),
        from: from(id),
    });
    (Some(replied.no), asked.collect())
}

/// The last event before the call was decided on or begun, as far as it is gathered.
fn before_decision(gather: &Gather, call: CallId) -> Option<EventNo> {
    let mut seeking = BeforeDecision::new(call);
    let first = gather.first();
    let since = gather.events().filter(|sealed| Some(sealed.event.no) >= first);
    since.for_each(|sealed| seeking.apply(&sealed.event));
    seeking.found()
}
