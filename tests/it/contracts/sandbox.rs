//! What every sandbox promises, tried on bubblewrap: it tells what is in force and never what was wished for, its stamp changes
//! with it, and nothing is started behind other walls than were shown.

use crate::commands::launcher;
use crate::sandbox::{PROMISE, has_bwrap};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tackroom::adapters::sandbox::{Probe, Settings, walls};
use tackroom::adapters::tool::{self, Workspace, standard};
use tackroom::domain::call::Outcome;
use tackroom::domain::sandbox::{Limits, Profile, Writes};
use tackroom::ports::sandbox::Sandbox;
use tackroom::ports::tool::{Cleared, Stop};

fn settings(root: &Path, profile: Profile) -> Settings {
    Settings {
        profile,
        limits: Limits::default(),
        hide: Vec::new(),
        show: Vec::new(),
        writable: Vec::new(),
        nested_repositories: false,
        own: vec![root.join("own")],
        cache: Some(root.join("own/cache")),
        registers: Some(root.join("own/registers")),
        home: Some(root.join("user")),
        path: std::env::var_os("PATH").unwrap_or_default(),
    }
}

const WRITES: Profile = Profile { writes: Writes::Workspace, network: false };

fn place() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    for name in ["ws", "user", "own"] {
        std::fs::create_dir(dir.path().join(name)).unwrap();
    }
    let root = dir.path().to_path_buf();
    (dir, root)
}

fn sandbox(root: &Path, settings: Settings) -> Arc<dyn Sandbox> {
    walls(root.join("ws"), settings, Arc::new(Probe::default())).expect("walls were asked for")
}

#[tokio::test]
async fn it_tells_what_is_in_force() {
    let (_dir, root) = place();
    assert!(walls(root.join("ws"), settings(&root, Profile::NONE), Arc::default()).is_none());
    let nothing = Settings { path: root.join("user").into_os_string(), ..settings(&root, WRITES) };
    let stands = sandbox(&root, nothing).stands().await;
    assert_eq!((stands.asked, stands.in_force()), (WRITES, Profile::NONE));
    assert!(stands.words().starts_with("NO SANDBOX"), "{}", stands.words());
    if !has_bwrap(PROMISE) {
        return;
    }
    let one = sandbox(&root, settings(&root, WRITES));
    let stands = one.stands().await;
    assert_eq!((stands.in_force(), stands.missing.clone()), (WRITES, None));
    assert_eq!(one.stands().await, stands, "the same twice");
    let above = Settings { home: Some(root.join("ws")), ..settings(&root, WRITES) };
    let stands = sandbox(&root, above).stands().await;
    assert!(stands.missing.is_some_and(|why| why.contains("holds your home folder")));
}

#[tokio::test]
async fn its_stamp_changes_with_it() {
    if !has_bwrap(PROMISE) {
        return;
    }
    let (_dir, root) = place();
    let base = || settings(&root, WRITES);
    let all = [
        base(),
        settings(&root, Profile { network: true, ..WRITES }),
        settings(&root, Profile { writes: Writes::Nothing, ..WRITES }),
        Settings { limits: Limits { processes: 9, ..Limits::default() }, ..base() },
        Settings { hide: vec!["x".into()], ..base() },
        Settings { show: vec!["~/.x".into()], ..base() },
        Settings { writable: vec!["~/x".into()], ..base() },
        Settings { nested_repositories: true, ..base() },
        Settings { path: root.join("user").into_os_string(), ..base() },
    ];
    let mut stamps = Vec::new();
    for settings in all.clone() {
        stamps.push(sandbox(&root, settings).stands().await.stamp);
    }
    assert_eq!(sandbox(&root, base()).stands().await.stamp, stamps[0]);
    let mut apart = stamps.clone();
    apart.sort();
    apart.dedup();
    assert_eq!(apart.len(), stamps.len(), "{stamps:?}");
    // What was shown of one is nothing to another.
    let shown = sandbox(&root, base()).stands().await;
    for settings in all.into_iter().skip(1) {
        let refused = sandbox(&root, settings).wrap(&shown, &root.join("ws"), &root, &[]).await;
        assert!(refused.is_err_and(|why| why.contains("nothing was started")));
    }
    assert_eq!(std::fs::read_dir(root.join("ws")).unwrap().count(), 0, "looking leaves nothing behind");
}

/// How long a program takes that does nothing, over some tries: the median.
async fn median(root: &Path, sandbox: Option<Arc<dyn Sandbox>>) -> Duration {
    let place = Workspace::open(&root.join("ws"), &[]).unwrap();
    let environment = [("PATH".into(), std::env::var_os("PATH").unwrap())].into();
    let settings =
        tool::Settings { launcher: Some(launcher()), environment, sandbox, ..tool::Settings::default() };
    let tools = standard(place, settings);
    let run = tools.iter().find(|tool| tool.spec().name == "run_command").unwrap();
    let mut times = Vec::new();
    for _ in 0..11 {
        let call = Cleared {
            args: json!({"argv": ["true"]}),
            key: "s-1".to_string(),
            output: Arc::new(|_| ()),
            walls: run.walls().await,
            scripts: None,
            touches: Vec::new(),
            withheld: None,
            stop: Stop::default(),
        };
        let began = Instant::now();
        let returned = run.run(call).await;
        times.push(began.elapsed());
        assert_eq!(returned.outcome, Outcome::Ok, "{}", returned.text);
    }
    times.sort();
    times[5]
}

#[tokio::test]
async fn how_much_a_start_costs() {
    if !has_bwrap(PROMISE) {
        return;
    }
    let (_dir, root) = place();
    let bare = median(&root, None).await;
    let held = median(&root, Some(sandbox(&root, settings(&root, WRITES)))).await;
    // Told, not held to: a timed test would fail beside others.
    println!(
        "`true` as a command: {bare:?} without a sandbox, {held:?} in one (this test binary is both helpers)"
    );
}
