//! How an agent makes a conversation shorter: by trimming, or by asking the model for a summary of its older part.

use crate::domain::compaction::SummaryAsked;
use crate::domain::compaction_plan::{Plan, Summarising, plan};
use crate::domain::gauge::weight;
use crate::domain::hash::Hash;
use crate::domain::outcome::Report;
use crate::domain::tool_spec::ToolBook;
use crate::ports::model::{Ask, Errand};
use crate::runtime::agent::{Agent, AgentFault};
use crate::runtime::weigh;
use std::sync::Arc;

impl Agent {
    /// Does what is to be done about the length of the conversation.
    pub(super) async fn compact(&mut self) -> Result<(), AgentFault> {
        match plan(self.session()) {
            None => Ok(()), // the operator was quicker
            Some(plan @ (Plan::Trim(_) | Plan::Stuck(_))) => self.record(&Report::Compacting(plan)).await,
            Some(Plan::Summarise(wanted)) => self.summarise(wanted).await,
        }
    }

    /// Writes down that the model is asked for a summary, then asks it.
    async fn summarise(&mut self, wanted: Summarising) -> Result<(), AgentFault> {
        let Summarising { cause, span, question, after: _ } = wanted;
        let session = self.session();
        let Some(run) = session.live() else { return Ok(()) };
        let bytes: u64 = question.iter().map(|message| weight(message)).sum();
        let ask = Ask {
            session: session.id.clone(),
            model: run.model.clone(),
            messages: question,
            tools: ToolBook::default(),
            attempt: run.summary_attempt(),
            errand: Errand::Summary { nth: session.context.summaries },
        };
        let model = ask.model.clone();
        let asked = |model: String, request, frame| SummaryAsked {
            cause: cause.clone(),
            span,
            model,
            attempt: 1,
            request,
            frame,
            route: None,
            ahead: None,
        };
        let request = match self.kitbag.model.prepare(ask) {
            Ok(request) => request,
            Err(fault) => {
                let ahead = weigh::nothing(self.session());
                let asking = SummaryAsked { ahead, ..asked(model, Hash::ZERO, None) };
                self.record(&Report::Summarising(Box::new(asking))).await?;
                return self.record(&Report::Failed(fault)).await;
            }
        };
        // What stands around it is other than around a turn: the next turn keeps its own again, which is there already.
        let frame = match request.frame() {
            Some(frame) => Some(self.plugs.store.blobs.put(frame).await?),
            None => None,
        };
        let ahead = weigh::ahead_of_summary(self.session(), bytes, &*request);
        let ahead = weigh::beside_today(ahead, self.session(), &self.plugs).await?;
        let route = request.route();
        let model = route.as_ref().map_or(model, |route| route.model.clone());
        let asking = SummaryAsked { route, ahead, ..asked(model, request.hash(), frame) };
        let written = self.written(&Report::Summarising(Box::new(asking))).await?;
        if written.is_some_and(|commit| weigh::goes_out(&commit)) {
            self.send(request, Arc::new(|_| {})); // nobody is shown how a summary grows
        }
        Ok(())
    }
}
