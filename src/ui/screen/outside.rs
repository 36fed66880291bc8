//! Another program has the terminal for a while: a pager reads a text, an editor a copy of it.
//!
//! The terminal was given back before and is taken again after. Ending the wait ends the program.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::ui::app::Programs;
use crate::ui::update::{Elsewhere, Program};

/// Shows a text in a program until that ends; answers a word on it for the operator, or why it failed.
pub async fn show(wanted: Elsewhere, programs: Programs) -> Result<String, String> {
    match wanted.program {
        Program::Pager => page(&programs.pager, wanted.text).await,
        Program::Editor => edit(&programs, &wanted).await,
    }
}

/// A program as a shell reads its line, tied to this wait.
fn program(line: &str, given: &str) -> Command {
    let mut command = Command::new("sh");
    // The shell gives way to a plain command, so that Ctrl-C is that one's alone.
    let is_plain = line.chars().all(|c| c.is_alphanumeric() || " ./_+-,:@%".contains(c));
    let exec = if is_plain { "exec " } else { "" };
    command.arg("-c").arg(format!("{exec}{line}{given}")).kill_on_drop(true);
    // A pager that ends at once where all fits would take the text away with it.
    let less = std::env::var("LESS").unwrap_or_default();
    command.env("LESS", format!("{less} -+F").trim_start());
    command
}

async fn page(line: &str, text: String) -> Result<String, String> {
    let started = program(line, "").stdin(Stdio::piped()).spawn();
    let mut child = started.map_err(|error| format!("The pager {line:?} cannot be started: {error}."))?;
    let input = child.stdin.take();
    let feeding = async move {
        if let Some(mut input) = input {
            // Who leaves a pager early has read enough.
            drop(input.write_all(text.as_bytes()).await);
        }
    };
    let (status, ()) = tokio::join!(child.wait(), feeding);
    let status = status.map_err(|error| format!("The pager {line:?} was lost: {error}."))?;
    told(line, status).map(|()| String::new())
}

/// The editor has a copy; what it makes of it is thrown away.
async fn edit(programs: &Programs, wanted: &Elsewhere) -> Result<String, String> {
    let copy = Copy::of(&programs.folder, wanted).map_err(|error| {
        format!("The copy for the editor cannot be written to {}: {error}.", programs.folder.display())
    })?;
    let line = &programs.editor;
    let status = program(line, " \"$0\"").arg(&copy.0).status().await;
    let status = status.map_err(|error| format!("The editor {line:?} cannot be started: {error}."))?;
    told(line, status)?;
    Ok("It was a copy: nothing of the session has changed.".to_string())
}

fn told(line: &str, status: ExitStatus) -> Result<(), String> {
    match status.success() {
        true => Ok(()),
        false => Err(format!("{line:?} ended with {status}.")),
    }
}

/// A file that only its owner reads and that goes with this.
struct Copy(PathBuf);

impl Copy {
    fn of(folder: &Path, wanted: &Elsewhere) -> std::io::Result<Copy> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join(format!("{}-{}.txt", wanted.name, std::process::id()));
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        let copy = Copy(path);
        file.write_all(wanted.text.as_bytes())?;
        Ok(copy)
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        // One that an editor has removed already is gone as it should be.
        drop(std::fs::remove_file(&self.0));
    }
}
