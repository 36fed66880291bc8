//! The repository as a whole: lints, the lock file, and text that would name somebody's machine.

use super::{Finding, House, broken, holds};

/// Locked crates, this one included. Raise it in the commit that adds a crate, and say there what it buys.
const LOCKED_MAX: usize = 520; // 55 of them are the policy engine's

/// Lints that must stand in `Cargo.toml` as `deny`.
const DENIED: &[(&str, &str)] = &[
    ("rust", "unsafe_code"),
    ("clippy", "wildcard_enum_match_arm"),
    ("clippy", "await_holding_lock"),
    ("clippy", "allow_attributes_without_reason"),
];

/// The one index the lock file may name.
const INDEX: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Users' folders that stand for nobody.
const NOBODY: &[&str] = &["user", "you", "me", "ada"];

/// Text that points at a private registry. This file spells each in two halves, so as not to find itself.
const REGISTRIES: &[&str] = &[
    concat!("replace", "-with"),
    concat!("spar", "se+"),
    concat!("CARGO_", "REGISTRIES"),
    concat!("arti", "factory"),
    concat!("index", "-url"),
];

fn lints(house: &House) -> Vec<Finding> {
    let manifest: toml::Table = house.manifest.parse().unwrap_or_default();
    let level = |tool: &str, lint: &str| -> Option<String> {
        let value = manifest.get("lints")?.get(tool)?.get(lint)?;
        let level = value.get("level").unwrap_or(value);
        level.as_str().map(str::to_owned)
    };
    let missing =
        DENIED.iter().filter(|(tool, lint)| !matches!(level(tool, lint).as_deref(), Some("deny" | "forbid")));
    let finding = |(tool, lint): &(&str, &str)| {
        Finding::new(
            "Cargo.toml",
            0,
            format!("`{lint}` is not denied"),
            format!("`{lint} = \"deny\"` in [lints.{tool}]"),
        )
    };
    missing.map(finding).collect()
}

fn locked(house: &House, most: usize) -> Vec<Finding> {
    let count = house.lock.lines().filter(|line| *line == "[[package]]").count();
    let mut found = Vec::new();
    if count > most {
        let instead = "growth is a decision: find what pulls them in, or raise LOCKED_MAX and say why";
        found.push(Finding::new("Cargo.lock", 0, format!("{count} crates, {most} are allowed"), instead));
    }
    for (line, text) in house.lock.lines().enumerate() {
        if let Some(source) = text.strip_prefix("source = ")
            && source.trim_matches('"') != INDEX
        {
            found.push(Finding::new(
                "Cargo.lock",
                line + 1,
                format!("comes from {source}"),
                "the public index",
            ));
        }
    }
    found
}

/// A path of somebody's machine in this line, if any.
fn machine_path(line: &str) -> Option<&'static str> {
    const HOMES: &[&str] =
        &[concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/ho", "me/"), concat!("/Us", "ers/")];
    HOMES.iter().copied().find(|home| {
        line.match_indices(home).any(|(at, _)| {
            let before = line.get(..at).and_then(|text| text.chars().next_back()).unwrap_or(' ');
            let after = line.get(at + home.len()..).unwrap_or_default();
            let whole = !(before.is_alphanumeric() || "_-.~}$*]>)".contains(before));
            let names_one = after.starts_with(|c: char| c.is_ascii_alphanumeric());
            let has_users = !matches!(home.as_bytes(), [b'/', b'r' | b'w', ..]);
            let name = after.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
            let nobody = NOBODY.contains(&name);
            whole && (!has_users || names_one && !nobody)
        })
    })
}

fn machines(house: &House) -> Vec<Finding> {
    let mut found = Vec::new();
    for (path, text) in &house.files {
        for (number, line) in text.lines().enumerate() {
            if let Some(home) = machine_path(line) {
                let instead = "a path below a temporary folder, or one that stands for nobody: ~/project";
                found.push(Finding::new(
                    path,
                    number + 1,
                    format!("`{home}…` is somebody's machine"),
                    instead,
                ));
            }
            if path != "Cargo.lock"
                && let Some(host) = REGISTRIES.iter().find(|host| line.contains(*host))
            {
                let instead = "nothing: where crates come from is the machine's own matter";
                found.push(Finding::new(path, number + 1, format!("`{host}` points at a registry"), instead));
            }
        }
    }
    found
}

#[test]
fn lints_stand() {
    holds("the lints that carry a law are denied", &lints(House::load()));
}

#[test]
fn locked_crates_are_counted() {
    holds("growth of the lock file is a decision", &locked(House::load(), LOCKED_MAX));
}

#[test]
fn no_file_names_a_machine() {
    holds("no file names somebody's machine or registry", &machines(House::load()));
}

#[test]
fn lints_go_red() {
    let manifest = "[lints.rust]\nunsafe_code = \"deny\"\n[lints.clippy]\nwildcard_enum_match_arm = \"warn\"\n\
                    await_holding_lock = { level = \"deny\", priority = 1 }\n";
    let house = House::of(&[("Cargo.toml", manifest)]);
    broken(&lints(&house), &["`wildcard_enum_match_arm`", "`allow_attributes_without_reason`"]);
}

#[test]
fn locked_goes_red() {
    let lock = format!(
        "[[package]]\nsource = \"{INDEX}\"\n[[package]]\nsource = \"registry+https://mirror.example\"\n[[package]]\n"
    );
    let house = House::of(&[("Cargo.lock", &lock)]);
    broken(&locked(&house, 2), &["3 crates, 2 are allowed", "Cargo.lock:4: comes from"]);
    broken(&locked(&house, 3), &["Cargo.lock:4: comes from"]);
}

#[test]
fn machines_go_red() {
    let good = "src/work/x ports/work.rs ~/work/x $HOME/work/a /home/user/x \"/home/you\" /home/<name>/ /roots/ /homes/a";
    let bad = concat!(
        "see /ro",
        "ot/.ssh\n",
        "(/wo",
        "rk/x)\n",
        "\"file:///ho",
        "me/jane/x\"\n",
        "/Us",
        "ers/jane\n",
        "index = \"spar",
        "se+https://x\"\n"
    );
    let house = House::of(&[("README.md", good), ("docs/a.md", bad)]);
    let at = ["docs/a.md:1:", "docs/a.md:2:", "docs/a.md:3:", "docs/a.md:4:", "docs/a.md:5:"];
    broken(&machines(&house), &at);
}
