//! What is said of a sandbox and bound to it: an approval holds for the walls that were shown; none that are there means asking;
//! and what is inside does not speak for its operator.

use crate::harness::binary::{Ran, Running, finish, until};
use crate::harness::outside;
use crate::sandbox::{PROMISE, Ward, has_bwrap};
use serde_json::{Value, json};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;

/// A session in which this line waits for a decision.
fn waiting(ward: &Ward, line: &str, flags: &[&str]) -> String {
    let model = ward.home.script(json!([
        {"calls": [{"tool": "run_command", "args": {"shell": line}}]},
        {"text": "Done."},
    ]));
    let ran = ward.home.task(&model, "Go.", flags);
    assert_eq!(ran.code, 3, "{ran:?}");
    ward.home.only()
}

fn lapsed(ward: &Ward, id: &str) -> usize {
    ward.home.kinds(id).iter().filter(|kind| *kind == "CallLapsed").count()
}

/// A search path without bubblewrap.
fn without_bwrap(ward: &Ward) -> String {
    let folder = ward.path("bin");
    std::fs::create_dir(&folder).unwrap();
    for program in ["sh", "touch", "cat"] {
        let found = ["/usr/bin", "/bin"].map(|dir| Path::new(dir).join(program));
        symlink(found.iter().find(|path| path.exists()).unwrap(), folder.join(program)).unwrap();
    }
    folder.display().to_string()
}

/// Promise A1/A2: approved behind one wall, nothing runs behind another.
#[test]
fn a_changed_or_vanished_sandbox_asks_again() {
    if !has_bwrap(PROMISE) {
        return;
    }
    let ward = Ward::new();
    let id = waiting(&ward, "touch made", &[]);
    let shown = ward.home.run(&["pending", &id, "--full"]).out;
    assert!(shown.contains("writes only the workspace · no network · 4 GiB, 512 processes"), "{shown}");
    assert!(shown.contains("which the sandbox workspace-write holds"), "{shown}");
    let resume = |path: Option<&str>, flags: &[&str]| -> Ran {
        let mut command = ward.home.command(&[&["resume", &id, "--headless"], flags].concat());
        if let Some(path) = path {
            command.env("PATH", path);
        }
        finish(command, b"")
    };
    let approve = || assert_eq!(ward.home.run(&["approve", &id, "c1", "--yes"]).code, 0);
    let changes: [(&str, &[&str]); 4] = [
        ("", &["--sandbox", "read-only"]),
        ("", &["--sandbox", "workspace-write+network"]),
        ("", &["--sandbox", "none"]),
        ("[sandbox.limits]\nmemory_mib = 8192\n", &[]),
    ];
    for (n, (config, flags)) in changes.into_iter().enumerate() {
        approve();
        ward.home.config(config);
        let ran = resume(None, flags);
        assert_eq!((ran.code, lapsed(&ward, &id)), (3, n + 1), "{flags:?}: {ran:?}");
        ward.home.config("");
        // What stands now is shown before anybody approves it.
        assert_eq!(resume(None, &[]).code, 3);
        assert!(!ward.path("ws/made").exists(), "{flags:?}");
    }
    let path = without_bwrap(&ward);
    let before = lapsed(&ward, &id);
    approve();
    assert_eq!(resume(Some(&path), &[]).code, 3);
    assert!(lapsed(&ward, &id) > before);
    let shown = ward.home.run(&["pending", &id, "--full"]).out;
    assert!(shown.contains("NO SANDBOX, although workspace-write was asked for"), "{shown}");
    assert!(shown.contains("bubblewrap is not installed"), "{shown}");
    assert!(!ward.path("ws/made").exists());
    // Approved as it stands now, it runs.
    approve();
    assert_eq!(resume(Some(&path), &[]).code, 0);
    assert!(ward.path("ws/made").exists());
    assert_eq!(ward.home.run(&["verify", "--all"]).code, 0);
}

