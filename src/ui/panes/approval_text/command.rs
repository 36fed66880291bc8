//! A command as it must be read before it is decided: its words, what it runs and opens part by part, the scripts it names.

use super::{Sheet, is_plain};
use serde_json::Value;

use crate::domain::command_part::{CommandPart, PartDoes, Script};
use crate::ui::theme::Role;

impl Sheet<'_> {
    pub(super) fn command(&mut self, argv: &[String], cwd: &str, sandbox: &str) {
        self.field("where", cwd, Role::Text);
        self.prose("sandbox", sandbox, Role::Text);
        if let [shell, flag, line] = argv
            && flag.starts_with('-')
            && flag.ends_with('c')
        {
            self.field("runs", &format!("{shell} {flag}, with this line:"), Role::Muted);
            return self.field("", line, Role::Code);
        }
        if argv.iter().all(|arg| is_plain(arg)) {
            return self.field("runs", &argv.join(" "), Role::Code);
        }
        for (i, arg) in argv.iter().enumerate() {
            // In quotes, so that no blank at an end hides; a text of several lines stays readable instead.
            let shown = match arg.as_str() {
                "" => "\"\" (empty)".to_string(),
                lines if lines.contains('\n') || is_plain(lines) => lines.to_string(),
                words => Value::String(words.to_string()).to_string(),
            };
            self.field(&format!("argv[{i}]"), &shown, Role::Code);
        }
    }

    /// What it runs and opens, each on lines of its own; what nobody can tell is marked.
    pub(super) fn parts(&mut self, parts: &[CommandPart]) {
        for part in parts {
            let role = match part.does {
                PartDoes::Runs | PartDoes::Reads => Role::Code,
                PartDoes::Writes | PartDoes::Appends => Role::Wait,
                PartDoes::Unclear => Role::Risk,
            };
            let text = format!("{}{}", "  ".repeat(usize::from(part.depth)), part.text);
            match part.does {
                PartDoes::Unclear => self.prose(part.does.word(), part.text.trim(), role),
                PartDoes::Runs | PartDoes::Reads | PartDoes::Writes | PartDoes::Appends => {
                    self.field(part.does.word(), &text, role)
                }
            }
        }
    }

    /// The scripts that it names, each with its first lines.
    pub(super) fn scripts(&mut self, scripts: &[Script]) {
        for script in scripts {
            self.prose("script", &script.line(), if script.sealed { Role::Text } else { Role::Wait });
            match script.head.is_empty() {
                true => self.field("", "(no text)", Role::Muted),
                false => self.field("", script.head.trim_end_matches('\n'), Role::Code),
            }
        }
    }
}
