//! A session told through the real door: orders and reports become events, sealed in commits, as in life.

use serde_json::{Value, json};
use std::sync::Arc;
use tackroom::domain::breakpoint::Breakpoint;
use tackroom::domain::call::{By, Outcome, Output, Preview, Via};
use tackroom::domain::commit::{Class, Commit, Head};
use tackroom::domain::decide::{Kit, decide};
use tackroom::domain::event::{Event, Fact, Limits};
use tackroom::domain::fault::{Fault, FaultKind};
use tackroom::domain::hash::Hash;
use tackroom::domain::ids::{CallId, CommitId, SessionId};
use tackroom::domain::judged::Judged;
use tackroom::domain::message::{Args, AskedCall, Finish, Reasoning, Reply, Timing, Usage};
use tackroom::domain::order::{Order, Task};
use tackroom::domain::outcome::{Report, report};
use tackroom::domain::place::place;
use tackroom::domain::policy::{Mode, Verdict, Word};
use tackroom::domain::price::Cost;
use tackroom::domain::retry::RetryRule;
use tackroom::domain::schema::Schema;
use tackroom::domain::session::Session;
use tackroom::domain::time::Micros;
use tackroom::domain::tool_spec::{Effect, ToolBook, ToolSpec, Touch};

/// 2026-11-21T08:15:00Z.
pub const START: Micros = Micros(1_795_248_900_000_000);

/// A session being told.
pub struct Story {
    /// The fold so far.
    pub session: Session,
    /// The present.
    pub now: Micros,
    /// The tools.
    pub tools: ToolBook,
    /// Everything that became durable.
    pub commits: Vec<Arc<Commit>>,
    /// What the replies from now on cost, where that is known.
    pub cost: Option<Cost>,
    head: Head,
}

/// The tools of the stories.
pub fn tools() -> ToolBook {
    let spec = |name: &str, effect, destroys, schema| ToolSpec {
        name: name.to_string(),
        description: format!("The tool {name}."),
        schema: Schema::new(schema).unwrap(),
        effect,
        destroys,
    };
    let open = || json!({"type": "object"});
    ToolBook::new([
        spec("read_file", Effect::ReadOnly, false, open()),
        spec("search", Effect::ReadOnly, false, open()),
        spec("write_file", Effect::Idempotent, true, open()),
        spec("edit_file", Effect::SideEffect, true, open()),
        spec("shell", Effect::SideEffect, false, open()),
    ])
}

impl Story {
    /// A session that was just opened.
    pub fn new(id: &str, title: &str) -> Story {
        let mut story = Story {
            session: Session::new(SessionId(id.to_string())),
            now: START,
            tools: tools(),
            commits: Vec::new(),
            cost: None,
            head: Head::start(),
        };
        story.facts(
            Class::Operator,
            vec![Fact::SessionOpened {
                title: title.to_string(),
                agent: "default".to_string(),
                workspace: "/srv/notes".to_string(),
                instructions: String::new(),
                parent: None,
                program: "tackroom 0.1.0".to_string(),
            }],
        );
        story.report(Report::Taken { holder: "dev-laptop:4711".to_string() });
        story
    }

    /// All events so far.
    pub fn events(&self) -> Vec<Event> {
        self.commits.iter().flat_map(|commit| &commit.events).map(|sealed| sealed.event.clone()).collect()
    }

    /// Time passes.
    pub fn wait(&mut self, ms: u64) -> &mut Story {
        self.now = self.now.plus_ms(ms);
        self
    }

    /// Facts become durable, whoever says them.
    pub fn facts(&mut self, class: Class, facts: Vec<Fact>) -> &mut Story {
        let events = place(&self.session, self.now, facts);
        for event in &events {
            self.session.apply(event);
        }
        let id = CommitId::from_random(self.commits.len() as u128 + 1);
        let commit = self.head.seal(id, &self.session.id, (class, "story"), self.now, events);
        self.head = self.head.admit(&commit).expect("a story follows the rules of the log");
        self.commits.push(Arc::new(commit));
        self
    }

