//! How many cases a property is tried with: as many as usual, or as many as `TACKROOM_CASES` says for a long run.

use std::str::FromStr;

/// So many cases are tried.
pub fn cases<N: FromStr>(usual: N) -> N {
    std::env::var("TACKROOM_CASES").ok().and_then(|typed| typed.parse().ok()).unwrap_or(usual)
}
