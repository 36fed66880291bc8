//! Where a handle in a call may stand. What is hidden there cannot be read before it runs, so it must not be able to be
//! anything but a value: no second word, no second command, no program, no place that a call goes to.

use crate::domain::argv::Argv;
use crate::domain::secrets::{apart_ranges, handles, replaced};
use crate::domain::tool_spec::Touch;
use std::ops::Range;

/// Longer values are not put back.
const VALUE_MAX: usize = 8 * 1024;

/// A handle in a call and what it stands for; kept in memory only.
#[derive(Clone, PartialEq, Eq)]
pub struct Used {
    /// The handle.
    pub handle: String,
    /// What it stands for.
    pub value: String,
    /// Whether the operator named it, and so knows what it is. What was only seen somewhere may be anything.
    pub named: bool,
}

/// The text with what was put into it taken out again.
pub fn taken_out(text: &str, used: &[Used]) -> String {
    let mut found: Vec<(Range<usize>, &str)> = Vec::new();
    for one in used.iter().filter(|one| !one.value.is_empty()) {
        let at = text.match_indices(one.value.as_str());
        found.extend(at.map(|(at, _)| (at..at + one.value.len(), one.handle.as_str())));
    }
    if found.is_empty() {
        return text.to_string();
    }
    let parts = apart_ranges(found).into_iter().map(|(range, handle)| (range, handle.to_string()));
    replaced(text, parts)
}

/// Things touched with what was put into them taken out again, or the other way round.
pub fn touches_with<E>(
    touches: &[Touch],
    change: &mut impl FnMut(&str) -> Result<String, E>,
) -> Result<Vec<Touch>, E> {
    let one = |touch: &Touch| {
        Ok(match touch {
            Touch::Read { path } => Touch::Read { path: change(path)? },
            Touch::Write { path } => Touch::Write { path: change(path)? },
            Touch::Command { argv } => {
                Touch::Command { argv: argv.iter().map(|word| change(word)).collect::<Result<_, E>>()? }
            }
            Touch::Host { host, port } => Touch::Host { host: change(host)?, port: *port },
        })
    };
    touches.iter().map(one).collect()
}

/// Why a call may not have what its handles stand for; none where it may. `asked` is what it touches with the handles in it,
/// `runs` with what they stand for.
pub fn unfit(used: &[Used], asked: &[Touch], runs: &[Touch]) -> Option<String> {
    if let Some(long) = used.iter().find(|one| one.value.len() > VALUE_MAX) {
        return Some(format!("{} stands for more than {} KiB", long.handle, VALUE_MAX / 1024));
    }
    let mut commands = false;
    for touch in runs {
        match touch {
            Touch::Read { path: place } | Touch::Write { path: place } | Touch::Host { host: place, .. } => {
                if let Some(one) = used.iter().find(|one| place.contains(&one.value)) {
                    return Some(format!("{} would say where the call goes, unseen", one.handle));
                }
            }
            Touch::Command { .. } => commands = true,
        }
    }
    if !commands {
        let odd = used.iter().find(|one| !one.named && !is_data(&one.value));
        return odd.map(|one| {
            format!(
                "{} stands for something with blanks, line breaks or signs that could be code",
                one.handle
            )
        });
    }
    let words = |touches: &[Touch]| -> Vec<Vec<String>> {
        let argv = |touch: &Touch| match touch {
            Touch::Command { argv } => Some(argv.clone()),
            Touch::Read { .. } | Touch::Write { .. } | Touch::Host { .. } => None,
        };
        touches.iter().filter_map(argv).collect()
    };
    let (asked, runs) = (words(asked), words(runs));
    if asked.len() != runs.len() || asked.iter().zip(&runs).any(|(one, other)| one.len() != other.len()) {
        return Some(format!("{} would make it another command", used.first()?.handle));
    }
    asked.iter().zip(&runs).find_map(|(asked, runs)| unfit_words(used, asked, runs))
}

/// The same for one command.
fn unfit_words(used: &[Used], asked: &[String], runs: &[String]) -> Option<String> {
    let read_again =
        [asked, runs].into_iter().map(Argv::new).any(|argv| argv.via_shell() || argv.wraps().is_some());
    for (no, word) in asked.iter().enumerate() {
        for at in handles(word) {
            let handle = word.get(at.clone()).unwrap_or_default();
            let Some(one) = used.iter().find(|one| one.handle == handle) else {
                return Some(format!("{handle} is not known"));
            };
            let is_program = no == 0 || read_again && begins_program(word, at.start);
            if is_program {
                return Some(format!("{handle} would be the program that runs, unseen"));
            }
            let is_whole = word == handle && !read_again;
            if !(is_word(&one.value) || is_whole && one.named) {
                return Some(format!(
                    "{handle} stands for something that could be more than one plain word of a command: it has blanks, \
                     line breaks, slashes or signs that mean something there"
                ));
            }
        }
    }
    None
}

/// Whether what stands here may be the name of a program: nothing is before it, or what begins another command.
fn begins_program(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default().trim_end_matches([' ', '\t', '"', '\'', '\\']);
    before.is_empty() || before.ends_with([';', '|', '&', '(', '{', '\n', '\r', '`', '!', '$', '<', '>'])
}

/// Whether a value is one plain word wherever it stands in a command: no shell reads anything else in it, it is no option,
/// no assignment and no path.
pub fn is_word(value: &str) -> bool {
    let body = value.trim_end_matches('=');
    value.len() - body.len() <= 2
        && body.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
        && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.+:@,%~-".contains(&byte))
}

/// Whether a value is no code wherever it stands in a file or a request.
fn is_data(value: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_.+:@,%~-/=!^*#?".contains(&byte);
    !value.is_empty() && value.bytes().all(fits)
}
