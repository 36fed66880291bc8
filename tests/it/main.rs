//! All integration tests, one binary.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "tests print their figures, helpers too")]
#![allow(
    clippy::large_futures,
    clippy::large_enum_variant,
    clippy::type_complexity,
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    reason = "a test is read, not shipped"
)]

mod harness;
mod tidy;
mod titles_cli;
#[cfg(feature = "cedar")]
mod policy;
#[cfg(feature = "cedar")]
mod policy_lines;
#[cfg(feature = "cedar")]
mod policy_shell;
#[cfg(feature = "cedar")]
mod policy_wrappers;
#[cfg(feature = "cedar")]
mod policy_named;
#[cfg(feature = "cedar")]
mod policy_person;
#[cfg(feature = "cedar")]
mod policy_cli;
mod policy_foreign;
mod shell_lines;
mod text;
mod theme;
mod widgets;
mod table;
mod loop_rules;
mod alike;
mod audit;
mod signed;
mod desk;
mod desk_faults;
mod breakpoints;
mod boundary;
mod budget;
mod budget_cli;
mod checks;
mod circles;
mod breakpoint_grammar;
mod leases;
mod leases_cover;
mod leases_told;
mod leases_cli;
mod leases_keys;
mod crash;
mod simulate;
mod approvals;
mod fork;
mod fork_cli;
mod fork_git;
mod fork_screen;
mod sessions_screen;
mod sessions_screen_slips;
mod retention;
mod restore;
mod agent;
mod contracts;
mod classify;
mod discover;
mod sse;
mod openai;
mod messages;
mod responses;
mod pool;
mod model_cli;
mod tools;
mod tools_bounds;
mod pages;
mod commands;
mod compaction;
mod compaction_small;
mod compaction_cli;
#[cfg(target_os = "linux")]
mod sandbox;
#[cfg(target_os = "linux")]
mod sandbox_ends;
#[cfg(target_os = "linux")]
mod sandbox_turned;
#[cfg(target_os = "linux")]
mod sandbox_words;
#[cfg(target_os = "linux")]
mod scripts;
mod web_fetch;
mod walk;
mod trace;
mod screens;
mod foreign;
mod verify;
mod kill;
mod cli;
mod library;
mod cli_faults;
mod cli_past;
mod compare;
mod inspect;
mod inspect_cli;
mod inspect_screen;
mod pty;
mod keys;
mod inbox;
mod inbox_slips;
mod inbox_screen;
mod lain_over;
mod leaving;
mod hints;
mod replay;
mod replay_kept;
mod replay_runs;
mod consent;
mod fresh;
mod breakpoints_cli;
mod money;
mod money_cli;
mod breakpoint_keys;
mod export;
mod replicas;
mod export_forms;
mod secrets;
mod secrets_met;
mod secrets_put;
mod secrets_shown;
mod frozen;
mod outsiders;
mod durable;
mod disk_full;
mod sync_fails;
mod browser;
