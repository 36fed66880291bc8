//! A comparison in words: what stands at the head of each side, and each line in one line of text.

use crate::domain::account::{Account, Deed, Line};
use crate::domain::compare::Comparison;
use crate::domain::text::{first_line, plural};
use crate::domain::time::duration;

/// Characters of a line.
const LINE_MAX: usize = 200;

/// What stands at the head: a name, and its value on the left and on the right; cleaned.
pub fn heads(compared: &Comparison) -> Vec<(&'static str, String, String)> {
    let both = |name: &'static str, words: &dyn Fn(&Account) -> String| {
        let cleaned = |side: &Account| first_line(&words(side), LINE_MAX);
        (name, cleaned(&compared.left), cleaned(&compared.right))
    };
    vec![
        both("session", &|side| name(side, compared)),
        both("title", &|side| side.title.clone()),
        both("model", &|side| side.model.clone()),
        both("outcome", &outcome),
        both("steps", &|side| {
            let (steps, calls) = (plural(side.steps as usize, "step"), plural(side.calls as usize, "call"));
            match side.faults {
                0 => format!("{steps}, {calls}"),
                faults => format!("{steps}, {calls}, {} failed", plural(faults as usize, "request")),
            }
        }),
        both("tokens", &|side| format!("{} in, {} out", side.usage.input, side.usage.output)),
        both("cost", &|side| side.spent.words()),
        both("sandbox", &sandbox),
        both("working", &|side| spent(side.time.working)),
        both("waiting", &|side| spent(side.time.waiting)),
    ]
}

/// The id, and of a fork that it is one: two with one title are told apart by it.
fn name(side: &Account, compared: &Comparison) -> String {
    let other = if side.id == compared.left.id { &compared.right.id } else { &compared.left.id };
    match &side.parent {
        None => side.id.to_string(),
        Some(parent) if parent.session == *other => format!("{}, its fork at {}", side.id, parent.at),
        Some(parent) => format!("{}, fork of {}", side.id, parent.session),
    }
}

/// Where a session stands, and what the last task ended with is in its last line.
fn outcome(side: &Account) -> String {
    side.status.word().to_string()
}

/// What held the commands, one after the other.
fn sandbox(side: &Account) -> String {
    match side.sandboxes.is_empty() {
        true => "no command".to_string(),
        false => side.sandboxes.join(", then "),
    }
}

fn spent(micros: i64) -> String {
    duration(u64::try_from(micros / 1_000).unwrap_or(0))
}

/// How many calls were decided otherwise.
pub fn decided(many: usize) -> String {
    match many {
        0 => "no call was decided otherwise".to_string(),
        1 => "1 call was decided otherwise".to_string(),
        many => format!("{many} calls were decided otherwise"),
    }
}

/// A line in one line; cleaned.
pub fn line_words(line: &Line) -> String {
    let words = match &line.deed {
        Deed::Task(text) => format!("task: {}", text.text),
        Deed::Said(text) => format!("said: {}", text.text),
        Deed::Steered(text) => format!("told: {}", text.text),
        Deed::Ended(status, why) => format!("{status}: {why}"),
        Deed::Called(asked) => {
            let mut how = asked.outcome.to_string();
            if asked.decision != asked.outcome {
                how = format!("{}, {how}", asked.decision); // denied, rejected: said once
            }
            if asked.ran_ms > 0 {
                how = format!("{how} in {}", duration(asked.ran_ms));
            }
            format!("{} {} ({how}) {}", asked.call, asked.tool, asked.summary)
        }
    };
    first_line(&words.replace('\n', " "), LINE_MAX)
}
