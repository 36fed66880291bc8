//! `tackroom import` of what `tackroom sessions export` wrote: the same session again, byte by byte.

use crate::cli::args_import::{From, Import};
use crate::domain::export::jsonl::BEGINS;
use crate::domain::export::take::LINE_MAX;
use crate::runtime::replica::{Copied, Lines, ReplicaFault, Replicas};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// The paths that are exported sessions, and the others.
#[derive(Debug, Default)]
pub struct Parted {
    /// Exports, in order.
    pub own: Vec<PathBuf>,
    /// Folders in which there were some.
    pub folders: Vec<PathBuf>,
    /// Whatever else was named.
    pub others: Vec<PathBuf>,
}

impl Parted {
    /// Looks at what was named; a folder's own files count, those of folders in it do not.
    pub fn of(args: &Import) -> Parted {
        let mut parted = Parted::default();
        let only_own = args.from == Some(From::Tackroom);
        if args.from.is_some() && !only_own {
            parted.others.clone_from(&args.paths);
            return parted;
        }
        for path in &args.paths {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            let mut inside: Vec<PathBuf> = match path.is_dir() {
                true => std::fs::read_dir(&path)
                    .map(|entries| entries.filter_map(Result::ok).map(|entry| entry.path()).collect())
                    .unwrap_or_default(),
                false => Vec::new(),
            };
            inside.retain(|file| file.is_file() && is_own(file));
            inside.sort();
            if path.is_dir() {
                if !inside.is_empty() {
                    parted.folders.push(path.clone());
                }
                parted.own.extend(inside);
                if !only_own {
                    parted.others.push(path);
                }
            } else if only_own || (path.is_file() && is_own(&path)) {
                parted.own.push(path);
            } else {
                parted.others.push(path);
            }
        }
        parted
    }
}

/// Whether a file begins as an export does.
fn is_own(path: &Path) -> bool {
    let mut head = vec![0; BEGINS.len()];
    File::open(path).is_ok_and(|mut file| file.read_exact(&mut head).is_ok() && head == BEGINS.as_bytes())
}

/// Copies one session; a refusal is a sentence that says what to do.
pub async fn copy(replicas: &Replicas, path: &Path) -> Result<Copied, String> {
    let path = path.to_path_buf();
    let open = move || lines(&path);
    let hinted = |fault: ReplicaFault| match &fault {
        ReplicaFault::Differs { id, .. } => format!(
            "{fault}; nothing was changed (`tackroom sessions delete {id}` and `purge {id}` make room for it)"
        ),
        ReplicaFault::Bad(crate::domain::export::take::Bad::Acts(_)) => {
            format!("{fault}; end or settle it where it came from, then export it again")
        }
        ReplicaFault::Bad(_) => format!("{fault}; nothing was imported: export it again"),
        ReplicaFault::Log(_) => format!("{fault}; what is there of it cannot be driven: import it again"),
        ReplicaFault::Taken(_) => format!("{fault}; import it again when that is done"),
        ReplicaFault::Source(_) => fault.to_string(),
    };
    Box::pin(replicas.copy(&open)).await.map_err(hinted)
}

/// The lines of a file, each bounded.
fn lines(path: &Path) -> Result<Lines<'static>, String> {
    let mut file = BufReader::new(File::open(path).map_err(|error| error.to_string())?);
    let next = move || {
        let mut line = Vec::new();
        match file.by_ref().take(LINE_MAX + 1).read_until(b'\n', &mut line) {
            Err(error) => return Some(Err(error.to_string())),
            Ok(0) => return None,
            Ok(_) => {}
        }
        if line.pop_if(|byte| *byte == b'\n').is_none() {
            let why = if line.len() as u64 > LINE_MAX { "a line is too long" } else { "its end is cut off" };
            return Some(Err(why.to_string()));
        }
        Some(String::from_utf8(line).map_err(|_| "it is no UTF-8".to_string()))
    };
    Ok(Box::new(std::iter::from_fn(next).scan(false, |over, line| {
        let told = (!*over).then_some(line);
        *over |= matches!(told, Some(Err(_)));
        told
    })))
}
