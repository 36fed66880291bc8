//! `tackroom policy explain`: why a call is allowed, asked about or denied.

use crate::adapters::policy::cedar::{Explained, Force, explain as parts_of, load};
use crate::cli::args_policy::Explain;
use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::folder::folder;
use crate::cli::held;
use crate::cli::out;
use crate::cli::policy::{prepared, prepared_with, refused, tools, verdict};
use crate::cli::secrets;
use crate::cli::wire::Wire;
use crate::domain::backtest::{Action, Past, Reader};
use crate::domain::ids::CallId;
use crate::domain::policy::{Mode, Verdict, Word};
use crate::domain::tool_spec::ToolBook;
use crate::ports::judge::Case;
use crate::ports::veil::Veil;
use crate::runtime::pages::pages;
use serde_json::{Value, json};
use std::sync::Arc;

/// Rules that nearly fit are told up to here.
const NEAR_MAX: usize = 12;

/// Explains a call of a session, or one that nobody made.
pub async fn explain(config: &Config, args: &Explain) -> Result<Code, Failure> {
    let (tool, action, then) = match (&args.id, &args.call, &args.tool) {
        (Some(id), Some(call), _) => stored(config, id, call).await?,
        (_, _, Some(tool)) => (tool.clone(), imagined(config, tool, args).await?, None),
        _ => return Err(Failure::new(Code::Usage, "name a session and a call, or a tool", "such as k3x c4")),
    };
    let here = folder(None)?;
    let setup = match then {
        Some(_) => {
            // The folder of the session may be gone; what tools there are is the same everywhere.
            let tools = tools(config, &here)?;
            prepared_with(config, &action.workspace, &args.policy, &tools)?
        }
        None => prepared(config, &action.workspace, &args.policy)?,
    };
    let loaded = load(&setup).map_err(|faults| refused(&faults))?;
    let case = case(&tool, &action);
    let veil: Arc<dyn Veil> = Arc::new(secrets::vault(config, 0)); // nothing of it is kept
    let now = verdict(&loaded.force, &veil, case);
    let parts = parts_of(&loaded.force, &case);
    match args.json {
        true => out::json(&document(&tool, &action, &now, then.as_ref(), &parts, &loaded.force).to_string())?,
        false => tell(&tool, &now, then.as_ref(), &parts, &loaded.force)?,
    }
    Ok(Code::Done)
}

/// An action as a case.
pub(super) fn case<'a>(tool: &'a str, action: &'a Action) -> Case<'a> {
    Case {
        agent: &action.agent,
        mode: action.mode,
        sandbox: &action.sandbox,
        ..Case::new(tool, &action.args, action.effect, &action.touches, &action.workspace)
    }
}

async fn imagined(config: &Config, tool: &str, args: &Explain) -> Result<Action, Failure> {
    let workspace = folder(args.workspace.as_deref())?;
    let tools = tools(config, &workspace)?;
    let found = tools.get(tool).zip(tools.book().get(tool)).ok_or_else(|| unknown(tool, tools.book()))?;
    let value: Value = serde_json::from_str(&args.args).map_err(|error| {
        Failure::new(
            Code::Usage,
            format!("--args is not JSON: {error}"),
            "such as '{\"path\": \"notes.txt\"}'",
        )
    })?;
    if let Some(miss) = found.1.schema.check(&value).first() {
        return Err(Failure::new(
            Code::Usage,
            format!("--args do not fit {tool}: {miss}"),
            "the model would be told so",
        ));
    }
    // As a run would be held here and now.
    let sandbox = match (found.0.walls().await, held::walls(config, &workspace)) {
        (Some(_), Some(walls)) => walls.stands().await.in_force().name().to_string(),
        (Some(_), None) | (None, _) => "none".to_string(),
    };
    Ok(Action {
        touches: found.0.touches(&value),
        args: value,
        effect: found.1.effect,
        workspace,
        agent: "default".to_string(),
        mode: Mode::Auto,
        sandbox,
    })
}

fn unknown(tool: &str, book: &ToolBook) -> Failure {
    Failure::new(Code::Usage, format!("there is no tool {tool:?}"), format!("there are: {}", book.names()))
}

