//! How much of the model's window a session fills, whether it is to be made shorter before the next request, and what a
//! compaction makes of the messages that the model reads.
//!
//! Who only looks, or checks a log, keeps no messages: it counts them, and takes the sizes that a compaction tells.

use crate::domain::budget::is_default;
use crate::domain::call::By;
use crate::domain::compaction::{Cause, Compacted, Deed, Digest, Extent, Fill, Span, SummaryAsked};
use crate::domain::compaction_plan::{after_tokens, shortened};
use crate::domain::context_due::is_overflow;
use crate::domain::digest;
use crate::domain::event::{Event, Fact};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::gauge::{Gauge, weight};
use crate::domain::ids::EventNo;
use crate::domain::message::{Message, Usage};
use crate::domain::money::Spent;
use crate::domain::retry::AfterFault;
use crate::domain::run::{Run, Turn};
use crate::domain::session::Session;
use crate::domain::time::Micros;
use crate::domain::window::share;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Replies after which a compaction was of use.
const OF_USE: u32 = 3;

/// How the making of a summary stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Compacting {
    /// A model was asked and has not answered.
    Asked {
        /// What it was asked.
        asked: Box<SummaryAsked>,
        /// When.
        at: Micros,
        /// The event: the request's span.
        span: EventNo,
    },
    /// The request failed.
    Failed {
        /// How.
        fault: Fault,
        /// Which attempt.
        attempt: u32,
        /// What follows.
        then: AfterFault,
        /// When.
        at: Micros,
    },
}

/// What the last compaction took: what comes again when it is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    bytes: u64,
    messages: u64,
    now: u64,
    replies: u64,
    stands: Option<Stands>,
}

/// What a summary stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stands {
    /// The event that told the first of it.
    pub from: EventNo,
    /// The same for the last.
    pub to: EventNo,
    /// The event that tells the summary.
    pub told: EventNo,
}

/// The messages that were replaced last.
#[derive(Clone, Debug)]
pub(in crate::domain) struct Replaced {
    from: usize,
    now: usize,
    messages: Vec<Arc<Message>>,
    places: Vec<EventNo>,
    digest: Option<Arc<Digest>>,
}

/// How large a session's conversation is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Context {
    /// Tokens by bytes.
    pub gauge: Gauge,
    /// Messages that the model is sent.
    pub messages: u64,
    /// Bytes of their words.
    pub bytes: u64,
    /// Replies of the model among them.
    pub replies: u64,
    /// Replies that a summary stands for.
    pub replies_gone: u64,
    /// Compactions so far, undone ones among them.
    pub count: u32,
    /// Summaries among them.
    pub summaries: u32,
    /// What a summary stands for.
    pub stands: Option<Stands>,
    /// Who wishes it shorter.
    #[serde(skip_serializing_if = "is_default")]
    pub ordered: Option<By>,
    /// The last one, while it can be taken back.
    pub undo: Option<Undo>,
    model: String,
    learned: Option<(String, u64)>,
    pub(in crate::domain) row: u8,
    after: u32,
    pub(in crate::domain) summed: bool,
    pub(in crate::domain) undone: bool,
    pub(in crate::domain) waived: bool,
    #[serde(skip)] // of who holds the messages
    pub(in crate::domain) digest: Option<Arc<Digest>>,
    #[serde(skip)]
    pub(in crate::domain) places: Vec<EventNo>,
    #[serde(skip)]
    replaced: Option<Arc<Replaced>>,
}

impl Context {
    /// A message joins the conversation.
    pub(in crate::domain) fn said(&mut self, message: &Message) {
        self.messages += 1;
        self.bytes += weight(message);
        self.replies += u64::from(matches!(message, Message::Assistant { .. }));
    }

    /// It takes the place of another, or goes.
    pub(in crate::domain) fn unsaid(&mut self, message: &Message) {
        self.messages = self.messages.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(weight(message));
        self.replies -= u64::from(matches!(message, Message::Assistant { .. })).min(self.replies);
    }

    /// What was replaced is not to be put back any more: it would not fit where it stood.
    pub(in crate::domain) fn forget(&mut self) {
        (self.undo, self.replaced) = (None, None);
    }

    /// What was wished of the parent is not wished here; another model reads as much at once as is known of that one.
    pub(in crate::domain) fn forked(&mut self, model: Option<&str>) {
        self.ordered = None;
        self.model = model.map_or_else(|| std::mem::take(&mut self.model), str::to_string);
    }

