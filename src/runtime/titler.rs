//! A model asked for the title of a session: one request beside the runs, its answer an order like any other.

use crate::domain::fault::Fault;
use crate::domain::session::Session;
use crate::domain::titling::{self, Titled};
use crate::domain::tool_spec::ToolBook;
use crate::ports::model::{Ask, Errand, Model};
use std::sync::Arc;

/// Why there is no title.
#[derive(Clone, Debug, PartialEq)]
pub enum Untitled {
    /// Nobody has said anything in the session.
    Silent,
    /// The model did not answer.
    Fault(Fault),
    /// It answered, and not with a title; this is what it said.
    Odd(String),
}

/// Asks `model`, called `name`, for a title. Nothing is written; dropping the future ends the request.
pub async fn ask(model: &dyn Model, name: &str, session: &Session) -> Result<(String, Titled), Untitled> {
    let messages = titling::question(&session.transcript).ok_or(Untitled::Silent)?;
    let ask = Ask {
        session: session.id.clone(),
        model: name.to_string(),
        messages,
        tools: ToolBook::default(),
        attempt: 1,
        errand: Errand::default(),
    };
    let request = model.prepare(ask).map_err(Untitled::Fault)?;
    let reply = request.send(Arc::new(|_| {})).await.map_err(Untitled::Fault)?;
    let Some(title) = titling::title(&reply) else { return Err(Untitled::Odd(reply.text)) };
    let model = if reply.model.is_empty() { name.to_string() } else { reply.model };
    Ok((title, Titled { model, usage: reply.usage, cost: reply.cost }))
}
