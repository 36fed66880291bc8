//! tackroom: a terminal workbench for running LLM agents under control.

pub mod domain;
pub mod ports;
pub mod runtime;
pub mod ui;
