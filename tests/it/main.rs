//! All integration tests, one binary.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "tests print their figures, helpers too")]

mod agent;
mod crash;
mod harness;
mod loop_rules;
mod table;
mod tidy;
mod text;
mod theme;
mod widgets;
mod trace;
mod screens;
