//! Which files belong to an event of a session, told by its facts alone.

use crate::domain::call::may_change_files;
use crate::domain::event::{Event, Fact};
use crate::domain::hash::Hash;
use crate::domain::ids::{CallId, EventNo};
use std::collections::HashMap;

/// Which files belong to an event of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilesAt {
    /// Those of a manifest.
    Kept(Hash),
    /// Those that lie in the workspace now: nothing was kept since, and as far as the log knows nothing has changed them.
    Now,
    /// Nobody knows: a call that may have changed them ran later, and nothing was kept before it.
    Lost {
        /// Its start.
        at: EventNo,
    },
}

/// Finds out which files belong to an event: fed with all events of the session, in order.
///
/// Files are kept right before a call that may change them, and at the end of a run that did. So the files of an event are
/// those kept before it if no such call has ended between, else those kept next after it, if none was running or began
/// before that.
#[derive(Clone, Debug)]
pub struct FileTrail {
    at: EventNo,
    kept: Option<Hash>,
    /// Whether a call has changed them since, or they were not put back whole.
    changed: bool,
    changing: HashMap<CallId, bool>,
    /// The start of a call that may be changing them.
    running: Option<EventNo>,
    /// The files that are being put back.
    restoring: Option<Hash>,
    later: Option<FilesAt>,
}

impl FileTrail {
    /// For the files of event `at`.
    pub fn new(at: EventNo) -> FileTrail {
        let changing = HashMap::new();
        FileTrail { at, kept: None, changed: false, changing, running: None, restoring: None, later: None }
    }

    /// Takes in one event.
    pub fn apply(&mut self, event: &Event) {
        if event.no > self.at {
            return self.after(event);
        }
        let fact = &event.fact;
        if let Fact::CallStarted { call, .. } = fact {
            self.running = self.running.or(self.may_change(*call).then_some(event.no));
        } else if let Fact::CallEnded { call, .. }
        | Fact::CallInterrupted { call }
        | Fact::CallUnknown { call } = fact
        {
            if self.may_change(*call) {
                (self.changed, self.running) = (true, None); // calls that change things run one at a time
            }
        } else if let Fact::WorkspaceKept { manifest, .. } = fact {
            self.lie_there(Some(*manifest));
        } else if let Fact::SessionForked { files, .. } = fact {
            self.lie_there(*files);
        } else if let Fact::RestoreStarted { manifest, .. } = fact {
            (self.restoring, self.changed) = (Some(*manifest), true);
        } else if let Some(manifest) = self.put_back(fact) {
            self.lie_there(Some(manifest));
        }
        self.learn(fact);
    }

    fn lie_there(&mut self, manifest: Option<Hash>) {
        (self.kept, self.changed, self.running, self.restoring) = (manifest, false, None, None);
    }

    /// The files that lie there where a fact tells that they were put back, each of them.
    fn put_back(&mut self, fact: &Fact) -> Option<Hash> {
        let Fact::RestoreEnded { failed, .. } = fact else { return None };
        self.restoring.take().filter(|_| *failed == 0)
    }

    fn after(&mut self, event: &Event) {
        if self.later.is_some() {
            return;
        }
        if let Some(at) = self.running {
            self.later = Some(FilesAt::Lost { at }); // what is kept next holds what it did
        } else if let Some(manifest) = self.put_back(&event.fact) {
            self.later = Some(FilesAt::Kept(manifest));
        } else if let Fact::WorkspaceKept { manifest, .. } = &event.fact {
            self.later = Some(FilesAt::Kept(*manifest));
        } else if let Fact::RestoreStarted { before, .. } = &event.fact {
            self.later = Some(FilesAt::Kept(*before));
        } else if let Fact::SessionForked { files: Some(manifest), .. } = &event.fact {
            self.later = Some(FilesAt::Kept(*manifest));
        } else if let Fact::CallStarted { call, .. } = &event.fact
            && self.may_change(*call)
        {
            self.later = Some(FilesAt::Lost { at: event.no });
        }
        self.learn(&event.fact);
    }

    fn learn(&mut self, fact: &Fact) {
        if let Fact::CallJudged { call, effect, touches, .. } = fact {
            self.changing.insert(*call, may_change_files(*effect, touches));
        }
    }

    /// A call of which nothing is known may change anything.
    fn may_change(&self, call: CallId) -> bool {
        self.changing.get(&call).copied().unwrap_or(true)
    }

    /// The files of the event.
    pub fn files(&self) -> FilesAt {
        match self.kept {
            Some(manifest) if !self.changed => FilesAt::Kept(manifest),
            Some(_) | None => self.later.unwrap_or(FilesAt::Now),
        }
    }
}
