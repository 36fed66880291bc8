//! A breakpoint: how it is typed and printed, what it means in a sentence, and why one was hit.
//!
//! ```text
//! [once] risky | effect=CLASS | tool=NAME | arg:/PATH=VALUE | arg:/PATH~REGEX | steps=N | tokens=N | cost=DOLLARS | fault[=model|tool]
//! ```
//!
//! A path is a JSON pointer (`~0` and `~1` stand for `~` and `/`), with `*` for every element. `=+N` counts from now. A cost that is not known is
//! not seen: who sets such a mark is told.

use crate::domain::argument::Test;
use crate::domain::call::Outcome;
use crate::domain::fault::FaultKind;
use crate::domain::held::Held;
use crate::domain::ids::CallId;
use crate::domain::money::{Money, replies};
use crate::domain::pattern::Pattern;
use crate::domain::text;
use crate::domain::tool_spec::Effect;
use serde::{Deserialize, Serialize};
use std::fmt;

/// All forms in one line, for help and for whoever typed something else.
pub const FORMS: &str = "risky, effect=CLASS, tool=NAME, arg:/PATH=VALUE, arg:/PATH~REGEX, steps=N, tokens=N, cost=DOLLARS, fault";

/// Where a run is to stop.
#[derive(Clone, Debug, PartialEq)]
pub struct Breakpoint {
    /// At what.
    pub what: Trigger,
    /// Whether it goes once it was hit.
    pub once: bool,
}

/// What a breakpoint waits for.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// A call of this tool.
    Tool(String),
    /// A call of this effect class or a graver one.
    Effect(Effect),
    /// A call one of whose arguments is so.
    Argument {
        /// A JSON pointer; a part `*` stands for every element.
        path: String,
        /// What is to be there.
        test: Test,
    },
    /// So many answered model turns.
    Steps(Mark),
    /// So many tokens.
    Tokens(Mark),
    /// So many billionths of a dollar.
    Cost(Mark),
    /// Something failed.
    Fault(FaultOf),
}

/// How far a run has to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// So far from its beginning.
    At(u64),
    /// So much further than it is; resolved when it is set.
    More(u64),
}

/// Whose faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultOf {
    /// Anybody's.
    Any,
    /// A request to the model failed.
    Model,
    /// A call failed.
    Tool,
}

/// Why a typed breakpoint is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct BadBreakpoint {
    /// What is wrong, as a sentence without its full stop.
    pub why: String,
    /// What to type instead.
    pub hint: String,
}

/// Why a run stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Why {
    /// The tool is the one named.
    Tool {
        /// The tool.
        tool: String,
    },
    /// The call's effect is grave enough.
    Effect {
        /// The tool.
        tool: String,
        /// Its class.
        effect: Effect,
    },
    /// An argument is as described.
    Argument {
        /// The tool.
        tool: String,
        /// Where the argument stands.
        path: String,
        /// The beginning of what stands there.
        found: String,
    },
    /// The turns are done.
    Steps {
        /// How many were.
        steps: u32,
    },
    /// The tokens are spent.
    Tokens {
        /// How many were.
        tokens: u64,
    },
    /// The money is spent.
    Cost {
        /// How much is known to be.
        cost: Money,
        /// Of how many replies it is not known what they cost.
        #[serde(default)]
        unknown: u64,
    },
    /// A request to the model failed.
    RequestFailed {
        /// How.
        fault: FaultKind,
    },
    /// A call failed.
    CallFailed {
        /// Which.
        call: CallId,
        /// How.
        outcome: Outcome,
    },
    /// It is no breakpoint: a limit holds it, or it goes in circles.
    Held {
        /// Why.
        held: Held,
    },
    /// This program cannot read the breakpoint, and will not run past it unasked.
    Unreadable,
}

fn bad(why: impl Into<String>, hint: impl Into<String>) -> BadBreakpoint {
    BadBreakpoint { why: why.into(), hint: hint.into() }
}

impl Breakpoint {
    /// Reads what was typed.
    pub fn parse(typed: &str) -> Result<Breakpoint, BadBreakpoint> {
        let typed = typed.trim();
        let (once, rest) = match typed.strip_prefix("once") {
            Some(rest) if rest.is_empty() || rest.starts_with(' ') => (true, rest.trim_start()),
            Some(_) | None => (false, typed),
        };
        if rest.is_empty() {
            return Err(bad("there is nothing to stop at", format!("say one of: {FORMS}")));
        }
        if rest.chars().any(char::is_control) {
            return Err(bad("it has a control character in it", "type it on one line"));
        }
        Ok(Breakpoint { what: trigger(rest)?, once })
    }