#[test]
fn the_doctor_tells_what_there_is_and_what_is_missing() {
    if !has_bwrap(PROMISE) {
        return;
    }
    let ward = Ward::new();
    let said = |flags: &[&str]| ward.home.run(&[&["doctor"], flags].concat()).out;
    let all = said(&[]);
    assert!(all.contains("ok    commands     workspace-write (bubblewrap"), "{all}");
    let none = said(&["--sandbox", "none"]);
    assert!(none.contains("note  commands     no sandbox: may change any file"), "{none}");
    let mut command = ward.home.command(&["doctor"]);
    command.env("PATH", without_bwrap(&ward));
    let missing = finish(command, b"").out;
    assert!(missing.contains("NO SANDBOX, although workspace-write was asked for"), "{missing}");
    assert!(missing.contains("apt install bubblewrap"), "{missing}");
    let wrong = ward.home.run(&["doctor", "--sandbox", "steel"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.err.contains("workspace-write+network"), "{wrong:?}");
    ward.home.config("[sandbox]\nprofile = \"steel\"\n");
    ward.home.run(&["run", "x", "--headless"]).fails(2, &["line 2", "none of workspace-write"]);
}

/// Cause: a search path may name a folder that the agent writes.
#[test]
fn a_bwrap_of_the_workspace_is_not_used() {
    if !has_bwrap(PROMISE) {
        return;
    }
    let ward = Ward::new();
    let trap = format!("#!/bin/sh\ntouch {}\n", ward.path("outside/trapped").display());
    ward.write("ws/bin/bwrap", &trap);
    std::fs::set_permissions(ward.path("ws/bin/bwrap"), PermissionsExt::from_mode(0o755)).unwrap();
    let model = ward.home.script(json!([
        {"calls": [{"tool": "run_command", "args": {"shell": "touch made"}}]},
        {"text": "Done."},
    ]));
    let args = ["run", "Go.", "--headless", "--on-hold", "approve", "--model", &model];
    let mut command = ward.home.command(&args);
    let path = std::env::var("PATH").unwrap();
    command.env("PATH", format!("{}:{path}", ward.path("ws/bin").display()));
    assert_eq!(finish(command, b"").code, 0);
    assert!(ward.path("ws/made").exists() && !ward.path("outside/trapped").exists());
}

/// The same walls for somebody who is not root.
#[test]
fn an_ordinary_user_is_held_too() {
    if !has_bwrap(PROMISE) || !rustix::process::getuid().is_root() {
        return; // whoever runs the tests is one already
    }
    let ward = Ward::new();
    std::fs::remove_file(ward.path("ws/prober")).unwrap();
    let all = ward.names("").into_iter().chain([ward.path("").display().to_string()]);
    all.filter(|path| !Path::new(path).is_symlink())
        .for_each(|path| chown(path, Some(12_345), Some(12_345)).unwrap());
    let tries = "id -u; grep CapEff /proc/self/status; touch made; touch ../outside/made; echo x >> .git/config; \
                 touch .envrc; cat ~/.ssh/id_ed25519; ls ~/.netrc; ls /proc | grep -c '^[0-9]'";
    let model = ward.home.script(json!([
        {"calls": [{"tool": "run_command", "args": {"shell": tries}}]},
        {"text": "Done."},
    ]));
    let args = ["run", "Go.", "--headless", "--json", "--on-hold", "approve", "--model", &model];
    std::fs::set_permissions(ward.path("script.json"), PermissionsExt::from_mode(0o644)).unwrap();
    let mut command = ward.home.command(&args);
    command.uid(12_345).gid(12_345);
    let ran = finish(command, b"");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("12345\\nCapEff:\\t0000000000000000"), "{}", ran.out);
    assert!(ran.out.contains("writes only the workspace") && !ran.out.contains("SECRET"), "{}", ran.out);
    assert!(ward.path("ws/made").exists() && !ward.path("outside/made").exists());
    assert!(!std::fs::read_to_string(ward.path("ws/.git/config")).unwrap().contains('x'));
    assert!(!ward.path("ws/.envrc").exists());
}

/// Ways in which a command may try to answer the call that waits beside it; `$T` is the program, `$H` its home, `$S` the session.
const WAYS: [&str; 12] = [
    "TACKROOM_HOME=$H $T approve $S c2 --yes",
    "TACKROOM_HOME=$H $T approve $S c2 --hash $(cat hash)",
    "env -i TACKROOM_HOME=$H HOME=$HOME $T approve $S c2 --yes",
    "TACKROOM_HOME=$H setsid -w $T approve $S c2 --yes",
    "cp $T /tmp/other && TACKROOM_HOME=$H /tmp/other approve $S c2 --yes",
    "TACKROOM_HOME=$H $T edit $S c2 --args '{\"path\": \"o\", \"content\": \"y\"}'",
    "TACKROOM_HOME=$H $T respond $S c2 done",
    "TACKROOM_HOME=$H $T reject $S c2 --reason no",
    "TACKROOM_HOME=$H $T cancel $S",
    "TACKROOM_HOME=$H $T resume $S --headless --on-hold approve",
    "TACKROOM_HOME=/proc/1/root$H $T approve $S c2 --yes",
    "printf x >> $H/data/tackroom.db",
];