    fn kit(tools: &ToolBook, now: Micros) -> Kit<'_> {
        Kit { tools, now, luck: 400, retry: RetryRule::default(), approval_ms: 600_000 }
    }

    /// The worker reports.
    pub fn report(&mut self, said: Report) -> &mut Story {
        let facts = report(&self.session, &said, &Story::kit(&self.tools, self.now)).expect("a legal report");
        self.facts(Class::Worker, facts)
    }

    /// The operator orders.
    pub fn order(&mut self, said: Order) -> &mut Story {
        let facts =
            decide(&self.session, &said, &by(), &Story::kit(&self.tools, self.now)).expect("a legal order");
        self.facts(Class::Operator, facts)
    }

    /// A task begins.
    pub fn task(&mut self, input: &str) -> &mut Story {
        self.order(Order::Start(Task {
            input: input.to_string(),
            mode: Mode::Auto,
            limits: Limits::default(),
            model: "qwen3-coder".to_string(),
            base_url: None,
        }))
    }

    /// The model is asked.
    pub fn ask(&mut self) -> &mut Story {
        self.report(Report::Asking {
            model: "qwen3-coder".to_string(),
            request: Hash::of(b"request"),
            frame: None,
            notes: Vec::new(),
            route: None,
            ahead: None,
        })
    }

    /// The model is asked and answers after `ms`.
    pub fn reply(&mut self, ms: u64, text: &str, calls: &[(&str, Value)]) -> &mut Story {
        self.ask().wait(ms).answer(ms, text, "", calls)
    }

    /// The model answers.
    pub fn answer(&mut self, ms: u64, text: &str, thought: &str, calls: &[(&str, Value)]) -> &mut Story {
        let asked = |(at, (tool, args)): (usize, &(&str, Value))| AskedCall {
            wire_id: format!("w{}_{at}", self.commits.len()),
            tool: (*tool).to_string(),
            args: Args::Json(args.clone()),
        };
        let calls: Vec<AskedCall> = calls.iter().enumerate().map(asked).collect();
        let reasoning = (!thought.is_empty()).then(|| Reasoning {
            text: thought.to_string(),
            field: "reasoning_content".to_string(),
            details: None,
        });
        self.report(Report::Replied(Reply {
            model: "qwen3-coder-30b".to_string(),
            text: text.to_string(),
            reasoning,
            finish: if calls.is_empty() { Finish::Stop } else { Finish::Calls },
            calls,
            usage: Usage {
                input: 2_140,
                output: 310,
                cached: 1_024,
                reasoning: thought.len() as u64 / 4,
                written: 0,
            },
            cost: self.cost.clone(),
            timing: Timing { first_ms: ms / 4, total_ms: ms, pace: Vec::new() },
        }))
    }

    /// The request fails.
    pub fn fault(&mut self, kind: FaultKind, message: &str) -> &mut Story {
        let mut fault = Fault::new(kind, message);
        fault.status = (kind == FaultKind::RateLimit).then_some(429);
        self.report(Report::Failed(fault))
    }

    /// The policy allows a call that reads.
    pub fn allow(&mut self, call: u32, path: &str) -> &mut Story {
        let touches = vec![Touch::Read { path: path.to_string() }];
        self.judge(
            call,
            Word::Allow,
            "reads",
            "Reading inside the workspace is allowed.",
            touches,
            Preview::None,
        )
    }

    /// The policy speaks.
    pub fn judge(
        &mut self,
        call: u32,
        word: Word,
        rule: &str,
        why: &str,
        touches: Vec<Touch>,
        preview: Preview,
    ) -> &mut Story {
        let verdict = Verdict {
            word,
            rule: rule.to_string(),
            why: why.to_string(),
            policy: "builtin-1".to_string(),
            person: None,
        };
        self.report(Report::Judged(Judged {
            call: CallId(call),
            verdict,
            touches,
            preview,
            sandbox: String::new(),
        }))
    }

    /// The policy asks about a change of a file.
    pub fn hold_change(&mut self, call: u32, path: &str, before: Option<&str>, after: &str) -> &mut Story {
        let preview = Preview::Change {
            path: path.to_string(),
            before: before.map(str::to_string),
            after: after.to_string(),
            cut: false,
        };
        let touches = vec![Touch::Write { path: path.to_string() }];
        self.judge(call, Word::Ask, "writes", "Writing a file asks first.", touches, preview)
    }

    /// The policy asks about a command.
    pub fn hold_command(&mut self, call: u32, argv: &[&str]) -> &mut Story {
        let argv: Vec<String> = argv.iter().map(ToString::to_string).collect();
        let preview = Preview::Command {
            argv: argv.clone(),
            cwd: "/srv/notes".to_string(),
            sandbox: "no network, writes below the workspace".to_string(),
            parts: tackroom::domain::reach::shown(&argv),
            scripts: Vec::new(),
        };
        let touches = vec![Touch::Command { argv }];
        self.judge(call, Word::Ask, "commands", "A command may do anything; it asks first.", touches, preview)
    }

    /// The operator approves.
    pub fn approve(&mut self, call: u32) -> &mut Story {
        let hash = self.session.call(CallId(call)).and_then(|call| call.hash).expect("a judged call");
        self.order(Order::Approve { call: CallId(call), hash })
    }

    /// A call starts.
    pub fn start(&mut self, call: u32) -> &mut Story {
        let preview = self.session.call(CallId(call)).map(|call| call.preview.clone());
        let policy = "builtin-1".to_string();
        self.report(Report::Starting { call: CallId(call), policy, preview })
    }

    /// A call runs for `ms` and ends.
    pub fn run(&mut self, call: u32, ms: u64, outcome: Outcome, output: &str) -> &mut Story {
        self.start(call).wait(ms);
        let (output, _) = Output::bounded(output.to_string());
        self.report(Report::Finished { call: CallId(call), outcome, output, ms })
    }

    /// The run ends as the session tells.
    pub fn finish(&mut self) -> &mut Story {
        self.report(Report::Finish)
    }

    /// The process stops; another takes the session over.
    pub fn crash(&mut self, holder: &str) -> &mut Story {
        self.report(Report::Taken { holder: holder.to_string() })
    }
}

