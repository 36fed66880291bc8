//! Work is handed to the writer, and what came of it is waited for.

use super::fault::unavailable;
use super::job::{Done, Job, Work, grouped};
use super::reader::lock;
use super::{Sqlite, Writing};
use crate::ports::log::LogFault;
use std::time::Duration;
use tokio::sync::oneshot;

/// How long another process is waited for where the caller writes, and how often it is tried meanwhile.
const BUSY: Duration = Duration::from_secs(2);
const BUSY_STEP: Duration = Duration::from_millis(20);

impl Sqlite {
    /// Hands work to the writer and waits for what came of it.
    pub(super) async fn write(&self, work: Work) -> Result<Done, LogFault> {
        let done = self.write_all(vec![work]).await?;
        done.into_iter().next().ok_or_else(|| unavailable("the store gave no answer"))
    }

    /// The same with several at once, in as few transactions as it goes; between two of them others have their turn.
    pub(super) async fn write_all(&self, works: Vec<Work>) -> Result<Vec<Done>, LogFault> {
        let mut done = Vec::with_capacity(works.len());
        let mut works = works.into_iter().peekable();
        while works.peek().is_some() {
            if !done.is_empty() {
                tokio::task::yield_now().await;
            }
            done.extend(self.write_group(grouped(&mut works, Work::bytes)).await?);
        }
        Ok(done)
    }

    /// The works of one transaction. Where the caller writes, another process may hold the store; then this waits without
    /// holding anything up. An append is answered at once: whoever sent it decides anew.
    async fn write_group(&self, works: Vec<Work>) -> Result<Vec<Done>, LogFault> {
        let here = matches!(self.shared.writing, Writing::Here(_));
        let waits = here && !works.iter().any(|work| matches!(work, Work::Append(_)));
        let until = tokio::time::Instant::now() + BUSY;
        loop {
            let job = |work| {
                let (answer, answered) = oneshot::channel();
                (Job { work, answer }, answered)
            };
            let (jobs, answers): (Vec<_>, Vec<_>) = works.iter().cloned().map(job).unzip();
            match &self.shared.writing {
                Writing::Closed(why) => return Err(why.clone()),
                Writing::Here(writer) => lock(writer).group(jobs),
                Writing::Open { jobs: None, .. } => return Err(unavailable("the store is closed")),
                Writing::Open { jobs: Some(queue), .. } => {
                    for job in jobs {
                        queue.send(job).await.map_err(|_| unavailable("the store's writer has stopped"))?;
                    }
                }
            }
            let (mut done, mut fault) = (Vec::with_capacity(answers.len()), None);
            for answered in answers {
                match answered.await.unwrap_or_else(stopped) {
                    Ok(one) => done.push(one),
                    Err(why) => fault = fault.or(Some(why)),
                }
            }
            match fault {
                None => return Ok(done),
                Some(LogFault::Busy) if waits && tokio::time::Instant::now() < until => {}
                Some(fault) => return Err(fault),
            }
            tokio::time::sleep(BUSY_STEP).await;
        }
    }
}

fn stopped<T>(_: oneshot::error::RecvError) -> Result<T, LogFault> {
    Err(LogFault::InDoubt { why: "the store's writer stopped meanwhile".to_string() })
}
