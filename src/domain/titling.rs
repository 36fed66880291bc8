//! Titles that a model gives: what it is asked, and what of its answer is a title.

use crate::domain::marks;
use crate::domain::message::{Message, Reply, Transcript, Usage};
use crate::domain::price::Cost;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a model is told.
const WISH: &str = "Give this task a title by which a person finds it again among hundreds: three to eight words, in the \
language of the task, what was done rather than that it was asked. Answer with the title alone, on one line.";
/// What some models put before it.
const LABEL: &str = "title:";
/// Characters of the task that are sent, and of the last answer.
const TASK_MAX: usize = 2_000;
const ANSWER_MAX: usize = 1_000;

/// Who was asked for a title, and what that took. It is told with the title and is not part of any run's cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Titled {
    /// The model that answered.
    pub model: String,
    /// Tokens.
    #[serde(default)]
    pub usage: Usage,
    /// What it cost; none where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
}

impl std::fmt::Display for Titled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, {} + {} tokens", self.model, self.usage.input, self.usage.output)
    }
}

/// What a model is asked about a conversation; none where nobody has said anything in it.
pub fn question(talk: &Transcript) -> Option<Transcript> {
    let task = talk.iter().find_map(|message| match &**message {
        Message::User { text } => Some(text.as_str()).filter(|text| !text.trim().is_empty()),
        Message::System { .. } | Message::Assistant { .. } | Message::Tool { .. } => None,
    })?;
    let answer = talk.iter().rev().find_map(|message| match &**message {
        Message::Assistant { text, .. } => Some(text.as_str()).filter(|text| !text.trim().is_empty()),
        Message::System { .. } | Message::User { .. } | Message::Tool { .. } => None,
    });
    let head = |text: &str, most: usize| text.chars().take(most).collect::<String>();
    let mut text = format!("The task:\n{}", head(task, TASK_MAX));
    if let Some(answer) = answer {
        text = format!("{text}\n\nThe last answer:\n{}", head(answer, ANSWER_MAX));
    }
    let messages = [Message::System { text: WISH.to_string() }, Message::User { text }];
    Some(Arc::new(messages.into_iter().map(Arc::new).collect()))
}

/// The title in a reply, without the quotes, marks and label that models put round it; none where it has none.
pub fn title(reply: &Reply) -> Option<String> {
    let bare = |line: &'_ str| {
        line.trim_matches(|c: char| c.is_whitespace() || "\"'`*#_“”„«»".contains(c)).to_string()
    };
    // `Here is a title:` is none.
    let line = bare(reply.text.lines().map(str::trim).find(|line| !line.is_empty() && !line.ends_with(':'))?);
    let is_label = line.get(..LABEL.len()).is_some_and(|head| head.eq_ignore_ascii_case(LABEL));
    let line = if is_label { bare(line.get(LABEL.len()..)?) } else { line };
    let line = bare(line.strip_suffix('.').unwrap_or(&line));
    Some(marks::title(&line)).filter(|title| title.chars().any(char::is_alphanumeric))
}
