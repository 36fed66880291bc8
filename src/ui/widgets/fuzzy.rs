//! Which lines of a list fit the words typed, best first; the only place that knows the matcher.

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// The places of the texts that fit, the best first and otherwise in their order; all of them where nothing was typed.
/// Each word must be somewhere in a text; where no text has them all, its letters need only be there in their order.
pub fn fitting<S: AsRef<str>>(words: &str, texts: impl Iterator<Item = S>) -> Vec<usize> {
    if words.trim().is_empty() {
        return (0..texts.count()).collect();
    }
    let texts: Vec<S> = texts.collect();
    let exact = scored(words, AtomKind::Substring, &texts);
    if exact.is_empty() { scored(words, AtomKind::Fuzzy, &texts) } else { exact }
}

fn scored<S: AsRef<str>>(words: &str, kind: AtomKind, texts: &[S]) -> Vec<usize> {
    let pattern = Pattern::new(words, CaseMatching::Smart, Normalization::Smart, kind);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut letters = Vec::new();
    let mut found: Vec<(u32, usize)> = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        if let Some(score) = pattern.score(Utf32Str::new(text.as_ref(), &mut letters), &mut matcher) {
            found.push((score, at));
        }
    }
    found.sort_by_key(|(score, at)| (std::cmp::Reverse(*score), *at));
    found.into_iter().map(|(_, at)| at).collect()
}
