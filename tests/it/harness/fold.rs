//! A session made by hand: facts in, placed and applied, no log and no clock.

use serde_json::{Value, json};
use tackroom::domain::call::{By, Outcome, Output, Preview, Via};
use tackroom::domain::canon::action_hash;
use tackroom::domain::decide::{Kit, decide};
use tackroom::domain::event::{Fact, Limits};
use tackroom::domain::hash::Hash;
use tackroom::domain::ids::{CallId, SessionId};
use tackroom::domain::judged::Judged;
use tackroom::domain::message::{Args, AskedCall, Finish, Reply, Timing, Usage};
use tackroom::domain::order::{Order, Refusal};
use tackroom::domain::outcome::{Report, report};
use tackroom::domain::place::place;
use tackroom::domain::policy::{Mode, Verdict, Word};
use tackroom::domain::retry::RetryRule;
use tackroom::domain::schema::Schema;
use tackroom::domain::session::Session;
use tackroom::domain::time::Micros;
use tackroom::domain::tool_spec::{Effect, ToolBook, ToolSpec, Touch};

/// The operator of every test.
pub fn operator() -> By {
    By { name: "ada".into(), via: Via::Screen }
}

/// Three tools: one that reads, one that writes, one that runs.
pub fn book() -> ToolBook {
    let spec = |name: &str, effect, schema: Value| ToolSpec {
        name: name.into(),
        description: String::new(),
        schema: Schema::new(schema).expect("a good schema"),
        effect,
        destroys: false,
    };
    let path = json!({"type":"object","required":["path"],"additionalProperties":false,
        "properties":{"path":{"type":"string"},"body":{"type":"string"}}});
    let argv = json!({"type":"object","required":["argv"],"additionalProperties":false,
        "properties":{"argv":{"type":"array","items":{"type":"string"}}}});
    ToolBook::new([
        spec("read", Effect::ReadOnly, path.clone()),
        spec("write", Effect::SideEffect, path),
        spec("command", Effect::SideEffect, argv),
    ])
}

/// A fold with the two halves of the door.
pub struct Fold {
    /// What is known.
    pub session: Session,
    /// The tools.
    pub book: ToolBook,
    /// The time.
    pub now: Micros,
    /// Every event so far.
    pub events: Vec<tackroom::domain::event::Event>,
}

impl Default for Fold {
    fn default() -> Fold {
        Fold {
            session: Session::new(SessionId::from_random(7)),
            book: book(),
            now: Micros(1_700_000_000_000_000),
            events: Vec::new(),
        }
    }
}

impl Fold {
    /// An open session with a run in this mode, its writer lease taken.
    pub fn running(mode: Mode) -> Fold {
        let mut fold = Fold::opened();
        fold.put(vec![Fact::RunStarted {
            input: "task".into(),
            mode,
            limits: Limits::of_steps(50),
            model: "m".into(),
            base_url: None,
        }]);
        fold.tell(Report::Taken { holder: "test".into() });
        fold
    }

    /// An open session without a run.
    pub fn opened() -> Fold {
        let mut fold = Fold::default();
        fold.put(vec![Fact::SessionOpened {
            title: "t".into(),
            agent: "a".into(),
            workspace: "/srv/ws".into(),
            instructions: "be good".into(),
            parent: None,
            program: "test".into(),
        }]);
        fold
    }

    /// Places and applies facts.
    pub fn put(&mut self, facts: Vec<Fact>) {
        self.now = self.now.plus_ms(10);
        for event in place(&self.session, self.now, facts) {
            self.session.apply(&event);
            self.events.push(event);
        }
    }

    fn kit(&self) -> Kit<'_> {
        Kit { tools: &self.book, now: self.now, luck: 5, retry: RetryRule::default(), approval_ms: 60_000 }
    }

    /// The worker's half: panics where it is refused.
    pub fn tell(&mut self, what: Report) {
        let facts = self.try_tell(&what).unwrap_or_else(|why| panic!("{what:?}: {why}"));
        self.put(facts);
    }

    /// The worker's half, undecided.
    pub fn try_tell(&self, what: &Report) -> Result<Vec<Fact>, Refusal> {
        report(&self.session, what, &self.kit())
    }

    /// The operator's half: applied where it is taken.
    pub fn order(&mut self, order: &Order) -> Result<Vec<Fact>, Refusal> {
        let facts = decide(&self.session, order, &operator(), &self.kit())?;
        self.put(facts.clone());
        Ok(facts)
    }

    /// The operator's half, undecided.
    pub fn try_order(&self, order: &Order) -> Result<Vec<Fact>, Refusal> {
        decide(&self.session, order, &operator(), &self.kit())
    }

    /// The model is asked and calls these tools.
    pub fn calls(&mut self, calls: &[(&str, Value)]) {
        let calls = calls.iter().map(|(tool, args)| asked(tool, args.clone())).collect();
        self.replies(Reply { calls, finish: Finish::Calls, ..said("") });
    }

    /// The model is asked and answers so.
    pub fn replies(&mut self, reply: Reply) {
        self.tell(Report::Asking {
            model: "m".into(),
            request: Hash::ZERO,
            frame: None,
            notes: Vec::new(),
            route: None,
            ahead: None,
        });
        self.tell(Report::Replied(reply));
    }

    /// The policy speaks on a call.
    pub fn judge(&mut self, call: u32, word: Word) {
        self.tell(Report::Judged(self.judged(call, word)));
    }

    /// What the policy says of a call; writes touch their path, commands are commands.
    pub fn judged(&self, call: u32, word: Word) -> Judged {
        let id = CallId(call);
        let found = self.session.call(id).expect("the call is there");
        let args = found.args().expect("it has arguments");
        let path = args["path"].as_str().unwrap_or(".").to_string();
        let touches = match found.tool.as_str() {
            "read" => vec![Touch::Read { path }],
            "write" => vec![Touch::Write { path }],
            _ => vec![Touch::Command { argv: vec!["x".into()] }],
        };
        let verdict =
            Verdict { word, rule: "test".into(), why: "because".into(), policy: "p1".into(), person: None };
        Judged { call: id, verdict, touches, preview: Preview::None, sandbox: String::new() }
    }

    /// A cleared call starts.
    pub fn start(&mut self, call: u32) {
        self.tell(Report::Starting { call: CallId(call), policy: "p1".into(), preview: Some(Preview::None) });
    }

    /// A started call ends well.
    pub fn end(&mut self, call: u32, text: &str) {
        let (output, _) = Output::bounded(text.into());
        self.tell(Report::Finished { call: CallId(call), outcome: Outcome::Ok, output, ms: 3 });
    }

    /// The hash of a waiting call as shown.
    pub fn hash(&self, call: u32) -> Hash {
        self.session.call(CallId(call)).and_then(|call| call.hash).unwrap_or(Hash::ZERO)
    }

    /// The hash that other arguments of a call would have.
    pub fn hash_of(&self, tool: &str, args: &Value) -> Hash {
        action_hash(tool, args, &self.session.workspace, "p1")
    }
}

/// A call as a model asks for it.
pub fn asked(tool: &str, args: Value) -> AskedCall {
    AskedCall { wire_id: String::new(), tool: tool.into(), args: Args::Json(args) }
}

/// A reply of text alone.
pub fn said(text: &str) -> Reply {
    Reply {
        model: "m".into(),
        text: text.into(),
        reasoning: None,
        calls: Vec::new(),
        finish: Finish::Stop,
        usage: Usage { input: 10, output: 5, ..Usage::default() },
        cost: None,
        timing: Timing::default(),
    }
}
