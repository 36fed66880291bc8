//! An error becomes a sentence, a hint and an exit code.

use crate::domain::event::RunStatus;
use crate::domain::order::Refusal;
use crate::domain::run::Status;
use crate::ports::log::LogFault;
use crate::runtime::agent::AgentFault;
use crate::runtime::ledger::RecordFault;
use std::fmt;
use std::process::ExitCode;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// 0: done.
    Done,
    /// 1: the run or the command failed.
    Failed,
    /// 2: the command line, the configuration or the environment is wrong.
    Usage,
    /// 3: a person is needed.
    Held,
    /// 4: a limit was reached.
    Budget,
    /// 130: interrupted.
    Interrupted,
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> ExitCode {
        ExitCode::from(code.number())
    }
}

impl Code {
    /// The number.
    pub fn number(self) -> u8 {
        match self {
            Code::Done => 0,
            Code::Failed => 1,
            Code::Usage => 2,
            Code::Held => 3,
            Code::Budget => 4,
            Code::Interrupted => 130,
        }
    }

    /// The code of a session that is left as it stands.
    pub fn of(status: Status) -> Code {
        match status {
            Status::Idle | Status::Done => Code::Done,
            Status::Failed | Status::Unfinished => Code::Failed,
            Status::Cancelled => Code::Interrupted,
            Status::BudgetStopped => Code::Budget,
            Status::Held | Status::Paused | Status::Stepping | Status::Running => Code::Held,
        }
    }
}

/// Why a command could not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What failed, on what and why.
    pub sentence: String,
    /// What to type next; may be empty.
    pub hint: String,
    /// How the program ends.
    pub code: Code,
}

impl Failure {
    /// A failure with a hint.
    pub fn new(code: Code, sentence: impl Into<String>, hint: impl Into<String>) -> Failure {
        Failure { sentence: sentence.into(), hint: hint.into(), code }
    }

    /// An end without a word: nobody reads any more.
    pub fn quiet(code: Code) -> Failure {
        Failure::new(code, "", "")
    }

    /// Whether there is nothing to say.
    pub fn is_quiet(&self) -> bool {
        self.sentence.is_empty()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.sentence)?;
        if self.hint.is_empty() { Ok(()) } else { write!(f, "\nhint:  {}", self.hint) }
    }
}

