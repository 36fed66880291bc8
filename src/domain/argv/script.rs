//! The scripts that a command names: files whose bytes are what runs, though the command only says where they lie.

use super::names::{INTERPRETERS, SHELLS};
use super::{Name, is_cluster};

/// Groups of paths as they are written; of each, the first that is a file is one that runs.
pub(super) fn scripts<'a>(program: &'a str, args: &'a [String]) -> Vec<Vec<&'a str>> {
    let mut groups = Vec::new();
    if program.contains('/') {
        groups.push(vec![program]);
    }
    let name = Name::of(program);
    let is_shell = name.is_one(SHELLS);
    if !is_shell && !name.is_one(INTERPRETERS) && !name.is_one(". source") {
        return groups;
    }
    let code = match name.bare.as_str() {
        _ if is_shell => "c",
        "python" | "pypy" => "cm",
        "perl" => "eE",
        "node" | "nodejs" | "bun" => "ep",
        "php" => "r",
        _ => "e",
    };
    // With code among its arguments, the rest are its own matter.
    if args.iter().any(|arg| is_cluster(arg, code) || arg.starts_with("--eval") || arg.starts_with("--print"))
    {
        return groups;
    }
    let paths: Vec<&str> =
        args.iter().map(String::as_str).filter(|arg| !arg.starts_with(['-', '+'])).collect();
    if !paths.is_empty() {
        groups.push(paths);
    }
    groups
}
