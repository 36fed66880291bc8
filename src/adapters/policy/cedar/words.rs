//! The sentences of rules: names in braces stand for what a call touches.

/// The names there are.
const NAMES: &[&str] =
    &["verb", "path", "place", "host", "port", "program", "line", "tool", "effect", "walls"];
/// A fact is told up to here, in characters.
const FACT_MAX: usize = 4_000;

/// Refuses a sentence with a name that is none.
pub(super) fn check(sentence: &str) -> Result<(), String> {
    let mut rest = sentence;
    while let Some((_, after)) = rest.split_once('{') {
        let (name, after) =
            after.split_once('}').ok_or_else(|| format!("a brace is left open in {sentence:?}"))?;
        if !NAMES.contains(&name) {
            return Err(format!("{{{name}}} stands for nothing; there are {{{}}}", NAMES.join("}, {")));
        }
        rest = after;
    }
    Ok(())
}

/// The sentence with the facts in it. A fact that this touch does not have is told as `?`.
pub(super) fn filled(sentence: &str, facts: &[(&'static str, String)]) -> String {
    let (mut out, mut rest) = (String::with_capacity(sentence.len() + 32), sentence);
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        let fact = facts.iter().find(|(known, _)| *known == name).map_or("?", |(_, fact)| fact.as_str());
        out.extend(fact.chars().take(FACT_MAX));
        rest = after;
    }
    out.push_str(rest);
    out
}
