//! All integration tests, one binary.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "tests print their figures, helpers too")]

mod harness;
mod tidy;
mod text;
mod theme;
mod widgets;
mod trace;
mod screens;
