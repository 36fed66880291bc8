//! What was tried to get out of a sandbox by turning others against themselves: git run outside, handles, keys, sockets and links
//! that were there before. Each with its cause.

use crate::harness::binary::{Running, finish, until};
use crate::harness::outside;
use crate::sandbox::{PROMISE, Ward, has_bwrap};
use serde_json::json;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

fn ready() -> bool {
    has_bwrap(PROMISE) && outside::works(&["git", "--version"], "TACKROOM_HAVE_GIT", PROMISE)
}

/// A ward with a real repository, or without one.
fn ward(is_repository: bool) -> Ward {
    let ward = Ward::new();
    std::fs::remove_dir_all(ward.path("ws/.git")).unwrap();
    ward.write("ws/trap.sh", &format!("#!/bin/sh\ntouch {}\n", ward.path("outside/escaped").display()));
    std::fs::set_permissions(ward.path("ws/trap.sh"), PermissionsExt::from_mode(0o755)).unwrap();
    if is_repository {
        git(&ward, &["init", "-q", "-b", "main"]);
        git(&ward, &["commit", "-q", "--allow-empty", "-m", "one"]);
    }
    ward
}

/// Git as the operator runs it at the root; what it said.
fn git(ward: &Ward, args: &[&str]) -> String {
    let mut git = Command::new("git");
    git.args(["-c", "user.name=ada", "-c", "user.email=ada@example.com"]).args(args).env_clear();
    // The ward may lie below a repository of others.
    git.env("GIT_CEILING_DIRECTORIES", ward.path("ws").parent().unwrap());
    git.envs(ward.home.environment()).current_dir(ward.path("ws"));
    let done = git.output().unwrap();
    String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned()
}

#[track_caller]
fn nothing_escaped(ward: &Ward) {
    assert!(!ward.path("outside/escaped").exists(), "a program of the command ran outside");
}

fn run(ward: &Ward, line: &str) -> (String, String) {
    let line = line.replace("TRAP", &ward.path("ws/trap.sh").display().to_string());
    ward.command(json!({"shell": line, "timeout_s": 40}), &[])
}

/// Makes a repository `sub` whose status runs a program.
const SUB: &str = "git init -q sub && git -C sub -c user.name=x -c user.email=y commit -q --allow-empty -m x && \
                   git -C sub config core.fsmonitor TRAP";

/// Cause: `git status` at the root steps into each repository of the index and runs what its settings name.
#[test]
fn a_repository_of_the_command_is_none_for_its_operator() {
    if !ready() {
        return;
    }
    let ward = ward(true);
    let (outcome, text) = run(&ward, &format!("{SUB} && git add sub trap.sh && touch done"));
    assert!(ward.path("ws/done").exists(), "{outcome}: {text}");
    git(&ward, &["status"]);
    nothing_escaped(&ward);
    assert!(text.contains("sub/.git was made or changed by this command") || outcome == "error", "{text}");
    assert!(text.contains("core.fsmonitor"), "{text}");
    assert!(ward.path("ws/sub/.git.untrusted").is_dir() && !ward.path("ws/sub/.git").exists());
    // A hook, another folder of settings, a repository without `.git`, one that is closed to the eye.
    let ways = [
        "git init -q a/b && cp trap.sh a/b/.git/hooks/post-checkout",
        "git init -q c && mv c/.git hidden-away && echo 'gitdir: ../hidden-away' > c/.git && git config -f hidden-away/config alias.st '!x'",
        "git init -q --bare d && git -C d config core.sshCommand TRAP",
        "git init -q e && git -C e config core.fsmonitor TRAP && chmod 311 e",
        "git init -q f && printf '[core] fsmonitor = ./x\\n' >> f/.git/config",
        "git init -q g && ln -s ../g/.git c/.git",
    ];
    for (way, gone) in ways.into_iter().zip(["a/b/.git", "c/.git", "d/HEAD", "e/.git", "f/.git", "c/.git"]) {
        let (_, text) = run(&ward, way);
        assert!(text.contains("was made or changed by this command"), "{way}: {text}");
        assert!(std::fs::symlink_metadata(ward.path("ws").join(gone)).is_err(), "{way}: {text}");
    }
    // What was there is its operator's, until a command changes it; and what runs nothing stays.
    git(&ward, &["init", "-q", "theirs"]);
    git(&ward, &["-C", "theirs", "config", "filter.lfs.clean", "git-lfs clean"]);
    let (_, text) = run(&ward, "git init -q plain && git -C plain remote add origin https://example.com/x");
    assert!(ward.path("ws/plain/.git").exists() && ward.path("ws/theirs/.git").exists(), "{text}");
    assert!(!text.contains("untrusted"), "{text}");
    let (_, text) = run(&ward, "git -C theirs config core.fsmonitor TRAP");
    assert!(!ward.path("ws/theirs/.git").exists(), "{text}");
    ward.home.config("[sandbox]\nnested_repositories = true\n");
    let (_, text) = run(&ward, "mv theirs/.git.untrusted theirs/.git");
    assert!(ward.path("ws/theirs/.git").exists(), "{text}");
}