/// Promise A8.
#[test]
fn what_is_inside_does_not_answer_for_its_operator() {
    if !has_bwrap("A8 a tool's child cannot approve itself") {
        return;
    }
    let ward = Ward::new();
    let mut line = format!(
        "S=$(cat session); T={}; H={}; ",
        env!("CARGO_BIN_EXE_tackroom"),
        ward.path("home").display()
    );
    for (n, way) in WAYS.iter().enumerate() {
        line.push_str(&format!("({way}) >/dev/null 2>&1; echo way {n} $?; "));
    }
    let model = ward.home.script(json!([
        {"calls": [
            {"tool": "run_command", "args": {"shell": line}},
            {"tool": "write_file", "args": {"path": "o", "content": "x"}},
        ]},
        {"text": "Done."},
    ]));
    let args = ["run", "Go.", "--headless", "--json", "--on-hold", "wait", "--model", &model];
    let mut run = Running::start(ward.home.command(&args));
    until("both wait", || ward.home.home().exists() && ward.home.pending().len() == 2);
    let id = ward.home.only();
    ward.write("ws/session", &id);
    let second = ward.home.pending().into_iter().find(|held| held["call"] == "c2" || held["call"] == 2);
    ward.write("ws/hash", second.unwrap()["hash"].as_str().unwrap());
    assert_eq!(ward.home.run(&["approve", &id, "c1", "--yes"]).code, 0);
    let ended: Value = serde_json::from_str(&run.line_with("\"CallEnded\"")).unwrap();
    let text = ended["event"]["data"]["output"]["head"].as_str().unwrap().to_string();
    println!("{text}");
    for (n, way) in WAYS.iter().enumerate() {
        let said = text.lines().find_map(|line| line.strip_prefix(&format!("way {n} ")));
        assert!(said.is_some_and(|code| code != "0"), "{way}: {said:?}");
    }
    let decided = |line: &String| {
        let is_decision = ["CallApproved", "CallEdited", "CallRejected", "CallAnswered", "CancelAsked"]
            .iter()
            .any(|kind| line.contains(kind));
        is_decision && !line.contains("\"call\":1")
    };
    let events = ward.home.events(&id);
    assert!(!events.iter().any(decided), "{events:#?}");
    assert_eq!(ward.home.run(&["verify", &id]).code, 0, "nothing was written into the store");
    assert!(!ward.path("ws/o").exists());
    drop(run);
    println!("{} ways to answer for the operator: none did", WAYS.len());
}

/// A command that must end well; its text.
fn ran(ward: &Ward, line: &str) -> String {
    let (outcome, text) = ward.command(json!({"shell": line}), &[]);
    assert_eq!(outcome, "ok", "{text}");
    text
}

#[test]
fn the_settings_open_what_they_name_and_nothing_else() {
    if !has_bwrap(PROMISE) {
        return;
    }
    let ward = Ward::new();
    ward.write("user/.npmrc", "registry = here");
    ward.write("user/.cargo/registry/index", "as it was");
    let tries = "cat ~/.npmrc; echo x > ~/.cargo/registry/new; echo x > .vscode/new; echo x > .envrc; echo x > ~/.cargo/new; \
                 ls ~/.ssh ~/.netrc; echo over";
    let text = ran(&ward, tries);
    assert!(!text.contains("registry = here") && !ward.path("user/.cargo/registry/new").exists(), "{text}");
    ward.home.config(
        "[sandbox]\nshow = [\"~/.npmrc\"]\nwritable = [\"~/.cargo/registry\", \".vscode\", \"./.envrc\", \"~/absent\"]\n",
    );
    let text = ran(&ward, tries);
    assert!(text.contains("registry = here"), "{text}");
    for made in ["user/.cargo/registry/new", "ws/.vscode/new", "ws/.envrc"] {
        assert!(ward.path(made).is_file(), "{made}: {text}");
    }
    assert!(!ward.path("user/.cargo/new").exists() && !text.contains("id_ed25519"), "{text}");
    let shown = ward.home.run(&["doctor"]).out;
    assert!(shown.contains("also writes ~/.cargo/registry") && shown.contains("sees ~/.npmrc"), "{shown}");
    // What would open all of the home folder is refused.
    ward.home.config("[sandbox]\nwritable = [\"~\"]\n");
    let (outcome, text) = ward.command(json!({"shell": "true"}), &[]);
    assert_eq!(outcome, "error");
    assert!(text.contains("holds your home folder"), "{text}");
}