    /// The window that is known of the model asked last: as configured, or as a request told that did not fit.
    fn window(&self, run: Option<&Run>) -> Option<u64> {
        let asked = if self.model.is_empty() { run.map_or("", |run| &run.model) } else { &self.model };
        let known = run.and_then(|run| run.limits.context.window(asked));
        let learned = self.learned.as_ref().filter(|(model, _)| model == asked).map(|(_, tokens)| *tokens);
        match (known, learned) {
            (Some(known), Some(learned)) => Some(known.min(learned)),
            (known, learned) => known.or(learned),
        }
    }

    /// What a request told that did not fit. Where it named no window, that is smaller than what it was taken for.
    fn overflowed(&mut self, fault: &Fault, tokens: u64) {
        let window = fault.window.filter(|window| *window > 0).unwrap_or_else(|| share(tokens, 90));
        self.learned = Some((self.model.clone(), window));
        self.waived = false;
    }
}

impl Session {
    /// How much of the window the next request fills.
    pub fn fill(&self) -> Fill {
        let tokens = after_tokens(self, self.context.bytes);
        Fill { tokens, window: self.context.window(self.run.as_ref()) }
    }

    /// From how many percent of the window on the conversation is made shorter; none where it is not by itself.
    pub fn compact_mark(&self) -> Option<u8> {
        let rule = &self.run.as_ref()?.limits.context;
        (rule.is_on() && rule.at > 0).then_some(rule.at)
    }

    /// How large the conversation is.
    pub(in crate::domain) fn extent(&self) -> Extent {
        let Context { messages, bytes, .. } = *self.context;
        Extent { tokens: self.fill().tokens, messages, bytes }
    }

    /// Bytes of the notes that go with the next request.
    pub(in crate::domain) fn waiting_bytes(&self) -> u64 {
        self.notes.iter().map(|note| weight(&note.message)).sum()
    }

    /// Whether the last compaction can be taken back: what stood there fits into the window.
    pub fn undo_fits(&self) -> Option<Fill> {
        let bytes = self.context.bytes.saturating_add(self.context.undo?.bytes);
        let tokens = after_tokens(self, bytes);
        Some(Fill { tokens, window: self.context.window(self.run.as_ref()) })
    }

    /// Takes in a fact about the size of the conversation.
    pub(in crate::domain) fn apply_context(&mut self, event: &Event) {
        let fact = &event.fact;
        if let Fact::CompactOrdered { by } = fact {
            self.context.ordered = Some(by.clone());
        } else if let Fact::CompactAsked(asked) = fact {
            let (at, span) = (event.at, event.no);
            let state = Compacting::Asked { asked: asked.clone(), at, span };
            self.run.iter_mut().for_each(|run| run.compacting = Some(state.clone()));
        } else if let Fact::CompactFailed { fault, attempt, then } = fact {
            let spent = fault.kind.spent();
            self.pay(Usage::default(), spent);
            let (fault, attempt, then, at) = (fault.clone(), *attempt, *then, event.at);
            let state = Compacting::Failed { fault, attempt, then, at };
            self.run.iter_mut().for_each(|run| run.compacting = Some(state.clone()));
            self.take_steers();
        } else if let Fact::ContextCompacted(done) = fact {
            self.compacted(done);
        } else if let Fact::CompactionUndone { .. } = fact {
            self.uncompacted();
        }
    }

    fn pay(&mut self, usage: Usage, spent: Spent) {
        self.usage = self.usage.plus(usage);
        self.spent = self.spent.plus(spent);
        if let Some(run) = &mut self.run {
            run.usage = run.usage.plus(usage);
            run.spent = run.spent.plus(spent);
        }
    }

    fn compacted(&mut self, done: &Compacted) {
        let Compacted { cause, span, before, after, deed } = done;
        let replaced = self.replace(span, deed);
        // Trimmed ahead of need, it costs nothing and leaves room: a small window is no reason to ask a person.
        let is_free = matches!((deed, cause), (Deed::Trimmed { .. }, Cause::Mark { .. }))
            && self.run.as_ref().is_none_or(|run| run.compacting.is_none());
        let context = &mut self.context;
        let bytes = before.bytes.saturating_sub(after.bytes);
        let (messages, stands, told) = (span.messages, context.stands, self.last);
        context.count += 1;
        match deed {
            Deed::Trimmed { .. } => {
                context.undo = Some(Undo { bytes, messages, now: messages, replies: 0, stands });
            }
            Deed::Summarised { .. } => {
                context.undo = Some(Undo { bytes, messages, now: 1, replies: span.replies, stands });
                context.messages = context.messages.saturating_sub(messages) + 1;
                context.replies = context.replies.saturating_sub(span.replies);
                context.replies_gone += span.replies;
                context.summaries += 1;
                context.stands = Some(Stands { from: span.from, to: span.to, told });
            }
        }
        context.bytes = after.bytes;
        context.gauge.replaced(after.bytes);
        context.replaced = replaced.map(Arc::new);
        if !is_free {
            context.row = if context.after >= OF_USE { 1 } else { context.row.saturating_add(1) };
            context.after = 0;
        }
        context.summed = matches!(deed, Deed::Summarised { .. });
        (context.ordered, context.undone, context.waived) = (None, false, false);
        if let Some(summed) = done.summed() {
            self.pay(summed.usage, summed.spent());
        }
        self.shorter();
    }

