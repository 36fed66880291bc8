//! Programs from outside that a test needs: used where they work, and named with what stays unproven where they do not.

use std::io::Write;
use std::process::{Command, Stdio};

/// Whether this works here. Where it does not, what stays unproven is said in a line that no capture of a test's output
/// hides; it fails where `tests/run` saw it work, which it says with this variable.
#[track_caller]
pub fn works(probe: &[&str], variable: &str, promise: &str) -> bool {
    let ran = Command::new(probe[0]).args(&probe[1..]).stdin(Stdio::null()).output();
    let why = match ran {
        Ok(ran) if ran.status.success() => return true,
        Ok(ran) => String::from_utf8_lossy(&ran.stderr).lines().next().unwrap_or("it failed").to_string(),
        Err(error) => error.to_string(),
    };
    let line = format!("unproven: {promise}: {}: {why}", probe[0]);
    assert_ne!(std::env::var(variable).as_deref(), Ok("1"), "{line}");
    let _ = writeln!(std::io::stderr(), "{line}"); // a test without a terminal is a test
    false
}