#[test]
fn the_cache_of_a_workspace_is_kept_and_is_its_own() {
    if !has_bwrap(PROMISE) {
        return;
    }
    let ward = Ward::new();
    ward.write("user/.cache/theirs", "SECRET");
    assert!(!ran(&ward, "echo kept > ~/.cache/mine; cat ~/.cache/theirs; echo over").contains("SECRET"));
    assert!(ran(&ward, "cat ~/.cache/mine").contains("kept"));
    assert!(!ward.path("user/.cache/mine").exists());
}

/// Real git: it works inside, its settings stay as they are, and what it cannot do is said.
#[test]
fn git_works_inside_and_cannot_be_turned_against_its_operator() {
    if !has_bwrap(PROMISE) || !outside::works(&["git", "--version"], "TACKROOM_HAVE_GIT", PROMISE) {
        return;
    }
    let ward = Ward::new();
    std::fs::remove_dir_all(ward.path("ws/.git")).unwrap();
    let git = |args: &[&str], at: &str| {
        let mut git = std::process::Command::new("git");
        let names = ["-c", "user.name=ada", "-c", "user.email=ada@example.com"];
        let done = git.args(names).args(args).current_dir(ward.path(at)).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    };
    // Where there is no repository none is made: whoever opens the folder would run its settings.
    let (outcome, text) = ward.command(json!({"shell": "git init"}), &[]);
    assert_eq!(outcome, "error", "{text}");
    let plant = "git init -q --bare /tmp/made && cp -r /tmp/made/* . && echo planted";
    let (_, text) = ward.command(json!({"shell": plant}), &[]);
    assert!(!text.contains("planted") && !ward.path("ws/HEAD").exists(), "{text}");
    for planted in ["config", "description", "hooks", "info", "objects", "refs"] {
        let path = ward.path("ws").join(planted);
        let _ = std::fs::remove_dir_all(&path).or_else(|_| std::fs::remove_file(&path));
    }
    assert!(!ward.path("ws/.git").exists());
    git(&["init", "-q"], "ws");
    let line = "git config core.hooksPath /tmp; git config core.fsmonitor ./prober; git add notes.txt && \
                git -c user.name=ada -c user.email=ada@example.com commit -qm one && git status --short && git log --oneline";
    let text = ran(&ward, line);
    assert!(text.contains("one") && !text.contains(".envrc"), "{text}");
    let config = std::fs::read_to_string(ward.path("ws/.git/config")).unwrap();
    assert!(!config.contains("hooksPath") && !config.contains("fsmonitor"), "{config}");
    // A worktree's repository lies elsewhere: read, not written, and said.
    // Hooks that lie in the workspace because its settings say so, and settings that they include.
    ward.write("ws/tools/hooks/pre-commit", "as it was");
    ward.write("ws/more.gitconfig", "");
    git(&["config", "core.hooksPath", "tools/hooks"], "ws");
    git(&["config", "include.path", "../more.gitconfig"], "ws");
    let line = "echo x > tools/hooks/pre-commit; echo x > more.gitconfig; mv tools elsewhere; echo x > tools/other; echo over";
    assert!(ran(&ward, line).contains("over"));
    let text = std::fs::read_to_string(ward.path("ws/tools/hooks/pre-commit")).unwrap();
    assert!(text == "as it was" && ward.path("ws/tools/other").exists());
    assert_eq!(std::fs::read_to_string(ward.path("ws/more.gitconfig")).unwrap(), "");
    git(&["worktree", "add", "-q", "../tree"], "ws");
    let model = ward.home.script(json!([
        {"calls": [{"tool": "run_command", "args": {"shell": "git log --oneline; touch made; git add made"}}]},
        {"text": "Done."},
    ]));
    let tree = ward.path("tree").display().to_string();
    let args = [
        "run",
        "Go.",
        "--headless",
        "--json",
        "--on-hold",
        "approve",
        "--model",
        &model,
        "--workspace",
        &tree,
    ];
    let told = ward.home.run(&args).out;
    assert!(told.contains("and cannot write it") && told.contains(" one"), "{told}");
    assert!(told.contains("Read-only file system"), "{told}");
    assert!(ward.path("tree/made").exists());
}