impl From<LogFault> for Failure {
    fn from(fault: LogFault) -> Failure {
        let sentence = fault.to_string();
        match fault {
            LogFault::NoSession(_) => {
                Failure::new(Code::Usage, sentence, "`tackroom sessions` lists the sessions there are")
            }
            LogFault::Damaged { .. } => Failure::new(
                Code::Failed,
                sentence,
                "`tackroom events ID` shows what can still be read; nothing is written to a damaged session",
            ),
            LogFault::Full { .. } => Failure::new(
                Code::Failed,
                sentence,
                "nothing that was written is lost: make room on that disk, then do it again (a run: `tackroom resume ID`)",
            ),
            LogFault::Unavailable { .. } => Failure::new(
                Code::Failed,
                sentence,
                "check the data folder (`tackroom doctor` names it); TACKROOM_HOME moves it elsewhere",
            ),
            LogFault::Stale | LogFault::Busy => {
                Failure::new(Code::Failed, sentence, "another process is writing; try again")
            }
            LogFault::InDoubt { .. } => {
                Failure::new(Code::Failed, sentence, "`tackroom events ID` shows what was written")
            }
            LogFault::Denied(_) => Failure::new(
                Code::Failed,
                sentence,
                "another process took the session over; watch it with `tackroom --session ID`",
            ),
            LogFault::TooLarge { .. } => {
                Failure::new(Code::Failed, sentence, "ask the agent to write less at once")
            }
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Failure {
        let hint = match &refusal {
            Refusal::NotHeld { .. } | Refusal::NoCall(_) | Refusal::NotUnknown { .. } => {
                "`tackroom pending` lists what waits for a decision"
            }
            Refusal::BadArguments(_) => "`tackroom pending --json` shows the arguments as they are",
            Refusal::OverAtFork { .. } => {
                "fork at an earlier event, where it waits; `tackroom events ID` numbers them"
            }
            Refusal::Imported(_) => "`tackroom replay ID` shows it step by step",
            Refusal::Changed(_) => "`tackroom pending` shows what it is now",
            Refusal::RunUnderWay => "let the task end, or end it with `tackroom cancel ID`",
            Refusal::InBin => "`tackroom sessions restore ID` takes it back",
            Refusal::BadTag(_) => "such as `tackroom sessions tag ID release`",
            Refusal::ManyTags(_) => "`tackroom sessions untag ID TAG` takes one away",
            Refusal::SameBreakpoint(_)
            | Refusal::NoBreakpoint(_)
            | Refusal::MarkPassed { .. }
            | Refusal::CostPassed(_)
            | Refusal::TooMany("breakpoints") => "`tackroom break ID list` lists the breakpoints that stand",
            Refusal::LeaseMisses(_) => {
                "a lease must fit the call that waits: `tackroom lease show ID CALL`; `tackroom approve ID CALL` lets it alone through"
            }
            Refusal::LeasePast => "give a later time, or none",
            Refusal::NoLease(_) | Refusal::LeaseOver { .. } | Refusal::TooMany("leases") => {
                "`tackroom leases ID` lists them"
            }
            Refusal::NoNote(_) | Refusal::NoteGone(_) | Refusal::TooMany(_) => {
                "`tackroom note ID --list` lists the notes that wait"
            }
            Refusal::NoBudget { .. } => "`tackroom sessions show ID` tells its limits",
            Refusal::BudgetHolds(_) => {
                "`tackroom release ID --add-usd 0.50` gives it more (or --add-tokens, --add-steps, --add-time)"
            }
            Refusal::Compacting | Refusal::ModelAsked => "`tackroom sessions show ID` tells how it stands",
            Refusal::NeverCompacted => "begin a new task in a new session",
            Refusal::NothingToCompact | Refusal::NothingToUndo => {
                "`tackroom compact ID --dry-run` tells how large the conversation is"
            }
            Refusal::UndoDoesNotFit(_) => {
                "`tackroom fork ID --at N --model M` goes on from before it with a model of a larger window"
            }
            Refusal::LongNote { .. } => "put the long part into a file and note where it is",
            Refusal::NotOpen
            | Refusal::NoRun
            | Refusal::RunOver(_)
            | Refusal::Cancelling
            | Refusal::EmptyText
            | Refusal::Paused
            | Refusal::NotPaused
            | Refusal::SameMode(_)
            | Refusal::Marked(_)
            | Refusal::Stray(_) => "`tackroom sessions show ID` tells where the session stands",
        };
        Failure::new(Code::Failed, refusal.to_string(), hint)
    }
}

impl From<RecordFault> for Failure {
    fn from(fault: RecordFault) -> Failure {
        match fault {
            RecordFault::Refused(refusal) => refusal.into(),
            RecordFault::Log(fault) => fault.into(),
        }
    }
}

impl From<AgentFault> for Failure {
    fn from(fault: AgentFault) -> Failure {
        match fault {
            AgentFault::Taken(ref id) => {
                let hint =
                    format!("watch it with `tackroom --session {id}`, answer it with `tackroom approve`");
                Failure::new(Code::Failed, fault.to_string(), hint)
            }
            AgentFault::Partial(_) => Failure::new(Code::Failed, fault.to_string(), AgentFault::WHOLE),
            AgentFault::Imported(_) => {
                Failure::new(Code::Usage, fault.to_string(), "`tackroom replay ID` shows it step by step")
            }
            AgentFault::Log(fault) => fault.into(),
            AgentFault::Outfit { sentence, hint } => Failure::new(Code::Usage, sentence, hint),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        let hint = "is there room where it goes, and may it grow?";
        Failure::new(Code::Failed, format!("writing the output failed: {error}"), hint)
    }
}

/// The word for how a run ended, for a line of progress.
pub fn ended_word(status: RunStatus) -> &'static str {
    crate::domain::tally::ended(status)
}
