//! All integration tests, one binary.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "tests print their figures, helpers too")]

mod agent;
mod contracts;
mod crash;
mod classify;
mod discover;
mod harness;
mod loop_rules;
mod openai;
mod sse;
mod table;
mod tidy;
mod contracts;
mod text;
mod theme;
mod widgets;
mod contracts;
mod tools;
mod commands;