    /// The run goes on with another conversation.
    fn shorter(&mut self) {
        let Some(run) = &mut self.run else { return };
        run.compacting = None;
        if is_overflow(run) {
            run.turn = Turn::Ready;
        }
        self.take_steers();
    }

    /// Puts what stands for messages in their place; none for who has no messages.
    fn replace(&mut self, span: &Span, deed: &Deed) -> Option<Replaced> {
        if self.onlooker {
            return None;
        }
        let from = usize::try_from(span.kept).ok()?;
        let to = from.checked_add(usize::try_from(span.messages).ok()?)?;
        if to > self.transcript.len() || self.context.places.len() != self.transcript.len() {
            return None; // a log is checked, and its messages were let go
        }
        let digest = self.context.digest.clone();
        let (fresh, places): (Vec<Arc<Message>>, Vec<EventNo>) = match deed {
            Deed::Trimmed { trim, .. } => (from..to)
                .map(|at| {
                    let kept = || Arc::clone(&self.transcript[at]);
                    (shortened(self, at, *trim).map_or_else(kept, Arc::new), self.context.places[at])
                })
                .unzip(),
            Deed::Summarised { digest, .. } => {
                self.context.digest = Some(Arc::new(digest.clone()));
                (vec![Arc::new(Message::User { text: digest::words(digest) })], vec![self.last])
            }
        };
        let now = fresh.len();
        let messages = Arc::make_mut(&mut self.transcript).splice(from..to, fresh).collect();
        let places = self.context.places.splice(from..to, places).collect();
        Some(Replaced { from, now, messages, places, digest })
    }

    /// What stood there before the last compaction stands there again.
    fn uncompacted(&mut self) {
        let context = &mut self.context;
        let Some(Undo { bytes, messages, now, replies, stands }) = context.undo.take() else { return };
        context.bytes = context.bytes.saturating_add(bytes);
        context.messages = context.messages.saturating_sub(now).saturating_add(messages);
        context.replies += replies;
        context.replies_gone = context.replies_gone.saturating_sub(replies);
        context.stands = stands;
        context.gauge.replaced(context.bytes);
        (context.undone, context.waived, context.summed) = (true, false, false);
        (context.row, context.after) = (0, 0);
        let Some(replaced) = context.replaced.take() else { return };
        let Replaced { from, now, messages, places, digest } = Arc::unwrap_or_clone(replaced);
        context.digest = digest;
        context.places.splice(from..from + now, places);
        Arc::make_mut(&mut self.transcript).splice(from..from + now, messages);
    }

    /// A person let a run go on that was held for its size: the model is asked as it is.
    pub(in crate::domain) fn waive_context(&mut self) {
        if !self.is_held_for_size() {
            return;
        }
        (self.context.waived, self.context.row, self.context.summed) = (true, 0, false);
        if let Some(run) = &mut self.run {
            run.compacting = None;
            if is_overflow(run) {
                run.turn = Turn::Ready;
            }
        }
    }

    /// A request, or what came of it, tells of the conversation's size.
    pub(in crate::domain) fn measure(&mut self, fact: &Fact) {
        if let Fact::ModelAsked { model, .. } = fact {
            let bytes = self.context.bytes;
            self.context.gauge.asked(bytes);
            self.context.model.clone_from(model);
        } else if let Fact::ModelReplied { reply, .. } = fact {
            let context = &mut self.context;
            context.gauge.answered(reply.usage);
            context.after = context.after.saturating_add(1);
            (context.summed, context.waived) = (false, false);
        } else if let Fact::ModelFailed { fault, .. } = fact
            && fault.kind == FaultKind::Overflow
        {
            let tokens = self.fill().tokens;
            self.context.overflowed(fault, tokens);
        }
    }
}
