//! A terminal workbench for running LLM agents under control.

pub mod domain;
pub mod ui;
