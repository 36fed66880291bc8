//! tackroom: a terminal workbench for running LLM agents under control.
//!
//! The model is not the agent, the harness is. This library is the harness; the binary hands its arguments to `cli::main`.
//!
//! # The map, in reading order
//!
//! | room | what it is | may name |
//! | --- | --- | --- |
//! | [`domain`] | what a run is: pure data and decisions | nothing |
//! | [`ports`] | what a run needs: one small trait per file | domain |
//! | [`adapters`] | one plug per outside thing | domain, ports |
//! | [`runtime`] | what drives a run: tasks and channels | domain, ports |
//! | [`ui`] | what the operator sees and presses | domain |
//! | [`cli`] | the commands, and the one place where the rooms are joined | all |
//!
//! ```text
//!             domain
//!               ^
//!             ports
//!            ^     ^
//!      adapters  runtime        ui --> domain
//!            ^     ^             ^
//!             \    |            /
//!              +--- cli -------+
//! ```
//!
//! `runtime` and `ui` never meet: they share `Command` and `Notice`, plain data, over bounded channels that `cli` makes. So
//! live, headless, replayed and tested runs are the same program with someone else at the other end.
//!
//! # The loop
//!
//! `domain::next` tells from the state what is needed; `runtime::perform` does it through a port; `domain::decide` and
//! `domain::outcome` say what it means, in facts; `runtime::ledger` appends them to the log and only then applies them. A
//! process that takes a session up asks the same `next` of the same state, so a crash loses no step and repeats none.
//!
//! Rust does not check these arrows inside a crate, so `tests/it/tidy` does.

pub mod domain;
pub mod ports;
pub mod adapters;
pub mod runtime;
pub mod ui;
pub mod cli;