/// The last time that a call of a session was judged.
async fn stored(config: &Config, id: &str, call: &str) -> Result<(String, Action, Option<Verdict>), Failure> {
    let wire = Wire::reading(config)?;
    let id = wire.find(id).await?;
    let hint = format!("`tackroom events {id}` lists the calls");
    let wanted = CallId::parse(call)
        .ok_or_else(|| Failure::new(Code::Usage, format!("{call:?} is no call"), "a call is written c4"))?;
    let rows = read(&wire, &id).await?;
    let row = rows.into_iter().rev().find(|row| row.call == wanted).ok_or_else(|| {
        Failure::new(Code::Usage, format!("call {call} of session {id} was never judged"), hint.clone())
    })?;
    let action = row.action.map_err(|why| {
        Failure::new(Code::Usage, format!("call {call} of session {id} cannot be judged again: {why}"), hint)
    })?;
    Ok((row.tool, action, row.verdict))
}

/// The judged calls of a session.
pub(super) async fn read(wire: &Wire, id: &crate::domain::ids::SessionId) -> Result<Vec<Past>, Failure> {
    let mut reader = Reader::new(id.clone());
    let mut pages = pages(&*wire.store.log, id, 0);
    while let Some(page) = pages.next().await? {
        page.iter().flat_map(|commit| &commit.events).for_each(|sealed| reader.apply(&sealed.event));
    }
    Ok(reader.finish())
}

/// A word as a verb in the present.
pub(super) fn word(word: Word) -> &'static str {
    match word {
        Word::Allow => "allow",
        Word::Ask => "ask",
        Word::Deny => "deny",
    }
}

fn document(
    tool: &str,
    action: &Action,
    verdict: &Verdict,
    then: Option<&Verdict>,
    parts: &[Explained],
    force: &Force,
) -> Value {
    let title = |at: &usize| force.rules().get(*at).map(|rule| rule.title());
    let part = |part: &Explained| {
        let near = part.near.iter().map(|near| json!({ "rule": title(&near.rule), "misses": near.misses }));
        let facts: serde_json::Map<String, Value> = part
            .attributes
            .iter()
            .map(|(name, value)| ((*name).to_string(), Value::from(value.as_str())))
            .collect();
        json!({
            "touch": part.ruled.shown, "word": word(part.ruled.word), "rule": part.ruled.rule.as_ref().and_then(title),
            "why": part.ruled.why, "never_allowed": part.guard, "facts": facts,
            "fits": part.fits.iter().map(title).collect::<Vec<_>>(), "near": near.collect::<Vec<_>>(),
        })
    };
    json!({
        "version": 1, "tool": tool, "args": action.args, "effect": action.effect.word(), "workspace": action.workspace,
        "verdict": { "word": word(verdict.word), "rule": verdict.rule, "why": verdict.why, "policy": verdict.policy },
        "then": then.map(|then| json!({ "word": word(then.word), "rule": then.rule, "why": then.why, "policy": then.policy })),
        "parts": parts.iter().map(part).collect::<Vec<_>>(),
    })
}

fn tell(
    tool: &str,
    verdict: &Verdict,
    then: Option<&Verdict>,
    parts: &[Explained],
    force: &Force,
) -> Result<(), Failure> {
    let line = |text: String| out::line(&out::row(&text));
    line(format!("{tool}: {} by {}", word(verdict.word), verdict.rule))?;
    line(format!("  {}", verdict.why))?;
    if let Some(then) = then {
        line(format!("  then: {} by {}: {}", word(then.word), then.rule, then.why))?;
    }
    for part in parts {
        let name =
            |at: &usize| force.rules().get(*at).map(|rule| (rule.kind.verb(), rule.title(), rule.idle));
        line(String::new())?;
        line(format!("{}: {}", part.ruled.shown, word(part.ruled.word)))?;
        if part.ruled.rule.is_none() {
            line(format!("  {}", part.ruled.why))?;
        }
        for (attribute, value) in &part.attributes {
            line(format!("    {attribute:<12} {}", crate::domain::text::first_line(value, 90)))?;
        }
        for (verb, title, idle) in part.fits.iter().filter_map(name) {
            let aside = if idle { " (put aside: nobody trusts its folder)" } else { "" };
            line(format!("  fits    {title}: {verb}{aside}"))?;
        }
        if let Some(guard) = &part.guard {
            line(format!("  no rule allows it: {guard}"))?;
        }
        for near in part.near.iter().take(NEAR_MAX) {
            if let Some((verb, title, _)) = name(&near.rule) {
                line(format!("  not     {title}: {verb}, but not so: {}", near.misses.join("; ")))?;
            }
        }
        if part.near.len() > NEAR_MAX {
            line(format!("  not     {} more; --json tells them", part.near.len() - NEAR_MAX))?;
        }
    }
    Ok(())
}
