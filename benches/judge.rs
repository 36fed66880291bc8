//! What a verdict costs: the built-in rules beside the same rules in files, alone and among 500 others.
//!
//! ```text
//! cargo bench --bench judge          500 further rules
//! cargo bench --bench judge -- 2000  another number
//! ```
//!
//! The ratio to the built-in rules counts; times are this machine's. "worked out" is how many rules the engine looks at for
//! one thing that a call touches: only those whose heads fit, so it does not depend on the machine.

#![allow(clippy::disallowed_methods, reason = "a bench waits for real time and prints rounded figures")]

#[path = "../tests/it/harness/rules.rs"]
#[allow(dead_code, reason = "the tests need more of it")]
mod rules;

use rules::Rules;
use serde_json::json;
use std::error::Error;
use std::io::Write;
use std::time::Instant;
use tackroom::adapters::policy::Builtin;
use tackroom::domain::tool_spec::{Effect, Touch};
use tackroom::ports::judge::{Case, Judge};

const ROUNDS: usize = 5_000;

/// One call to be judged.
struct Call {
    name: &'static str,
    tool: &'static str,
    effect: Effect,
    touches: Vec<Touch>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let mut out = std::io::stdout();
    if !args.iter().any(|arg| arg == "--bench") {
        return Ok(writeln!(out, "run with: cargo bench --bench judge")?);
    }
    let more = args.iter().find_map(|arg| arg.parse().ok()).unwrap_or(500_usize);
    let words = |text: &str| text.split(' ').map(str::to_string).collect();
    let read = |path: &str| Touch::Read { path: path.to_string() };
    let write = |path: String| Touch::Write { path };
    let calls = [
        Call {
            name: "a read",
            tool: "read_file",
            effect: Effect::ReadOnly,
            touches: vec![read("src/some/module.rs")],
        },
        Call {
            name: "a write",
            tool: "write_file",
            effect: Effect::Idempotent,
            touches: vec![write("src/a.rs".into())],
        },
        Call {
            name: "20 writes",
            tool: "write_file",
            effect: Effect::Idempotent,
            touches: (0..20).map(|n| write(format!("src/{n}.rs"))).collect(),
        },
        Call {
            name: "a command",
            tool: "run_command",
            effect: Effect::SideEffect,
            touches: vec![Touch::Command { argv: words("cargo test --all --quiet") }, read(".")],
        },
        Call {
            name: "a long command",
            tool: "run_command",
            effect: Effect::SideEffect,
            touches: vec![Touch::Command { argv: (0..1000).map(|n| format!("file-{n}")).collect() }],
        },
    ];
    let policies = [("mixed", mixed(more)), ("all about commands", commands(more))];
    writeln!(out, "| rules | call | p50 µs | p99 µs | ratio to built-in | worked out |")?;
    writeln!(out, "| --- | --- | --- | --- | --- | --- |")?;
    let alone = Rules::new();
    let builtin = Builtin::new(&[format!("{}/.tackroom", alone.root())], &["example.com".to_string()])?;
    for (name, text) in std::iter::once(("default", String::new())).chain(policies) {
        let rules = Rules::new();
        rules.write("user/a.cedar", &text);
        let begin = Instant::now();
        let policy = rules.open().map_err(|faults| format!("{faults:?}"))?;
        let loaded = begin.elapsed();
        let force = policy.loaded().force;
        for call in &calls {
            let (args, root) = (json!({}), rules.root());
            let case = Case::new(call.tool, &args, call.effect, &call.touches, &root);
            let base = times(&builtin, &case);
            let took = times(&policy, &case);
            let weighed = force.weigh(&case).parts.iter().map(|part| part.weighed).max().unwrap_or(0);
            let ratio = took.0 / base.0.max(0.001);
            writeln!(
                out,
                "| {name} | {} | {:.1} | {:.1} | {ratio:.0} | {weighed} |",
                call.name, took.0, took.1
            )?;
        }
        writeln!(
            out,
            "| {name} | read and checked once | {:.0} | | | {} |",
            loaded.as_secs_f64() * 1e6,
            force.rules().len()
        )?;
    }
    Ok(())
}

/// Median and 99th percentile, in microseconds.
fn times(judge: &dyn Judge, case: &Case<'_>) -> (f64, f64) {
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let begin = Instant::now();
            std::hint::black_box(judge.judge(*case));
            begin.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    (times[ROUNDS / 2], times[ROUNDS * 99 / 100])
}

fn mixed(many: usize) -> String {
    let rule = |n: usize| match n % 4 {
        0 => format!(
            "permit (principal, action == Action::\"http_get\", resource is Host) when {{ resource.host == \"h{n}.org\" }};\n"
        ),
        1 => format!(
            "permit (principal, action, resource is Command) when {{ resource.program == \"p{n}\" && resource.first == \"test\" }};\n"
        ),
        2 => format!(
            "@ask(\"Look.\") permit (principal, action, resource is Path) when {{ context.writes && resource.path like \"gen{n}/*\" }};\n"
        ),
        _ => format!(
            "forbid (principal, action, resource is Path) when {{ resource.name == \"secret{n}\" }};\n"
        ),
    };
    (0..many).map(rule).collect()
}

fn commands(many: usize) -> String {
    let rule = |n: usize| {
        format!(
            "permit (principal, action, resource is Command) when {{ resource.line like \"tool{n} run *\" && !resource.args.contains(\"--force\") }};\n"
        )
    };
    (0..many).map(rule).collect()
}
