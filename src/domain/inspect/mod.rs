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
use crate::domain::hash::Hash;
use crate::domain::inspect::gather::{Gather, Topic};
use crate::domain::inspect::page::{Page, Raw};
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
    let undecided =
        matches!(fact, Fact::CallJudged { .. } | Fact::CallLapsed { .. } | Fact::CallUnknown { .. });
    let open_call = subject.call.or(fact.call().filter(|_| undecided));
    Some(Page { session, subject, kind: fact.kind().to_string(), title, open_call, sections, events })
}
