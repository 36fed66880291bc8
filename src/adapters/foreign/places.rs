//! Where the tools keep their sessions, and what is found in files and folders that were named.

use crate::adapters::foreign::{goose, kinds, opencode_store, sqlite};
use crate::domain::foreign::Tool;
use crate::ports::foreign::{Discovered, Source, Wanted};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Folders within folders.
const DEPTH_MAX: usize = 8;
/// Files that are looked at.
const FILES_MAX: usize = 200_000;
/// Endings of files that may hold a session.
const ENDINGS: [&str; 3] = ["jsonl", "json", "db"];

/// Looks for sessions.
pub fn discover(environment: &BTreeMap<String, String>, scratch: &Path, wanted: &Wanted) -> Discovered {
    let mut look = Look { scratch, tool: wanted.tool, found: Discovered::default(), seen: BTreeSet::new() };
    if wanted.paths.is_empty() {
        let tools = Tool::ALL.into_iter().filter(|tool| wanted.tool.is_none_or(|only| only == *tool));
        for (tool, place) in
            tools.flat_map(|tool| usual(tool, environment).into_iter().map(move |at| (tool, at)))
        {
            look.tool = Some(tool);
            look.place(&place, 0, false);
        }
    }
    for path in &wanted.paths {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
        look.place(&path, 0, true);
    }
    look.found.sources.sort_by(|a, b| (a.tool, &a.path).cmp(&(b.tool, &b.path)));
    look.found
}

/// The places in which a tool keeps its sessions, as the environment tells.
fn usual(tool: Tool, environment: &BTreeMap<String, String>) -> Vec<PathBuf> {
    let named = |name: &str| environment.get(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let Some(home) = named("HOME") else { return Vec::new() };
    let data = named("XDG_DATA_HOME").unwrap_or_else(|| home.join(".local/share"));
    let config = named("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config"));
    match tool {
        Tool::Codex => {
            let codex = named("CODEX_HOME").unwrap_or_else(|| home.join(".codex"));
            vec![codex.join("sessions"), codex.join("archived_sessions")]
        }
        Tool::Claude => {
            let claude = named("CLAUDE_CONFIG_DIR").unwrap_or_else(|| home.join(".claude"));
            vec![claude.join("projects")]
        }
        Tool::Gemini => {
            let gemini = named("GEMINI_CLI_HOME").unwrap_or(home).join(".gemini");
            vec![gemini.join("tmp")]
        }
        Tool::Opencode => {
            let opencode = data.join("opencode");
            vec![opencode.join("opencode.db"), opencode.join("storage/session")]
        }
        Tool::Goose => {
            let goose = named("GOOSE_PATH_ROOT").map_or_else(|| data.join("goose"), |root| root.join("data"));
            vec![goose.join("sessions")]
        }
        Tool::Mini => {
            let mini = named("MSWEA_GLOBAL_CONFIG_DIR").unwrap_or_else(|| config.join("mini-swe-agent"));
            vec![mini.join("last_mini_run.traj.json")]
        }
    }
}

struct Look<'a> {
    scratch: &'a Path,
    tool: Option<Tool>,
    found: Discovered,
    seen: BTreeSet<PathBuf>,
}

impl Look<'_> {
    /// A file or a folder; what was named itself and is no session is told.
    fn place(&mut self, path: &Path, depth: usize, named: bool) {
        let meta = match std::fs::symlink_metadata(path) {
            Ok(meta) if meta.is_symlink() && named => std::fs::metadata(path),
            other => other,
        };
        match meta {
            Err(error) if named => self.odd(path, &error.to_string()),
            Ok(meta) if meta.is_dir() => self.folder(path, depth, named),
            Ok(meta) if meta.is_file() => self.file(path, meta.len(), named),
            Ok(_) if named => self.odd(path, "it is neither a file nor a folder"),
            Ok(_) | Err(_) => {}
        }
    }

    fn odd(&mut self, path: &Path, why: &str) {
        self.found.odd.push((path.to_path_buf(), why.to_string()));
    }

    fn folder(&mut self, path: &Path, depth: usize, named: bool) {
        if depth > DEPTH_MAX {
            return;
        }
        let entries = match std::fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) => return self.odd(path, &error.to_string()),
        };
        let mut inside: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
        inside.sort();
        let before = self.found.sources.len();
        for path in inside {
            let ending = path.extension().and_then(|ext| ext.to_str()).unwrap_or_default();
            if self.seen.len() < FILES_MAX && (path.is_dir() || ENDINGS.contains(&ending)) {
                self.place(&path, depth + 1, false);
            }
        }
        if named && before == self.found.sources.len() {
            self.odd(path, "there is no session of a known tool in it");
        }
    }

    fn file(&mut self, path: &Path, bytes: u64, named: bool) {
        if !self.seen.insert(path.to_path_buf()) {
            return;
        }
        let guessed = kinds::guess(path, self.scratch);
        // What is empty or spoilt in a place of a tool, or said to be a tool's, is that tool's.
        let guessed = guessed.or_else(|| self.tool.filter(|_| named && bytes > 0).map(|tool| (tool, false)));
        let Some((tool, several)) = guessed.filter(|(tool, _)| self.tool.is_none_or(|only| only == *tool))
        else {
            if named {
                self.odd(path, "it is no session of a known tool (or say which with --from)");
            }
            return;
        };
        let stamp = sqlite::stamp(path);
        let source = |(part, own): (String, String)| {
            let stamp = if own.is_empty() { stamp.clone() } else { own };
            Source { tool, path: path.to_path_buf(), part, bytes, stamp }
        };
        if !several {
            return self.found.sources.push(source(Default::default()));
        }
        let ids = match tool {
            Tool::Goose => goose::sessions(path, self.scratch),
            Tool::Codex | Tool::Claude | Tool::Gemini | Tool::Opencode | Tool::Mini => {
                opencode_store::sessions(path, self.scratch)
            }
        };
        match ids {
            Ok(ids) => self.found.sources.extend(ids.into_iter().map(source)),
            Err(why) => self.odd(path, &why),
        }
    }
}
