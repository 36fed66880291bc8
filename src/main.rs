//! Hands over the arguments and returns the exit code; nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    tackroom::cli::main(std::env::args_os().collect())
}
