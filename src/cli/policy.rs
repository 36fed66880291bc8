//! `tackroom policy show`, `check`: which rules there are, and whether they may be used.

use crate::adapters::policy::cedar::{Fault, Force, Layer, Lint, Loaded, Setup, Trust, lint, load, refusal};
use crate::adapters::veil::VeiledJudge;
use crate::cli::args_policy::{self as args, Policy, PolicyVerb};
use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::folder::folder;
use crate::cli::judge::setup;
use crate::cli::wire;
use crate::cli::{out, policy_backtest, policy_explain, policy_trust};
use crate::domain::policy::Verdict;
use crate::domain::text::plural;
use crate::ports::judge::{Case, Judge};
use crate::ports::veil::Veil;
use crate::runtime::toolbox::Toolbox;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;

/// Does what was asked about rules.
pub async fn policy(config: &Config, args: &Policy) -> Result<Code, Failure> {
    match &args.what {
        PolicyVerb::Show(wanted) => show(config, wanted),
        PolicyVerb::Check(wanted) => check(config, wanted),
        PolicyVerb::Trust(wanted) => policy_trust::trust(config, wanted),
        PolicyVerb::Explain(wanted) => policy_explain::explain(config, wanted).await,
        PolicyVerb::Backtest(wanted) => policy_backtest::backtest(config, wanted).await,
    }
}

/// What rules for a folder are loaded with, files that were named among them.
pub(super) fn prepared(config: &Config, workspace: &str, files: &[PathBuf]) -> Result<Setup, Failure> {
    let tools = tools(config, workspace)?;
    prepared_with(config, workspace, files, &tools)
}

/// The tools of a folder.
pub(super) fn tools(config: &Config, workspace: &str) -> Result<Toolbox, Failure> {
    let tools = wire::toolbox(config, workspace);
    tools.map(Toolbox::new).map_err(|(sentence, hint)| Failure::new(Code::Usage, sentence, hint))
}

/// The verdict on a call as a run would get it: what uses a secret asks.
pub(super) fn verdict(force: &Arc<Force>, veil: &Arc<dyn Veil>, case: Case<'_>) -> Verdict {
    VeiledJudge::new(force.clone(), veil.clone()).judge(case)
}

/// As `prepared`, where the folder may be gone.
pub(super) fn prepared_with(
    config: &Config,
    workspace: &str,
    files: &[PathBuf],
    tools: &Toolbox,
) -> Result<Setup, Failure> {
    let extra = files.iter().map(|path| {
        std::path::absolute(path).map_err(|error| {
            Failure::new(Code::Usage, format!("{} is no usable path: {error}", path.display()), "name a file")
        })
    });
    let extra = extra.collect::<Result<Vec<_>, _>>()?;
    Ok(Setup { extra, ..setup(config, workspace, &wire::own(config, workspace), tools) })
}

/// Rules that are refused, as the end of a command.
pub(super) fn refused(faults: &[Fault]) -> Failure {
    let (sentence, hint) = refusal(faults).unwrap_or_default();
    Failure::new(Code::Usage, sentence, hint)
}

fn show(config: &Config, args: &args::Show) -> Result<Code, Failure> {
    let workspace = folder(args.workspace.as_deref())?;
    let setup = prepared(config, &workspace, &[])?;
    let loaded = load(&setup).map_err(|faults| refused(&faults))?;
    if args.json {
        let rules: Vec<Value> = loaded.force.rules().iter().map(rule).collect();
        let document = json!({
            "version": 1, "policy": loaded.force.version(), "workspace": workspace, "trust": loaded.trust.word(),
            "files": files(&loaded), "rules": rules,
        });
        out::json(&document.to_string())?;
        return Ok(Code::Done);
    }
    out::line(&out::row(&format!("policy {} for {workspace}", loaded.force.version())))?;
    for layer in [Layer::BuiltIn, Layer::System, Layer::User, Layer::Project] {
        let place =
            setup.places.folder(layer).map_or("with the app".to_string(), |path| path.display().to_string());
        let own: Vec<_> = loaded.files.iter().filter(|file| file.layer == layer).collect();
        let none = if own.is_empty() { ": no rules" } else { "" };
        out::line(&out::row(&format!("{:<9} {place}{none}", layer.name())))?;
        for file in own {
            let idle = match file.idle {
                0 => String::new(),
                idle => format!(", {} put aside", plural(idle as u64, "allowing rule")),
            };
            let counts = format!(
                "{}, {}{idle}",
                plural(file.rules as u64, "rule"),
                plural(file.examples as u64, "example")
            );
            out::line(&out::row(&format!("  {} ({counts}, {})", file.file, file.hash.short())))?;
            for rule in
                loaded.force.rules().iter().filter(|rule| rule.layer == layer && rule.file == file.file)
            {
                let aside = if rule.idle { " (put aside: nobody trusts this folder)" } else { "" };
                out::line(&out::row(&format!(
                    "    {:>4}  {:<20} {}{aside}",
                    rule.line,
                    rule.kind.verb(),
                    rule.name
                )))?;
                if args.text {
                    rule.text()
                        .lines()
                        .try_for_each(|line| out::line(&format!("          {}", out::row(line))))?;
                }
            }
        }
    }
    match loaded.trust {
        Trust::None | Trust::Trusted => {}
        Trust::Untrusted | Trust::Changed => {
            let sentence =
                format!("the workspace's rules are {}: they only make things stricter", loaded.trust.word());
            out::line(&format!("note: {sentence}; read them, then `tackroom policy trust`"))?;
        }
    }
    Ok(Code::Done)
}