/// The operator.
pub fn by() -> By {
    By { name: "dev".to_string(), via: Via::Screen }
}

const TASK: &str = "Compare how the three notes describe approvals that survive a crash, and write what they agree on to report.md.";

const DRAFT: &str = "# Approvals that survive\n\nAll three notes agree on three points.\n\n1. The decision is written before the effect.\n2. A hold is found again by any process.\n3. Unknown is never read as done.\n";

const MENDED: &str = "# Approvals that survive a crash\n\nAll three notes agree on three points.\n\n1. The decision is durable before the effect starts.\n2. A hold is found again by any process.\n3. Unknown is never read as done.\n\nSources: agents.md, memory.md, wal.md\n";

/// The long answer at the end of the research.
pub const ANSWER: &str = "## What the notes agree on\n\nThe three notes use different words for **one idea**: a decision is a *fact*, and a fact is written down before anyone acts on it.\n\n| note | its word | what it guards |\n| --- | --- | --- |\n| agents.md | intent | the side effect |\n| memory.md | promise | the reader |\n| wal.md | record | the page |\n\nIn code it is one line more than usual:\n\n```rust\nlog.append(&intent)?; // durable first\nlet outcome = tool.run(&call);\nlog.append(&outcome)?;\n```\n\n- The report is in `report.md`, with its sources.\n- 日本語のメモは一つもありませんでした。\n- One question is open: who settles an *unknown* outcome at night?\n\n> A hold that only one process knows of is no hold.\n";

/// Research up to the write that waits for a person.
pub fn held() -> Story {
    let mut story = Story::new("k3v9q2m7xa", "Approvals that survive a crash");
    story.wait(1_200).task(TASK);
    story.ask().wait(2_400).answer(
        2_400,
        "I will read the notes first.",
        "The task names three notes. I should list the folder, then read each of them before I write anything.",
        &[
            ("search", json!({"pattern": "approval", "path": "."})),
            ("read_file", json!({"path": "agents.md"})),
            ("read_file", json!({"path": "memory.md"})),
        ],
    );
    story.allow(1, ".").allow(2, "agents.md").allow(3, "memory.md");
    story.run(1, 41, Outcome::Ok, "agents.md:12: approval\nmemory.md:3: approval\nwal.md:40: approval\n");
    story.run(2, 9, Outcome::Ok, "An agent asks before it acts.\n");
    story.run(3, 7, Outcome::Error, "memory.md: permission denied");
    story.wait(30).ask().wait(700).fault(FaultKind::RateLimit, "too many requests, slow down");
    story.wait(900).reply(
        3_100,
        "One note cannot be read. I will write what the others say.",
        &[("write_file", json!({"path": "report.md", "content": DRAFT}))],
    );
    story.wait(2).hold_change(4, "report.md", None, DRAFT);
    story.wait(12_300);
    story
}

