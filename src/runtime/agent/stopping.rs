//! How an agent stops what is under way: on the operator's word, when told to quit, or because nothing may happen any more.

use crate::domain::fault::{Fault, FaultKind};
use crate::domain::outcome::Report;
use crate::runtime::agent::{Agent, AgentFault, Job};

impl Agent {
    /// The operator interrupted or cancelled: what is under way is stopped and its end written down.
    pub(super) async fn obey(&mut self) -> Result<(), AgentFault> {
        let stopped = self.session().live().is_some_and(|run| run.interrupted || run.cancel.is_some());
        if stopped && !self.tasks.is_empty() { self.stop_tasks(FaultKind::Stopped).await } else { Ok(()) }
    }

    /// Stops every task: requests are dropped, calls are asked to stop and dropped if they do not.
    pub(super) async fn stop_tasks(&mut self, kind: FaultKind) -> Result<(), AgentFault> {
        for (job, handle) in self.jobs.values() {
            match job {
                Job::Model => handle.abort(),
                Job::Call(_, stop) => stop.ask(),
            }
        }
        let limit = self.plugs.clock.now().plus_ms(self.plugs.settings.stop_ms);
        let mut grace = self.plugs.clock.sleep_until(limit);
        while !self.tasks.is_empty() {
            let done = tokio::select! {
                done = self.tasks.join_next_with_id() => done,
                () = &mut grace => {
                    self.tasks.abort_all();
                    grace = self.plugs.clock.sleep_until(limit.plus_ms(3_600_000));
                    continue;
                }
            };
            let Some(done) = done else { break };
            if let Err(error) = &done
                && matches!(self.jobs.get(&error.id()), Some((Job::Model, _)))
            {
                self.jobs.remove(&error.id());
                self.record(&Report::Failed(Fault::new(kind, kind.words()))).await?;
                continue;
            }
            self.take_in(done).await?;
        }
        Ok(())
    }

    /// The log cannot be written: nothing more may happen, so everything stops now.
    pub(super) async fn abandon(&mut self) {
        for (job, _) in self.jobs.values() {
            if let Job::Call(_, stop) = job {
                stop.ask();
            }
        }
        self.tasks.shutdown().await;
        self.jobs.clear();
    }
}
