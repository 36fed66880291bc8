//! The section of what makes a conversation shorter: why, what went, what stands for it, and what that took.

use crate::domain::about::context_words;
use crate::domain::call::By;
use crate::domain::compaction::{Compacted, Deed, Span, SummaryAsked};
use crate::domain::digest;
use crate::domain::event::Fact;
use crate::domain::hash::Hash;
use crate::domain::inspect::Material;
use crate::domain::inspect::page::{Section, Tone, bytes};
use crate::domain::inspect::turn::sent_sections;
use crate::domain::text::plural;
use crate::domain::time::duration;

/// What is told of a fact about the length of the conversation; nothing of others.
pub fn sections(material: &Material, fact: &Fact) -> Vec<Section> {
    let mut section = Section::new("compaction", "Conversation made shorter");
    if let Fact::ContextCompacted(done) = fact {
        compacted(&mut section, done);
    } else if let Fact::CompactAsked(asked) = fact {
        self::asked(&mut section, asked);
    } else if let Fact::CompactFailed { .. } = fact {
        section.toned("no summary", context_words(fact), Tone::Risk);
        section.row("conversation", "as it was: nothing of it is lost");
    } else if let Fact::CompactOrdered { by } | Fact::CompactionUndone { by } = fact {
        wished(&mut section, fact, by);
    } else {
        return Vec::new();
    }
    let mut sections = vec![section];
    sections.extend(material.sent.iter().flat_map(|sent| sent_sections(sent, 0)));
    sections
}

fn wished(section: &mut Section, fact: &Fact, by: &By) {
    section.row("by", by.to_string());
    section.row("says", context_words(fact));
}

fn spanned(section: &mut Section, span: &Span) {
    let Span { messages, replies, from, to, .. } = span;
    section
        .row("messages", format!("{messages}, {replies} of them the model's, told by events {from} to {to}"));
}

fn compacted(section: &mut Section, done: &Compacted) {
    let Compacted { cause, span, before, after, deed } = done;
    section.toned("done", done.sentence(), Tone::Good);
    section.row("why", cause.words());
    spanned(section, span);
    section.row(
        "sizes",
        format!(
            "{} -> {} tokens (estimated), {} -> {} messages, {} -> {}",
            before.tokens,
            after.tokens,
            before.messages,
            after.messages,
            bytes(before.bytes),
            bytes(after.bytes)
        ),
    );
    section.toned("log", "keeps all of it: only what the model is sent is other", Tone::Muted);
    match deed {
        Deed::Trimmed { trim, results, left_out } => {
            let kept = format!("the first {} and the last {} bytes of each", trim.head, trim.tail);
            section.row("results", format!("{results} trimmed to {kept}; {} left out", bytes(*left_out)));
        }
        Deed::Summarised { digest, by } => {
            section.row("by", by.model.clone());
            let cost = by.cost.as_ref().map(|cost| format!(", {}, {}", cost.nano, cost.by.words()));
            let tokens = format!("{} in, {} out", by.usage.input, by.usage.output);
            section.row("took", format!("{}, {tokens}{}", duration(by.ms), cost.unwrap_or_default()));
            let said = digest.said.len() as u64;
            section.row("word for word", format!("{} of the operator's", plural(said, "message")));
            section.text("summary", &digest.summary);
            section.text("the model reads in its place", &digest::words(digest));
        }
    }
}

fn asked(section: &mut Section, asked: &SummaryAsked) {
    section.row("model", asked.model.clone());
    if let Some(route) = &asked.route {
        section.row("where", route.words());
    }
    section.row("attempt", asked.attempt.to_string());
    section.row("why", asked.cause.words());
    spanned(section, &asked.span);
    if let Some(ahead) = &asked.ahead {
        let cost = ahead.nano.map(|nano| format!(", {nano}")).unwrap_or_default();
        section.row("set aside", format!("{} + {} tokens{cost}", ahead.input, ahead.output));
    }
    if asked.request != Hash::ZERO {
        section.row("hash", format!("sha-256 {}", asked.request));
    }
}