/// Cause: an editor looks at the root whenever the index changes, which is while the command runs.
#[test]
fn a_repository_in_the_index_ends_its_command() {
    if !ready() {
        return;
    }
    let ward = ward(true);
    let (outcome, text) = run(&ward, &format!("{SUB} && git add sub; sleep 30"));
    assert_eq!(outcome, "error", "{text}");
    assert!(text.contains("ended: sub/.git was put into the index"), "{text}");
    git(&ward, &["status"]);
    nothing_escaped(&ward);
}

/// Cause: what git is told to go on with runs when its operator goes on.
#[test]
fn a_rebase_that_would_run_commands_is_not_left() {
    if !ready() {
        return;
    }
    let ward = ward(true);
    let line = "mkdir .git/rebase-merge && cd .git/rebase-merge && git rev-parse HEAD > onto && cp onto orig-head && \
                echo refs/heads/main > head-name && touch interactive done && echo 1 > msgnum && echo 1 > end && \
                echo 'exec TRAP' > git-rebase-todo && echo over";
    let (_, text) = run(&ward, line);
    assert!(text.contains("over") && text.contains("would run commands when the rebase goes on"), "{text}");
    git(&ward, &["rebase", "--continue"]);
    nothing_escaped(&ward);
}

/// Cause: a file that names another folder of settings counts for everybody for as long as it is there.
#[test]
fn git_is_not_sent_elsewhere_while_a_command_runs() {
    if !ready() {
        return;
    }
    let ward = ward(true);
    let line = "mkdir evil; cp -r .git/refs .git/objects evil; \
                printf '[core]\\n\\trepositoryformatversion = 0\\n\\tfsmonitor = TRAP\\n' > evil/config; \
                echo ../evil > .git/commondir; cp evil/config .git/config.worktree; \
                touch started; until test -e go; do sleep 0.05; done";
    let line = line.replace("TRAP", &ward.path("ws/trap.sh").display().to_string());
    let model = ward.home.script(json!([
        {"calls": [{"tool": "run_command", "args": {"shell": line, "timeout_s": 50}}]},
        {"text": "Done."},
    ]));
    let args = ["run", "Go.", "--headless", "--json", "--on-hold", "approve", "--model", &model];
    let running = Running::start(ward.home.command(&args));
    until("it runs", || ward.path("ws/started").exists());
    let said = git(&ward, &["status"]);
    assert!(said.contains("On branch main"), "{said}");
    let said = git(&ward, &["commit", "--allow-empty", "-m", "two"]);
    assert!(said.contains("two"), "{said}");
    nothing_escaped(&ward);
    ward.write("ws/go", "");
    assert_eq!(running.end().code, 0);
    for name in ["commondir", "config.worktree"] {
        assert!(!ward.path("ws/.git").join(name).exists(), "{name}");
    }
    assert!(git(&ward, &["log", "--oneline"]).contains("two"));
    assert!(git(&ward, &["fsck"]).lines().all(|line| !line.contains("error")));
}

/// Cause: a folder with `HEAD`, `objects` and `refs` is a repository.
#[test]
fn a_workspace_does_not_become_a_repository() {
    if !ready() {
        return;
    }
    let config = "printf '[core]\\n\\trepositoryformatversion = 0\\n\\tbare = false\\n\\tworktree = .\\n\\tfsmonitor = TRAP\\n'";
    for way in [
        format!("mkdir -p objects refs/heads; {config} > config"),
        format!("mkdir -p x/objects x/refs/heads; {config} > x/config; cp x/config .; echo x > commondir"),
    ] {
        let ward = ward(false);
        ward.write("ws/HEAD", "ref: refs/heads/main\n");
        let (_, text) = run(&ward, &way);
        let said = git(&ward, &["status"]);
        nothing_escaped(&ward);
        assert!(said.contains("not a git repository"), "{said}: {text}");
        assert!(!ward.path("ws/objects").is_file() && !ward.path("ws/commondir").exists(), "{text}");
    }
}

