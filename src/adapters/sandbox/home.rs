//! What of a home folder is seen: what has no dot before its name, and the known folders of tools. Everything else that has
//! one is taken for a secret: keys, tokens, histories and browsers all lie there, and nobody knows all their names.
//!
//! The folder itself is a fresh one: what a program writes there is thrown away with it, and what comes to be there meanwhile
//! is not seen.

use super::mounts::{Mounts, Open, What};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// With a dot before their names, and seen.
const SEEN: &[&str] = &[
    ".bashrc",
    ".bash_profile",
    ".bash_login",
    ".bash_logout",
    ".bash_aliases",
    ".profile",
    ".zshrc",
    ".zshenv",
    ".zprofile",
    ".zlogin",
    ".inputrc",
    ".vimrc",
    ".editorconfig",
    ".terminfo",
    ".oh-my-zsh",
    ".gitconfig",
    ".gitignore",
    ".gitignore_global",
    ".gitattributes",
    ".tool-versions",
    ".node-version",
    ".python-version",
    ".ruby-version",
    ".cargo",
    ".rustup",
    ".nvm",
    ".fnm",
    ".volta",
    ".nodenv",
    ".bun",
    ".deno",
    ".pyenv",
    ".conda",
    ".mamba",
    ".rye",
    ".virtualenvs",
    ".rbenv",
    ".rvm",
    ".gem",
    ".asdf",
    ".sdkman",
    ".jenv",
    ".m2",
    ".gradle",
    ".ivy2",
    ".goenv",
    ".ghcup",
    ".cabal",
    ".stack",
    ".opam",
    ".elan",
    ".julia",
    ".juliaup",
    ".dotnet",
    ".mix",
    ".nimble",
    ".choosenim",
    ".pub-cache",
    ".swiftly",
    ".wasmtime",
    ".wasmer",
    ".proto",
    ".nix-profile",
    ".nix-defexpr",
    ".linuxbrew",
    ".local",
    ".config",
    ".cache",
];
/// Of these only so much is seen.
const PARTS: &[(&str, &[&str])] = &[
    (".local", &["bin", "lib", "include", "opt", "pipx", "share"]),
    (
        ".local/share",
        &[
            "man",
            "fonts",
            "bash-completion",
            "zsh",
            "uv",
            "pipx",
            "mise",
            "rtx",
            "fnm",
            "nvm",
            "pnpm",
            "virtualenv",
            "virtualenvs",
            "pypoetry",
            "cmake",
            "pkgconfig",
            "coursier",
            "bob",
            "swiftly",
        ],
    ),
    (
        ".config",
        &[
            "git",
            "go",
            "mise",
            "asdf",
            "nix",
            "rustfmt",
            "ruff",
            "black",
            "flake8",
            "pycodestyle",
            "yamllint",
            "clangd",
            "nextest",
            "cmake",
            "fontconfig",
            "fish",
        ],
    ),
];
/// Files with secrets in what is seen.
const SECRETS: &[&str] = &[
    ".cargo/credentials",
    ".cargo/credentials.toml",
    ".gem/credentials",
    ".m2/settings.xml",
    ".m2/settings-security.xml",
    ".gradle/gradle.properties",
    ".ivy2/.credentials",
    ".config/git/credentials",
    ".mix/hex.config",
    ".config/fish/fish_variables",
];
/// Without a dot, and not seen: programs in there keep their own homes.
const HIDDEN: &[&str] = &["snap"];
/// MiB that may be written into it, and lost.
const ROOM: u64 = 512;

/// Puts a home folder in, given by its real name.
pub(super) fn furnish(mounts: &mut Mounts, home: &Path, shown: &[PathBuf]) {
    mounts.put(home, What::Fresh(ROOM, Open::Owner));
    for (name, path) in entries(home) {
        let text = name.to_string_lossy();
        let is_seen = match text.starts_with('.') {
            true => SEEN.contains(&text.as_ref()),
            false => !HIDDEN.contains(&text.as_ref()),
        };
        if is_seen && !PARTS.iter().any(|(part, _)| *part == text) {
            see(mounts, &path);
        }
    }
    for (part, seen) in PARTS {
        for (name, path) in entries(&home.join(part)) {
            let text = name.to_string_lossy();
            let has_parts = PARTS.iter().any(|(other, _)| home.join(other) == path);
            if seen.contains(&text.as_ref()) && !has_parts {
                see(mounts, &path);
            }
        }
    }
    // A fresh one, unless the app keeps one for it.
    mounts.put(home.join(".cache"), What::Fresh(ROOM, Open::Owner));
    for path in shown.iter().filter(|path| path.starts_with(home)) {
        see(mounts, path);
    }
    for path in SECRETS.iter().map(|name| home.join(name)) {
        // Where it really lies: a folder of tools, or the file, may be a link to what is seen under another name.
        let Some(real) = super::system::real(&path).filter(|real| real.is_file()) else { continue };
        let is_asked_for = shown.iter().any(|shown| path.starts_with(shown) || real.starts_with(shown));
        if mounts.shows(&real) && !is_asked_for {
            mounts.put(real, What::Empty);
        }
    }
}

/// Where the home folder is the root, what has a dot is hidden where it is.
pub(super) fn hide_in_root(mounts: &mut Mounts) {
    for (name, path) in entries(Path::new("/")) {
        if name.to_string_lossy().starts_with('.') {
            hide(mounts, &path);
        }
    }
}

/// Hides what is at a path, if anything is.
pub(super) fn hide(mounts: &mut Mounts, path: &Path) {
    if let Ok(meta) = std::fs::symlink_metadata(path) {
        match meta.is_dir() {
            true => mounts.put(path, What::Hidden),
            false => mounts.put(path, What::Empty),
        }
    }
}

/// Shows what is at a path; pipes and sockets are of no use inside.
fn see(mounts: &mut Mounts, path: &Path) {
    let Ok(meta) = std::fs::symlink_metadata(path) else { return };
    if meta.is_symlink() {
        if let Ok(target) = std::fs::read_link(path) {
            mounts.put(path, What::Link(target));
        }
    } else if meta.is_dir() || meta.is_file() {
        mounts.put(path, What::ReadIfThere);
    }
}

fn entries(folder: &Path) -> Vec<(std::ffi::OsString, PathBuf)> {
    let read = std::fs::read_dir(folder).into_iter().flatten().flatten();
    read.map(|entry| (entry.file_name(), entry.path())).collect()
}

/// The home folder that the system knows for this process's user.
pub(super) fn of_the_user() -> Option<PathBuf> {
    let own = rustix::process::getuid().as_raw().to_string();
    let users = std::fs::read("/etc/passwd").ok()?;
    users.split(|byte| *byte == b'\n').find_map(|line| {
        let fields: Vec<&[u8]> = line.split(|byte| *byte == b':').collect();
        let home = fields.get(5).filter(|_| fields.get(2) == Some(&own.as_bytes()))?;
        let home = <OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(home);
        Some(PathBuf::from(home))
    })
}
