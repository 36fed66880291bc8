//! What an entry of the conversation is made of.

use crate::domain::call::By;
use crate::domain::card::Card;
use crate::domain::event::{EndReason, RunStatus};
use crate::domain::fault::Fault;
use crate::domain::ids::{EventNo, NoteNo, RunNo};
use crate::domain::message::{Finish, Usage};
use crate::domain::money::Spent;
use crate::domain::policy::Mode;
use crate::domain::price::Cost;
use crate::domain::retry::AfterFault;
use crate::domain::time::Micros;
use serde::{Deserialize, Serialize};

/// One entry of the conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Its place among the items: never changes.
    pub key: usize,
    /// Counts up whenever it is to be drawn anew.
    pub version: u32,
    /// The event that made it.
    pub no: EventNo,
    /// When.
    pub at: Micros,
    /// What it says.
    pub said: Said,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Said {
    /// The session began.
    Opened {
        /// The agent.
        agent: String,
        /// The folder.
        workspace: String,
        /// Whether it was forked or delegated.
        forked: bool,
    },
    /// A task was given.
    Task {
        /// The run that works on it.
        run: RunNo,
        /// The text.
        text: String,
        /// The model that is to be asked.
        model: String,
        /// How much waits for a person.
        mode: Mode,
    },
    /// A message to be taken up when the run ends.
    Queued {
        /// The text.
        text: String,
        /// Whether a run has begun with it since.
        taken: bool,
    },
    /// A message to the working agent.
    Steer {
        /// The text.
        text: String,
        /// Who.
        by: By,
    },
    /// A note that joins the next request.
    Noted {
        /// Its number.
        no: NoteNo,
        /// What the model reads.
        text: String,
        /// Who.
        by: By,
        /// What became of it.
        fate: Fate,
    },
    /// The model spoke.
    Answer(Answer),
    /// The model called a tool.
    Call(Card),
    /// A request to the model failed.
    Fault {
        /// How.
        fault: Fault,
        /// Which attempt.
        attempt: u32,
        /// What follows.
        then: AfterFault,
    },
    /// The run is over.
    End(End),
    /// Something about the session or the run, in a sentence.
    Note {
        /// How it is meant.
        tone: Tone,
        /// The sentence.
        text: String,
    },
    /// From here on the model reads less of what stands above.
    Shorter {
        /// What was done, in a sentence.
        text: String,
        /// What the model reads in its place; empty where nothing stands for it.
        summary: String,
    },
    /// A fact of a kind that this program does not know.
    Foreign {
        /// The kind's name.
        kind: String,
    },
}

/// What became of a note for the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Fate {
    /// It waits for the next request.
    Waits,
    /// It was sent.
    Sent,
    /// It was taken back before that.
    TakenBack,
}

/// How a note is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Tone {
    /// To be read past.
    Quiet,
    /// The run stands still for it.
    Pause,
    /// Something went wrong before it.
    Alarm,
}

/// The words of the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The text, possibly empty.
    pub text: String,
    /// What it thought; empty where it did not tell.
    pub reasoning: String,
    /// The model, as it named itself.
    pub model: String,
    /// Tokens.
    pub usage: Usage,
    /// What it cost, where that is known.
    pub cost: Option<Cost>,
    /// Milliseconds from the request to the end.
    pub ms: u64,
    /// Why it stopped.
    pub finish: Finish,
}

/// The end of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// The run.
    pub run: RunNo,
    /// How.
    pub status: RunStatus,
    /// Why.
    pub why: EndReason,
    /// Milliseconds from its beginning.
    pub ms: u64,
    /// Model turns that were answered.
    pub steps: u32,
    /// Tokens.
    pub usage: Usage,
    /// What they cost.
    pub spent: Spent,
    /// Whether it began in the session that this one was forked from: what is told is from the fork on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forked: bool,
}