/// The whole research: a write approved with edits, an edit, a rejected command, and the answer.
pub fn done() -> Story {
    let mut story = held();
    let hash = story.session.call(CallId(4)).and_then(|call| call.hash).expect("a judged call");
    story.order(Order::ApproveEdited {
        call: CallId(4),
        hash,
        args: json!({"path": "report.md", "content": DRAFT.replace("Approvals", "Holds")}),
    });
    story.wait(1).hold_change(4, "report.md", None, &DRAFT.replace("Approvals", "Holds"));
    story.wait(2).run(4, 8, Outcome::Ok, "wrote 171 bytes to report.md");
    story.order(Order::Steer("Name the sources at the end.".to_string()));
    story.wait(20).reply(2_000, "", &[
        ("edit_file", json!({"path": "report.md", "old": "written before the effect", "new": "durable before the effect starts"})),
        ("shell", json!({"argv": ["git", "push", "--force", "origin", "main"]})),
    ]);
    story.hold_change(5, "report.md", Some(DRAFT), MENDED);
    story.hold_command(6, &["git", "push", "--force", "origin", "main"]);
    story.wait(4_000).approve(5);
    story.wait(1).run(5, 6, Outcome::Ok, "replaced 1 occurrence in report.md");
    story
        .wait(9_000)
        .order(Order::Reject { call: CallId(6), reason: "nothing is pushed from here".to_string() });
    story.wait(15).reply(6_400, ANSWER, &[]).finish();
    story
}

/// A command was running when its process stopped: nobody knows whether it happened.
pub fn unknown() -> Story {
    let mut story = Story::new("m0tt4f8e2c", "Publish the notes");
    story.wait(800).task("Publish the notes with scripts/publish.sh.");
    story.reply(
        1_900,
        "I will look at the script and then run it.",
        &[
            ("read_file", json!({"path": "scripts/publish.sh"})),
            ("shell", json!({"argv": ["scripts/publish.sh", "--site", "notes.example.org"]})),
        ],
    );
    story
        .allow(1, "scripts/publish.sh")
        .hold_command(2, &["scripts/publish.sh", "--site", "notes.example.org"]);
    story.run(1, 5, Outcome::Ok, "#!/bin/sh\nrsync -a site/ \"$2\":/srv/notes\n");
    story.wait(6_000).approve(2).wait(2).start(2);
    story.wait(3_000).crash("dev-laptop:5120");
    story.wait(95_000);
    story
}

/// A breakpoint as it is typed.
pub fn at(typed: &str) -> Breakpoint {
    Breakpoint::parse(typed).expect("a breakpoint")
}

/// The research with two breakpoints, stopped at both before the write that waits for a person.
pub fn stopped() -> Story {
    let mut story = held();
    story.order(Order::SetBreakpoint(at("arg:/path~^report")));
    story.order(Order::SetBreakpoint(at("once tool=write_file")));
    story.order(Order::SetBreakpoint(at("tokens=50000")));
    story.report(Report::Stopping).wait(4_000);
    story
}

/// Stopped before a read that the policy allows.
pub fn stopped_allowed() -> Story {
    let mut story = Story::new("a1l0wed5t0", "Read with care");
    story.wait(500).task("Read the keys file.").order(Order::SetBreakpoint(at("effect=read-only")));
    story.reply(900, "I will read it.", &[("read_file", json!({"path": "keys.txt"}))]);
    story.allow(1, "keys.txt").report(Report::Stopping).wait(4_000);
    story
}

/// Stopped before the model's second turn, with a note that waits for it.
pub fn stopped_turn() -> Story {
    let mut story = Story::new("t0rn5t0pp3", "Look twice");
    story.wait(500).task("Compare the two notes.").order(Order::SetBreakpoint(at("steps=1")));
    story.reply(900, "I will look.", &[("read_file", json!({"path": "a.md"}))]);
    story.allow(1, "a.md").run(1, 12, Outcome::Ok, "one\ntwo\n").report(Report::Stopping);
    story.wait(1_000).order(Order::AddNote("Only b.md is up to date.".to_string())).wait(3_000);
    story
}

/// A long session: `turns` turns of a question read and answered.
pub fn long(turns: usize) -> Story {
    long_after("z9y8x7w6v5", 0, turns)
}

/// The same as another session, that begins so many milliseconds later.
pub fn long_after(id: &str, wait: u64, turns: usize) -> Story {
    let mut story = Story::new(id, "A long conversation");
    story.wait(wait);
    for turn in 0..turns {
        story.wait(500).task(&format!("Question number {turn}: what does note {turn} say?"));
        let call = turn as u32 + 1;
        story.reply(800, "Let me look.", &[("read_file", json!({"path": format!("note-{turn}.md")}))]);
        story.allow(call, "note.md").run(call, 12, Outcome::Ok, "a line\nanother line\n");
        story.wait(5).reply(1_500, ANSWER, &[]).finish();
    }
    story
}