/// Cause: a folder of hooks may be named that is not there yet, in any of the files that git reads, in any way of writing it.
#[test]
fn hooks_that_are_missing_are_not_made() {
    if !ready() {
        return;
    }
    for (file, text, folder) in [
        ("ws/.git/config", "[core]\n\thooksPath = .husky/_\n", ".husky/_"),
        ("user/.gitconfig", "[core] hooksPath = \"git \\\"hooks\\\"\" ; here\n", "git \"hooks\""),
        ("ws/.git/config", "[include]\n\tpath = ../team/git.config\n", ""),
    ] {
        let ward = ward(true);
        let path = ward.path(file);
        let before = std::fs::read_to_string(&path).unwrap_or_default();
        ward.write(file, &format!("{before}{text}"));
        let make = format!("mkdir -p '{folder}' && cp trap.sh '{folder}/pre-commit'");
        let include = "mkdir -p team own && cp trap.sh own/pre-commit && printf '[core]\\n\\thooksPath = own\\n' > team/git.config";
        run(&ward, if folder.is_empty() { include } else { &make });
        git(&ward, &["commit", "-q", "--allow-empty", "-m", "two"]);
        nothing_escaped(&ward);
        assert!(
            !ward.path("ws/.husky").exists() && !ward.path("ws/team").exists(),
            "what stood there is gone"
        );
        assert!(git(&ward, &["log", "--oneline"]).contains("two"));
    }
}

/// Cause: whoever starts the app may have left handles open, and what is open is reached through every wall.
#[test]
fn open_handles_do_not_reach_a_command() {
    if !has_bwrap(PROMISE) {
        return;
    }
    for profile in ["workspace-write", "none"] {
        let ward = Ward::new();
        let line = "ls -l /proc/self/fd; cat /proc/self/fd/9/file; echo x > /proc/self/fd/9/new; echo over";
        let model = ward.home.script(json!([
            {"calls": [{"tool": "run_command", "args": {"shell": line}}]},
            {"text": "Done."},
        ]));
        let mut command = Command::new("sh");
        command.args(["-c", "exec 9< \"$0\"; exec \"$@\""]).arg(ward.path("outside"));
        command.arg(env!("CARGO_BIN_EXE_tackroom"));
        command.args(["run", "Go.", "--headless", "--json", "--on-hold", "approve", "--model", &model]);
        ward.home.dress(command.args(["--sandbox", profile]));
        let ran = finish(command, b"");
        assert!(ran.out.contains("over"), "{ran:?}");
        assert!(
            !ran.out.contains("as it was") && !ward.path("outside/new").exists(),
            "{profile}: {}",
            ran.out
        );
    }
}

/// Cause: a folder of tools may be a link to one that is seen under another name.
#[test]
fn credentials_behind_a_link_are_hidden() {
    if !has_bwrap(PROMISE) {
        return;
    }
    let ward = Ward::new();
    for (name, file) in [("m2", "settings.xml"), ("gem", "credentials")] {
        ward.write(&format!("user/data/{name}/{file}"), "SECRET");
    }
    symlink("data/m2", ward.path("user/.m2")).unwrap();
    std::fs::create_dir(ward.path("user/.gem")).unwrap();
    symlink("../data/gem/credentials", ward.path("user/.gem/credentials")).unwrap();
    let line = "cat ~/.m2/settings.xml ~/data/m2/settings.xml ~/.gem/credentials ~/data/gem/credentials; ls ~/data; echo over";
    let (_, text) = run(&ward, line);
    assert!(text.contains("m2") && text.contains("over") && !text.contains("SECRET"), "{text}");
}

/// Cause: the profile's name and the setting were joined by *or*.
#[test]
fn network_can_be_taken_away() {
    let ward = Ward::new();
    ward.home.config("[sandbox]\nprofile = \"workspace-write+network\"\nnetwork = false\n");
    let shown = ward.home.run(&["config", "show"]).out;
    assert!(shown.contains("workspace-write") && !shown.contains("workspace-write+network"), "{shown}");
    ward.home.config("[sandbox]\nprofile = \"read-only\"\nnetwork = true\n");
    assert!(ward.home.run(&["config", "show"]).out.contains("read-only+network"));
    ward.home.config("[sandbox]\nprofile = \"none\"\nnetwork = false\n");
    ward.home.run(&["run", "x", "--headless"]).fails(2, &["network = false takes it away"]);
}