    /// What it means.
    pub fn sentence(&self) -> String {
        let every = if self.once { "Once, stops" } else { "Stops" };
        match &self.what {
            Trigger::Tool(tool) => format!("{every} before a call of {tool}."),
            Trigger::Effect(Effect::SideEffect) => format!("{every} before a call with a side effect."),
            Trigger::Effect(class) => {
                format!("{every} before a call of effect {} or a graver one.", class_word(*class))
            }
            Trigger::Argument { path, test } => {
                let place = match path.as_str() {
                    "" => "arguments, as JSON text,".to_string(),
                    path => format!("argument {path}"),
                };
                match test {
                    Test::Is(value) if value.is_empty() => {
                        format!("{every} before a call whose {place} is empty.")
                    }
                    Test::Is(value) => format!("{every} before a call whose {place} is {value}."),
                    Test::Matches(pattern) => {
                        format!("{every} before a call whose {place} matches {}.", pattern.as_str())
                    }
                }
            }
            Trigger::Steps(mark) => format!("{every} before the next model turn {}.", mark.words("turn")),
            Trigger::Tokens(mark) => format!("{every} before the next step {}.", mark.words("token")),
            Trigger::Cost(mark) => {
                let words = match mark {
                    Mark::At(nano) => format!("once the task has cost {}", Money(*nano)),
                    Mark::More(nano) => format!("after {} more", Money(*nano)),
                };
                format!("{every} before the next model turn {words}.")
            }
            Trigger::Fault(FaultOf::Any) => format!("{every} after a request or a call that failed."),
            Trigger::Fault(FaultOf::Model) => format!("{every} after a model request that failed."),
            Trigger::Fault(FaultOf::Tool) => format!("{every} after a call that failed."),
        }
    }
}

impl Mark {
    fn words(self, unit: &str) -> String {
        let plural = |n: u64| if n == 1 { unit.to_string() } else { format!("{unit}s") };
        match self {
            Mark::At(n) => format!("once the task has had {n} {}", plural(n)),
            Mark::More(n) => format!("after {n} more {}", plural(n)),
        }
    }
}

fn trigger(text: &str) -> Result<Trigger, BadBreakpoint> {
    if let Some(rest) = text.strip_prefix("arg:") {
        return argument(rest);
    }
    let (word, value) = match text.split_once('=') {
        Some((word, value)) => (word.trim_end(), Some(value.trim_start())),
        None => (text, None),
    };
    match (word, value) {
        ("risky", None) => Ok(Trigger::Effect(Effect::SideEffect)),
        ("effect", Some(class)) => effect(class),
        ("tool", Some(tool)) => tool_name(tool),
        ("steps", Some(n)) => mark("steps", n).map(Trigger::Steps),
        ("tokens", Some(n)) => mark("tokens", n).map(Trigger::Tokens),
        ("fault", None) => Ok(Trigger::Fault(FaultOf::Any)),
        ("fault", Some("model")) => Ok(Trigger::Fault(FaultOf::Model)),
        ("fault", Some("tool")) => Ok(Trigger::Fault(FaultOf::Tool)),
        ("fault", Some(_)) => {
            Err(bad("a fault is of the model or of a tool", "fault, fault=model or fault=tool"))
        }
        ("cost", Some(dollars)) => cost(dollars),
        ("risky", Some(_)) => {
            Err(bad("risky takes no value", "risky alone, or effect=probe for another class"))
        }
        ("effect" | "tool" | "steps" | "tokens" | "cost", None) => {
            Err(bad(format!("{word} wants a value"), example(word)))
        }
        ("arg", _) => Err(bad("an argument is named after a colon", "such as arg:/path~^src/")),
        _ => Err(bad(format!("{word:?} is nothing to stop at"), format!("say one of: {FORMS}"))),
    }
}

fn example(word: &str) -> &'static str {
    match word {
        "effect" => "effect=read-only, idempotent, probe or side-effect",
        "tool" => "such as tool=write_file",
        "cost" => "such as cost=0.50, or cost=+0.20 for so many more dollars",
        "steps" => "such as steps=10, or steps=+2 for two more",
        _ => "such as tokens=5000, or tokens=+2000 for so many more",
    }
}

fn effect(class: &str) -> Result<Trigger, BadBreakpoint> {
    let classes = [Effect::ReadOnly, Effect::Idempotent, Effect::Probe, Effect::SideEffect];
    let found = classes.into_iter().find(|one| class_word(*one) == class);
    found.map(Trigger::Effect).ok_or_else(|| bad(format!("{class:?} is no effect class"), example("effect")))
}

fn class_word(effect: Effect) -> &'static str {
    match effect {
        Effect::ReadOnly => "read-only",
        Effect::Idempotent => "idempotent",
        Effect::Probe => "probe",
        Effect::SideEffect => "side-effect",
    }
}

fn tool_name(tool: &str) -> Result<Trigger, BadBreakpoint> {
    if tool.is_empty() || tool.contains(char::is_whitespace) {
        return Err(bad("a tool's name is one word", example("tool")));
    }
    Ok(Trigger::Tool(tool.to_string()))
}

fn mark(word: &str, text: &str) -> Result<Mark, BadBreakpoint> {
    let (more, digits) = text.strip_prefix('+').map_or((false, text), |rest| (true, rest));
    let number = digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<u64>().ok()).flatten();
    match number {
        Some(0) | None => Err(bad(format!("{text:?} is no number from 1 on"), example(word))),
        Some(n) if more => Ok(Mark::More(n)),
        Some(n) => Ok(Mark::At(n)),
    }
}