fn rule(rule: &crate::adapters::policy::cedar::Rule) -> Value {
    json!({
        "name": rule.name, "layer": rule.layer.name(), "file": rule.file, "line": rule.line,
        "does": rule.kind.verb(), "put_aside": rule.idle, "text": rule.text(),
    })
}

fn files(loaded: &Loaded) -> Vec<Value> {
    let shape = |file: &crate::adapters::policy::cedar::InForce| {
        json!({
            "layer": file.layer.name(), "file": file.file, "rules": file.rules, "put_aside": file.idle,
            "examples": file.examples, "hash": file.hash.to_string(),
        })
    };
    loaded.files.iter().map(shape).collect()
}

fn check(config: &Config, args: &args::Check) -> Result<Code, Failure> {
    let workspace = folder(args.workspace.as_deref())?;
    let setup = prepared(config, &workspace, &args.files)?;
    let (faults, remarks, loaded) = match load(&setup) {
        Ok(loaded) => (Vec::new(), lint(&loaded.force, &setup.tools), Some(loaded)),
        Err(faults) => (faults, Vec::new(), None),
    };
    let named: Vec<String> = setup.extra.iter().map(|path| path.display().to_string()).collect();
    let remarks: Vec<Lint> =
        remarks.into_iter().filter(|lint| named.is_empty() || named.contains(&lint.file)).collect();
    let good = faults.is_empty() && (remarks.is_empty() || !args.strict);
    let code = if good { Code::Done } else { Code::Failed };
    if args.json {
        let faults: Vec<Value> =
            faults.iter().map(|f| json!({ "file": f.file, "line": f.line, "why": f.why })).collect();
        let shape = |l: &Lint| json!({ "file": l.file, "line": l.line, "rule": l.rule, "kind": l.kind, "what": l.what });
        let document = json!({
            "version": 1, "ok": good, "faults": faults, "remarks": remarks.iter().map(shape).collect::<Vec<_>>(),
            "policy": loaded.as_ref().map(|loaded| loaded.force.version().to_string()),
            "files": loaded.as_ref().map(files),
        });
        out::json(&document.to_string())?;
        return Ok(code);
    }
    for fault in &faults {
        out::line(&out::row(&format!("refused  {fault}")))?;
    }
    for lint in &remarks {
        out::line(&out::row(&format!(
            "{:<8} {}:{}: {}: {}",
            lint.kind, lint.file, lint.line, lint.rule, lint.what
        )))?;
    }
    match &loaded {
        Some(loaded) => {
            let examples: usize = loaded.files.iter().map(|file| file.examples).sum();
            let counts = [
                plural(loaded.files.len() as u64, "file"),
                plural(loaded.force.rules().len() as u64, "rule"),
                format!("{} tried", plural(examples as u64, "example")),
                plural(remarks.len() as u64, "remark"),
            ];
            out::line(&format!("the rules may be used: {}", counts.join(", ")))?;
        }
        None => out::line(&format!("the rules are refused: {}", plural(faults.len() as u64, "fault")))?,
    }
    Ok(code)
}

/// How the rules in force here stand, for `tackroom doctor`: what, and a hint where something is to be done.
pub(super) fn health(config: &Config) -> Result<(String, String), (String, String)> {
    let workspace = folder(None).map_err(|failure| (failure.sentence, failure.hint))?;
    let setup = prepared(config, &workspace, &[]).map_err(|failure| (failure.sentence, failure.hint))?;
    let loaded = load(&setup).map_err(|faults| refusal(&faults).unwrap_or_default())?;
    let what = format!(
        "{} in {}; yours would be in {}",
        plural(loaded.force.rules().len() as u64, "rule"),
        plural(loaded.files.len() as u64, "file"),
        setup.places.user.display()
    );
    let aside: usize = loaded.files.iter().map(|file| file.idle).sum();
    let hint = match aside {
        0 => String::new(),
        aside => format!(
            "{} of this folder put aside: the folder is {}; read them, then `tackroom policy trust`",
            plural(aside as u64, "allowing rule"),
            loaded.trust.word()
        ),
    };
    Ok((what, hint))
}
