//! `tackroom demo`: the seeds' research task with real tools on a sample folder; offline, with the scripted model.

use crate::cli::args::Demo;
use crate::cli::config::{Config, Source, Sourced};
use crate::cli::exit::{Code, Failure};
use crate::cli::find::DEMO;
use crate::cli::folder::folder;
use crate::cli::headless;
use crate::cli::open::{self, First};
use crate::cli::out;
use crate::cli::wire::Wire;
use crate::domain::call::Via;
use crate::domain::event::Limits;
use crate::domain::order::Task;
use crate::domain::policy::Mode;
use std::path::PathBuf;

/// The task.
const TASK: &str = include_str!("../../assets/demo/task.txt");

/// The sample folder, file by file.
const SAMPLE: [(&str, &str); 5] = [
    ("README.md", include_str!("../../assets/demo/workspace/README.md")),
    (
        "sources/2025-outage-review.md",
        include_str!("../../assets/demo/workspace/sources/2025-outage-review.md"),
    ),
    ("sources/approval-fatigue.md", include_str!("../../assets/demo/workspace/sources/approval-fatigue.md")),
    ("sources/retry-storms.md", include_str!("../../assets/demo/workspace/sources/retry-storms.md")),
    ("notes/style.md", include_str!("../../assets/demo/workspace/notes/style.md")),
];

/// Runs the demo in a fresh copy of the sample, or in the folder given.
pub async fn demo(config: &Config, args: &Demo) -> Result<Code, Failure> {
    let workspace = match &args.workspace {
        Some(path) => folder(Some(path))?,
        None => sample(config)?,
    };
    let mut config = config.clone();
    config.model = Sourced { value: Some(DEMO.to_string()), source: Source::Default };
    let wire = Wire::create(&config, &workspace).await?;
    let task = Task {
        input: TASK.trim().to_string(),
        mode: Mode::Auto,
        limits: Limits::of_steps(config.steps.value), // it costs nothing
        model: DEMO.to_string(),
        base_url: None,
    };
    if !args.drive.headless {
        return Box::pin(open::screen(&config, wire, First::Begin(task, Vec::new()))).await;
    }
    let id = wire.hand(Via::Flag, "").begin(&wire.opening(), &task, &[]).await?;
    out::progress(&format!("session {id} · {DEMO} · {workspace}"));
    headless::drive(&wire, &id, &args.drive, 0).await
}

/// A fresh copy of the sample under the cache folder, with a name nobody can guess.
fn sample(config: &Config) -> Result<String, Failure> {
    let cannot = |path: &PathBuf, error: std::io::Error| {
        Failure::new(
            Code::Failed,
            format!("the sample folder {} cannot be made: {error}", path.display()),
            "give a folder of your own with --workspace, or set TACKROOM_HOME",
        )
    };
    let parent = config.paths.cache.join("demo");
    std::fs::create_dir_all(&parent).map_err(|error| cannot(&parent, error))?;
    let name = uuid_like();
    let root = parent.join(name);
    for (path, text) in SAMPLE {
        let path = root.join(path);
        let made =
            path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&path, text));
        made.map_err(|error| cannot(&path, error))?;
    }
    folder(Some(&root))
}

fn uuid_like() -> String {
    use crate::ports::clock::Clock;
    crate::domain::ids::SessionId::from_random(crate::adapters::clock::SystemClock.fresh()).to_string()
}