fn cost(text: &str) -> Result<Trigger, BadBreakpoint> {
    let (more, amount) = text.strip_prefix('+').map_or((false, text), |rest| (true, rest));
    match Money::parse(amount) {
        Err(why) => Err(bad(format!("{text:?} cannot be read: {why}"), example("cost"))),
        Ok(Money(0)) => Err(bad("every task has cost nothing at its beginning", example("cost"))),
        Ok(Money(nano)) => Ok(Trigger::Cost(if more { Mark::More(nano) } else { Mark::At(nano) })),
    }
}

/// `/PATH=VALUE` or `/PATH~REGEX`: the first `=`, or the first `~` that escapes nothing, parts them.
fn argument(text: &str) -> Result<Trigger, BadBreakpoint> {
    let bytes = text.as_bytes();
    let escapes = |at: usize| matches!(bytes.get(at + 1), Some(b'0' | b'1'));
    let parts = (0..bytes.len()).find(|at| bytes[*at] == b'=' || (bytes[*at] == b'~' && !escapes(*at)));
    let hint = "such as arg:/path=notes.txt or arg:/path~^src/";
    let Some(at) = parts else {
        return Err(bad("it does not say what the argument is to be", hint));
    };
    let (path, test) = (&text[..at], &text[at + 1..]);
    if !path.is_empty() && !path.starts_with('/') {
        return Err(bad(format!("the path {path:?} does not begin with a slash"), format!("arg:/{path}…")));
    }
    let test = if bytes[at] == b'=' {
        Test::Is(test.to_string())
    } else if test.is_empty() {
        return Err(bad("there is no pattern after the ~", hint));
    } else {
        let pattern = Pattern::new(test);
        Test::Matches(pattern.map_err(|why| {
            bad(
                format!("the pattern {test:?} cannot be read: {why}"),
                "a \\ before a sign takes it as it is, such as \\.",
            )
        })?)
    };
    Ok(Trigger::Argument { path: path.to_string(), test })
}

impl fmt::Display for Breakpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.once {
            f.write_str("once ")?;
        }
        match &self.what {
            Trigger::Tool(tool) => write!(f, "tool={tool}"),
            Trigger::Effect(Effect::SideEffect) => f.write_str("risky"),
            Trigger::Effect(class) => write!(f, "effect={}", class_word(*class)),
            Trigger::Argument { path, test: Test::Is(value) } => write!(f, "arg:{path}={value}"),
            Trigger::Argument { path, test: Test::Matches(pattern) } => {
                write!(f, "arg:{path}~{}", pattern.as_str())
            }
            Trigger::Steps(mark) => write!(f, "steps={mark}"),
            Trigger::Tokens(mark) => write!(f, "tokens={mark}"),
            Trigger::Cost(Mark::At(nano)) => write!(f, "cost={}", Money(*nano).exact()),
            Trigger::Cost(Mark::More(nano)) => write!(f, "cost=+{}", Money(*nano).exact()),
            Trigger::Fault(FaultOf::Any) => f.write_str("fault"),
            Trigger::Fault(FaultOf::Model) => f.write_str("fault=model"),
            Trigger::Fault(FaultOf::Tool) => f.write_str("fault=tool"),
        }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mark::At(n) => write!(f, "{n}"),
            Mark::More(n) => write!(f, "+{n}"),
        }
    }
}

impl Why {
    /// Why the run stopped, as a sentence without its full stop; foreign text in it is not cleaned.
    pub fn sentence(&self) -> String {
        match self {
            Why::Tool { tool } => format!("the next call is of {tool}"),
            Why::Effect { tool, effect } => {
                format!("the next call, of {tool}, has the effect class {}", class_word(*effect))
            }
            Why::Argument { tool, path, found } => {
                let place = if path.is_empty() { "all its arguments" } else { path.as_str() };
                format!("the next call is of {tool}, and {place} is {}", text::truncate(found, 60))
            }
            Why::Steps { steps: 1 } => "the task has had 1 model turn".to_string(),
            Why::Steps { steps } => format!("the task has had {steps} model turns"),
            Why::Tokens { tokens } => format!("the task has spent {tokens} tokens"),
            Why::Cost { cost, unknown: 0 } => format!("the task has cost {cost}"),
            Why::Cost { cost, unknown } => {
                format!("the task has cost {cost}, and of {} it is not known", replies(*unknown))
            }
            Why::RequestFailed { fault } => format!("a model request failed: {}", fault.words()),
            Why::CallFailed { call, outcome } => {
                format!("call {call} ended so: {}", crate::domain::call::Ended::Ran(*outcome).word())
            }
            Why::Held { held } => held.sentence(),
            Why::Unreadable => {
                "this program cannot read the breakpoint, so it does not run past it".to_string()
            }
        }
    }
}
