//! A fork of a git repository, with real git: a worktree where the files are a commit's, a copy otherwise; nothing that the
//! repository's configuration names ever runs.

use crate::contracts::files::tree;
use crate::harness::binary::{Home, Ran, finish};
use crate::harness::outside;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use tackroom::adapters::engine::sqlite::Sqlite;
use tackroom::domain::ids::SessionId;
use tackroom::ports::log::Log;
use tackroom::ports::work::Work;

/// What git says in a folder, without any configuration that could start something.
fn git(folder: &Path, args: &[&str]) -> String {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]);
    command.args(["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "filter.evil.clean="]);
    command.args(["-c", "filter.evil.required=false"]);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    let ran = command.args(args).output().unwrap();
    assert!(ran.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap().trim_end().to_string()
}

/// Whether there is git; says loudly where there is none.
#[track_caller]
fn has_git() -> bool {
    outside::works(
        &["git", "--version"],
        "TACKROOM_HAVE_GIT",
        "a fork of a git repository is a worktree of it",
    )
}

fn executable(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// A clean repository whose configuration would run something at every turn, and where that would leave its mark.
fn hostile(home: &Home) -> PathBuf {
    let (ws, mark) = (home.ws(), home.path("it-ran"));
    git(&ws, &["init", "--quiet", "-b", "main"]);
    std::fs::create_dir(ws.join("sub")).unwrap();
    executable(&ws.join("sub/run.sh"), "#!/bin/sh\necho hello\n");
    std::os::unix::fs::symlink("notes.txt", ws.join("link")).unwrap();
    std::fs::write(ws.join(".gitattributes"), "* filter=evil\n").unwrap();
    git(&ws, &["add", "-A"]);
    git(&ws, &["commit", "--quiet", "-m", "first"]);
    let script = home.path("evil.sh");
    executable(&script, &format!("#!/bin/sh\necho \"$0 $*\" >> {}\ncat\n", mark.display()));
    let evil = script.display().to_string();
    for name in ["post-checkout", "post-index-change", "reference-transaction", "pre-commit"] {
        executable(&ws.join(".git/hooks").join(name), &std::fs::read_to_string(&script).unwrap());
    }
    for (key, value) in [
        ("core.fsmonitor", evil.as_str()),
        ("filter.evil.clean", evil.as_str()),
        ("filter.evil.smudge", evil.as_str()),
        ("filter.evil.required", "true"),
    ] {
        git(&ws, &["config", key, value]);
    }
    mark
}

/// Two writes, approved by the flag: the session, and the number of the event before the first ran.
fn session(home: &Home) -> (String, String) {
    let model = home.script(json!([
        {"calls": [{"tool": "write_file", "args": {"path": "a.txt", "content": "first\n"}}]},
        {"text": "Done."},
    ]));
    assert_eq!(home.task(&model, "Go.", &["--on-hold", "approve"]).code, 0);
    let id = home.sessions()[0]["id"].as_str().unwrap().to_string();
    let events = home.events(&id);
    let judged = events.iter().map(|line| serde_json::from_str::<Value>(line).unwrap()["event"].clone());
    let at = judged.into_iter().find(|event| event["kind"] == "CallJudged").unwrap()["no"].to_string();
    (id, at)
}

fn forked(home: &Home, args: &[&str]) -> (Value, PathBuf) {
    let ran = home.run(&[&["fork"][..], args, &["--json"]].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    let told = ran.json();
    let folder = PathBuf::from(told["workspace"].as_str().unwrap());
    (told, folder)
}

fn worktrees(home: &Home) -> usize {
    git(&home.ws(), &["worktree", "list", "--porcelain"]).matches("worktree ").count()
}

#[test]
fn where_the_files_are_those_of_head_it_is_a_worktree_and_nothing_ran() {
    if !has_git() {
        return;
    }
    let home = Home::new();
    let mark = hostile(&home);
    let before = tree(&home.ws());
    let (id, at) = session(&home);
    let (told, folder) = forked(&home, &[&id, "--at", &at]);
    assert!(!mark.exists(), "{}", std::fs::read_to_string(&mark).unwrap_or_default());
    assert_eq!(told["worktree"], json!(git(&home.ws(), &["rev-parse", "HEAD"])));
    let without = |mut files: std::collections::BTreeMap<String, String>| {
        files.retain(|path, _| path != ".git" && !path.starts_with(".git/"));
        files
    };
    assert_eq!(without(tree(&folder)), without(before), "links and what may run, too");
    assert_eq!(git(&folder, &["status", "--porcelain"]), "", "git finds it clean");
    assert_eq!(git(&folder, &["rev-parse", "--abbrev-ref", "HEAD"]), "HEAD", "on no branch");
    assert_eq!(worktrees(&home), 2);
    // It goes on there, and the repository's own folder is not touched.
    let new = told["session"].as_str().unwrap();
    assert_eq!(home.run(&["resume", new, "--headless", "--on-hold", "approve"]).code, 0);
    assert_eq!(git(&folder, &["status", "--porcelain"]), "?? a.txt");
    assert!(!mark.exists(), "{}", std::fs::read_to_string(&mark).unwrap_or_default());
    let said = home.run(&["fork", &id, "--at", &at]).out;
    assert!(said.contains("is a git worktree at"), "{said}");
}

#[test]
fn where_they_are_not_it_is_a_copy() {
    if !has_git() {
        return;
    }
    let home = Home::new();
    let mark = hostile(&home);
    let (id, at) = session(&home);
    let copy = |args: &[&str], why: &str| {
        let (told, folder) = forked(&home, args);
        assert_eq!((&told["worktree"], folder.join(".git").exists()), (&Value::Null, false), "{why}");
        assert_eq!(worktrees(&home), 1, "{why}");
        assert!(folder.join("sub/run.sh").exists(), "{why}");
    };
    copy(&[&id], "a file was written since HEAD");
    let into = home.path("named").display().to_string();
    copy(&[&id, "--at", &at, "--into", &into], "a folder that the operator named");
    // The same sizes, another content.
    std::fs::write(home.ws().join("notes.txt"), "one\ntwo\nTHREE\n").unwrap();
    git(&home.ws(), &["add", "notes.txt"]);
    git(&home.ws(), &["commit", "--quiet", "-m", "second"]);
    copy(&[&id, "--at", &at], "HEAD has another content by now");
    assert!(!mark.exists(), "{}", std::fs::read_to_string(&mark).unwrap_or_default());
}

#[test]
fn without_git_it_is_a_copy() {
    let home = Home::new();
    if has_git() {
        hostile(&home);
    }
    let (id, at) = session(&home);
    let mut command = home.command(&["fork", &id, "--at", &at, "--json"]);
    command.env("PATH", home.path("nothing"));
    let ran = finish(command, b"");
    assert_eq!((ran.code, &ran.json()["worktree"]), (0, &Value::Null), "{ran:?}");
}

/// Deletes and purges a fork.
fn purged(home: &Home, told: &Value) -> Ran {
    let new = told["session"].as_str().unwrap();
    assert_eq!(home.run(&["cancel", new]).code, 0);
    let deleted = home.run(&["sessions", "delete", new]);
    assert_eq!(deleted.code, 0, "{deleted:?}");
    home.run(&["sessions", "purge", new])
}

#[test]
fn a_purge_removes_the_registration_and_keeps_what_is_nowhere_else() {
    if !has_git() {
        return;
    }
    let home = Home::new();
    let mark = hostile(&home);
    let (id, at) = session(&home);
    let purge = |told: &Value| purged(&home, told);
    let (told, folder) = forked(&home, &[&id, "--at", &at]);
    assert_eq!(worktrees(&home), 2);
    assert_eq!(purge(&told).code, 0);
    assert_eq!((worktrees(&home), folder.exists()), (1, false));
    let (told, folder) = forked(&home, &[&id, "--at", &at]);
    std::fs::write(folder.join("mine.txt"), "work\n").unwrap();
    let ran = purge(&told);
    assert!(ran.code == 0 && ran.err.contains("has changes of its own: it stays"), "{ran:?}");
    assert_eq!((worktrees(&home), folder.join("mine.txt").exists()), (2, true));
    // A commit that no branch has is as much its own.
    let (told, folder) = forked(&home, &[&id, "--at", &at]);
    std::fs::write(folder.join("mine.txt"), "work\n").unwrap();
    git(&folder, &["add", "-A"]);
    git(&folder, &["commit", "--quiet", "-m", "only here"]);
    assert!(purge(&told).err.contains("it stays"));
    assert!(folder.join("mine.txt").exists());
    assert!(!mark.exists(), "{}", std::fs::read_to_string(&mark).unwrap_or_default());
}

/// Cause: what ignore files name, and what lies in folders of version control, was not looked at before a worktree was
/// removed: a `.env` or a database that somebody had left there was gone, and the purge said that nothing was.
#[test]
fn a_purge_keeps_what_ignore_files_name_and_what_other_repositories_hold() {
    if !has_git() {
        return;
    }
    let home = Home::new();
    hostile(&home);
    std::fs::write(home.ws().join(".gitignore"), "*.local\nout/\n").unwrap();
    std::fs::write(home.ws().join(".ignore"), ".env\n").unwrap();
    git(&home.ws(), &["add", "-A"]);
    git(&home.ws(), &["commit", "--quiet", "-m", "rules"]);
    let (id, at) = session(&home);
    for (count, left) in
        ["notes.local", ".env", "out/data.sqlite", ".hg/store", "sub/.git/HEAD", ".tackroom-1.tmp"]
            .into_iter()
            .enumerate()
    {
        let (told, folder) = forked(&home, &[&id, "--at", &at]);
        assert!(told["worktree"].is_string(), "{told}");
        std::fs::create_dir_all(folder.join(left).parent().unwrap()).unwrap();
        std::fs::write(folder.join(left), "only here\n").unwrap();
        let ran = purged(&home, &told);
        assert!(ran.code == 0 && ran.err.contains("has changes of its own: it stays"), "{left}: {ran:?}");
        assert_eq!(std::fs::read_to_string(folder.join(left)).unwrap(), "only here\n", "{left}");
        assert_eq!(worktrees(&home), count + 2, "{left}");
    }
    // An empty folder is no file: git does not keep it either.
    let (told, folder) = forked(&home, &[&id, "--at", &at]);
    std::fs::create_dir_all(folder.join("out/empty")).unwrap();
    assert_eq!(purged(&home, &told).code, 0);
    assert!(!folder.exists());
}

/// Cause: a purge asked only for the session's own claim: the folder went from under another session that works in it.
#[test]
fn a_worktree_in_which_another_session_works_stays() {
    if !has_git() {
        return;
    }
    let home = Home::new();
    hostile(&home);
    let (id, at) = session(&home);
    let (told, folder) = forked(&home, &[&id, "--at", &at]);
    let model = home.script(json!([{"text": "Looked."}]));
    let below = folder.join("sub").display().to_string();
    let args = ["run", "Look.", "--headless", "--model", &model, "--workspace", &below];
    let ran = home.run(&args);
    assert_eq!(ran.code, 0, "{ran:?}");
    let other = home.sessions().into_iter().find(|row| row["workspace"] == below.as_str()).unwrap();
    let ran = purged(&home, &told);
    assert!(ran.code == 0 && ran.err.contains("another session works in the git worktree"), "{ran:?}");
    assert_eq!((worktrees(&home), folder.exists()), (2, true));
    // Cause: who worked there was not asked while it lay in the bin, from which it can come back.
    let other = other["id"].as_str().unwrap();
    assert_eq!(home.run(&["sessions", "delete", other]).code, 0);
    assert_eq!(home.run(&["sessions", "purge", "--expired"]).code, 0);
    assert_eq!((worktrees(&home), folder.exists()), (2, true));
    // When that one is gone, nobody names the folder any more; the next look lets it go.
    assert_eq!(home.run(&["sessions", "purge", other]).code, 0);
    assert_eq!(home.run(&["sessions", "purge", "--expired"]).code, 0);
    assert_eq!((worktrees(&home), folder.exists()), (1, false));
}

/// Cause: the log went first and the folder after it: what was cut off in between left a worktree that nobody named.
#[tokio::test]
async fn a_worktree_whose_session_is_gone_is_let_go_where_it_is_clean_and_nobody_makes_it() {
    if !has_git() {
        return;
    }
    let home = Home::new();
    let mark = hostile(&home);
    let (id, at) = session(&home);
    let (clean, changed) = (forked(&home, &[&id, "--at", &at]), forked(&home, &[&id, "--at", &at]));
    let (claimed, named) = (forked(&home, &[&id, "--at", &at]), forked(&home, &[&id, "--at", &at]));
    let name = |fork: &(Value, PathBuf)| SessionId(fork.0["session"].as_str().unwrap().to_string());
    std::fs::write(changed.1.join("mine.txt"), "work\n").unwrap();
    let engine = Sqlite::open(&home.home().join("data")).unwrap();
    for fork in [&clean, &changed, &claimed] {
        assert_eq!(home.run(&["cancel", name(fork).as_str()]).code, 0);
        assert_eq!(home.run(&["sessions", "delete", name(fork).as_str()]).code, 0);
        assert!(engine.purge(&name(fork)).await.unwrap(), "and here it was cut off");
    }
    let claim = engine.claim(&name(&claimed)).unwrap().unwrap();
    assert_eq!(home.run(&["sessions", "purge", "--expired"]).code, 0);
    let there = || [&clean, &changed, &claimed, &named].map(|fork| fork.1.exists());
    assert_eq!((there(), worktrees(&home)), ([false, true, true, true], 4));
    drop(claim);
    assert_eq!(home.run(&["sessions", "purge", "--expired"]).code, 0);
    assert_eq!((there(), worktrees(&home)), ([false, true, false, true], 3));
    assert!(!mark.exists(), "{}", std::fs::read_to_string(&mark).unwrap_or_default());
}
