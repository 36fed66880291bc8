//! `tackroom sessions title`: a model names sessions.

use crate::adapters::clock::SystemClock;
use crate::cli::args::sessions::Titles;
use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::find::{self, Found};
use crate::cli::out;
use crate::cli::wire::Wire;
use crate::domain::call::Via;
use crate::domain::order::Order;
use crate::domain::text::truncate;
use crate::ports::clock::Clock;
use crate::runtime::titler::{self, Untitled};
use std::sync::Arc;

/// Columns of a model's answer that was no title, where it is told.
const ODD_MAX: usize = 60;

/// Asks the model for a title of each session and gives it; one that cannot be titled is told, and the others go on.
pub async fn titles(config: &Config, args: &Titles, json: bool) -> Result<Code, Failure> {
    let wire = Wire::required(config)?;
    let mut ids = Vec::with_capacity(args.ids.len());
    for id in &args.ids {
        ids.push(wire.find(id).await?);
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let found = find::find(config, &clock).await?;
    found.answers()?;
    let name = match &found {
        Found::Script(name) => name.clone(),
        Found::Endpoint { model, .. } => model.clone(),
        Found::Nothing { .. } => {
            return Err(Failure::new(Code::Usage, "no model answers", "tackroom doctor"));
        }
    };
    let plug = find::plug(config, &clock, Some(&found), &name, None)
        .map_err(|(sentence, hint)| Failure::new(Code::Usage, sentence, hint))?;
    let mut hand = wire.hand(Via::Command, "");
    let (mut told, mut failed) = (Vec::new(), false);
    for id in ids {
        let session = hand.session(&id).await?;
        let before = session.title.clone();
        if session.named && !args.replace {
            let why = "a person gave it; --replace gives another";
            out::progress(&out::safe(&format!("{id} keeps its title ({why}): {before}")));
            told.push(serde_json::json!({ "id": id.0, "before": before, "given": false, "why": why }));
            continue;
        }
        match titler::ask(plug.as_ref(), &name, session).await {
            Ok((title, asked)) => {
                let words = asked.to_string();
                if !args.dry_run {
                    hand.order(&id, &Order::Title(title.clone(), Box::new(asked.clone()))).await?;
                }
                if !json {
                    let did = if args.dry_run { "would be" } else { "is now" };
                    out::line(&out::safe(&format!("{id} {did}: {title} (was: {before}; {words})")))?;
                }
                told.push(serde_json::json!({
                    "id": id.0, "title": title, "before": before, "given": !args.dry_run, "asked": asked,
                }));
            }
            Err(why) => {
                failed = true;
                let why = words(why);
                out::progress(&out::safe(&format!("{id} keeps its title: {why}")));
                told.push(serde_json::json!({ "id": id.0, "before": before, "given": false, "why": why }));
            }
        }
    }
    if json {
        out::json(&serde_json::json!({ "version": 1, "titles": told }).to_string())?;
    }
    Ok(if failed { Code::Failed } else { Code::Done })
}

fn words(why: Untitled) -> String {
    match why {
        Untitled::Silent => "nobody has said anything in it".to_string(),
        Untitled::Fault(fault) => format!("{}: {} ({})", fault.kind.words(), fault.message, fault.hint()),
        Untitled::Odd(said) if said.trim().is_empty() => "the model gave none".to_string(),
        Untitled::Odd(said) => format!("this is none: {}", truncate(said.trim(), ODD_MAX)),
    }
}
