//! An operator's word, written beside the worker: decided on the fold, appended with the operator's class.
//!
//! The same path serves the screen, `tackroom approve` in another terminal and the flags of a headless run.

use crate::domain::breakpoint::Breakpoint;
use crate::domain::call::{By, Via};
use crate::domain::commit::Class;
use crate::domain::decide::{begun, decide};
use crate::domain::decide_stop::at_start;
use crate::domain::event::{Fact, Parent};
use crate::domain::fork::Twist;
use crate::domain::ids::SessionId;
use crate::domain::marks::title;
use crate::domain::order::{Order, Refusal, Task};
use crate::domain::session::Session;
use crate::domain::signed::{decider, stated};
use crate::domain::tool_spec::ToolBook;
use crate::ports::clock::Clock;
use crate::ports::log::{Log, LogFault};
use crate::ports::sign::Signer;
use crate::ports::veil::Veil;
use crate::runtime::ledger::{Ledger, RecordFault};
use crate::runtime::plugs::Settings;
use crate::runtime::veiled;
use std::collections::VecDeque;
use std::sync::Arc;

/// Folds kept for the next order to the same session.
const KEPT: usize = 4;

/// What a new session begins with.
#[derive(Clone, Debug)]
pub struct Opening {
    /// The agent's name.
    pub agent: String,
    /// The folder, absolute.
    pub workspace: String,
    /// What the agent is told before anything else.
    pub instructions: String,
    /// Where it came from.
    pub parent: Option<Parent>,
    /// The program and its version.
    pub program: String,
}

/// Writes an operator's words.
pub struct Hand {
    log: Arc<dyn Log>,
    clock: Arc<dyn Clock>,
    settings: Settings,
    tools: ToolBook,
    by: By,
    kept: VecDeque<Ledger>,
    veil: Option<Arc<dyn Veil>>,
    signer: Option<Arc<dyn Signer>>,
}

impl Hand {
    /// A hand for one operator. `tools` is what edited arguments are checked against.
    pub fn new(
        log: Arc<dyn Log>,
        clock: Arc<dyn Clock>,
        settings: Settings,
        tools: ToolBook,
        by: By,
    ) -> Hand {
        Hand { log, clock, settings, tools, by, kept: VecDeque::new(), veil: None, signer: None }
    }

    /// The same, behind a veil: what is a secret in what is said is hidden before it is written.
    pub fn veiled(self, veil: Arc<dyn Veil>) -> Hand {
        Hand { veil: Some(veil), ..self }
    }

    /// The same with a key: what a person decides by it is signed. A flag is no person.
    pub fn signing(self, signer: Option<Arc<dyn Signer>>) -> Hand {
        let signer = signer.filter(|_| self.by.via != Via::Flag);
        Hand { signer, ..self }
    }

    /// Another hand of the same operator, with folds of its own.
    pub fn another(&self) -> Hand {
        let (log, clock) = (self.log.clone(), self.clock.clone());
        let hand = Hand::new(log, clock, self.settings, self.tools.clone(), self.by.clone());
        Hand { veil: self.veil.clone(), signer: self.signer.clone(), ..hand }
    }

    /// Whose hand it is.
    pub fn by(&self) -> &By {
        &self.by
    }

    /// What edited arguments are checked against.
    pub fn tools(&self) -> &ToolBook {
        &self.tools
    }

    /// Opens a session with its first task and its breakpoints.
    pub async fn begin(
        &mut self,
        opening: &Opening,
        task: &Task,
        breaks: &[Breakpoint],
    ) -> Result<SessionId, RecordFault> {
        let task = self.veil.as_ref().map_or_else(|| task.clone(), |veil| veiled::task(&**veil, task));
        let input = task.input.trim().to_string();
        if input.is_empty() {
            return Err(Refusal::EmptyText.into());
        }
        let id = SessionId::from_random(self.clock.fresh());
        let (log, clock) = (self.log.clone(), self.clock.clone());
        let mut ledger = Ledger::fresh(log, clock, id.clone(), Class::Operator, &self.by.to_string());
        let stops = at_start(breaks, &self.by)?;
        let mut facts = vec![
            Fact::SessionOpened {
                title: title(&input),
                agent: opening.agent.clone(),
                workspace: opening.workspace.clone(),
                instructions: match &self.veil {
                    Some(veil) => veiled::hidden(&**veil, &opening.instructions),
                    None => opening.instructions.clone(),
                },
                parent: opening.parent.clone(),
                program: opening.program.clone(),
            },
            begun(&task, input),
        ];
        facts.extend(stops);
        ledger.record(|_| Ok(facts.clone())).await?;
        self.keep(ledger);
        Ok(id)
    }

    /// Gives an order; answers the session as it stands after it.
    pub async fn order(&mut self, id: &SessionId, order: &Order) -> Result<&Session, RecordFault> {
        let mut ledger = self.look(id).await?;
        let order = match &self.veil {
            Some(veil) => veiled::order(&**veil, order, ledger.session()),
            None => order.clone(),
        };
        let (tools, clock, settings, by) = (&self.tools, &self.clock, self.settings, &self.by);
        let signer = self.signer.as_ref();
        let ready = signer.map_or(Ok(()), |signer| signer.ready());
        let made = |session: &Session| decide(session, &order, by, &settings.kit(tools, clock.now(), 0));
        // What could not be signed is not decided.
        if let (Err(why), Ok(facts)) = (&ready, made(ledger.session()))
            && facts.iter().any(|fact| decider(fact).is_some())
        {
            self.keep(ledger);
            return Err(RecordFault::Unsigned(format!(
                "nothing was decided, for it could not be signed: {why}"
            )));
        }
        let result = ledger.record(made).await;
        self.keep(ledger);
        if let (Some(signer), Some(stated)) = (&self.signer, result?.and_then(|commit| stated(&commit))) {
            let unsigned =
                |why| RecordFault::Unsigned(format!("it is decided, and could not be signed: {why}"));
            signer.sign(stated).map_err(unsigned)?;
        }
        self.kept.back().map(Ledger::session).ok_or_else(|| LogFault::NoSession(id.to_string()).into())
    }

    /// What a fork is to change, as it may be kept.
    pub fn twist(&self, twist: Twist) -> Twist {
        match &self.veil {
            Some(veil) => veiled::twist(&**veil, twist),
            None => twist,
        }
    }

    /// The session as it stands.
    pub async fn session(&mut self, id: &SessionId) -> Result<&Session, LogFault> {
        let ledger = self.look(id).await?;
        self.keep(ledger);
        self.kept.back().map(Ledger::session).ok_or_else(|| LogFault::NoSession(id.to_string()))
    }

    async fn look(&mut self, id: &SessionId) -> Result<Ledger, LogFault> {
        if let Some(at) = self.kept.iter().position(|ledger| ledger.session().id == *id)
            && let Some(mut ledger) = self.kept.remove(at)
        {
            ledger.catch_up().await?;
            return Ok(ledger);
        }
        Ledger::open(self.log.clone(), self.clock.clone(), id, Class::Operator, &self.by.to_string()).await
    }

    fn keep(&mut self, ledger: Ledger) {
        self.kept.push_back(ledger);
        if self.kept.len() > KEPT {
            self.kept.pop_front();
        }
    }
}
